"""docs/definition.md says what the code does."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

from tuners.definitions import DataFacts, check_against_data, parse_definition, parsing
from tuners.definitions.facts import DATA_HOLES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "definition.md").read_text("utf-8")
SOURCES = "".join(file.read_text("utf-8") for file in (ROOT / "tuners" / "definitions").rglob("*.py"))
# Told by the planner, which builds the model.
ELSEWHERE = {"build_error", "model_too_large"}


def documented_codes() -> set[str]:
    table = PAGE[PAGE.index("## Refusals") :]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {code for row in rows for code in re.findall(r"`([a-z_]+)`", row)}


def test_the_example_is_accepted() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)
    definition = parse_definition(json.loads(example))
    check_against_data(definition, DataFacts("classification", (8, 8), 10, 1437, 0, 360, "float32", "int64"))


def test_every_code_on_the_page_is_used() -> None:
    for code in documented_codes() - ELSEWHERE:
        assert f'"{code}"' in SOURCES, code


def test_every_code_in_the_table_of_bad_definitions_is_on_the_page() -> None:
    rows = json.loads((Path(__file__).parent / "bad_definitions.json").read_text("utf-8"))
    assert {row["code"] for row in rows} <= documented_codes()


def codes_in_sources() -> set[str]:
    """Words that are the second argument of a call that adds a fault."""
    found: set[str] = set()
    for file in (ROOT / "tuners" / "definitions").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("add", "_fault")
                and len(node.args) == 3
            ):
                found |= {
                    each.value
                    for each in ast.walk(node.args[1])
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
    return found | set(parsing._CODES.values())


def test_every_code_in_the_sources_is_on_the_page() -> None:
    told = codes_in_sources()
    assert len(told) > 40
    assert told <= documented_codes()


def test_every_data_hole_is_on_the_page() -> None:
    assert all(f"`{name}`" in PAGE for name in DATA_HOLES)

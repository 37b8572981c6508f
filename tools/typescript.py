"""Makes the types of the TypeScript client from the service's OpenAPI document: `make typescript`.

What is written is a function of the document alone, so that a test can make it again and compare.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from tools import node
from tools.openapi_document import openapi_document

FOLDER = Path(__file__).parents[1] / "clients" / "typescript"
SCHEMA = FOLDER / "src" / "schema.d.ts"
HEAD = "// Made from the service's OpenAPI document by `make typescript`: do not edit.\n"


def types_of(document: dict[str, Any]) -> str:
    """The declarations for a document. Needs the packages of `clients/typescript` (`node.install`)."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "openapi.json"), Path(folder, "schema.d.ts")
        source.write_text(json.dumps(_without_examples(document)), encoding="utf-8")
        # A field with a default may be left out of what is sent.
        options = ["--default-non-nullable", "false", "--output", str(target)]
        made = node.run(FOLDER, "openapi-typescript", str(source), *options, capture=True)
        if made.returncode != 0:
            raise RuntimeError(made.stdout + made.stderr)
        return HEAD + target.read_text(encoding="utf-8")


def _without_examples(part: Any, *, named: bool = False) -> Any:
    """The part of a document without its examples, which would be most of the text; `named`: its keys are names."""
    if isinstance(part, list):
        return [_without_examples(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _without_examples(value, named=key in ("properties", "schemas") and not named)
        for key, value in part.items()
        if named or key not in ("example", "examples")
    }


def main() -> None:
    node.install(FOLDER)
    SCHEMA.write_text(types_of(openapi_document()), encoding="utf-8")
    print(SCHEMA)


if __name__ == "__main__":
    main()

"""`docs/states.md` and `docs/events.md` say what the code does."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest

from storage.states import ATTEMPT_MOVES, SEARCH_MOVES, TRIAL_MOVES, TrialState

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("title", "moves"), [("Search", SEARCH_MOVES), ("Trial", TRIAL_MOVES), ("Attempt", ATTEMPT_MOVES)]
)
def test_the_diagrams_draw_the_table_of_moves(title: str, moves: dict[StrEnum, frozenset[StrEnum]]) -> None:
    page = (ROOT / "docs" / "states.md").read_text()
    section = page.split(f"\n## {title}\n")[1].split("\n## ")[0]
    drawn = set(re.findall(r"^    (\w+) --> (\w+)$", section, flags=re.MULTILINE))
    assert drawn == {(before.value, after.value) for before, found in moves.items() for after in found}


def test_every_event_has_its_line_and_every_line_its_event() -> None:
    page = (ROOT / "docs" / "events.md").read_text()
    listed = set(re.findall(r"^\| `([a-z.]+)` \|", page, flags=re.MULTILINE))
    code = "\n".join(path.read_text() for path in (ROOT / "storage" / "sql").glob("*.py"))
    told = set(re.findall(r'"((?:search|trial|worker|dataset)\.[a-z]+)"', code))
    # These two names are put together from the state.
    told |= {f"trial.{state.lower()}" for state in TrialState if state not in (TrialState.QUEUED, TrialState.RUNNING)}
    told |= {f"search.{state}" for state in ("completed", "failed", "cancelled")}
    assert listed == told

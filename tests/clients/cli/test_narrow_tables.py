"""Tables on terminals of any width: what can be spared is left out and named, what cannot is never cut off."""

from __future__ import annotations

import io

import pytest
from headstock.terminal.tables import print_table
from rich.console import Console

COLUMNS = ("id", "name", "state", ">trials", "?objective", "?>seconds")
ROWS = [("s_" + "0" * 32, "digits", "RUNNING", "3/4", "val_accuracy", "12.5")]


def printed(width: int, *, terminal: bool = True) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=terminal, color_system=None, legacy_windows=False)
    print_table(console, COLUMNS, ROWS, empty="")
    return file.getvalue().splitlines()


def test_wide_terminal_has_all_columns() -> None:
    head, _, row = printed(100)
    assert head.split() == ["id", "name", "state", "trials", "objective", "seconds"]
    assert row.split() == list(ROWS[0])


@pytest.mark.parametrize(("width", "left_out"), [(85, "seconds"), (75, "objective, seconds")])
def test_narrow_terminal_does_without_what_can_be_spared_and_says_so(width: int, left_out: str) -> None:
    lines = printed(width)
    assert lines[-1] == f"not shown for want of room: {left_out} (--json has all)"
    assert lines[2].startswith(ROWS[0][0])
    assert "RUNNING" in lines[2]
    assert max(map(len, lines)) <= width


def test_terminal_too_narrow_for_that_has_a_line_with_everything() -> None:
    _, row = printed(40)
    assert row.split() == list(ROWS[0])


def test_pipe_has_all_columns_whatever_its_width() -> None:
    head, row = printed(80, terminal=False)
    assert head.split() == ["id", "name", "state", "trials", "objective", "seconds"]
    assert row.split() == list(ROWS[0])

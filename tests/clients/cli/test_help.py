"""The first thing a newcomer reads: all commands by subject, each told in a line that is not cut off."""

from __future__ import annotations

import re

import pytest
from headstock.cli.app import SECTIONS, SERVER_SECTION, app
from typer.main import get_command
from typer.testing import CliRunner

COMMANDS = get_command(app).commands  # type: ignore[attr-defined]


def shown(*arguments: str, columns: int = 80) -> str:
    ran = CliRunner().invoke(app, [*arguments, "--help"], env={"COLUMNS": str(columns), "TERMINAL_WIDTH": str(columns)})
    assert ran.exit_code == 0
    return ran.stdout


def test_every_command_stands_in_one_section() -> None:
    text = shown()
    listed = re.findall(r"^  ([a-z-]+)  ", text[text.index("Searches:") :], re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)
    assert [line[:-1] for line in text.splitlines() if line.removesuffix(":") in {*SECTIONS, SERVER_SECTION}] == [
        *SECTIONS,
        SERVER_SECTION,
    ]


def test_no_line_about_a_command_is_cut_off() -> None:
    assert not [line for line in shown().splitlines() if line.endswith("...") and "ARGS" not in line]


@pytest.mark.parametrize("name", sorted({name for names in SECTIONS.values() for name in names}))
def test_every_argument_and_option_of_a_command_is_told(name: str) -> None:
    command = COMMANDS[name]
    text = shown(name, columns=100)
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{name} {parameter.name}"
        named = parameter.metavar if parameter.param_type_name == "argument" else max(parameter.opts, key=len)
        assert str(named).split("|")[0].rstrip(".") in text

"""The server's commands, which the client's command knows by name only."""

from __future__ import annotations

from collections.abc import Callable

import typer
from headstock.cli import server
from headstock.cli.app import app
from typer.testing import CliRunner


def test_server_command_without_the_server_says_what_to_install() -> None:
    alone = typer.Typer(cls=app.info.cls)
    server.add_to(alone, found=dict)
    result = CliRunner().invoke(alone, ["up", "--slots", "2"])
    assert (result.exit_code, "pip install headstock-server" in result.stderr) == (1, True)


def test_server_command_is_loaded_only_when_called_and_gets_all_arguments() -> None:
    loaded: list[str] = []
    got: list[list[str]] = []

    def up(argv: list[str]) -> int:
        got.append(argv)
        return 3

    def load() -> Callable[[list[str]], int]:
        loaded.append("up")
        return up

    alone = typer.Typer(cls=app.info.cls)
    server.add_to(alone, found=lambda: {"up": load, "extra": load})
    assert "extra" in CliRunner().invoke(alone, ["--help"]).stdout
    assert loaded == []
    assert CliRunner().invoke(alone, ["up", "--help", "--slots", "2", "rest"]).exit_code == 3
    assert got == [["--help", "--slots", "2", "rest"]]


def test_server_command_may_have_typer_parameters() -> None:
    got: list[int] = []

    def api(port: int = 8000) -> None:
        got.append(port)

    alone = typer.Typer(cls=app.info.cls)
    server.add_to(alone, found=lambda: {"api": lambda: api})
    assert CliRunner().invoke(alone, ["api", "--port", "9"]).exit_code == 0
    assert CliRunner().invoke(alone, ["api", "--port", "x"]).exit_code == 2
    assert got == [9]


def test_server_that_cannot_be_imported_is_a_message() -> None:
    def load() -> None:
        raise ModuleNotFoundError("No module named 'sqlalchemy'")

    alone = typer.Typer(cls=app.info.cls)
    server.add_to(alone, found=lambda: {"up": load})
    result = CliRunner().invoke(alone, ["up"])
    assert (result.exit_code, "sqlalchemy" in result.stderr) == (1, True)

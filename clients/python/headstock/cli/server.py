"""Commands of the server distribution (`up`, `api`, ...), found by entry points and imported only when called.

An entry point of the group `headstock.commands` names either a function that takes the arguments as a list (its first
parameter is called `argv`) and returns an exit code, or a function with typer parameters, or a typer app.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any

import typer

from headstock.errors import HeadstockError

GROUP = "headstock.commands"
KNOWN = {
    "up": "Start the whole service on this machine.",
    "api": "Start the API alone.",
    "coordinator": "Start a coordinator alone.",
    "worker": "Start a worker alone.",
    "mlflow": "Write trials and jobs to an MLflow tracking server.",
    "migrate": "Bring the database to this version's schema.",
    "token": "Make a token for somebody.",
    "fsck": "Check a database and its files.",
}
HOW_TO_INSTALL = "pip install headstock-server"
# Everything after the command's name belongs to the server's own parser, `--help` too.
PASS_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}

Loader = Callable[[], Any]


def loaders() -> Mapping[str, Loader]:
    """What loads each server command that is installed."""
    return {entry.name: entry.load for entry in entry_points(group=GROUP)}


def add_to(app: typer.Typer, *, found: Callable[[], Mapping[str, Loader]] = loaders) -> None:
    """Add the server's commands: those known, and whatever else the server distribution brings."""
    installed = found()
    for name in [*KNOWN, *(name for name in installed if name not in KNOWN)]:
        app.command(
            name,
            help=KNOWN.get(name, "A command of headstock-server."),
            context_settings=dict(PASS_ON),
            add_help_option=False,
            rich_help_panel="Server",
        )(_command(name, installed.get(name)))


def _command(name: str, load: Loader | None) -> Callable[[typer.Context], None]:
    def command(context: typer.Context) -> None:
        if load is None:
            raise HeadstockError(f"`headstock {name}` is part of the server: {HOW_TO_INSTALL}")
        try:
            loaded = load()
        except (ImportError, AttributeError) as fault:
            raise HeadstockError(f"`headstock {name}` cannot be loaded ({fault}): {HOW_TO_INSTALL}") from fault
        raise typer.Exit(_run(loaded, name, list(context.args)))

    return command


def _run(loaded: Any, name: str, argv: list[str]) -> int:
    """Call what the entry point named; returns its exit code."""
    if callable(loaded) and not isinstance(loaded, typer.Typer) and not hasattr(loaded, "main"):
        if next(iter(inspect.signature(loaded).parameters), None) in ("argv", "args"):
            return _code(loaded(argv))
        single = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None, add_completion=False)
        single.command()(loaded)
        loaded = single
    try:
        loaded(argv, prog_name=f"headstock {name}")
    except SystemExit as leaving:
        return _code(leaving.code)
    return 0


def _code(value: object) -> int:
    if isinstance(value, str):
        raise HeadstockError(value)
    return value if isinstance(value, int) else 0

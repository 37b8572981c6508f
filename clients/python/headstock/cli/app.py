"""The commands put together, and what an error looks like on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from headstock._version import __version__
from headstock.cli import analysis, datasets, demo, exports, jobs, results, searches, server, trends, weights
from headstock.cli.session import Session
from headstock.errors import HeadstockError, Invalid
from headstock.terminal.console import SafeConsole

# 1: it did not work. 2: what was asked for is wrong (as for a wrong option), trying again will not help.
FAILED, WRONG = 1, 2


SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Searches": (
        "templates", "plan", "submit", "searches", "watch", "pause", "resume", "cancel", "delete", "import",
    ),
    "Results": (
        "best", "trials", "epochs", "trend", "plot", "importance", "tradeoff", "diagnose", "compare", "model", "export",
    ),
    "Final trainings and range tests": ("finalize", "lr-range-test", "jobs"),
    "Data sets and weights": ("datasets", "weights"),
    "The service": ("dashboard", "workers", "demo"),
}  # fmt: skip
"""Commands as the help lists them; all others are the server's."""
SERVER_SECTION = "The server (pip install headstock-server)"


class Commands(TyperGroup):
    """Commands in sections. Our errors become one message and an exit code, never a traceback."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        known = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        sectioned = {name for names in SECTIONS.values() for name in names}
        sections = {**SECTIONS, SERVER_SECTION: tuple(name for name in known if name not in sectioned)}
        width = max(len(name) for name in known)
        for title, names in sections.items():
            shown = [(name, known[name]) for name in names if known.get(name) is not None]
            with formatter.section(title):
                # All names are made of one width, so that the columns of all sections begin together.
                room = formatter.width - width - 6
                rows = [(name.ljust(width), command.get_short_help_str(room)) for name, command in shown if command]
                formatter.write_dl(rows)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except HeadstockError as fault:
            SafeConsole(stderr=True, highlight=False, soft_wrap=True).print(
                f"Error: {fault}", style="red", markup=False
            )
            raise typer.Exit(WRONG if isinstance(fault, Invalid) else FAILED) from fault
        except KeyboardInterrupt:
            raise typer.Exit(130) from None


app = typer.Typer(
    cls=Commands,
    help="Keras Tuner as a service: submit searches, watch them, read the best and the trends.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"headstock {__version__}")
        raise typer.Exit


@app.callback()
def connection(
    context: typer.Context,
    url: Annotated[
        str | None, typer.Option(help="Address of the service. Default: HEADSTOCK_URL, else the data folder's service.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Data folder of the local service to talk to. Default: HEADSTOCK_DATA_DIR.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    if not isinstance(context.obj, Session):
        context.obj = Session()
    context.obj.url = url
    context.obj.data_dir = data_dir
    context.call_on_close(context.obj.close)


searches.add_to(app)
results.add_to(app)
exports.add_to(app)
jobs.add_to(app)
trends.add_to(app)
analysis.add_to(app)
app.add_typer(datasets.app, name="datasets")
app.add_typer(weights.app, name="weights")
demo.add_to(app)
server.add_to(app)

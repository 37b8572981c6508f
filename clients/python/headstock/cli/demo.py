"""`headstock demo`: a whole search on real data in about a minute, from an empty folder to the best model."""

from __future__ import annotations

import contextlib
import shlex
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from headstock.cli import server
from headstock.cli.child import ChildServer, ServerFailed
from headstock.cli.results import best_view
from headstock.cli.session import session_of
from headstock.cli.trend_view import trend_view
from headstock.client import Client
from headstock.errors import HeadstockError
from headstock.progress import ProgressView
from headstock.searches import Search

READY_TIMEOUT_S = 120.0
SEARCH_TIMEOUT_S = 900.0
SLOTS = 2

# Hyperband's brackets of these: 9 trials of 1 epoch, 3 promoted to 3, one to 9; then 5 and 1; then 3 at once to 9.
DEFINITION: dict[str, Any] = {
    "name": "demo-digits",
    "dataset": {"name": "digits", "scale": "0-1"},
    "model": {
        "type": "sequential",
        "layers": [
            {"layer": "Flatten"},
            {
                "repeat": {"hp": "num_layers"},
                "layers": [
                    {"layer": "Dense", "units": {"hp": "units"}, "activation": "relu"},
                    {"layer": "Dropout", "rate": {"hp": "dropout"}},
                ],
            },
            {"layer": "Dense", "units": {"data": "num_classes"}, "activation": "softmax"},
        ],
    },
    "compile": {
        "optimizer": {"optimizer": "Adam", "learning_rate": {"hp": "learning_rate"}},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
    },
    "fit": {"epochs": 9, "batch_size": 32, "validation_split": 0.2},
    "hyperparameters": [
        {"name": "num_layers", "type": "int", "min_value": 1, "max_value": 3},
        {"name": "units", "type": "choice", "values": [32, 64, 128, 256]},
        {"name": "dropout", "type": "float", "min_value": 0.0, "max_value": 0.4, "step": 0.1},
        {"name": "learning_rate", "type": "float", "min_value": 1e-4, "max_value": 1e-2, "sampling": "log"},
    ],
    "objective": {"name": "val_accuracy", "direction": "max"},
    "tuner": {"type": "hyperband", "max_epochs": 9, "factor": 3},
    "parallelism": SLOTS,
    "seed": 7,
    "tags": {"purpose": "demo"},
}
TREND = "learning_rate"


def add_to(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    context: typer.Context,
    data_dir: Annotated[Path, typer.Option(help="Folder for the demo's database and models; used again.")] = Path(
        "demo-data"
    ),
) -> None:
    """Run a real search on handwritten digits. A service is started here for it, and stopped when it has ended."""
    out = session_of(context).out
    if "up" not in server.loaders():
        raise HeadstockError(f"the demo starts a service, which is not installed: {server.HOW_TO_INSTALL}")
    with _ended_by_signals():
        out.print(
            f"[bold]1. Starting a service[/bold] in {escape(str(data_dir))}, with {SLOTS} training slots ...",
            soft_wrap=True,
        )
        child = ChildServer.start(data_dir, slots=SLOTS)
        try:
            _show(child, out)
        except ServerFailed:
            raise
        except HeadstockError as fault:
            raise HeadstockError(f"{fault}{child.tail()}") from fault
        except KeyboardInterrupt:
            out.print("\nInterrupted; stopping the service.")
            raise
        finally:
            child.stop()
    out.print("The service has stopped; nothing is left running.")
    _next_steps(data_dir, out)


def _show(child: ChildServer, out: Console) -> None:
    with out.status("waiting for the API and the worker (importing Keras takes a few seconds)"):
        client = child.connect(timeout_s=READY_TIMEOUT_S)
    with client:
        out.print(f"   It answers at {client.url}; its log is {child.log}.", markup=False, soft_wrap=True)
        with out.status("posting the definition; Keras builds its largest and smallest model as a check"):
            end_leftovers(client)
            plan = client.plan(DEFINITION)
            search = client.submit(DEFINITION)
        out.print(
            f"[bold]2. Submitted a Hyperband search[/bold] on handwritten digits: {plan.trials} trials and "
            f"{plan.epochs} epochs at most, over layers, units, dropout and learning rate.",
            soft_wrap=True,
        )
        folder = escape(shlex.quote(str(child.data_dir)))
        out.print(
            f"[bold]3. Watching it[/bold] (from another terminal: `headstock --data-dir {folder} watch`)",
            soft_wrap=True,
        )
        _watch(search, child, out)
        out.print("\n[bold]4. What is best?[/bold]")
        _print_best(search, out)
        out.print(f"\n[bold]5. What is the trend?[/bold] The score against {TREND}:")
        out.print(trend_view(search.trend(TREND)))
        _print_counts(client, search, out)


def end_leftovers(client: Client) -> None:
    """Cancel what an interrupted demo has left open, which would take half of the slots now."""
    for search in client.searches(tag=DEFINITION["tags"]):
        if not search.ended:
            search.cancel()


def _watch(search: Search, child: ChildServer, out: Console) -> None:
    class Guarded(ProgressView):
        def look(self, search: Search) -> None:
            child.check()
            ProgressView.look(self, search)

    with Guarded(console=out) as view:
        search.wait(progress=view, timeout=SEARCH_TIMEOUT_S, poll_s=0.5)


def _print_best(search: Search, out: Console) -> None:
    leaders = search.best()
    if not leaders:
        raise HeadstockError(f"search {search.id} ended without a scored trial")
    out.print(best_view(leaders[0], search), markup=False, soft_wrap=True)


def _print_counts(client: Client, search: Search, out: Console) -> None:
    counts = search.counts
    rows = sum(1 for _ in search.epochs())
    searches = sum(1 for _ in client.searches())
    out.print(
        f"\nStored: {counts.total} trials with {rows} epoch rows in this search; "
        f"{searches} search{'' if searches == 1 else 'es'} in the folder.",
        soft_wrap=True,
    )


def _next_steps(data_dir: Path, out: Console) -> None:
    folder = shlex.quote(str(data_dir))
    out.print(
        "\n".join(
            [
                "",
                "Next steps:",
                f"  headstock up --data-dir {folder}     start it again; prints a link to the dashboard",
                "then, in another terminal:",
                f"  headstock --data-dir {folder} best latest --code     Keras Python of the winner",
                f"  headstock --data-dir {folder} model latest           its trained model",
                f"  headstock --data-dir {folder} trend latest dropout   another trend",
                f"  headstock --data-dir {folder} templates mlp          a definition to make your own from",
            ]
        ),
        markup=False,
        soft_wrap=True,
    )


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the demo as Ctrl-C does, so that the service never outlives it."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

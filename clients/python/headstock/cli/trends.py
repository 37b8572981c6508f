"""Commands that show what the results say: trends as tables, and pictures as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from headstock import words
from headstock.analysis import Method
from headstock.cli.session import JsonFlag, SearchReference, Session, session_of
from headstock.cli.trend_view import trend_view
from headstock.definitions import At, Baseline
from headstock.searches import Search
from headstock.terminal.plots import KINDS, Asked, terminal_plot

MetricOption = Annotated[
    list[str] | None,
    typer.Option("--metric", metavar="NAME", help="A logged metric; may be repeated. Else: the objective."),
]
MinOption = Annotated[float | None, typer.Option("--min", help="Only trials whose value is at least this.")]
MaxOption = Annotated[float | None, typer.Option("--max", help="Only trials whose value is at most this.")]
BaselineOption = Annotated[
    Baseline | None,
    typer.Option("--baseline", help="`only`: all others at their defaults, the default of a sweep; `all`: all trials."),
]


def add_to(app: typer.Typer) -> None:
    app.command()(trend)
    app.command()(plot)


def trend(
    context: typer.Context,
    search: SearchReference,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A hyperparameter, or `objective`.")],
    metric: MetricOption = None,
    at: Annotated[At, typer.Option("--at", help="Each trial's best epoch, or its last one.")] = "best",
    minimum: MinOption = None,
    maximum: MaxOption = None,
    baseline: BaselineOption = None,
    sort: Annotated[
        Literal["value", "score"], typer.Option("--sort", help="Order of the rows; `score` puts the best first.")
    ] = "value",
    as_json: JsonFlag = False,
) -> None:
    """Show what one hyperparameter does to the score. Or to other metrics; or how the score grew (`objective`)."""
    session = session_of(context)
    found = session.search(search)
    if name == "objective":
        _show_growth(session, found, as_json=as_json)
        return
    shown = found.trend(
        name,
        metrics=metric or (),
        at=at,
        min_value=minimum,
        max_value=maximum,
        baseline=baseline,
        sort=sort,
    )
    if as_json:
        session.print_json(shown)
    else:
        session.out.print(trend_view(shown, best_first=sort == "score"))


def _show_growth(session: Session, found: Search, *, as_json: bool) -> None:
    growth = found.objective_trend()
    if as_json:
        session.print_json(growth)
        return
    session.print_table(
        (">trial", ">score", ">best so far", ">epochs spent", ">seconds"),
        (
            (
                point.number,
                words.number(point.score),
                words.number(point.best),
                point.epochs_spent,
                words.number(point.elapsed_seconds, digits=1),
            )
            for point in growth.points
        ),
        empty="No trial is scored yet.",
    )


def plot(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"{', '.join(KINDS)}.")],
    search: SearchReference = "latest",
    target: Annotated[
        Path | None,
        typer.Option("--to", "--output", "-o", help="File to write; .svg or .png chooses the format."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="The hyperparameter.")] = None,
    metric: MetricOption = None,
    at: Annotated[At | None, typer.Option("--at", help="Each trial's best epoch, or its last one.")] = None,
    chart: Annotated[Literal["line", "bar"] | None, typer.Option("--chart", help="Of a file: lines, or bars.")] = None,
    minimum: MinOption = None,
    maximum: MaxOption = None,
    baseline: BaselineOption = None,
    trial: Annotated[int | None, typer.Option("--trial", help="Number of one trial: all its trainings.")] = None,
    against: Annotated[str | None, typer.Option("--against", help="Of trade-off: seconds, parameters, metric.")] = None,
    x: Annotated[str | None, typer.Option("--x", help="Of contour: the hyperparameter across.")] = None,
    y: Annotated[str | None, typer.Option("--y", help="Of contour: the one upwards.")] = None,
    method: Annotated[Method | None, typer.Option("--method", help="Of importance.")] = None,
    theme: Annotated[Literal["light", "dark"], typer.Option("--theme", help="Background of a file.")] = "light",
    as_json: JsonFlag = False,
) -> None:
    """Draw results here, or as a file (`--to`). With `--json`: what is drawn."""
    session = session_of(context)
    if kind not in KINDS and search in KINDS:
        # Either order is understood: `plot latest objective` reads as well.
        kind, search = search, kind
    found = session.search(search)
    chosen = None if trial is None else found.trial(trial)
    if target is None:
        asked = Asked(name, tuple(metric or ()), at, minimum, maximum, baseline, chosen, against, x, y, method)
        document, drawn = terminal_plot(found, kind, asked)
        if as_json:
            session.print_json(document)
        else:
            session.out.print(drawn)
        return
    written = found.plot(
        kind,
        target,
        name=name,
        metrics=metric or (),
        at=at,
        chart=chart,
        min_value=minimum,
        max_value=maximum,
        baseline=baseline,
        trial=chosen,
        against=against,
        x=x,
        y=y,
        method=method,
        theme=theme,
    )
    if as_json:
        session.print_json({"path": str(written), "search_id": found.id, "kind": kind})
    else:
        session.out.print(f"Wrote {written} ({words.size(written.stat().st_size)})", markup=False, soft_wrap=True)

"""Commands that read results: best, trials, epochs, models, templates, workers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Group
from rich.text import Text

from headstock import words
from headstock.cli.session import JsonFlag, SearchReference, session_of
from headstock.errors import HeadstockError
from headstock.models import Slot
from headstock.searches import Search
from headstock.trials import BestTrial, Trial

Direction = Literal["min", "max"]


def add_to(app: typer.Typer) -> None:
    app.command()(best)
    app.command()(trials)
    app.command()(epochs)
    app.command("import")(import_results)
    app.command()(model)
    app.command()(templates)
    app.command()(dashboard)
    app.command()(workers)


def best(
    context: typer.Context,
    search: SearchReference = "latest",
    count: Annotated[int, typer.Option("--count", min=1, max=100, help="How many, best first.")] = 1,
    code: Annotated[bool, typer.Option("--code", help="Print only Keras Python that builds and trains it.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show the best trials: score, values and metrics."""
    session = session_of(context)
    found = session.search(search)
    leaders = found.best(count)
    if as_json:
        session.print_json([leader.record for leader in leaders])
        return
    if not leaders:
        raise HeadstockError(f"no trial of {found.name} ({found.id}) is scored yet; it is {found.state}")
    if code:
        codes = [leader.code for leader in leaders if leader.code is not None]
        if leaders and not codes:
            raise HeadstockError("there is no code: the search has no data set (any more) to take the shapes from")
        typer.echo("\n\n".join(code.rstrip("\n") for code in codes))
        return
    for place, leader in enumerate(leaders, start=1):
        if place > 1:
            session.out.print()
        session.out.print(best_view(leader, found), markup=False, soft_wrap=True)


def best_view(leader: BestTrial, search: Search) -> Group:
    """One of the best trials, for people."""
    epoch = f" at epoch {leader.best_epoch}" if leader.best_epoch is not None else ""
    lines = [
        Text.assemble(
            (f"{search.objective.name} {words.number(leader.score)}", "bold green"),
            f"{epoch}, trial {leader.number} of {search.name}",
        )
    ]
    width = max((len(name) for name in leader.hyperparameters), default=0)
    lines += [Text(f"  {name:<{width}}  {words.scalar(value)}") for name, value in leader.hyperparameters.items()]
    metrics = "  ".join(f"{name} {words.number(value)}" for name, value in leader.metrics.items())
    size = f"{leader.parameters:,} parameters, " if leader.parameters is not None else ""
    lines.append(Text(f"  {metrics}", style="dim"))
    lines.append(Text(f"  {size}{words.duration(leader.seconds)} of training, {leader.id}", style="dim"))
    return Group(*lines)


def trials(context: typer.Context, search: SearchReference = "latest", as_json: JsonFlag = False) -> None:
    """List a search's trials by number."""
    session = session_of(context)
    listed = [trial.record for trial in session.search(search).trials()]
    if as_json:
        session.print_json(listed)
        return
    session.print_table(
        (">no", "state", ">score", "?>epochs", "?>seconds", "?id", "values"),
        (
            (
                record.number,
                record.state if record.failure is None else f"{record.state} {record.failure.code}",
                words.number(record.score),
                record.epochs,
                words.number(record.seconds, digits=1),
                record.id,
                words.values(record.hyperparameters),
            )
            for record in listed
        ),
        empty="No trials yet.",
    )


def epochs(
    context: typer.Context,
    trial: Annotated[str, typer.Argument(metavar="TRIAL", help="Id, or the number within the search of --search.")],
    search: Annotated[str, typer.Option("--search", help="Where a trial's number counts.")] = "latest",
    as_json: JsonFlag = False,
) -> None:
    """Show a trial's learning curve, epoch by epoch."""
    session = session_of(context)
    found = session.trial(trial, search=search)
    rows = list(found.epochs())
    if as_json:
        session.print_json(rows)
        return
    names = list(dict.fromkeys(name for row in rows for name in row.metrics))
    session.print_table(
        (">epoch", ">run", *(f">{name}" for name in names), ">seconds"),
        (
            (
                row.epoch,
                row.execution if row.fold is None else f"fold {row.fold}",
                *(words.number(row.metrics.get(name)) for name in names),
                words.number(row.seconds, digits=2),
            )
            for row in rows
        ),
        empty=f"No epoch of trial {found.number} has been recorded yet; it is {found.state}.",
    )


def import_results(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A table, a Keras Tuner project folder (or its zip), or an Optuna study."),
    ],
    name: Annotated[str | None, typer.Option(help="Of the search. Default: the file's name.")] = None,
    objective: Annotated[str | None, typer.Option(help="The metric that is the score.")] = None,
    direction: Annotated[Direction | None, typer.Option(help="Which scores are better.")] = None,
    hyperparameters: Annotated[str | None, typer.Option(help="Columns that are hyperparameters, with commas.")] = None,
    metrics: Annotated[str | None, typer.Option(help="Columns that are metrics, with commas.")] = None,
    trial: Annotated[str | None, typer.Option(help="Column that tells trials apart (a row per epoch).")] = None,
    epoch: Annotated[str | None, typer.Option(help="Column with the epoch.")] = None,
    study: Annotated[str | None, typer.Option(help="Name of one of several Optuna studies.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Store results from elsewhere as a search. It is one that has ended, with trends, pictures and exports."""
    session = session_of(context)
    found = session.client.import_results(
        file,
        name=name,
        objective=objective,
        direction=direction,
        hyperparameters=hyperparameters,
        metrics=metrics,
        trial=trial,
        epoch=epoch,
        study=study,
    )
    if as_json:
        session.print_json(found.record)
        return
    reason = found.reason.message if found.reason else ""
    session.out.print(f"Imported {found.name} ({found.id}): {reason}", markup=False, soft_wrap=True)


def model(
    context: typer.Context,
    search: SearchReference = "latest",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write.")] = None,
    trial: Annotated[int | None, typer.Option("--trial", help="Number of a trial; else the best.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Save the trained model of the best trial, or of another. It is a `.keras` file, of an estimator `.skops`."""
    session = session_of(context)
    found = session.search(search)
    chosen: Trial
    if trial is not None:
        chosen = found.trial(trial)
    else:
        leaders = found.best()
        if not leaders:
            raise HeadstockError(f"no trial of {found.name} ({found.id}) is scored yet; it is {found.state}")
        chosen = leaders[0]
    written = chosen.download_model(output or Path("."), name=f"{file_name(found.name)}-{chosen.number}")
    if as_json:
        session.print_json({"path": str(written), "trial_id": chosen.id})
    else:
        how = "skops.io.load" if written.suffix == ".skops" else "keras.models.load_model"
        session.out.print(
            f"Wrote {written} ({words.size(written.stat().st_size)}): {how}({str(written)!r})",
            markup=False,
            soft_wrap=True,
        )


def file_name(name: str) -> str:
    """The name with everything that means something to a file system made a dash."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name).strip(".") or "search"


def templates(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Print this one's definition, to be edited.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """List the templates, or print one to start from."""
    session = session_of(context)
    if name is not None:
        typer.echo(json.dumps(session.client.template(name), indent=2, ensure_ascii=False))
        return
    names = session.client.templates()
    if as_json:
        session.print_json(names)
    else:
        session.print_table(("name",), ((known,) for known in names), empty="There are no templates.")


def dashboard(context: typer.Context, as_json: JsonFlag = False) -> None:
    """Print a link into the dashboard. It works once, for a short time."""
    session = session_of(context)
    link = session.client.dashboard_link()
    if as_json:
        session.print_json({"url": link})
        return
    session.out.print(link, markup=False, soft_wrap=True)


def _device(slot: Slot) -> str:
    """A GPU with its use and its memory; a processor, whose figures the machine's columns have, by its name."""
    if not slot.device.startswith("gpu") or slot.utilisation is None:
        return slot.device
    return f"{slot.device} {slot.utilisation:.0%} {words.part_of(slot.memory_used_bytes, slot.memory_total_bytes)}"


def workers(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List the workers that are alive, and what they do."""
    session = session_of(context)
    alive = session.client.workers()
    if as_json:
        session.print_json(alive)
        return
    session.print_table(
        ("name", "?host", "?backend", ">slots", ">busy", ">cpu", ">memory", "devices", "?last seen"),
        (
            (
                worker.name,
                worker.host,
                worker.backend,
                len(worker.slots),
                sum(slot.busy for slot in worker.slots),
                words.share(worker.cpu),
                words.part_of(worker.memory_used_bytes, worker.memory_total_bytes),
                ", ".join(dict.fromkeys(_device(slot) for slot in worker.slots)),
                f"{worker.seen_at.astimezone():%Y-%m-%d %H:%M:%S}" if worker.seen_at else "–",
            )
            for worker in alive
        ),
        empty="No worker is alive: `headstock up` has one built in, `headstock worker` starts another.",
    )

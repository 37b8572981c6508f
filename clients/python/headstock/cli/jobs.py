"""Commands that retrain a trial for good, and that find a range of learning rates."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from headstock import words
from headstock.cli.overrides import overridden
from headstock.cli.searches import DefinitionFile, SetOption
from headstock.cli.session import JsonFlag, SearchReference, Session, session_of
from headstock.definitions import load_definition
from headstock.errors import HeadstockError
from headstock.jobs import FinalJob, RangeTest

_MOST_COLUMNS = 20
_CURVE_ROWS = 20
_POLL_S = 0.5


def add_to(app: typer.Typer) -> None:
    app.command()(finalize)
    app.command("lr-range-test")(lr_range_test)
    app.command("jobs")(list_jobs)


def finalize(
    context: typer.Context,
    search: SearchReference = "latest",
    trial: Annotated[int | None, typer.Option("--trial", help="Number of a trial; else the best.")] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", min=1, help="Epochs to train; else as long as the trial got better.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Of weights and order; else the search's.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it has ended, and print its report.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for report, model card, model and bundle. Waits for them."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Train a trial on all training rows, and test it. The same command again goes on with the same job."""
    session = session_of(context)
    found = session.search(search)
    chosen = None if trial is None else found.trial(trial)
    job = found.finalize(trial=chosen, epochs=epochs, seed=seed)
    if wait or output is not None:
        job.wait(poll_s=_POLL_S)
    written = _saved(job, output) if output is not None and job.report is not None else []
    if as_json:
        session.print_json(job.record)
        return
    source = job.record.source
    session.out.print(
        f"Final training {job.id} of trial {source.trial_number} of {source.search_name}: {job.state}",
        markup=False,
        soft_wrap=True,
    )
    if job.report is not None:
        _print_report(session, job.report)
    elif not job.ended:
        session.out.print(f"  headstock finalize {found.id} --wait", markup=False, soft_wrap=True)
    for path in written:
        session.out.print(f"Wrote {path} ({words.size(path.stat().st_size)})", markup=False, soft_wrap=True)


def _saved(job: FinalJob, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    report, card = folder / "report.json", folder / "model-card.md"
    report.write_text(json.dumps(job.report, indent=1), encoding="utf-8")
    card.write_text(job.card(), encoding="utf-8")
    return [report, card, job.download_model(folder), job.download_bundle(folder)]


def _print_report(session: Session, report: Mapping[str, Any]) -> None:
    training, test, source = report["training"], report["test"], report["source"]
    epochs = training["epochs"]
    rows = [
        ("rows trained on", f"{training['rows']:,}"),
        ("epochs", str(epochs)),
        ("seconds of training", words.number(training["seconds"], digits=1)),
        *((f"last {name}", words.number(value)) for name, value in training["metrics"].items()),
        (f"{source['objective']['name']} of the trial", words.number(source["score"])),
    ]
    if test is not None:
        rows.append(("rows tested on", f"{test['rows']:,}"))
        rows += [(f"test {name}", words.number(value)) for name, value in test["metrics"].items()]
    session.print_table(("what", ">value"), rows, empty="")
    for output in test["outputs"] if test is not None else ():
        session.out.print()
        for title, columns, lines in _tables(output):
            session.out.print(title, markup=False, style="bold")
            session.print_table(columns, lines, empty="")
    for note in report["notes"]:
        session.out.print(note["message"], markup=False, soft_wrap=True, style="yellow")


Block = tuple[str, Sequence[str], Sequence[Sequence[object]]]


def _tables(output: Mapping[str, Any]) -> Iterator[Block]:
    """The tables of one output: title, columns, rows."""
    of = f" of {output['name']}" if output["name"] else ""
    figures = [
        (name, words.number(value))
        for name, value in output.items()
        if name not in ("name", "task", "rows") and (value is None or isinstance(value, float))
    ]
    if figures:
        yield f"Test{of}", ("figure", ">value"), figures
    for kind, key in (("classes", "class"), ("labels", "label"), ("numbers", "number")):
        rows = output.get(kind) or ()
        if rows:
            columns = [name for name in rows[0] if name != key and not isinstance(rows[0][name], list)]
            lines = [(row[key], *(_cell(row[name]) for name in columns)) for row in rows]
            yield f"{kind.capitalize()}{of}", (key, *(f">{name}" for name in columns)), lines
    for kind, average in (output.get("averages") or {}).items():
        yield f"{kind} average{of}", ("figure", ">value"), [(n, words.number(v)) for n, v in average.items()]
    matrix = output.get("confusion_matrix")
    if matrix and len(matrix) <= _MOST_COLUMNS:
        names = output["class_names"]
        lines = [(name, *row) for name, row in zip(names, matrix, strict=True)]
        yield f"Confusion matrix{of}: rows are true classes", ("true", *(f">{name}" for name in names)), lines
    if output.get("residuals"):
        lines = [(f"{row['quantile']:g}", words.number(row["value"])) for row in output["residuals"]]
        yield f"Residuals{of}: true - predicted", ("quantile", ">value"), lines
    if "note" in output:
        yield f"Test{of}", ("note",), [(output["note"],)]


def _cell(value: object) -> str:
    return words.number(value) if value is None or isinstance(value, float) else str(value)


def lr_range_test(
    context: typer.Context,
    file: DefinitionFile,
    values: Annotated[
        list[str] | None,
        typer.Option("--value", metavar="NAME=VALUE", help="Value of a hyperparameter; else its default. Repeatable."),
    ] = None,
    min_rate: Annotated[float | None, typer.Option("--min-rate", help="First learning rate. Default: 1e-7.")] = None,
    max_rate: Annotated[float | None, typer.Option("--max-rate", help="Last learning rate. Default: 10.")] = None,
    steps: Annotated[int | None, typer.Option("--steps", min=10, help="Batches. Default: 100.")] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Stay until it has ended.")] = True,
    assignments: SetOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Find out which learning rates are worth searching. One short training raises the rate batch by batch."""
    session = session_of(context)
    test = session.client.lr_range_test(
        overridden(load_definition(file), assignments or []),
        values=dict(_assignment(text) for text in values or ()) or None,
        min_rate=min_rate,
        max_rate=max_rate,
        steps=steps,
    )
    if wait:
        test.wait(poll_s=_POLL_S)
    if as_json:
        session.print_json(test.record)
    else:
        _print_range_test(session, test)


def _assignment(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise HeadstockError(f"{text!r}: write it as NAME=VALUE")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def _print_range_test(session: Session, test: RangeTest) -> None:
    session.out.print(f"Range test {test.id} of {test.record.name}: {test.state}", markup=False, soft_wrap=True)
    if not test.rates:
        return
    step = max(1, len(test.rates) // _CURVE_ROWS)
    points = list(zip(test.rates, test.losses, test.smoothed, strict=True))[::step]
    session.print_table(
        (">learning rate", ">loss", ">smoothed"),
        ((f"{rate:.2e}", words.number(loss), words.number(smoothed)) for rate, loss, smoothed in points),
        empty="",
    )
    found = test.suggestion
    if found is None:
        session.out.print("The loss never fell: there is nothing to suggest.", markup=False)
        return
    session.out.print(
        f"Search learning rates from {found.min_rate:.2g} to {found.max_rate:.2g} "
        f"(the loss falls fastest at {found.steepest:.2g}, and is least at {found.minimum:.2g}).",
        markup=False,
        soft_wrap=True,
    )


def list_jobs(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List final trainings and range tests, newest first."""
    session = session_of(context)
    listed = [
        *(("final training", job.record) for job in session.client.finals()),
        *(("range test", job.record) for job in session.client.range_tests()),
    ]
    listed.sort(key=lambda job: job[1].created_at, reverse=True)
    if as_json:
        session.print_json(
            [{"kind": kind.replace(" ", "_"), **record.model_dump(mode="json")} for kind, record in listed]
        )
        return
    session.print_table(
        ("id", "kind", "name", "state", "?created", "?>seconds"),
        (
            (
                record.id,
                kind,
                record.name,
                record.state if record.failure is None else f"{record.state} {record.failure.code}",
                f"{record.created_at.astimezone():%Y-%m-%d %H:%M}",
                words.number(record.elapsed_seconds, digits=1),
            )
            for kind, record in listed
        ),
        empty="No jobs yet: `headstock finalize` and `headstock lr-range-test` start some.",
    )

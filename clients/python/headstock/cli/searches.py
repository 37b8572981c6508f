"""Commands that start, list, watch and steer searches."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, get_args

import typer

from headstock import words
from headstock.cli.overrides import overridden
from headstock.cli.session import JsonFlag, SearchReference, Session, session_of
from headstock.definitions import load_definition
from headstock.errors import SearchFailed
from headstock.models import Reason, SearchState
from headstock.plans import Plan
from headstock.progress import ProgressView, best_line, closing_line, headline
from headstock.searches import Search
from headstock.terminal.plots import objective_chart

DefinitionFile = Annotated[Path, typer.Argument(metavar="FILE", help="JSON file with the search definition.")]
NameOption = Annotated[str | None, typer.Option("--name", help="Name of the search, instead of the definition's.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change one place, e.g. tuner.max_epochs=9. May be repeated."),
]
WATCH_POLL_S = 0.5


def add_to(app: typer.Typer) -> None:
    app.command()(submit)
    app.command()(plan)
    app.command("searches")(list_searches)
    app.command()(watch)
    app.command()(pause)
    app.command()(resume)
    app.command()(cancel)
    app.command()(delete)


def _definition(file: Path, name: str | None, assignments: list[str] | None) -> dict[str, object]:
    definition = overridden(load_definition(file), assignments or [])
    if name is not None:
        definition["name"] = name
    return definition


def submit(
    context: typer.Context,
    file: DefinitionFile,
    name: NameOption = None,
    assignments: SetOption = None,
    watch_it: Annotated[bool, typer.Option("--watch", help="Stay and show its progress until it ends.")] = False,
    key: Annotated[
        str | None, typer.Option("--idempotency-key", help="A repeat with the same key starts no second search.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Start a search."""
    session = session_of(context)
    search = session.client.submit(_definition(file, name, assignments), idempotency_key=key)
    if as_json and not watch_it:
        session.print_json(search.record)
        return
    if not as_json:
        session.out.print(f"Started {search.name}: {search.id}", markup=False, soft_wrap=True)
        _warn(session, search.record.warnings)
    if watch_it:
        _watch(session, search, as_json=as_json)
    else:
        session.out.print(f"  headstock watch {search.id}\n  headstock best {search.id}", markup=False, soft_wrap=True)


def plan(
    context: typer.Context,
    file: DefinitionFile,
    name: NameOption = None,
    assignments: SetOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Check a definition and tell what it would cost. Nothing is stored."""
    session = session_of(context)
    cost = session.client.plan(_definition(file, name, assignments))
    if as_json:
        session.print_json(cost)
        return
    smallest, largest = (_count(count, "–") for count in (cost.parameters.min, cost.parameters.max))
    rows = [
        ("trials", _count(cost.trials, "until a limit")),
        ("epochs", _count(cost.epochs, "until a limit")),
        ("points in the space", _count(cost.space_size, "infinitely many")),
        ("parameters of a model", smallest if smallest == largest else f"{smallest} to {largest}"),
        ("disk, at most", words.size(cost.disk_bytes)),
        ("time", _time(cost)),
    ]
    session.print_table(("what", ">how much"), rows, empty="")
    for bracket in cost.brackets:
        rounds = ", then ".join(
            f"{_counted(rung.trials, 'trial')} to {_counted(rung.epochs, 'epoch')}" for rung in bracket.rounds
        )
        session.out.print(f"bracket {bracket.bracket}: {rounds}", markup=False, soft_wrap=True)
    _warn(session, cost.warnings)


def _count(value: int | None, none: str) -> str:
    return none if value is None else f"{value:,}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _time(cost: Plan) -> str:
    if cost.seconds is None:
        return "not known before like trials were measured"
    low, high = words.duration(cost.seconds.low), words.duration(cost.seconds.high)
    return f"about {words.duration(cost.seconds.estimate)} ({low} to {high})"


def _warn(session: Session, warnings: Iterable[Reason]) -> None:
    for warning in warnings:
        session.out.print(f"Warning: {warning.message}", style="yellow", markup=False, soft_wrap=True)


def list_searches(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="Only those in this state, e.g. RUNNING.")] = None,
    tag: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only those with this tag.")] = None,
    count: Annotated[int, typer.Option("--count", min=1, help="At most so many, newest first.")] = 20,
    as_json: JsonFlag = False,
) -> None:
    """List searches, newest first."""
    session = session_of(context)
    wanted = None
    if state is not None:
        wanted = next((known for known in get_args(SearchState) if known == state.upper()), None)
        if wanted is None:
            raise typer.BadParameter(f"{state!r} is none of {', '.join(get_args(SearchState))}", param_hint="--state")
    tags = {}
    for text in tag or []:
        key, sign, value = text.partition("=")
        if not sign:
            raise typer.BadParameter(f"{text!r} is not of the form key=value", param_hint="--tag")
        tags[key] = value
    found = session.client.searches(state=wanted, tag=tags, page_size=min(count, 200))
    listed = [search.record for search, _ in zip(found, range(count), strict=False)]
    if as_json:
        session.print_json(listed)
        return
    session.print_table(
        ("id", "name", "state", ">trials", ">best", "?objective", "?created"),
        (
            (
                record.id,
                record.name,
                record.state,
                f"{record.trials.ended}{f'/{record.planned_trials}' if record.planned_trials else ''}",
                words.number(record.best.score if record.best else None),
                record.objective.name,
                f"{record.created_at.astimezone():%Y-%m-%d %H:%M}",
            )
            for record in listed
        ),
        empty="No searches yet: start one with `headstock submit FILE`.",
    )


def watch(
    context: typer.Context,
    search: SearchReference = "latest",
    plain: Annotated[
        bool, typer.Option("--plain", help="A line for each ended trial, as where no terminal is.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Follow a search until it ends. On a terminal that is its full screen; leaving it lets the search run on."""
    session = session_of(context)
    _watch(session, session.search(search), as_json=as_json, plain=plain)


def _watch(session: Session, search: Search, *, as_json: bool, plain: bool = False) -> None:
    try:
        if as_json:
            search.wait(poll_s=WATCH_POLL_S)
            session.print_json(search.record)
        elif plain or not session.out.is_terminal or session.out.is_dumb_terminal:
            with ProgressView(console=session.out, moving=not plain) as view:
                search.wait(progress=view, poll_s=WATCH_POLL_S)
        else:
            _watch_screen(session, search)
    except KeyboardInterrupt:
        session.out.print(
            f"\nThe search goes on. Come back with: headstock watch {search.id}", markup=False, soft_wrap=True
        )
        raise typer.Exit(130) from None
    except SearchFailed:
        if as_json:
            session.print_json(search.record)
        raise


def _watch_screen(session: Session, search: Search) -> None:
    """The full screen; after it, what stays to be read on the ordinary one."""
    from headstock.terminal.watch import watch as watch_on_screen

    if watch_on_screen(search, session.out) is None:
        raise KeyboardInterrupt
    session.out.print(headline(search.record), soft_wrap=True)
    if search.best_score is not None:
        session.out.print(objective_chart(search.objective_trend(points=500)))
        session.out.print(best_line(session.client.trial(search.best_score.trial_id).record, search.record))
    session.out.print(closing_line(search.record), soft_wrap=True)
    # Says what FAILED means in words and by the exit code, and returns at once for all else.
    search.wait(poll_s=WATCH_POLL_S)


def pause(context: typer.Context, search: SearchReference, as_json: JsonFlag = False) -> None:
    """Pause a search. Running trials stop at their next checkpoint and go on from there later."""
    session = session_of(context)
    _report(session, session.search(search).pause(), as_json=as_json)


def resume(context: typer.Context, search: SearchReference, as_json: JsonFlag = False) -> None:
    """Go on with a search after a pause."""
    session = session_of(context)
    _report(session, session.search(search).resume(), as_json=as_json)


def cancel(context: typer.Context, search: SearchReference, as_json: JsonFlag = False) -> None:
    """End a search now, with its open trials. What was trained stays readable."""
    session = session_of(context)
    _report(session, session.search(search).cancel(), as_json=as_json)


def delete(
    context: typer.Context,
    search: SearchReference,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Remove an ended search. All its trials, epochs and files go with it."""
    session = session_of(context)
    found = session.search(search)
    if not yes:
        typer.confirm(f"Remove {found.name} ({found.id}) with its {found.counts.total} trials?", abort=True, err=True)
    found.delete()
    if as_json:
        session.print_json({"deleted": found.id})
    else:
        session.out.print(f"Removed {found.name} ({found.id})", markup=False, soft_wrap=True)


def _report(session: Session, search: Search, *, as_json: bool) -> None:
    if as_json:
        session.print_json(search.record)
    else:
        session.out.print(f"{search.name} ({search.id}) is {search.state}", markup=False, soft_wrap=True)

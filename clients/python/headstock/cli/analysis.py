"""Commands that say what the results mean: importance, trade-offs, comparisons, and a trial's diagnosis."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer
from rich.text import Text

from headstock import words
from headstock.analysis import Method
from headstock.cli.session import JsonFlag, SearchReference, Session, session_of
from headstock.errors import HeadstockError

_BAR = 30
_PAIRS = 5


def add_to(app: typer.Typer) -> None:
    app.command()(importance)
    app.command()(tradeoff)
    app.command()(compare)
    app.command()(diagnose)


def importance(
    context: typer.Context,
    search: SearchReference = "latest",
    method: Annotated[
        Method, typer.Option("--method", help="`fanova`: over the whole space; `ped_anova`: of being among the best.")
    ] = "fanova",
    metric: Annotated[str | None, typer.Option("--metric", help="A logged metric. Default: the objective.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show which hyperparameters matter."""
    session = session_of(context)
    found = session.search(search).importance(method=method, metric=metric)
    if as_json:
        session.print_json(found)
        return
    whole = max((effect.share for effect in found.hyperparameters), default=0.0) or 1.0
    session.print_table(
        ("hyperparameter", ">share", "", ">trials"),
        (
            (
                effect.name + (" (conditional)" if effect.conditional else ""),
                f"{effect.share:.1%}",
                "█" * round(_BAR * effect.share / whole),
                effect.trials,
            )
            for effect in found.hyperparameters
        ),
        empty="There is nothing to say yet.",
    )
    for pair in found.pairs[:_PAIRS]:
        if pair.share >= 0.01:
            line = f"{' and '.join(pair.names)} together: {pair.share:.1%} more"
            session.out.print(line, markup=False, soft_wrap=True)
    if found.note:
        session.out.print(Text(f"Note: {found.note}."), soft_wrap=True)


def tradeoff(
    context: typer.Context,
    search: SearchReference = "latest",
    against: Annotated[str, typer.Option("--against", help="seconds, parameters, or a logged metric.")] = "seconds",
    as_json: JsonFlag = False,
) -> None:
    """Show the trials that no other beats in score and cost."""
    session = session_of(context)
    found = session.search(search).tradeoff(against)
    if as_json:
        session.print_json(found)
        return
    front = sorted((point for point in found.points if point.on_front), key=lambda point: (point.against, point.number))
    session.print_table(
        (">trial", f">{found.against.name} ({found.against.direction})", f">{found.objective.name}", "id"),
        ((point.number, words.number(point.against), words.number(point.score), point.trial_id) for point in front),
        empty="No trial is scored yet.",
    )


def compare(
    context: typer.Context,
    searches: Annotated[list[str], typer.Argument(metavar="SEARCH...", help="Two or more searches.")],
    target: Annotated[float | None, typer.Option("--target", help="A score to be reached.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Compare searches: best scores, and what they took. And when each reached a target."""
    session = session_of(context)
    if len(searches) < 2:
        raise HeadstockError("name at least two searches")
    found = session.client.compare(*(session.search(each) for each in searches), target=target)
    if as_json:
        session.print_json(found)
        return
    session.print_table(
        ("search", "tuner", ">best", ">trials", ">epochs", ">seconds", ">reached after trials", ">epochs", ">seconds"),
        (
            (
                each.name,
                each.tuner,
                words.number(each.best.score if each.best else None),
                each.scored_trials,
                each.epochs,
                words.number(each.elapsed_seconds, digits=1),
                *(
                    ("–", "–", "–")
                    if each.reached is None
                    else (
                        each.reached.trials,
                        each.reached.epochs,
                        words.number(each.reached.elapsed_seconds, digits=1),
                    )
                ),
            )
            for each in found.searches
        ),
        empty="",
    )
    if found.target is not None:
        session.out.print(f"Target: {words.number(found.target)}", markup=False)
    elif not found.comparable:
        session.out.print("Their objectives differ: there is no common target.", markup=False)


def diagnose(
    context: typer.Context,
    trial: Annotated[
        str,
        typer.Argument(
            metavar="TRIAL|SEARCH", help="A trial's id or number (within --search), or a search: all of its."
        ),
    ],
    search: Annotated[str, typer.Option("--search", help="Where a trial's number counts.")] = "latest",
    as_json: JsonFlag = False,
) -> None:
    """Say what learning curves show, and what to try next. Of a trial, or of all ended trials of a search."""
    session = session_of(context)
    if not trial.isdigit() and not trial.startswith("t_"):
        _diagnose_all(session, trial, as_json=as_json)
        return
    found = session.trial(trial, search=search).diagnosis()
    if as_json:
        session.print_json(found)
        return
    session.out.print(Text.assemble(f"trial {found.number}: ", (found.verdict.replace("_", " "), "bold")))
    for finding in found.findings:
        session.out.print(Text(f"- {finding.statement}"), soft_wrap=True)
        shown = "  ".join(f"{name}={words.number(value)}" for name, value in finding.evidence.items())
        session.out.print(Text(f"  {shown}", style="dim"), soft_wrap=True)
        for advice in finding.try_next:
            session.out.print(Text(f"  try: {advice}"), soft_wrap=True)
    if found.note:
        session.out.print(Text(f"{found.note}."), soft_wrap=True)


def _diagnose_all(session: Session, search: str, *, as_json: bool) -> None:
    found = list(session.search(search).diagnoses())
    if as_json:
        session.print_json(found)
        return
    session.print_table(
        (">trial", "verdict", ">epochs", "what it shows", "try"),
        (
            (
                each.number,
                each.verdict.replace("_", " "),
                each.epochs,
                each.findings[0].statement if each.findings else each.note or "–",
                next(iter(each.findings[0].try_next), "–") if each.findings else "–",
            )
            for each in found
        ),
        empty="No trial has ended yet.",
    )
    for verdict, count in Counter(each.verdict for each in found).most_common():
        session.out.print(f"{count} of {len(found)}: {verdict.replace('_', ' ')}", markup=False)

"""What each kind of result looks like as HTML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import singledispatch

from headstock import words
from headstock.analysis import Comparison, Diagnosis, Importance, Tradeoff
from headstock.cli.trend_view import label, sentence
from headstock.models import Model, SearchRecord, TrialRecord
from headstock.notebook.drawing import chart_svg, history_svg
from headstock.notebook.markup import MONO, MUTED, Html, bar, join, table, tag
from headstock.terminal.charts import BEST, SERIES, Point, Series
from headstock.trends import EpochTrend, HyperparameterTrend, MetricTrend, ObjectiveTrend

COLOURS = {
    "QUEUED": "#808080", "RUNNING": "#2f7fb5", "PAUSED": "#b07a00", "COMPLETED": "#2e8b57", "STOPPED": "#2e8b57",
    "FAILED": "#c0392b", "CANCELLED": "#b07a00",
}  # fmt: skip
_FRAME = (
    "border:1px solid rgba(128,128,128,0.35);border-radius:6px;padding:0.7em 1em;max-width:56em;overflow-x:auto;"
    "line-height:1.5;"
)
SHOWN = 100
"""Trials in one table; a notebook with ten thousand rows in it would not open again."""


@dataclass(frozen=True, slots=True)
class Running:
    """A trial that runs: how far it is, and its newest metrics."""

    record: TrialRecord
    epochs: int
    metrics: dict[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Summary:
    """All that the view of a search shows."""

    record: SearchRecord
    scores: Sequence[Point] = ()
    bests: Sequence[Point] = ()
    leaders: Sequence[TrialRecord] = ()
    running: Sequence[Running] = ()
    note: str = ""


def frame(*children: object) -> str:
    """One result in its border."""
    return tag("div", *children, style=_FRAME, class_="headstock")


def badge(state: str) -> Html:
    """A state in its colour."""
    return tag("b", state, style=f"color:{COLOURS.get(state, 'inherit')};")


def summary_html(summary: Summary) -> str:
    """A search: state, progress, best values, trials, and how the score grew."""
    search = summary.record
    objective = search.objective
    counts = search.trials
    total = search.planned_trials or search.limits.get("max_trials")
    share = search.progress if search.progress is not None else (counts.ended / total if total else None)
    figures = [f"{counts.ended}{f' of {int(total)}' if total else ''} trials"]
    figures += [f"{counts.running} running"] if counts.running else []
    figures += [f"{counts.queued} queued"] if counts.queued else []
    figures += [f"{counts.failed} failed"] if counts.failed else []
    figures.append(f"{words.duration(search.elapsed_seconds)} so far")
    if not search.ended:
        figures.append(f"{words.duration(search.remaining_seconds)} left")
    score = words.number(search.best.score) if search.best else None
    return frame(
        tag(
            "div",
            tag("b", search.name, style="font-size:1.1em;"), " ", badge(search.state), " ",
            tag("span", f"{search.tuner}, {objective.name} ({objective.direction}) ", style=MUTED),
            tag("span", search.id, style=f"{MUTED}{MONO}"),
        ),
        tag("div", bar(share, width_em=16.0) if share is not None else None, " ", " · ".join(figures)),
        tag("div", "best ", tag("b", score, style=f"color:{COLOURS['COMPLETED']};")) if score else None,
        tag("div", search.state_reason.message, style=MUTED) if search.state_reason else None,
        history_svg(summary.scores, summary.bests, name=objective.name),
        _running_table(summary.running),
        trials_table(summary.leaders) if summary.leaders else None,
        tag("div", summary.note, style=MUTED) if summary.note else None,
    )  # fmt: skip


def _running_table(running: Sequence[Running]) -> Html | None:
    if not running:
        return None
    return table(
        ("running", ">epoch", "metrics"),
        (
            (
                f"trial {each.record.number}",
                f"{each.epochs}{f' of {each.record.target_epochs}' if each.record.target_epochs else ''}",
                "  ".join(f"{name} {words.number(value)}" for name, value in each.metrics.items()) or "starting",
            )
            for each in running
        ),
    )


def trials_html(trials: Iterable[TrialRecord]) -> str:
    """A table of trials with a column for each hyperparameter."""
    records = list(trials)
    more = f"{len(records) - SHOWN} more are not shown" if len(records) > SHOWN else None
    return frame(trials_table(records[:SHOWN]), tag("div", more, style=MUTED) if more else None)


def trials_table(records: Sequence[TrialRecord]) -> Html:
    """One row per trial."""
    names = list(dict.fromkeys(name for record in records for name in record.hyperparameters))
    return table(
        (">trial", "state", ">score", ">epochs", ">seconds", *names),
        (
            (
                record.number,
                join([badge(record.state), f" {record.failure.code}" if record.failure else None]),
                words.number(record.score),
                record.epochs,
                words.number(record.seconds, digits=1),
                *(
                    words.scalar(record.hyperparameters[name]) if name in record.hyperparameters else ""
                    for name in names
                ),
            )
            for record in records
        ),
        empty="no trial",
    )


@singledispatch
def html_of(result: object) -> str:
    """A result as HTML."""
    raise TypeError(f"nothing is known of how a {type(result).__name__} looks")


@html_of.register
def _(result: Model) -> str:
    rows = []
    for name in type(result).model_fields:
        value = getattr(result, name)
        if value is None or value == [] or value == {}:
            continue
        rows.append((tag("span", name, style=MUTED), _cell(value)))
    return frame(tag("b", type(result).__name__), table(("", ""), rows))


def _cell(value: object) -> str:
    if isinstance(value, bool | str | int):
        return words.scalar(value)
    if isinstance(value, float):
        return words.number(value)
    if isinstance(value, Model):
        value = value.model_dump(mode="json")
    if isinstance(value, dict) and all(isinstance(part, bool | str | int | float | None) for part in value.values()):
        return ", ".join(f"{name} {'–' if part is None else _cell(part)}" for name, part in value.items())
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 400 else f"{text[:400]} ..."


@html_of.register
def _(result: SearchRecord) -> str:
    return summary_html(Summary(result))


@html_of.register
def _(result: TrialRecord) -> str:
    score = words.number(result.score)
    epoch = f" at epoch {result.best_epoch}" if result.best_epoch is not None else ""
    metrics = "  ".join(f"{name} {words.number(value)}" for name, value in result.metrics.items())
    size = f"{result.parameters:,} parameters · " if result.parameters is not None else ""
    return frame(
        tag(
            "div", tag("b", f"trial {result.number}"), " ", badge(result.state), f"  score {score}{epoch} ",
            tag("span", result.id, style=f"{MUTED}{MONO}"),
        ),
        tag("div", f"{result.failure.code}: {result.failure.message}", style=f"color:{COLOURS['FAILED']};")
        if result.failure else None,
        table(("hyperparameter", "value"), ((k, words.scalar(v)) for k, v in result.hyperparameters.items())),
        tag("div", metrics, style=MUTED),
        tag("div", f"{size}{words.duration(result.seconds)} of training", style=MUTED),
    )  # fmt: skip


@html_of.register
def _(result: ObjectiveTrend) -> str:
    scores = [(float(place), point.score) for place, point in enumerate(result.points, start=1)]
    bests = [(float(place), point.best) for place, point in enumerate(result.points, start=1)]
    title = f"{result.objective.name} ({result.objective.direction}), {result.trials or len(scores)} scored trials"
    return frame(tag("b", title), history_svg(scores, bests, name=result.objective.name))


@html_of.register
def _(result: HyperparameterTrend) -> str:
    shapes = result.metrics or [
        MetricTrend(
            name=result.objective.name, direction=result.objective.direction, values=result.values,
            best_value=result.best_value, verdict=result.verdict,
            diminishing_returns_at=result.diminishing_returns_at,
        )
    ]  # fmt: skip
    parts: list[object] = [tag("b", result.name)]
    for shape in shapes:
        medians = [summary.median for summary in shape.values] or [0.0]
        low, room = min(medians), (max(medians) - min(medians)) or 1.0
        parts.append(tag("div", f"{shape.name} ({shape.direction})"))
        parts.append(
            table(
                (f">{result.name}", ">trials", ">median", ">best", "low to high"),
                (
                    (
                        label(summary), summary.count, words.number(summary.median), words.number(summary.best),
                        bar(0.06 + 0.94 * (summary.median - low) / room),
                    )
                    for summary in shape.values
                ),
                empty="no scored trial has it yet",
            )
        )  # fmt: skip
        parts.append(tag("div", sentence(shape, result), style=MUTED))
    return frame(*parts)


@html_of.register
def _(result: EpochTrend) -> str:
    middle = len(result.quantiles) // 2
    series = [
        Series(
            [(float(band.epoch), band.quantiles[place]) for band in result.bands if len(band.quantiles) > place],
            f"{quantile:.0%}",
            BEST if place == middle else SERIES[0],
        )
        for place, quantile in enumerate(result.quantiles)
    ]
    names = ", ".join(each.label for each in series)
    return frame(
        tag("b", result.metric),
        tag("span", f" quantiles {names} of all trials", style=MUTED),
        chart_svg(series, label=f"learning curves of {result.metric}", x_label="epoch"),
    )


@html_of.register
def _(result: Importance) -> str:
    rows = [(effect.name, effect.share) for effect in result.hyperparameters]
    rows += [(" and ".join(pair.names), pair.share) for pair in result.pairs if pair.share >= 0.01]
    whole = max((share for _, share in rows), default=0.0) or 1.0
    return frame(
        tag("b", f"importance for {result.metric.name}"),
        tag("span", f" {result.method}, {result.trials} trials", style=MUTED),
        table(
            ("hyperparameter", ">share", ""),
            ((name, f"{share:.1%}", bar(share / whole)) for name, share in rows),
            empty="there is nothing to say yet",
        ),
        tag("div", result.note, style=MUTED) if result.note else None,
    )


@html_of.register
def _(result: Tradeoff) -> str:
    front = sorted((point for point in result.points if point.on_front), key=lambda point: point.against)
    return frame(
        tag("b", f"{result.objective.name} against {result.against.name}"),
        tag("span", f" {len(front)} of {len(result.points)} trials are beaten by no other", style=MUTED),
        table(
            (">trial", f">{result.against.name} ({result.against.direction})", f">{result.objective.name}"),
            ((point.number, words.number(point.against), words.number(point.score)) for point in front),
            empty="no trial is scored yet",
        ),
    )


@html_of.register
def _(result: Comparison) -> str:
    return frame(
        table(
            ("search", "tuner", ">best", ">trials", ">epochs", ">seconds", ">reached after trials"),
            (
                (
                    each.name, each.tuner, words.number(each.best.score if each.best else None), each.scored_trials,
                    each.epochs, words.number(each.elapsed_seconds, digits=1),
                    each.reached.trials if each.reached else "–",
                )
                for each in result.searches
            ),
        ),
        tag("div", f"target {words.number(result.target)}", style=MUTED) if result.target is not None else None,
    )  # fmt: skip


@html_of.register
def _(result: Diagnosis) -> str:
    findings = [
        tag(
            "li",
            finding.statement,
            tag("ul", *(tag("li", advice) for advice in finding.try_next)) if finding.try_next else None,
        )
        for finding in result.findings
    ]
    return frame(
        tag("b", f"trial {result.number}: {result.verdict.replace('_', ' ')}"),
        tag("ul", *findings) if findings else None,
        tag("div", result.note, style=MUTED) if result.note else None,
    )

"""Final trainings and range tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstock import words
from headstock.models import FinalRecord, JobRecord, RangeTestRecord
from headstock.notebook.blocks import facts, fault, frame, heading, metrics_line, note
from headstock.notebook.drawing import chart_svg
from headstock.notebook.markup import Html, bar, table, tag
from headstock.terminal.charts import BEST, SERIES, Series

_MOST_CLASSES = 30


def final_html(result: FinalRecord) -> str:
    """A final training: what it retrains, and how the model did on the test part."""
    source = result.source
    score = f"{source.objective.name} {words.number(source.score)}"
    report = result.report or {}
    test = report.get("test")
    return frame(
        _heading(result, f"final training of trial {source.trial_number}, {score}"),
        *_progress(result),
        facts(_figures(report)) if report else None,
        *(part for output in (test or {}).get("outputs") or () for part in _output(output)),
        note("the data set has no test part: nothing was tested") if report and test is None else None,
        *(note(each.get("message")) for each in report.get("notes") or ()),
        note(words.values(result.hyperparameters)),
    )


def _heading(result: JobRecord, what: str) -> Html:
    return heading(result.name, what, state=result.state, id=result.id)


def _progress(result: JobRecord) -> list[Html | None]:
    """How far it is, or why it is no further."""
    if result.failure is not None:
        return [fault(f"{result.failure.code}: {result.failure.message}")]
    if result.ended:
        return [note(f"{words.duration(result.elapsed_seconds)}")]
    left = f" · {words.duration(result.remaining_seconds)} left" if result.remaining_seconds is not None else ""
    share = bar(result.progress, width_em=16.0) if result.progress is not None else None
    return [tag("div", share, f" {words.duration(result.elapsed_seconds)} so far{left}")]


def _figures(report: Mapping[str, Any]) -> list[tuple[str, object]]:
    """Of the training and of the test, as far as the report has them."""
    training, test = report.get("training") or {}, report.get("test") or {}
    rows: list[tuple[str, object]] = []
    for name, part in (("trained", training), ("tested", test)):
        if part:
            epochs = f", {part['epochs']} epochs" if part.get("epochs") else ""
            line = f"{part.get('rows', 0):,} rows{epochs}, {words.duration(part.get('seconds'))}"
            rows.append((name, f"{line} · {metrics_line(part.get('metrics') or {})}"))
    return rows


def _output(output: Mapping[str, Any]) -> list[Html | None]:
    """Figures of one target, class by class where there are classes."""
    parts: list[Html | None] = [note(output["name"])] if output.get("name") else []
    for kind, key in (("classes", "class"), ("labels", "label"), ("numbers", "number")):
        rows = (output.get(kind) or [])[:_MOST_CLASSES]
        if not rows:
            continue
        names = [name for name in rows[0] if name != key and not isinstance(rows[0][name], list)]
        parts.append(
            table(
                (key, *(f">{name}" for name in names)),
                ([row.get(key), *(_figure(row.get(name)) for name in names)] for row in rows),
            )
        )
        more = len(output[kind]) - len(rows)
        parts.append(note(f"{more:,} more {kind}" if more else None))
    if len(parts) <= 1:
        figures = {name: value for name, value in output.items() if isinstance(value, float)}
        parts.append(note(metrics_line(figures)))
    return parts


def _figure(value: object) -> str:
    return words.number(value) if value is None or isinstance(value, float) else str(value)


def range_test_html(result: RangeTestRecord) -> str:
    """A range test: the curve, and the range it suggests."""
    found = result.suggestion
    said = None
    if found is not None:
        said = tag(
            "div",
            "search learning rates from ",
            tag("b", f"{found.min_rate:.2g}"),
            " to ",
            tag("b", f"{found.max_rate:.2g}"),
            f" (the loss falls fastest at {found.steepest:.2g}, and is least at {found.minimum:.2g})",
        )
    elif result.rates:
        said = note("the loss never fell: there is nothing to suggest")
    series = [
        Series(list(zip(result.rates, result.losses, strict=False)), "loss of a batch", SERIES[0], "dots"),
        Series(list(zip(result.rates, result.smoothed, strict=False)), "smoothed", BEST),
    ]
    label = f"loss of {len(result.rates)} batches against the learning rate"
    return frame(
        _heading(result, f"range test, {result.steps} batches from {result.min_rate:.2g} to {result.max_rate:.2g}"),
        *_progress(result),
        said,
        chart_svg(series, label=label, x_label="learning rate", log=True),
        note(words.values(result.hyperparameters)),
    )

"""What a search's trials say together, and one trial."""

from __future__ import annotations

from headstock import words
from headstock.analysis import Comparison, Diagnosis, Importance, Tradeoff
from headstock.cli.trend_view import label, sentence
from headstock.models import TrialRecord
from headstock.notebook.blocks import fault, frame, heading, metrics_line, note
from headstock.notebook.drawing import chart_svg, history_svg
from headstock.notebook.markup import MUTED, bar, table, tag
from headstock.terminal.charts import BEST, SERIES, Series
from headstock.trends import EpochTrend, HyperparameterTrend, MetricTrend, ObjectiveTrend


def trial_html(result: TrialRecord) -> str:
    """A trial: values, score, metrics."""
    score = f"score {words.number(result.score)}" if result.score is not None else "no score yet"
    epoch = f" at epoch {result.best_epoch}" if result.best_epoch is not None else ""
    size = f"{result.parameters:,} parameters · " if result.parameters is not None else ""
    return frame(
        heading(f"trial {result.number}", f"{score}{epoch}", state=result.state, id=result.id),
        fault(f"{result.failure.code}: {result.failure.message}" if result.failure else None),
        table(("hyperparameter", "value"), ((k, words.scalar(v)) for k, v in result.hyperparameters.items())),
        note(metrics_line(result.metrics)),
        note(f"{size}{words.duration(result.seconds)} of training"),
    )


def objective_trend_html(result: ObjectiveTrend) -> str:
    """How the score grew."""
    scores = [(float(place), point.score) for place, point in enumerate(result.points, start=1)]
    bests = [(float(place), point.best) for place, point in enumerate(result.points, start=1)]
    title = f"{result.objective.name} ({result.objective.direction}), {result.trials or len(scores)} scored trials"
    return frame(tag("b", title), history_svg(scores, bests, name=result.objective.name))


def hyperparameter_trend_html(result: HyperparameterTrend) -> str:
    """What one hyperparameter does to each metric."""
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


def epoch_trend_html(result: EpochTrend) -> str:
    """How the learning curves lie."""
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


def importance_html(result: Importance) -> str:
    """What matters."""
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
        note(result.note),
    )


def tradeoff_html(result: Tradeoff) -> str:
    """The trials that no other beats."""
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


def comparison_html(result: Comparison) -> str:
    """Searches side by side."""
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


def diagnosis_html(result: Diagnosis) -> str:
    """What a trial's curves show."""
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
        note(result.note),
    )

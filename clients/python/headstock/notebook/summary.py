"""A search as a whole: what `search` shows in a notebook, and what the live views show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from headstock import words
from headstock.models import SearchRecord, TrialRecord
from headstock.notebook.blocks import frame, heading, metrics_line, note
from headstock.notebook.drawing import history_svg
from headstock.notebook.markup import Html, bar, table, tag
from headstock.notebook.tables import trials_table
from headstock.terminal.charts import Point


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


def search_html(record: SearchRecord) -> str:
    """A search as it was last read."""
    return summary_html(Summary(record))


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
    figures.append(f"{words.duration(search.elapsed_seconds)}{'' if search.ended else ' so far'}")
    if not search.ended and search.remaining_seconds is not None:
        figures.append(f"{words.duration(search.remaining_seconds)} left")
    score = words.number(search.best.score) if search.best else None
    return frame(
        heading(
            search.name,
            f"{search.tuner}, {objective.name} ({objective.direction})",
            state=search.state,
            id=search.id,
        ),
        tag("div", bar(share, width_em=16.0) if share is not None else None, " ", " · ".join(figures)),
        tag("div", "best ", tag("b", score)) if score else None,
        note(search.state_reason.message if search.state_reason else None),
        history_svg(summary.scores, summary.bests, name=objective.name),
        _running_table(summary.running),
        trials_table(summary.leaders) if summary.leaders else None,
        note(summary.note),
    )


def _running_table(running: Sequence[Running]) -> Html | None:
    if not running:
        return None
    return table(
        ("running", ">epoch", "metrics"),
        (
            (
                f"trial {each.record.number}",
                f"{each.epochs}{f' of {each.record.target_epochs}' if each.record.target_epochs else ''}",
                metrics_line(each.metrics) or "starting",
            )
            for each in running
        ),
    )

"""How the score grew."""

from __future__ import annotations

from service.plots.asked import Asked
from service.trends.objective import score_progress
from tuners.pictures.figure import Axis, Figure, Panel, Series


def objective_figure(asked: Asked) -> Figure:
    """Score and best so far of every scored trial, in order of ending."""
    search = asked.search
    trials = asked.repository.scored_columns(search.id)
    progress = score_progress(trials, direction=search.objective.direction, started_at=search.started_at)
    order = [float(place) for place in range(1, len(progress) + 1)]
    panel = Panel(
        x=Axis(label="trials in order of ending", whole=True),
        y=Axis(label=search.objective.name),
        series=[
            Series(kind="points", x=order, y=list(trials.scores), label="score", colour=0),
            Series(kind="step", x=order, y=list(progress.bests), label="best so far", colour=1),
        ],
    )
    return Figure(title=f"{search.name}: {search.objective.name} ({search.objective.direction})", panels=[panel])

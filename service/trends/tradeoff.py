"""What a better score costs: the trials that no other beats on both counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal, NamedTuple

from service.trends.measuring import measured
from storage.ids import TrialId
from storage.records import Direction, Search, Trial

Cost = Literal["seconds", "parameters"]
COSTS: tuple[Cost, ...] = ("seconds", "parameters")


class TradeoffPoint(NamedTuple):
    """One scored trial. A tuple, since ten thousand of them are made for one answer; its fields are the answer's."""

    trial_id: TrialId
    number: int
    score: float
    against: float
    on_front: bool


def pareto_front(pairs: Sequence[tuple[float, float]]) -> set[int]:
    """Places of the pairs that no other beats: none is at least as small in both numbers and smaller in one.

    Equal pairs do not beat each other. Sorting makes it n log n: Kung, Luccio, Preparata (1975),
    doi:10.1145/321906.321910, the case of two numbers.
    """
    front: set[int] = set()
    least = math.inf
    last: tuple[float, float] | None = None
    for place in sorted(range(len(pairs)), key=pairs.__getitem__):
        pair = pairs[place]
        if pair[1] < least or pair == last:
            front.add(place)
            least, last = min(least, pair[1]), pair
    return front


def tradeoff_report(search: Search, trials: Sequence[Trial], against: str, *, direction: Direction) -> dict[str, Any]:
    """All scored trials that have the other number, by number, and the front in its order.

    Args:
        against: "seconds" (training, over all attempts), "parameters" (of the model), or a logged metric at the best
            epoch.
        direction: Which values of it are better.
    """
    found: list[tuple[Trial, float, float]] = []
    for trial in trials:
        score, other = trial.score, _other(trial, against, search)
        if score is not None and math.isfinite(score) and other is not None and math.isfinite(other):
            found.append((trial, score, other))
    signs = (1.0 if direction == "min" else -1.0, 1.0 if search.objective.direction == "min" else -1.0)
    front = pareto_front([(signs[0] * other, signs[1] * score) for _, score, other in found])
    points = [
        TradeoffPoint(trial.id, trial.number, score, other, place in front)
        for place, (trial, score, other) in enumerate(found)
    ]
    best = sorted((point for point in points if point.on_front), key=lambda point: (point.against, point.number))
    return {
        "objective": asdict(search.objective),
        "against": {"name": against, "direction": direction},
        "points": [point._asdict() for point in points],
        "front": [point.trial_id for point in best],
    }


def _other(trial: Trial, against: str, search: Search) -> float | None:
    if against == "seconds":
        return trial.seconds
    if against == "parameters":
        return trial.parameters
    return measured(trial, against, at="best", objective=search.objective)

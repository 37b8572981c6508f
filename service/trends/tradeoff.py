"""What a better score costs: the trials that no other beats on both counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal, NamedTuple

from service.trends.measuring import by_number, metric_column
from service.trends.sampling import down_sampled
from storage.columns import ScoredColumns
from storage.ids import TrialId
from storage.records import Direction, Search

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


def tradeoff_report(
    search: Search, trials: ScoredColumns, against: str, *, direction: Direction, most: int | None = None
) -> dict[str, Any]:
    """The scored trials that have the other number, by number, and the front in its order.

    Args:
        against: "seconds" (training, over all attempts), "parameters" (of the model), or a logged metric at the best
            epoch.
        direction: Which values of it are better.
        most: How many points are shown; None: all. Those on the front are, however many they are; the others are chosen
            evenly by number. The front is that of all trials in any case.
    """
    costs = _costs(trials, against, search)
    places = [place for place in by_number(trials) if _is_finite(costs[place])] if costs else []
    scores = [trials.scores[place] for place in places]
    others = [float(costs[place] or 0.0) for place in places] if costs else []
    signs = (1.0 if direction == "min" else -1.0, 1.0 if search.objective.direction == "min" else -1.0)
    front = pareto_front([(signs[0] * other, signs[1] * score) for score, other in zip(scores, others, strict=True)])
    chosen: Sequence[int] = range(len(places))
    if most is not None and len(places) > most:
        rest = [row for row in chosen if row not in front]
        chosen = sorted(front.union(down_sampled(rest, most=most - len(front)) if most > len(front) else ()))
    points = [
        TradeoffPoint(trials.ids[places[row]], trials.numbers[places[row]], scores[row], others[row], row in front)
        for row in chosen
    ]
    best = sorted((point for point in points if point.on_front), key=lambda point: (point.against, point.number))
    return {
        "objective": asdict(search.objective),
        "against": {"name": against, "direction": direction},
        "trials": len(places),
        "points": [point._asdict() for point in points],
        "front": [point.trial_id for point in best],
    }


def _costs(trials: ScoredColumns, against: str, search: Search) -> Sequence[float | None] | None:
    """The other number of each trial; None where nobody knows it, or of all when no trial logs it."""
    if against == "seconds":
        return trials.seconds
    if against == "parameters":
        return trials.parameters
    return metric_column(trials, against, at="best", objective=search.objective)


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)

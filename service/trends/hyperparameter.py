"""What one hyperparameter does to a metric: a summary per value, a verdict on the shape, and where gains end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from service.trends.quantiles import quantile, spearman
from storage.records import Direction, Scalar
from tuners.space import Hyperparameter

MOST_DISTINCT = 24
# Trials of a continuous range hardly ever share a value: a few of them together make a median worth the name.
MOST_DISTINCT_CONTINUOUS = 6
TRIALS_PER_BIN = 4
BINS = 10
MONOTONE_RHO = 0.8
FLAT_SHARE = 0.2
REMAINING_GAIN = 0.05

Axis = Callable[[Scalar], float]
"""Where a value lies among the others; equal distances mean nothing, only the order does."""

Verdict = Literal["monotone_increasing", "monotone_decreasing", "peak", "valley", "flat", "unclear"]


class ValuePoint(NamedTuple):
    """One scored trial. A tuple, since ten thousand of them are made for one answer.

    Its fields are those of the answer's points; `score` is the value of the first metric asked for, `metrics` holds all
    of them, None where a trial has no finite value.
    """

    trial_id: str
    number: int
    value: Scalar
    score: float
    metrics: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Group:
    """Scores at one value, or in one bin (then `low` and `high` are its ends and `value` is its median)."""

    value: Scalar
    low: float | None
    high: float | None
    count: int
    mean: float
    median: float
    q25: float
    q75: float
    best: float


@dataclass(frozen=True, slots=True)
class Method:
    grouping: str
    verdict: str
    diminishing_returns: str
    spearman: float | None


@dataclass(frozen=True, slots=True)
class HyperparameterTrend:
    groups: tuple[Group, ...]
    best_value: Scalar | None
    verdict: Verdict
    diminishing_returns_at: Scalar | None
    method: Method


def axis_of(hyperparameter: Hyperparameter) -> Axis | None:
    """The order of its values: of numbers their own, of an ordered choice of lists the one they were written in."""
    if hyperparameter.is_list and hyperparameter.ordered:
        return {value: float(place) for place, value in enumerate(hyperparameter.values)}.__getitem__
    if hyperparameter.type in ("int", "float") or (hyperparameter.ordered and not hyperparameter.is_list):
        return float
    return None


def hyperparameter_trend(
    points: Sequence[ValuePoint], *, direction: Direction, axis: Axis | None, continuous: bool = False
) -> HyperparameterTrend:
    """The trend of the points' scores.

    Args:
        points: Trials in which the hyperparameter was active.
        direction: Which scores are better.
        axis: The order of the values. Without one there is no shape to speak of: the verdict is then "flat" or
            "unclear", and no point of diminishing returns is given.
        continuous: Whether they come from a range without steps: then even few of them are binned.
    """
    groups, grouping = _groups(points, direction=direction, axis=axis, continuous=continuous)
    verdict, rho = _verdict(groups, points, axis=axis)
    best_value = None
    if points:
        sign = 1 if direction == "min" else -1
        best_value = min(points, key=lambda point: (sign * point.score, point.number)).value
    knee = _diminishing_returns(groups, direction=direction, verdict=verdict) if axis is not None else None
    method = Method(
        grouping=grouping,
        verdict=(
            f"flat when the medians of the groups differ by less than {FLAT_SHARE:g} of the middle half of all scores; "
            f"else monotone when Spearman's rank correlation of value and median is {MONOTONE_RHO:g} or more "
            "either way; "
            "else peak or valley when the extreme median lies inside and is farther from both end medians than that; "
            "else unclear"
        ),
        diminishing_returns=(
            f"first value beyond which less than {REMAINING_GAIN:.0%} of the gain in the running best median remains; "
            "after the knee of Satopaa, Albrecht, Irwin, Raghavan (2011), doi:10.1109/ICDCSW.2011.20, with a fixed "
            "share in place of curvature"
        ),
        spearman=rho,
    )
    return HyperparameterTrend(groups, best_value, verdict, knee, method)


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _groups(
    points: Sequence[ValuePoint], *, direction: Direction, axis: Axis | None, continuous: bool
) -> tuple[tuple[Group, ...], str]:
    by_value: dict[tuple[str, Scalar], list[float]] = {}
    for point in points:
        # True equals 1 as a key: the type keeps a choice of both apart.
        by_value.setdefault((type(point.value).__name__, point.value), []).append(point.score)
    few = len(by_value) <= (MOST_DISTINCT_CONTINUOUS if continuous else MOST_DISTINCT)
    if axis is None or few or not all(_is_number(point.value) for point in points):
        keys = sorted(by_value, key=str) if axis is None else sorted(by_value, key=lambda key: axis(key[1]))
        groups = tuple(_summary(key[1], None, None, by_value[key], direction=direction) for key in keys)
        return groups, "by value"
    by_size = sorted(points, key=lambda point: float(point.value))
    bins = min(BINS, max(2, len(points) // TRIALS_PER_BIN))
    groups_list = []
    start = 0
    for index in range(bins):
        end = round((index + 1) * len(by_size) / bins)
        # Equal values stay in one bin, wherever the count alone would cut.
        while start < end < len(by_size) and by_size[end].value == by_size[end - 1].value:
            end += 1
        members = by_size[start:end]
        if members:
            values = [float(member.value) for member in members]
            scores = [member.score for member in members]
            groups_list.append(_summary(quantile(values, 0.5), values[0], values[-1], scores, direction=direction))
        start = max(start, end)
    return tuple(groups_list), f"{bins} bins of equal count"


def _summary(
    value: Scalar, low: float | None, high: float | None, scores: Sequence[float], *, direction: Direction
) -> Group:
    ordered = sorted(scores)
    return Group(
        value=value,
        low=low,
        high=high,
        count=len(ordered),
        mean=sum(ordered) / len(ordered),
        median=quantile(ordered, 0.5),
        q25=quantile(ordered, 0.25),
        q75=quantile(ordered, 0.75),
        best=ordered[0] if direction == "min" else ordered[-1],
    )


def _verdict(
    groups: Sequence[Group], points: Sequence[ValuePoint], *, axis: Axis | None
) -> tuple[Verdict, float | None]:
    if len(groups) < 2:
        return "unclear", None
    medians = [group.median for group in groups]
    scores = sorted(point.score for point in points)
    middle_half = quantile(scores, 0.75) - quantile(scores, 0.25)
    significant = FLAT_SHARE * middle_half
    rho = None
    if axis is not None and len(groups) >= 3:
        rho = spearman([axis(group.value) for group in groups], medians)
    if max(medians) - min(medians) <= significant:
        return "flat", rho
    if axis is None:
        return "unclear", None
    if rho is None:
        # Two groups: there is only up or down.
        return ("monotone_increasing" if medians[1] > medians[0] else "monotone_decreasing"), None
    if abs(rho) >= MONOTONE_RHO:
        return ("monotone_increasing" if rho > 0 else "monotone_decreasing"), rho
    top, bottom = max(medians), min(medians)
    if top not in (medians[0], medians[-1]) and top - max(medians[0], medians[-1]) > significant:
        return "peak", rho
    if bottom not in (medians[0], medians[-1]) and min(medians[0], medians[-1]) - bottom > significant:
        return "valley", rho
    return "unclear", rho


def _diminishing_returns(groups: Sequence[Group], *, direction: Direction, verdict: Verdict) -> Scalar | None:
    improving = {
        "max": ("monotone_increasing", "peak"),
        "min": ("monotone_decreasing", "valley"),
    }[direction]
    if verdict not in improving or len(groups) < 3:
        return None
    sign = 1.0 if direction == "max" else -1.0
    gains = [sign * group.median for group in groups]
    running = [max(gains[: index + 1]) for index in range(len(gains))]
    whole = running[-1] - running[0]
    if whole <= 0:
        return None
    for group, reached in zip(groups, running, strict=True):
        if running[-1] - reached < REMAINING_GAIN * whole:
            # At the last value nothing diminishes yet: a larger one may still be better.
            return None if group is groups[-1] else group.value
    return None

"""Places on the scale of a hyperparameter: 0 is its lowest value, 1 its highest, both included.

Draws use half-open shares instead (`Hyperparameter.at`), so that every value is as likely as the others; here the ends
are values of their own, as somebody would mark them on an axis.
"""

from __future__ import annotations

import math

from storage.records import Scalar
from tuners import grids
from tuners.space import Hyperparameter, same

# Enough to tell neighbours apart on any scale, and few enough that 0.001 is not 0.0010000000000000002.
_DIGITS = 12


def place_of(hp: Hyperparameter, value: Scalar) -> float:
    """Where a value lies between 0 and 1 on the sampling scale; values on a step are evenly spaced, as are choices.

    Raises:
        ValueError: It is not one of the hyperparameter's values.
    """
    if _is_continuous(hp):
        assert isinstance(value, int | float)
        return _unit(hp, float(value))
    count = hp.cardinality() or 1
    return index_of(hp, value) / (count - 1) if count > 1 else 0.0


def value_at(hp: Hyperparameter, place: float) -> Scalar:
    """The value nearest to a place; places beyond the ends give the ends."""
    place = min(max(place, 0.0), 1.0)
    if not _is_continuous(hp):
        return nth(hp, round(place * ((hp.cardinality() or 1) - 1)))
    low, high = hp.lowest, hp.highest
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    if place in (0.0, 1.0):
        # Powers miss the end by a rounding.
        return high if place else low
    value = grids.scaled(place, float(low), float(high), sampling=hp.sampling)
    if hp.type == "int":
        return min(max(round(value), int(low)), int(high))
    return min(max(float(f"{value:.{_DIGITS}g}"), float(low)), float(high))


def nth(hp: Hyperparameter, index: int) -> Scalar:
    """The value with this index among the ascending (of a choice: the given) values."""
    value: Scalar = hp.grid[index] if hp.grid is not None else hp.grid_values()[index]
    return value


def _is_continuous(hp: Hyperparameter) -> bool:
    """Whether it has a scale rather than a list of values: integers without a step may lie on a logarithmic one."""
    return hp.type in ("int", "float") and hp.step is None


def index_of(hp: Hyperparameter, value: Scalar) -> int:
    """The place of a value among the ascending (of a choice: the given) values.

    Raises:
        ValueError: It is not one of them.
    """
    if hp.grid is None:
        found = next((index for index, each in enumerate(hp.grid_values()) if same(each, value)), None)
        if found is None:
            raise ValueError(f"{hp.name} cannot take this value")
        return found
    assert isinstance(value, int | float)
    low, high = 0, len(hp.grid) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if hp.grid[middle] < value else (low, middle)
    if hp.grid[low] != value:
        raise ValueError(f"{hp.name} cannot take this value")
    return low


def _unit(hp: Hyperparameter, value: float) -> float:
    low, high = float(hp.min_value or 0), float(hp.max_value or 0)
    if hp.sampling == "linear":
        return (value - low) / (high - low)
    if hp.sampling == "log":
        return math.log(value / low) / math.log(high / low)
    return 1.0 - math.log((high + low - value) / low) / math.log(high / low)

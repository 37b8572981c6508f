"""The points of an enumerable space, by index: a mixed-radix number along the hyperparameters."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from storage.records import Scalar
from tuners.space import Hyperparameter, Space, same


def conditions_hold(hp: Hyperparameter, active: Mapping[str, Scalar]) -> bool:
    """Whether the hyperparameter is active, given the active values of those before it (parents come first)."""
    return all(each.hp in active and each.admits(active[each.hp]) for each in hp.conditions)


class _DefaultFirst:
    """A hyperparameter's values with its default in front, without listing a long range."""

    def __init__(self, hp: Hyperparameter) -> None:
        # A grid is ascending and found by index; whatever has none is short and listed (or raises ValueError).
        self._ascending = hp.grid is not None
        self._values: Any = hp.grid if hp.grid is not None else hp.grid_values()
        self._default = hp.default
        place = self._place_of(hp.default)
        self._default_place: int = len(self._values) if place is None else place

    def __len__(self) -> int:
        return max(len(self._values), self._default_place + 1)

    def __getitem__(self, digit: int) -> Scalar:
        if digit == 0:
            return self._default
        value: Scalar = self._values[digit - 1 if digit <= self._default_place else digit]
        return value

    def digit(self, value: Scalar) -> int:
        if same(value, self._default):
            return 0
        place = self._place_of(value)
        if place is None:
            raise ValueError(f"{value!r} is not among the values.")
        return place + 1 if place < self._default_place else place

    def _place_of(self, value: Scalar) -> int | None:
        if self._ascending:
            place = bisect_left(self._values, value)
            return place if place < len(self._values) and self._values[place] == value else None
        return next((place for place, each in enumerate(self._values) if same(each, value)), None)


class PointIndex:
    """All distinct points of a space in the order Keras Tuner documents for its grid: the last hyperparameter varies
    fastest; each takes its default first, then its other values (numbers ascending, choices as listed).

    A point's index is the mixed-radix number of its digits. An inactive hyperparameter has digit 0, so each point has
    exactly one index, and some numbers are the index of none. Nothing is held but one column per hyperparameter.

    Raises:
        ValueError: Some hyperparameter has no list of values (a float without a step).
    """

    def __init__(self, space: Space) -> None:
        self._columns = tuple((hp, _DefaultFirst(hp)) for hp in space.hyperparameters)

    def values(self, index: int) -> dict[str, Scalar]:
        """The active values of the point with this index."""
        return self._read(self._digits(index))

    def index(self, values: Mapping[str, Scalar]) -> int:
        """The index of a point. Raises ValueError when a value is not among its hyperparameter's."""
        index = 0
        for hp, column in self._columns:
            index = index * len(column) + (column.digit(values[hp.name]) if hp.name in values else 0)
        return index

    def after(self, index: int) -> int | None:
        """The index of the next point; None after the last."""
        digits = self._digits(index)
        values = self._read(digits)
        for place in reversed(range(len(digits))):
            hp, column = self._columns[place]
            if hp.name in values and digits[place] + 1 < len(column):
                digits[place] += 1
                return self._number(digits)
            digits[place] = 0
        return None

    def indices(self) -> Iterator[int]:
        """The indices of all points, in order."""
        index: int | None = 0
        while index is not None:
            yield index
            index = self.after(index)

    def _digits(self, index: int) -> list[int]:
        digits = []
        for _, column in reversed(self._columns):
            index, digit = divmod(index, len(column))
            digits.append(digit)
        return digits[::-1]

    def _number(self, digits: Sequence[int]) -> int:
        index = 0
        for (_, column), digit in zip(self._columns, digits, strict=True):
            index = index * len(column) + digit
        return index

    def _read(self, digits: Sequence[int]) -> dict[str, Scalar]:
        values: dict[str, Scalar] = {}
        for (hp, column), digit in zip(self._columns, digits, strict=True):
            if conditions_hold(hp, values):
                values[hp.name] = column[digit]
        return values

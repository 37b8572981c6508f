"""Grids of numbers: which values a stepped range has, found by index and without listing them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Literal

Sampling = Literal["linear", "log", "reverse_log"]

# As many digits as a product of two doubles can need; steps are then exact in what the user wrote.
_DECIMAL = Context(prec=50)
_TOLERANCE = 1e-9


def scaled(unit: float, low: float, high: float, *, sampling: Sampling) -> float:
    """The number at a place between 0 and 1 of the range, on the scale of `sampling` (Keras Tuner's formulas)."""
    if sampling == "linear":
        value = low + unit * (high - low)
    elif sampling == "log":
        value = low * math.pow(high / low, unit)
    else:
        value = high + low - low * math.pow(high / low, 1.0 - unit)
    return min(max(value, low), high)


class Grid(ABC):
    """A finite, ascending sequence of numbers."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __getitem__(self, index: int) -> int | float: ...

    @abstractmethod
    def snapped(self, value: float | int) -> int | float | None:
        """The grid's own spelling of a value on it; None for a value off it."""

    def __iter__(self) -> Iterator[int | float]:
        return (self[index] for index in range(len(self)))

    @property
    def lowest(self) -> int | float:
        return self[0]

    @property
    def highest(self) -> int | float:
        return self[len(self) - 1]

    def at(self, unit: float) -> int | float:
        """The value at a place between 0 and 1; every value has an equal share."""
        return self[min(int(unit * len(self)), len(self) - 1)]


@dataclass(frozen=True)
class _EvenIntegers(Grid):
    """`low`, `low + step`, ... not above `high`. Without a step on a log scale, `sampling` bends the draws only."""

    low: int
    high: int
    step: int
    sampling: Sampling

    def __len__(self) -> int:
        return (self.high - self.low) // self.step + 1

    def __getitem__(self, index: int) -> int:
        return self.low + index * self.step

    def snapped(self, value: float | int) -> int | None:
        inside = self.low <= value <= self.high and (value - self.low) % self.step == 0
        return int(value) if inside else None

    def at(self, unit: float) -> int | float:
        if self.sampling == "linear":
            return super().at(unit)
        # One above the top, so that the top has a share of its own after rounding down.
        return min(int(scaled(unit, self.low, self.high + 1, sampling=self.sampling)), self.high)


@dataclass(frozen=True)
class _EvenFloats(Grid):
    low: Decimal
    high: Decimal
    step: Decimal

    def __len__(self) -> int:
        return int(_DECIMAL.divide_int(_DECIMAL.subtract(self.high, self.low), self.step)) + 1

    def __getitem__(self, index: int) -> float:
        return float(_DECIMAL.add(self.low, _DECIMAL.multiply(self.step, Decimal(index)))) + 0.0

    def snapped(self, value: float | int) -> float | None:
        step = float(self.step)
        place = (float(value) - float(self.low)) / step
        if not -0.5 <= place <= len(self) - 0.5:
            return None
        on_grid = self[round(place)]
        slack = max(_TOLERANCE * step, 4 * math.ulp(on_grid))
        return on_grid if abs(on_grid - value) <= slack else None


@dataclass(frozen=True)
class _Powers(Grid):
    """`low * step**k` not above `high`; mirrored (`high + low - low * step**k`) for `reverse_log`."""

    low: Decimal
    high: Decimal
    step: Decimal
    mirrored: bool
    integers: bool
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> int | float:
        exponent = self.count - 1 - index if self.mirrored else index
        value = _DECIMAL.multiply(self.low, _DECIMAL.power(self.step, exponent))
        # The last power may overshoot by less than the tolerance with which it was counted.
        value = min(value, self.high)
        if self.mirrored:
            value = _DECIMAL.subtract(_DECIMAL.add(self.high, self.low), value)
        return int(value) if self.integers else float(value)

    def snapped(self, value: float | int) -> int | float | None:
        low, high = float(self.low), float(self.high)
        plain = high + low - value if self.mirrored else float(value)
        if plain <= 0 or not math.isfinite(plain):
            return None
        exponent = round(math.log(plain / low) / math.log(float(self.step)))
        if not 0 <= exponent < self.count:
            return None
        on_grid = self[self.count - 1 - exponent if self.mirrored else exponent]
        if self.integers:
            return on_grid if on_grid == value else None
        return on_grid if math.isclose(on_grid, value, rel_tol=_TOLERANCE) else None


def integer_grid(low: int, high: int, step: float | int | None, *, sampling: Sampling) -> Grid:
    """The integers of a range: all of them without a step, multiples of it (linear), or powers of it (log)."""
    if step is None or sampling == "linear":
        return _EvenIntegers(low, high, 1 if step is None else int(step), sampling)
    return _powers(Decimal(low), Decimal(high), Decimal(int(step)), sampling=sampling, integers=True)


def float_grid(low: float, high: float, step: float | int | None, *, sampling: Sampling) -> Grid | None:
    """The floats of a stepped range; None without a step, when every real number between the ends belongs to it."""
    if step is None:
        return None
    exact_low, exact_high, exact_step = Decimal(repr(low)), Decimal(repr(high)), Decimal(repr(float(step)))
    if sampling == "linear":
        return _EvenFloats(exact_low, exact_high, exact_step)
    return _powers(exact_low, exact_high, exact_step, sampling=sampling, integers=False)


def _powers(low: Decimal, high: Decimal, step: Decimal, *, sampling: Sampling, integers: bool) -> _Powers:
    # The small term is Keras Tuner's: 1e-4 .. 1e-1 by 10 must have four values in spite of the logarithm's rounding.
    count = int(_DECIMAL.divide(_DECIMAL.ln(_DECIMAL.divide(high, low)), _DECIMAL.ln(step)) + Decimal("1e-8")) + 1
    return _Powers(low, high, step, sampling == "reverse_log", integers, count)

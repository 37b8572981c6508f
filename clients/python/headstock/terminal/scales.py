"""Where values lie on an axis, and which of them are written beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from `low` to `high`; both are finite, and above 0 where it is logarithmic; `whole` has whole numbers."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def place(self, value: float) -> float:
        """0 at the low end, 1 at the high one; values beyond the ends are brought to them."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return 0.5 if high == low else (at - low) / (high - low)

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """At most so many round values within the ends, with their texts; both ends where no round one lies within."""
        if self.log:
            found = _powers(self.low, self.high, most)
        else:
            found = _round(self.low, self.high, most, least=1.0 if self.whole else 0.0)
        if len(found) < 2:
            ends = [self.low] if self.low == self.high else [self.low, self.high]
            return [(value, f"{value:.3g}") for value in ends][: max(1, most)]
        return found


def scale_of(values: Iterable[float], *, log: bool = False, clip: bool = False) -> Scale:
    """The axis that holds all finite values; with `clip` without the few that would squeeze all others into a line."""
    finite = sorted(value for value in values if math.isfinite(value) and (value > 0 or not log))
    if not finite:
        return Scale(1.0, 10.0, log=True) if log else Scale(0.0, 1.0)
    low, high = finite[0], finite[-1]
    if clip and not log and len(finite) >= 20:
        inner_low, inner_high = finite[len(finite) // 20], finite[-1 - len(finite) // 20]
        room = inner_high - inner_low
        if room > 0:
            high = inner_high + room / 10 if high - inner_high > 3 * room else high
            low = inner_low - room / 10 if inner_low - low > 3 * room else low
    whole = not log and all(value == int(value) for value in finite)
    if low == high:
        pad = 1.0 if whole else abs(low) / 10 or 1.0
        return Scale(low / 2, high * 2, log=True) if log else Scale(low - pad, high + pad, whole=whole)
    return Scale(low, high, log=log, whole=whole)


def _round(low: float, high: float, most: int, *, least: float = 0.0) -> list[tuple[float, str]]:
    """Multiples of 1, 2 or 5 times a power of ten, at least `least` apart."""
    if high <= low or most < 1:
        return []
    step = 10.0 ** math.floor(math.log10((high - low) / max(1, most)))
    while (
        chosen := next(
            (step * part for part in (1, 2, 5) if (high - low) / (step * part) < most and step * part >= least), None
        )
    ) is None:
        step *= 10
    first = math.ceil(low / chosen - 1e-9)
    values = [place * chosen for place in range(first, math.floor(high / chosen + 1e-9) + 1)]
    return list(zip(values, same_digits(values, chosen), strict=True))


def same_digits(values: Sequence[float], step: float) -> list[str]:
    """All values with as many digits as tell neighbours apart."""
    largest = max((abs(value) for value in values), default=0.0)
    if largest >= 1e6 or (0 < largest < 1e-3):
        return ["0" if value == 0 else f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e") for value in values]
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return [f"{value + 0.0:.{digits}f}" for value in values]


def _powers(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Powers of ten, or 1, 2 and 5 times them where there are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for parts in ((1,), (1, 5), (1, 2, 5)):
        values = [part * 10.0**power for power in range(first, last + 1) for part in parts]
        inside = [value for value in values if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
        if 2 <= len(inside) <= most:
            break
    step = max(1, math.ceil(len(inside) / max(1, most)))
    return [(value, f"{value:.6g}" if 1e-4 <= value < 1e6 else f"{value:.0e}") for value in inside[::step]]

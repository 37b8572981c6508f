"""Numbers and names as people read them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from headstock.models import Value


def number(value: float | None, *, digits: int = 4) -> str:
    """A score or metric: fixed digits for ordinary sizes, powers of ten for the others, a dash for none."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return str(value)
    if value == 0 or 10.0**-digits <= abs(value) < 1e6:
        return f"{value:.{digits}f}"
    return f"{value:.2e}"


def scalar(value: Value) -> str:
    """The value of a hyperparameter, short and unmistakable; lists as `[18, 18]`."""
    if isinstance(value, list):
        return f"[{', '.join(scalar(item) for item in value)}]"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def values(hyperparameters: Mapping[str, Value]) -> str:
    """Hyperparameters in one line."""
    return "  ".join(f"{name}={scalar(value)}" for name, value in hyperparameters.items())


def duration(seconds: float | None) -> str:
    """A time span in its two largest units, a dash for none."""
    if seconds is None:
        return "–"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def size(count: int | None) -> str:
    """Bytes in the unit that suits them, a dash for none."""
    if count is None:
        return "–"
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def share(part: float | None) -> str:
    """A part of 1 in hundredths, a dash for none."""
    return "–" if part is None else f"{part:.0%}"


def part_of(used: int | None, total: int | None) -> str:
    """Memory in use, in GiB; a dash where either is not known."""
    return "–" if used is None or total is None else f"{used / 2**30:.1f} of {total / 2**30:.1f} GiB"


def shape(sizes: Sequence[int]) -> str:
    """The shape of an array, as `28 × 28 × 1`; a single number has none."""
    return " × ".join(str(size) for size in sizes) or "–"

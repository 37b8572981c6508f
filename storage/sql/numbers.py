"""Numbers that JSON and SQLite cannot hold: kept apart on the way in, put back on the way out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

Kind = Literal["absent", "finite", "inf", "-inf", "nan"]
_ODD: Mapping[str, float] = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def kind_of(value: float | None) -> Kind:
    """What sort of number a reported value is."""
    if value is None:
        return "absent"
    if math.isfinite(value):
        return "finite"
    if math.isnan(value):
        return "nan"
    return "inf" if value > 0 else "-inf"


def split_metrics(metrics: Mapping[str, float]) -> tuple[dict[str, float | None], dict[str, str] | None]:
    """Metrics as JSON can hold them (null for what is not finite), and the kinds of those that are null."""
    plain: dict[str, float | None] = {}
    odd: dict[str, str] = {}
    for name, given in metrics.items():
        value = float(given)
        if math.isfinite(value):
            plain[name] = value
        else:
            plain[name] = None
            odd[name] = kind_of(value)
    return plain, odd or None


def join_metrics(plain: Mapping[str, float | None], odd: Mapping[str, str] | None) -> dict[str, float]:
    """The metrics as they were reported."""
    kinds = odd or {}
    return {name: _ODD[kinds[name]] if value is None else value for name, value in plain.items()}


def same_metrics(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Whether two reports say the same; NaN equals NaN here."""
    return one.keys() == other.keys() and all(
        float(one[name]) == float(other[name]) or (math.isnan(one[name]) and math.isnan(other[name])) for name in one
    )


def duration(seconds: float) -> float:
    """A duration that can be summed: not negative, finite. A clock that went wrong counts as nothing."""
    return float(seconds) if math.isfinite(seconds) and seconds > 0 else 0.0


def mean(values: list[float]) -> float:
    """The mean of finite values, finite even where their sum is not."""
    return math.fsum(value / len(values) for value in values)

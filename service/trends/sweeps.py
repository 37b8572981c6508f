"""Which hyperparameter each trial of a sweep varies."""

from __future__ import annotations

from collections.abc import Callable

from storage.records import Search, Trial
from tuners.space import Space
from tuners.sweeps import swept


def swept_in(search: Search) -> Callable[[Trial], str | None]:
    """Tells of each trial the hyperparameter that it sweeps; None for the baseline, and in searches of other tuners."""
    if search.tuner != "sweep":
        return lambda trial: None
    space = Space.from_json(search.space)
    return lambda trial: swept(trial.values, space)

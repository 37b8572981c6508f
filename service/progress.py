"""How far a search is and how long it will still take."""

from __future__ import annotations

from dataclasses import dataclass

from storage.records import Search
from storage.states import SEARCH_ENDED, SearchState

# A search that has not ended is never shown as done: the last trial's end and the search's are not one moment.
_MOST_WHILE_OPEN = 0.999


@dataclass(frozen=True, slots=True)
class Progress:
    """`fraction` 0..1, or None when nothing says how much is to come; `remaining_seconds` likewise."""

    fraction: float | None
    remaining_seconds: float | None


def progress_of(search: Search) -> Progress:
    """Progress from the plan and from whichever limit is nearest.

    The time left assumes that the rest goes as fast as what has been measured, epochs and waits alike: trials of one
    search resemble each other, and the pace already has the parallelism in it.
    """
    if search.state is SearchState.COMPLETED:
        return Progress(1.0, 0.0)
    limits, counts = search.limits, search.counts
    parts = [
        _ratio(search.epochs_recorded, search.planned_epochs),
        _ratio(counts.ended, limits.max_trials),
        _ratio(search.epochs_recorded, limits.max_epochs),
        _ratio(search.device_seconds, limits.max_device_seconds),
    ]
    if search.tuner != "hyperband":
        # Hyperband's early trials are its short ones: there, only epochs measure work.
        parts.append(_ratio(counts.ended, search.planned_trials))
    work = max((part for part in parts if part is not None), default=None)
    by_time = _ratio(search.active_seconds, limits.max_seconds)
    known = [part for part in (work, by_time) if part is not None]
    fraction = min(max(known), _MOST_WHILE_OPEN) if known else None
    if search.state in SEARCH_ENDED:
        return Progress(fraction, 0.0)
    estimates = []
    if work is not None and work > 0 and search.active_seconds > 0:
        estimates.append(search.active_seconds * (1 - min(work, 1.0)) / work)
    if limits.max_seconds is not None and search.started_at is not None:
        estimates.append(max(0.0, limits.max_seconds - search.active_seconds))
    return Progress(fraction, min(estimates) if estimates else None)


def _ratio(done: float, planned: float | None) -> float | None:
    return None if planned is None or planned <= 0 else min(done / planned, 1.0)

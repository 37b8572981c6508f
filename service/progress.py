"""How far a search is and how long it will still take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from storage.records import Search
from storage.states import SEARCH_ENDED, SearchState
from tuners.plan import hyperband_brackets

# A search that has not ended is never shown as done: the last trial's end and the search's are not one moment.
_MOST_WHILE_OPEN = 0.999


@dataclass(frozen=True, slots=True)
class Progress:
    """`fraction` 0..1, or None when nothing says how much is to come; `remaining_seconds` likewise.

    Of a search that nothing changes from outside (no limit is moved, no trial is tried again) the fraction never gets
    smaller.
    """

    fraction: float | None
    remaining_seconds: float | None


def progress_of(search: Search) -> Progress:
    """Progress from the plan and from whichever limit is nearest.

    The time left assumes that the rest goes as fast as what has been measured, epochs and waits alike: trials of one
    search resemble each other, and the pace already has the parallelism in it. It is None while nothing is measured, of
    searches without an end in sight (a target or patience may end them, nobody knows when), and of paused ones, since
    nobody knows when they go on.
    """
    if search.state is SearchState.COMPLETED:
        return Progress(1.0, 0.0)
    limits = search.limits
    parts = [
        _planned_work(search),
        _ratio(search.epochs_recorded, limits.max_epochs),
        _ratio(search.device_seconds, limits.max_device_seconds),
    ]
    work = max((part for part in parts if part is not None), default=None)
    by_time = _ratio(search.active_seconds, limits.max_seconds)
    known = [part for part in (work, by_time) if part is not None]
    fraction = min(max(known), _MOST_WHILE_OPEN) if known else None
    if search.state in SEARCH_ENDED:
        return Progress(fraction, 0.0)
    if search.state is SearchState.PAUSED:
        return Progress(fraction, None)
    estimates = []
    if work is not None and work > 0 and search.active_seconds > 0:
        estimates.append(search.active_seconds * (1 - min(work, 1.0)) / work)
    if limits.max_seconds is not None and search.started_at is not None:
        estimates.append(max(0.0, limits.max_seconds - search.active_seconds))
    return Progress(fraction, min(estimates) if estimates else None)


def _planned_work(search: Search) -> float | None:
    """The part of the planned epochs, or trials, that is done; None without a plan."""
    schedule = _hyperband_schedule(search)
    if schedule is not None:
        return _hyperband_work(search, schedule)
    trials, epochs = _plan(search)
    if not trials:
        return _ratio(search.epochs_recorded, epochs)
    if not epochs:
        return _ratio(search.counts.ended, trials)
    return min(1.0, max(_work_by_epochs(search, trials, epochs), _work_by_trials(search, trials, epochs)))


def _work_by_epochs(search: Search, trials: int, epochs: float) -> float:
    done, counts = search.epochs_recorded, search.counts
    if not _epochs_vary(search) or search.tuner == "sweep":
        # Which epochs a sweep has is known beforehand.
        return done / epochs
    # The plan knows what to expect of a trial, not what was drawn: those that run are taken to be halfway.
    left = max(0, trials - counts.ended - counts.running) + counts.running / 2
    return done / (done + left * epochs / trials) if done else 0.0


def _work_by_trials(search: Search, trials: int, epochs: float) -> float:
    counts = search.counts
    if _may_stop_early(search):
        # Trials have fewer epochs than planned, nobody knows how many: those that run are taken to be halfway, but not
        # before there are epochs to show for it.
        return (counts.ended + min(counts.running / 2, search.epochs_recorded * trials / epochs)) / trials
    # Long trials and short ones do not count alike; but what has failed has no epochs to count by.
    return (counts.failed + counts.cancelled if _epochs_vary(search) else counts.ended) / trials


@dataclass(frozen=True, slots=True)
class _Schedule:
    """Hyperband's rounds in the order of its brackets, each as (trials, epochs of one), and how often all are run."""

    rounds: tuple[tuple[int, int], ...]
    iterations: int

    @property
    def trials(self) -> int:
        return self.iterations * sum(trials for trials, _ in self.rounds)

    def epochs_of(self, trials: int) -> int:
        """What the first so many trials train."""
        once = sum(count for count, _ in self.rounds)
        whole, rest = divmod(min(trials, self.trials), once)
        epochs = whole * sum(count * each for count, each in self.rounds)
        for count, each in self.rounds:
            epochs += min(rest, count) * each
            rest -= min(rest, count)
        return epochs


def _hyperband_work(search: Search, schedule: _Schedule) -> float:
    """By epochs, and by what trials cost in the order of the schedule: Hyperband's early trials are its short ones."""
    limit = search.limits.max_trials
    whole = schedule.epochs_of(schedule.trials if limit is None else limit)
    by_epochs = search.epochs_recorded / (whole * search.executions_per_trial)
    return min(1.0, max(by_epochs, schedule.epochs_of(search.counts.ended) / whole))


def _hyperband_schedule(search: Search) -> _Schedule | None:
    """None of other tuners."""
    tuner = search.definition.get("tuner")
    if search.tuner != "hyperband" or not isinstance(tuner, Mapping):
        return None
    max_epochs, factor, iterations = (tuner.get(name) for name in ("max_epochs", "factor", "hyperband_iterations"))
    if not (isinstance(max_epochs, int) and isinstance(factor, int) and isinstance(iterations, int)):
        return None
    return _Schedule(_rounds(max_epochs, factor), iterations)


@lru_cache(maxsize=64)
def _rounds(max_epochs: int, factor: int) -> tuple[tuple[int, int], ...]:
    return tuple(
        (each.trials, each.target_epochs - each.start_epoch)
        for bracket in hyperband_brackets(max_epochs, factor)
        for each in bracket.rounds
    )


def _plan(search: Search) -> tuple[int | None, float | None]:
    """Trials and epochs to come in all, as of now: limits may have been changed since the search was planned."""
    trials, epochs = search.planned_trials, search.planned_epochs
    first, now = _submitted(search, "max_trials"), search.limits.max_trials
    if epochs is not None and epochs == _submitted(search, "max_epochs") != search.limits.max_epochs:
        # It was the limit that cut the plan, and it is another one now.
        epochs = None
    if now == first or (trials is None and now is None):
        return trials, epochs
    # Where the first limit was what ended the search there is more to try; else all there is had been planned.
    all_there_is = None if trials == first else trials
    changed = min((each for each in (all_there_is, now) if each is not None), default=None)
    if changed is None or not trials or epochs is None:
        return changed, None
    return changed, epochs * changed / trials


def _submitted(search: Search, limit: str) -> int | None:
    """A limit of whole numbers as it was submitted."""
    limits = search.definition.get("limits")
    found = limits.get(limit) if isinstance(limits, Mapping) else None
    return found if isinstance(found, int) else None


def _epochs_vary(search: Search) -> bool:
    """Whether a hyperparameter decides how many epochs a trial has."""
    fit = search.definition.get("fit")
    return isinstance(fit, Mapping) and isinstance(fit.get("epochs"), Mapping)


def _may_stop_early(search: Search) -> bool:
    """Whether a callback may end trials before their epochs are over."""
    fit = search.definition.get("fit")
    callbacks = fit.get("callbacks") if isinstance(fit, Mapping) else None
    named = callbacks if isinstance(callbacks, list | tuple) else ()
    return any(isinstance(each, Mapping) and each.get("callback") == "EarlyStopping" for each in named)


def _ratio(done: float, planned: float | None) -> float | None:
    return None if planned is None or planned <= 0 else min(done / planned, 1.0)

"""When a search is over, and why: pure rules over its record. `docs/oracles.md` lists the reason codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from storage.records import Reason, Search, Trial
from storage.states import Fault, SearchState, TrialState

# When the first trials all fail by their definition, the others would most likely as well.
HOPELESS_TRIALS = 5


@dataclass(slots=True)
class Endings:
    """How the trials of a search have ended so far, as far as the rules need it.

    Attributes:
        next_seq: All endings below this have been taken in.
    """

    next_seq: int = 0
    _first: list[Trial] = field(default_factory=list)
    _last_failed: Trial | None = None

    @classmethod
    def of(cls, trials: Iterable[Trial]) -> Endings:
        endings = cls()
        ended = [(trial.ended_seq, trial) for trial in trials if trial.ended_seq is not None]
        for _, trial in sorted(ended, key=lambda pair: pair[0]):
            endings.take_in(trial)
        return endings

    def take_in(self, trial: Trial) -> None:
        """An ended trial, in the order of ending."""
        if trial.ended_seq is not None:
            self.next_seq = max(self.next_seq, trial.ended_seq + 1)
        if trial.state is TrialState.CANCELLED:
            return
        if trial.state is TrialState.FAILED:
            self._last_failed = trial
        places = [place for place, known in enumerate(self._first) if known.number == trial.number]
        if places:
            # A failed trial that a person had tried again.
            self._first[places[0]] = trial
        elif len(self._first) < HOPELESS_TRIALS:
            self._first.append(trial)

    @property
    def hopeless(self) -> bool:
        """Whether the first trials have all failed, none of them through a machine's fault."""
        return len(self._first) == HOPELESS_TRIALS and all(
            trial.state is TrialState.FAILED and trial.failure is not None and trial.failure.fault is Fault.DEFINITION
            for trial in self._first
        )

    @property
    def last_failure(self) -> str:
        """The message of the latest failure, as the end of a sentence."""
        if self._last_failed is None or self._last_failed.failure is None:
            return ""
        failure = self._last_failed.failure
        return f" The last one ({self._last_failed.id}) failed with {failure.code}: {failure.message}"


def reached_limit(search: Search) -> Reason | None:
    """The limit at which the search is to end at once, if one is reached. (`max_trials` lets open trials finish.)"""
    limits = search.limits
    if limits.target is not None and search.best is not None:
        score = search.best.score
        if score <= limits.target if search.objective.direction == "min" else score >= limits.target:
            return Reason(
                "target_reached", f"{search.objective.name} has reached {score:g}, the target was {limits.target:g}."
            )
    if limits.max_seconds is not None and search.active_seconds >= limits.max_seconds:
        return Reason("max_seconds", f"The search has run for {limits.max_seconds:g} seconds.")
    if limits.max_epochs is not None and search.epochs_recorded >= limits.max_epochs:
        return Reason(
            "max_epochs", f"{search.epochs_recorded} epochs have been trained of at most {limits.max_epochs}."
        )
    if limits.max_device_seconds is not None and search.device_seconds >= limits.max_device_seconds:
        return Reason("max_device_seconds", f"The trials have used devices for {limits.max_device_seconds:g} seconds.")
    if limits.patience_trials is not None and search.trials_since_best >= limits.patience_trials:
        return Reason(
            "patience_trials", f"{search.trials_since_best} trials in a row have not improved the best score."
        )
    return None


def all_trials_made(search: Search) -> Reason | None:
    """The reason for which no more trials may be made because of `max_trials`."""
    limit = search.limits.max_trials
    if limit is None or search.counts.total < limit:
        return None
    return Reason("max_trials", f"All {limit} trials have been run.")


def open_trials(search: Search) -> int:
    return search.counts.queued + search.counts.running


def outcome(search: Search, endings: Endings, reason: Reason) -> tuple[SearchState, Reason]:
    """How a search that is over for this reason ends: one where every trial failed has not completed."""
    counts = search.counts
    if counts.completed + counts.stopped == 0 and counts.failed > 0:
        return SearchState.FAILED, Reason(
            "no_trial_completed",
            f"None of {counts.failed} trials has completed. ({reason.message}){endings.last_failure}",
        )
    return SearchState.COMPLETED, reason

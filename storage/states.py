"""All states, and the one table of allowed moves. `docs/states.md` draws it."""

from __future__ import annotations

from enum import StrEnum


class SearchState(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class TrialState(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    STOPPED = "STOPPED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class AttemptState(StrEnum):
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    STOPPED = "STOPPED"
    FAILED = "FAILED"
    LOST = "LOST"
    # Handed back on purpose (pause, worker shutdown): charged to no budget, so it is neither LOST nor CANCELLED.
    RELEASED = "RELEASED"
    CANCELLED = "CANCELLED"


class Fault(StrEnum):
    """Whose fault a failed attempt was: each kind has its own budget of retries."""

    DEFINITION = "definition"
    MACHINE = "machine"


SEARCH_MOVES: dict[SearchState, frozenset[SearchState]] = {
    SearchState.QUEUED: frozenset({SearchState.RUNNING, SearchState.CANCELLED, SearchState.PAUSED, SearchState.FAILED}),
    SearchState.RUNNING: frozenset(
        {SearchState.PAUSED, SearchState.COMPLETED, SearchState.FAILED, SearchState.CANCELLED}
    ),
    # Back to QUEUED when it was paused before it ever ran.
    SearchState.PAUSED: frozenset({SearchState.RUNNING, SearchState.QUEUED, SearchState.CANCELLED}),
    SearchState.COMPLETED: frozenset(),
    SearchState.FAILED: frozenset(),
    SearchState.CANCELLED: frozenset(),
}

TRIAL_MOVES: dict[TrialState, frozenset[TrialState]] = {
    TrialState.QUEUED: frozenset({TrialState.RUNNING, TrialState.CANCELLED}),
    TrialState.RUNNING: frozenset(
        {
            TrialState.QUEUED,
            TrialState.COMPLETED,
            TrialState.STOPPED,
            TrialState.FAILED,
            TrialState.CANCELLED,
        }
    ),
    TrialState.COMPLETED: frozenset(),
    TrialState.STOPPED: frozenset(),
    # A person may ask for one more try of a failed trial while its search still runs.
    TrialState.FAILED: frozenset({TrialState.QUEUED}),
    TrialState.CANCELLED: frozenset(),
}

ATTEMPT_MOVES: dict[AttemptState, frozenset[AttemptState]] = {
    AttemptState.RUNNING: frozenset(set(AttemptState) - {AttemptState.RUNNING}),
    **{state: frozenset() for state in AttemptState if state is not AttemptState.RUNNING},
}

SEARCH_ENDED = frozenset({SearchState.COMPLETED, SearchState.FAILED, SearchState.CANCELLED})
TRIAL_ENDED = frozenset({TrialState.COMPLETED, TrialState.STOPPED, TrialState.FAILED, TrialState.CANCELLED})
# Trials whose score counts: STOPPED ones were ended early by a rule or a person, their score so far is honest.
TRIAL_SCORED = frozenset({TrialState.COMPLETED, TrialState.STOPPED})

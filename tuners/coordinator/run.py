"""One search in the coordinator's memory: its oracle, what it has been told, and how it is being ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from storage.errors import NotFound, StaleOracle, StorageUnavailable, WrongState
from storage.records import JsonObject, OracleSnapshot, Reason, Search, Trial
from storage.repository import Repository
from storage.states import SearchState, TrialState
from tuners.coordinator.endings import Endings, all_trials_made, open_trials, outcome, reached_limit
from tuners.oracles import Ask, Oracle

# Proposals made in one turn: a search of great parallelism must not hold up the others.
ASK_AT_MOST = 32
_PAGE = 500
_OPEN_STATES = frozenset({TrialState.QUEUED, TrialState.RUNNING})

_log = structlog.get_logger()


class OracleFault(Exception):
    """An oracle raised; the cause is attached. It ends its own search only."""


@contextmanager
def blaming_the_oracle() -> Iterator[None]:
    """Turns whatever is raised inside into `OracleFault`, except what storage says of itself."""
    try:
        yield
    except (StorageUnavailable, NotFound):
        raise
    except Exception as error:
        raise OracleFault(f"{type(error).__name__}: {error}") from error


class SearchRun:
    """Drives one RUNNING search. Each step is a small piece of work, and safe to repeat after an error from storage."""

    def __init__(self, repository: Repository, snapshot: OracleSnapshot, oracle: Oracle, *, grace_s: float) -> None:
        """
        Args:
            snapshot: What the oracle was made from.
            grace_s: How long running trials may take to stop once a limit is reached.
        """
        self._repository = repository
        self._oracle = oracle
        self._grace_s = grace_s
        self._version = snapshot.version
        self._saved: JsonObject | None = snapshot.state
        self._count = len(snapshot.trials)
        self._endings = Endings.of(snapshot.trials)
        self._drained_at: float | None = None
        self._unstored: tuple[Ask, JsonObject] | None = None

    @property
    def draining(self) -> bool:
        """Whether a limit was reached and the running trials have been asked to stop."""
        return self._drained_at is not None

    def step(self, search: Search, *, now: float) -> bool:
        """Take in what ended, then feed the queue or end the search; whether there is more to do at once.

        Args:
            search: As read just before. (Trials that end between that and now only make it look busier than it is.)
            now: Monotonic seconds.

        Raises:
            OracleFault: The oracle raised.
            StaleOracle: The stored trials are not those of this run any more: rebuild it.
            WrongState: The search is not RUNNING any more.
        """
        for trial in self._repository.ended_trials(search.id, from_seq=self._endings.next_seq):
            with blaming_the_oracle():
                self._oracle.tell(trial)
            self._endings.take_in(trial)
        if self._endings.hopeless:
            message = f"The first trials have all failed.{self._endings.last_failure}"
            self._end(search, SearchState.FAILED, Reason("too_many_failures", message))
            return False
        limit = reached_limit(search)
        if limit is not None:
            self._drain(search, limit, now=now)
            return False
        self._drained_at = None
        all_made = all_trials_made(search)
        if all_made is None:
            return self._feed(search)
        if open_trials(search) == 0:
            self._end(search, *outcome(search, self._endings, all_made))
        return False

    def _feed(self, search: Search) -> bool:
        """Ask for as many trials as are missing in the queue. The ask is outside any transaction; the trials and the
        oracle's state are stored in one. What could not be stored is kept and stored in the next step."""
        missing = search.parallelism + self._oracle.lookahead - open_trials(search)
        if search.limits.max_trials is not None:
            missing = min(missing, search.limits.max_trials - search.counts.total)
        if self._unstored is None:
            if missing <= 0:
                return False
            with blaming_the_oracle():
                answer = self._oracle.ask(min(missing, ASK_AT_MOST))
                self._unstored = answer, self._oracle.state()
        answer, state = self._unstored
        if answer.trials or state != self._saved:
            self._store(search, answer, state)
        self._unstored = None
        if answer.reason is not None and not answer.trials and open_trials(search) == 0:
            self._end(search, *outcome(search, self._endings, answer.reason))
            return False
        return answer.interrupted or (answer.status == "ok" and missing > len(answer.trials))

    def _store(self, search: Search, answer: Ask, state: JsonObject) -> None:
        stored = self._repository.add_trials(
            search.id, answer.trials, oracle_state=state, expected_version=self._version
        )
        self._version += 1
        self._saved = state
        self._check(search, stored, asked=len(answer.trials))
        _log.info("trials_added", search_id=search.id, count=len(stored), status=answer.status)

    def _check(self, search: Search, stored: tuple[Trial, ...], *, asked: int) -> None:
        """Hold the numbers the oracle gave its proposals against the stored ones."""
        expected = list(range(self._count, self._count + asked))
        if [trial.number for trial in stored] != expected:
            raise StaleOracle(f"Search {search.id} took {len(stored)} of {asked} trials; its oracle must be rebuilt.")
        self._count += asked

    def _drain(self, search: Search, limit: Reason, *, now: float) -> None:
        """Ask running trials to stop with the score so far, and end the search when they have, or the grace is over.

        Trials without an epoch have no score to save: they are not waited for, and end CANCELLED with the search.
        """
        if self._drained_at is None:
            self._drained_at = now
            _log.info("search_limit_reached", search_id=search.id, reason=limit.code)
        awaited = 0
        for trial in self._open_trials(search):
            if trial.state is TrialState.QUEUED or trial.epochs > 0:
                self._ask_to_stop(trial)
                awaited += trial.state is TrialState.RUNNING
        if awaited == 0 or now - self._drained_at >= self._grace_s:
            fresh = self._repository.get_search(search.id)
            for trial in self._repository.ended_trials(search.id, from_seq=self._endings.next_seq):
                self._endings.take_in(trial)
            self._end(search, *outcome(fresh, self._endings, limit))

    def _open_trials(self, search: Search) -> list[Trial]:
        trials: list[Trial] = []
        token: str | None = None
        while True:
            page = self._repository.list_trials(search.id, limit=_PAGE, page_token=token, states=_OPEN_STATES)
            trials.extend(page.items)
            token = page.next_page_token
            if token is None:
                return trials

    def _ask_to_stop(self, trial: Trial) -> None:
        if trial.stop_requested:
            return
        try:
            self._repository.request_stop(trial.id)
        except WrongState:
            # It has failed or been cancelled since it was listed: what was wanted.
            _log.debug("trial_ended_before_stop", trial_id=trial.id)

    def _end(self, search: Search, state: SearchState, reason: Reason) -> None:
        ended = self._repository.end_search(search.id, state, reason)
        _log.info("search_ended", search_id=search.id, state=str(ended.state), reason=reason.code)

"""Leads all searches: one coordinator at a time, the others wait for its lease to run out."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable

import structlog

from storage.clock import Clock
from storage.errors import NotFound, StaleOracle, StorageUnavailable, WrongState
from storage.ids import SearchId
from storage.leases import LeaderLease
from storage.records import OracleSnapshot, Reason, Search
from storage.repository import Repository
from storage.settings import Settings
from storage.states import SearchState
from tuners.coordinator.endings import reached_limit
from tuners.coordinator.run import OracleFault, SearchRun, blaming_the_oracle
from tuners.coordinator.turns import Turns
from tuners.oracles import Accepts, Oracle, make_oracle

LEADER = "coordinator"
# Seconds between looks at the list of active searches, for limits on time.
SWEEP_S = 1.0
# Seconds between turns that every search gets without an event: what an event that was missed can cost.
ROUND_S = 15.0
# Seconds of turns after which new events, reaping and the leader's lease are looked at again.
_STEP_S = 0.5
_EVENT_PAGES = 20
_EVENT_PAGE = 500
_BACKOFF_S = (0.1, 10.0)
# A new proposal changes nothing the coordinator waits for, nor do these.
_QUIET_EVENTS = frozenset({"trial.queued", "trial.started", "trial.checked"})

_log = structlog.get_logger()

OracleMaker = Callable[[OracleSnapshot, Accepts | None], Oracle]
AcceptsMaker = Callable[[Search], Accepts | None]


class Coordinator:
    """Starts QUEUED searches, keeps their queues fed, returns the trials of lost workers, ends searches.

    All it knows it can read again: killed at any moment and started anew, it proposes what it would have proposed.
    """

    def __init__(
        self,
        repository: Repository,
        settings: Settings,
        clock: Clock,
        *,
        holder: str,
        oracles: OracleMaker = make_oracle,
        accepts: AcceptsMaker | None = None,
    ) -> None:
        """
        Args:
            holder: Names this process in the leader's lease; unique among coordinators.
            oracles: Makes a search's oracle.
            accepts: Makes a search's check of points that cannot be judged by their values; None: there is none.
        """
        self._repository = repository
        self._settings = settings
        self._clock = clock
        self._holder = holder
        self._make_oracle = oracles
        self._make_accepts = accepts
        self._checked = False
        self._lease: LeaderLease | None = None
        self._renew_at = 0.0
        self._runs: dict[SearchId, SearchRun] = {}
        self._turns = Turns()
        self._seq = 0
        self._sweep_at = 0.0
        self._round_at = 0.0
        self._reap_at = 0.0
        # Searches whose limits count epochs: only they are looked at when an epoch is stored.
        self._counts_epochs: set[SearchId] = set()

    @property
    def leading(self) -> bool:
        return self._lease is not None

    def run(self, stop: threading.Event) -> None:
        """Lead, or wait to lead, until `stop` is set; then give the lease back.

        Raises:
            SchemaOutdated: The database is not one this version knows.
        """
        failures = 0
        while not stop.is_set():
            try:
                busy = self.step()
                failures = 0
            except StorageUnavailable as error:
                failures += 1
                _log.warning("storage_unavailable", message=error.message, failures=failures)
                stop.wait(_backoff(failures))
                continue
            if not busy:
                standby_s = max(self._settings.coordinate_s, self._settings.leader_lease_s / 10)
                stop.wait(self._settings.coordinate_s if self.leading else standby_s)
        self.close()

    def close(self) -> None:
        """Give the leader's lease back, so that the next coordinator need not wait for it to run out."""
        lease, self._lease = self._lease, None
        if lease is None:
            return
        try:
            self._repository.release_leader(lease)
        except StorageUnavailable as error:
            _log.warning("leader_not_released", message=error.message)

    def step(self) -> bool:
        """Do a bounded piece of work; whether anything was done (False too while another leads).

        Raises:
            StorageUnavailable: The database is busy or away; the step may be repeated.
            SchemaOutdated: The database is not one this version knows (seen in the first step).
        """
        if not self._lead():
            return False
        self._reap()
        self._listen()
        self._sweep()
        if not self._turns:
            return False
        began = self._clock.monotonic()
        for _ in range(len(self._turns)):
            self._take_turn()
            if self._clock.monotonic() - began >= _STEP_S or not self._lead():
                break
        return True

    def _lead(self) -> bool:
        now = self._clock.monotonic()
        if self._lease is not None and now < self._renew_at:
            return True
        if not self._checked:
            self._repository.ping()
            self._checked = True
        lease = self._repository.acquire_leader(LEADER, holder=self._holder, lease_s=self._settings.leader_lease_s)
        if lease is None:
            if self._lease is not None:
                _log.warning("leadership_lost", holder=self._holder)
            self._lease = None
            return False
        if self._lease is None or lease.term != self._lease.term:
            # Another may have led in between: what is in memory is of no worth.
            self._begin_term(lease)
        self._lease = lease
        self._renew_at = now + self._settings.leader_lease_s / 3
        return True

    def _begin_term(self, lease: LeaderLease) -> None:
        self._runs.clear()
        self._turns.clear()
        self._counts_epochs.clear()
        # First the place in the log, then the searches: what happens in between is seen twice, not never.
        self._seq = self._repository.last_event_seq()
        self._sweep_at = self._round_at = self._reap_at = self._clock.monotonic()
        _log.info("leading", holder=self._holder, term=lease.term)

    def _reap(self) -> None:
        now = self._clock.monotonic()
        if now < self._reap_at:
            return
        self._reap_at = now + self._settings.reap_s
        for trial in self._repository.reap_expired():
            _log.warning(
                "lease_expired", search_id=trial.search_id, trial_id=trial.id, attempt=trial.attempt, state=trial.state
            )

    def _listen(self) -> None:
        """Give a turn to every search in which something has happened."""
        for _ in range(_EVENT_PAGES):
            events = self._repository.events_after(self._seq, limit=_EVENT_PAGE)
            for event in events:
                self._seq = event.seq
                if event.search_id is None or event.kind in _QUIET_EVENTS:
                    continue
                if event.kind != "trial.epoch" or event.search_id in self._counts_epochs:
                    self._turns.add(event.search_id)
            if len(events) < _EVENT_PAGE:
                return

    def _sweep(self) -> None:
        now = self._clock.monotonic()
        if now < self._sweep_at:
            return
        self._sweep_at = now + SWEEP_S
        everyone = now >= self._round_at
        if everyone:
            self._round_at = now + ROUND_S
        active = self._repository.active_searches()
        self._keep_only(search.id for search in active)
        for search in active:
            if search.state is not SearchState.PAUSED and (everyone or self._needs_turn(search)):
                self._turns.add(search.id)

    def _needs_turn(self, search: Search) -> bool:
        """Whether something is to be done for a search of which no event tells: time has passed, or a turn failed."""
        run = self._runs.get(search.id)
        return run is None or run.draining or reached_limit(search) is not None

    def _keep_only(self, search_ids: Iterable[SearchId]) -> None:
        for ended in self._runs.keys() - set(search_ids):
            self._forget(ended)

    def _take_turn(self) -> None:
        search_id = self._turns.take()
        began = self._clock.monotonic()
        try:
            if self._supervise(search_id):
                self._turns.add(search_id)
        except StorageUnavailable:
            self._turns.add(search_id)
            raise
        except StaleOracle as error:
            _log.info("oracle_stale", search_id=search_id, message=error.message)
            self._runs.pop(search_id, None)
            self._turns.add(search_id)
        except (NotFound, WrongState) as error:
            # Deleted, ended or paused meanwhile; its event, if any, gives it another turn.
            _log.info("search_left", search_id=search_id, message=error.message)
            self._forget(search_id)
        except OracleFault as error:
            _log.exception("oracle_error", search_id=search_id)
            self._forget(search_id)
            self._fail(search_id, Reason("oracle_error", f"The search's oracle raised {error}"))
        except Exception:
            # A fault of ours in one search must not stop the others; the next sweep tries again.
            _log.exception("turn_failed", search_id=search_id)
            self._runs.pop(search_id, None)
        finally:
            self._turns.charge(search_id, self._clock.monotonic() - began)

    def _supervise(self, search_id: SearchId) -> bool:
        """One turn of one search; whether it wants another at once."""
        search = self._repository.get_search(search_id)
        if search.state is SearchState.QUEUED:
            search = self._repository.start_search(search_id)
            _log.info("search_started", search_id=search_id, tuner=search.tuner)
        if search.state is not SearchState.RUNNING:
            self._forget(search_id)
            return False
        run = self._runs.get(search_id)
        if run is None:
            run = self._runs[search_id] = self._rebuild(search_id)
        if search.limits.max_epochs is None:
            self._counts_epochs.discard(search_id)
        else:
            self._counts_epochs.add(search_id)
        return run.step(search, now=self._clock.monotonic())

    def _rebuild(self, search_id: SearchId) -> SearchRun:
        snapshot = self._repository.load_oracle(search_id)
        with blaming_the_oracle():
            accepts = None if self._make_accepts is None else self._make_accepts(snapshot.search)
            oracle = self._make_oracle(snapshot, accepts)
        _log.info("oracle_built", search_id=search_id, tuner=snapshot.search.tuner, trials=len(snapshot.trials))
        # A worker hears of a stop when it next renews, and its trainer ends within its own grace.
        grace_s = 2 * self._settings.renew_s + self._settings.stop_grace_s
        return SearchRun(self._repository, snapshot, oracle, grace_s=grace_s)

    def _fail(self, search_id: SearchId, reason: Reason) -> None:
        try:
            self._repository.end_search(search_id, SearchState.FAILED, reason)
        except (NotFound, WrongState) as error:
            _log.info("search_left", search_id=search_id, message=error.message)

    def _forget(self, search_id: SearchId) -> None:
        self._runs.pop(search_id, None)
        self._turns.forget(search_id)
        self._counts_epochs.discard(search_id)


def _backoff(failures: int) -> float:
    """Seconds to wait after so many failures in a row: doubling, with jitter so that processes do not go in step."""
    shortest, longest = _BACKOFF_S
    return min(longest, shortest * 2.0 ** min(failures, 10)) * random.uniform(0.5, 1.0)

"""Follows the event log and writes each trial that something has happened to as an MLflow run.

Events only say which trials to look at; what is written is what the database holds then. So an event may be seen twice
without harm, and a backlog costs one look a trial, not one an event. The place in the log is saved when MLflow has
taken all that came before it: whatever ends this process, nothing is lost, and since a run knows its trial and how far
its epochs go (`headstock.mlflow`), nothing is written twice.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import structlog
from headstock.mlflow import MlflowRefused, MlflowUnavailable, RunWriter, TrackedEpoch

from service.mlflow.tracked import tracked_epoch, tracked_search, tracked_trial
from service.reports import report_of
from storage.artifacts import ArtifactStore
from storage.clock import Clock
from storage.errors import ArtifactDamaged, NotFound, StorageUnavailable
from storage.ids import SearchId, TrialId
from storage.leases import LeaderLease
from storage.records import Event, Search, Trial
from storage.repository import Repository

LEADER = "mlflow"
_PAGE = 500
_BACKOFF_S = (1.0, 60.0)
# A new proposal has not begun.
_QUIET_EVENTS = frozenset({"trial.queued"})

_log = structlog.get_logger("mlflow")


class Follower:
    """One follower works at a time, the others wait for its lease to run out.

    Args:
        store: Where jobs leave their reports.
        writer: Writes runs.
        place: The name under which the place in the log is kept: one for each tracking server.
        holder: Names this process in the lease; unique among followers.
        look_s: Seconds between looks at the log.
        lease_s: Longer than the writing of one trial takes.
    """

    def __init__(
        self,
        repository: Repository,
        store: ArtifactStore,
        writer: RunWriter,
        clock: Clock,
        *,
        place: str,
        holder: str,
        look_s: float = 1.0,
        lease_s: float = 120.0,
    ) -> None:
        self._repository = repository
        self._store = store
        self._writer = writer
        self._clock = clock
        self._place = place
        self._holder = holder
        self._look_s = look_s
        self._lease_s = lease_s
        self._lease: LeaderLease | None = None
        self._renew_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Follow until `stop` is set; then give the lease back. What MLflow or the database do not take waits.

        Raises:
            SchemaOutdated: The database is not one this version knows.
        """
        self._repository.ping()
        failures = 0
        while not stop.is_set():
            try:
                busy = self.step(stop)
                failures = 0
            except (MlflowUnavailable, StorageUnavailable) as error:
                failures += 1
                _log.warning("mlflow_waits", action="retry", reason=error.message, failures=failures)
                stop.wait(_backoff(failures))
                continue
            if not busy:
                stop.wait(self._look_s)
        self.close()

    def close(self) -> None:
        """Give the lease back, so that the next follower need not wait for it to run out."""
        lease, self._lease = self._lease, None
        if lease is None:
            return
        try:
            self._repository.release_leader(lease)
        except StorageUnavailable as error:
            _log.warning("lease_not_released", action="stop", reason=error.message)

    def step(self, stop: threading.Event | None = None) -> bool:
        """Write what the next page of the log is about; whether there was any (False too while another follows).

        Raises:
            MlflowUnavailable: The tracking server took part of it at most; the step may be repeated.
            StorageUnavailable: Likewise.
        """
        if not self._leads():
            return False
        seq = self._repository.follower_place(self._place)
        if seq is None:
            # Searches of the past are for `headstock export --format mlflow`: whoever names a server may not want them.
            self._repository.save_follower_place(self._place, self._repository.last_event_seq())
            return True
        events = self._repository.events_after(seq, limit=_PAGE)
        if not events:
            return False
        searches: dict[SearchId, Search] = {}
        for search_id, trial_id in _touched(events):
            if (stop is not None and stop.is_set()) or not self._leads():
                return False
            self._write(searches, search_id, trial_id)
        self._repository.save_follower_place(self._place, events[-1].seq)
        return True

    def _leads(self) -> bool:
        now = self._clock.monotonic()
        if self._lease is not None and now < self._renew_at:
            return True
        self._lease = self._repository.acquire_leader(LEADER, holder=self._holder, lease_s=self._lease_s)
        self._renew_at = now + self._lease_s / 4
        return self._lease is not None

    def _write(self, searches: dict[SearchId, Search], search_id: SearchId, trial_id: TrialId) -> None:
        try:
            if search_id not in searches:
                searches[search_id] = self._repository.get_search(search_id)
            search, trial = searches[search_id], self._repository.get_trial(trial_id)
            mine = tracked_trial(search, trial, self._report(search, trial))
            self._writer.write(tracked_search(search), mine, self._epochs(trial_id))
        except NotFound:
            # Deleted meanwhile: what MLflow has of it stays.
            _log.info("trial_gone", action="skip", search_id=search_id, trial_id=trial_id)
        except MlflowRefused as error:
            # A person deleted the run, or it is none that can be written: the others go on.
            _log.warning(
                "run_refused",
                action="skip",
                search_id=search_id,
                trial_id=trial_id,
                code=error.code,
                reason=error.message,
            )

    def _report(self, search: Search, trial: Trial) -> dict[str, Any] | None:
        if search.kind == "search":
            return None
        try:
            return report_of(trial, self._repository, self._store)
        except ArtifactDamaged as error:
            _log.warning("report_lost", action="skip", trial_id=trial.id, reason=error.message)
            return None

    def _epochs(self, trial_id: TrialId) -> Iterator[TrackedEpoch]:
        token: str | None = None
        while True:
            page = self._repository.list_epochs(trial_id, limit=_PAGE, page_token=token)
            yield from map(tracked_epoch, page.items)
            token = page.next_page_token
            if token is None:
                return


class _Touched(NamedTuple):
    search_id: SearchId
    trial_id: TrialId


def _touched(events: tuple[Event, ...]) -> list[_Touched]:
    """Each trial that the events tell of, once, in the order of the first."""
    found = {
        _Touched(event.search_id, event.trial_id): None
        for event in events
        if event.search_id is not None and event.trial_id is not None and event.kind not in _QUIET_EVENTS
    }
    return list(found)


def _backoff(failures: int) -> float:
    shortest, longest = _BACKOFF_S
    return min(longest, shortest * 2.0 ** min(failures - 1, 10)) * random.uniform(0.5, 1.0)

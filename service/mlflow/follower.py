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
from typing import NamedTuple

import structlog
from headstock.mlflow import MlflowRefused, MlflowUnavailable, RunWriter, TrackedEpoch, TrackedSearch, TrackedTrial

from storage.clock import Clock
from storage.errors import NotFound, StorageUnavailable
from storage.ids import SearchId, TrialId
from storage.leases import LeaderLease
from storage.records import Event, Search, Trial
from storage.repository import Repository
from tuners.list_values import all_shown

LEADER = "mlflow"
_PAGE = 500
_BACKOFF_S = (1.0, 60.0)
# A new proposal has not begun.
_QUIET_EVENTS = frozenset({"trial.queued"})

_log = structlog.get_logger("mlflow")


class Follower:
    """One follower works at a time, the others wait for its lease to run out.

    Args:
        writer: Writes runs.
        place: The name under which the place in the log is kept: one for each tracking server.
        holder: Names this process in the lease; unique among followers.
        look_s: Seconds between looks at the log.
        lease_s: Longer than the writing of one trial takes.
    """

    def __init__(
        self,
        repository: Repository,
        writer: RunWriter,
        clock: Clock,
        *,
        place: str,
        holder: str,
        look_s: float = 1.0,
        lease_s: float = 120.0,
    ) -> None:
        self._repository = repository
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
        searches: dict[SearchId, tuple[TrackedSearch, bool]] = {}
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

    def _write(
        self, searches: dict[SearchId, tuple[TrackedSearch, bool]], search_id: SearchId, trial_id: TrialId
    ) -> None:
        try:
            if search_id not in searches:
                search = self._repository.get_search(search_id)
                searches[search_id] = tracked_search(search), search.kind == "search"
            about, wanted = searches[search_id]
            if wanted:
                trial = self._repository.get_trial(trial_id)
                self._writer.write(about, tracked_trial(trial), self._epochs(trial_id))
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

    def _epochs(self, trial_id: TrialId) -> Iterator[TrackedEpoch]:
        token: str | None = None
        while True:
            page = self._repository.list_epochs(trial_id, limit=_PAGE, page_token=token)
            for row in page.items:
                yield TrackedEpoch(
                    execution=row.execution,
                    fold=row.fold,
                    epoch=row.epoch,
                    metrics=row.metrics,
                    recorded_at=row.recorded_at,
                )
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


def tracked_search(search: Search) -> TrackedSearch:
    return TrackedSearch(
        id=search.id,
        name=search.name,
        objective=search.objective.name,
        direction=search.objective.direction,
        tuner=search.tuner,
        executions=search.executions_per_trial,
        tags=search.tags,
    )


def tracked_trial(trial: Trial) -> TrackedTrial:
    return TrackedTrial(
        id=trial.id,
        number=trial.number,
        state=trial.state.value,
        values=all_shown(trial.values),
        score=trial.score,
        best_epoch=trial.best_epoch,
        metrics=trial.metrics,
        attempts=trial.attempt,
        seconds=trial.seconds,
        parameters=trial.parameters,
        device=trial.device,
        parent_trial_id=trial.parent_trial_id,
        failure_code=trial.failure.code if trial.failure else None,
        failure_message=trial.failure.message if trial.failure else None,
        started_at=trial.started_at,
        ended_at=trial.ended_at,
    )


def _backoff(failures: int) -> float:
    shortest, longest = _BACKOFF_S
    return min(longest, shortest * 2.0 ** min(failures - 1, 10)) * random.uniform(0.5, 1.0)

"""The worker process' threads: slots, claims, renewals, and the guard that watches the clocks."""

from __future__ import annotations

import os
import platform
import socket
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import structlog

from storage.artifacts.store import ArtifactStore
from storage.clock import Clock
from storage.errors import HeadstockError, StorageUnavailable
from storage.ids import WorkerId
from storage.leases import Claim
from storage.repository import Repository
from storage.settings import Settings
from tuners.launchers.base import Launcher
from tuners.worker.machine import SAMPLE_S, Gpus, Machine, Sampler
from tuners.worker.scratch import sweep_scratch
from tuners.worker.slot import Claimed, SlotThread

_log = structlog.get_logger()

_GUARD_S = 0.05
_RETRY_S = 1.0
# Of the time to stop, the part a trainer may use; the rest is for writing what came of it.
_TRAINER_SHARE = 0.8
_LIBRARIES = ("headstock-server", "keras", "tensorflow", "jax", "torch", "numpy")


class Worker:
    """Runs trials for one machine. One per process.

    Five kinds of thread: each slot's own, which writes what its trainer reports; the claimer, which asks for trials for
    all idle slots at once; the renewer, which keeps all leases and takes the directives that come with them; the
    sampler, which looks at the machine for the heartbeat to tell; and the guard (the caller of `run`), which never
    waits for the database, so that a trainer dies in time when its lease can no longer be trusted, whatever else hangs.

    Args:
        launcher: Starts the trainers; its places are the slots.
        gpus: Reads the places' GPUs.
        sample_s: Seconds between two looks at the machine.
    """

    def __init__(
        self,
        repository: Repository,
        store: ArtifactStore,
        settings: Settings,
        clock: Clock,
        launcher: Launcher,
        *,
        name: str | None = None,
        gpus: Gpus | None = None,
        sample_s: float = SAMPLE_S,
    ) -> None:
        self._repository = repository
        self._settings = settings
        self._clock = clock
        self._launcher = launcher
        self._name = name or socket.gethostname()
        self._store = store
        self._slots: tuple[SlotThread, ...] = ()
        self._sampler = Sampler(
            Machine(launcher.places, clock, gpus or Gpus()),
            lambda: [slot.trainer_pid for slot in self._slots],
            interval_s=sample_s,
        )
        self._worker_id: WorkerId | None = None
        self._idle = threading.Condition()
        self._newly_idle = False
        self._claiming = True
        self._ended = threading.Event()
        self._at_once = threading.Event()
        self._fault: BaseException | None = None

    @property
    def worker_id(self) -> WorkerId | None:
        """The worker's id once it has registered."""
        return self._worker_id

    def stop_now(self) -> None:
        """Have `run` kill the trainers and hand back their trials without waiting for checkpoints."""
        self._at_once.set()

    def run(self, stop: threading.Event) -> None:
        """Claim and run trials until `stop` is set; then hand back what runs, within `stop_grace_s`.

        Raises:
            HeadstockError: The database cannot be worked with (its schema is not ours).
        """
        with tempfile.TemporaryDirectory(prefix=sweep_scratch(Path(tempfile.gettempdir()))) as scratch:
            self._slots = tuple(
                SlotThread(
                    place,
                    repository=self._repository,
                    store=self._store,
                    settings=self._settings,
                    clock=self._clock,
                    launcher=self._launcher,
                    on_idle=self._slot_idle,
                    scratch=Path(scratch),
                )
                for place in self._launcher.places
            )
            self._register(stop)
            if self._worker_id is None:
                return
            claimer = threading.Thread(target=self._guarded, args=(self._claim,), name="claimer", daemon=True)
            renewer = threading.Thread(target=self._guarded, args=(self._renew,), name="renewer", daemon=True)
            for slot in self._slots:
                slot.start()
            claimer.start()
            renewer.start()
            self._sampler.start()
            _log.info("worker_started", worker_id=self._worker_id, slots=len(self._slots))
            while not stop.wait(_GUARD_S) and self._fault is None and not self._at_once.is_set():
                self._watch()
            self._stop(claimer, renewer)
        if self._fault is not None:
            raise self._fault

    # -- Stopping -------------------------------------------------------------------------------------------------

    def _stop(self, claimer: threading.Thread, renewer: threading.Thread) -> None:
        _log.info("worker_stopping", worker_id=self._worker_id)
        with self._idle:
            self._claiming = False
            self._idle.notify_all()
        deadline = self._clock.monotonic() + self._settings.stop_grace_s
        # A claim that is being made must reach its slot before the slot ends, or nobody would hand it back.
        while claimer.is_alive() and self._clock.monotonic() < deadline and not self._at_once.is_set():
            claimer.join(_GUARD_S)
            self._watch()
        grace_s = max(0.0, deadline - self._clock.monotonic()) * _TRAINER_SHARE
        hurried = False
        for slot in self._slots:
            slot.stop(grace_s=grace_s)
        while not all(slot.join(0.0) for slot in self._slots) and self._clock.monotonic() < deadline:
            if self._at_once.is_set() and not hurried:
                hurried = True
                deadline = min(deadline, self._clock.monotonic() + _RETRY_S)
                for slot in self._slots:
                    slot.stop(grace_s=0.0)
            self._watch()
            for slot in self._slots:
                if not slot.join(_GUARD_S):
                    break
        for slot in self._slots:
            slot.abort()
        self._sampler.stop()
        self._ended.set()
        renewer.join(_RETRY_S)
        with suppress(HeadstockError):
            assert self._worker_id is not None
            self._repository.retire_worker(self._worker_id)
        _log.info("worker_stopped", worker_id=self._worker_id)

    def _watch(self) -> None:
        for slot in self._slots:
            slot.watch()

    # -- Threads --------------------------------------------------------------------------------------------------

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            # Without this thread the worker is no use: `run` stops and raises it.
            self._fault = error

    def _claim(self) -> None:
        while True:
            with self._idle:
                if not self._newly_idle:
                    self._idle.wait(self._settings.poll_s)
                self._newly_idle = False
                if not self._claiming:
                    return
            idle = [slot for slot in self._slots if slot.take_idle()]
            if idle:
                self._claim_for(idle)

    def _claim_for(self, idle: list[SlotThread]) -> None:
        assert self._worker_id is not None
        asked_at = self._clock.monotonic()
        claims: tuple[Claim, ...] = ()
        try:
            claims = self._repository.claim_trials(self._worker_id, count=len(idle), lease_s=self._settings.lease_s)
        except StorageUnavailable as error:
            _log.warning("storage_unavailable", message=error.message)
            self._ended.wait(_RETRY_S)
        finally:
            for slot in idle[len(claims) :]:
                slot.leave_idle()
        for slot, claim in zip(idle, claims, strict=False):
            slot.give(Claimed(claim, asked_at))

    def _renew(self) -> None:
        interval_s = min(self._settings.renew_s, self._settings.lease_s / 3)
        while not self._ended.wait(interval_s):
            try:
                self._renew_once()
            except StorageUnavailable as error:
                # The trust window of each trial goes on running.
                _log.warning("storage_unavailable", message=error.message)

    def _renew_once(self) -> None:
        held = [(slot, running) for slot in self._slots if (running := slot.running) is not None and not running.lost]
        if held:
            asked_at = self._clock.monotonic()
            statuses = self._repository.renew_leases(
                [running.lease for _, running in held], lease_s=self._settings.lease_s
            )
            for (slot, running), status in zip(held, statuses, strict=True):
                slot.direct(running, running.renewed(status.directive, asked_at=asked_at))
        assert self._worker_id is not None
        samples = self._sampler.take()
        try:
            self._repository.beat_worker(self._worker_id, [slot.state for slot in self._slots], samples=samples)
        except StorageUnavailable:
            if samples is not None:
                self._sampler.give_back()
            raise

    def _slot_idle(self) -> None:
        with self._idle:
            self._newly_idle = True
            self._idle.notify_all()

    def _register(self, stop: threading.Event) -> None:
        """Say that this worker is there; waits for a database that is away."""
        while not stop.is_set() and not self._at_once.is_set():
            try:
                worker = self._repository.register_worker(
                    name=self._name,
                    host=socket.gethostname(),
                    pid=os.getpid(),
                    backend=self._settings.backend,
                    slots=[slot.state for slot in self._slots],
                    versions=library_versions(),
                )
            except StorageUnavailable as error:
                _log.warning("storage_unavailable", message=error.message)
                stop.wait(_RETRY_S)
                continue
            self._worker_id = worker.id
            return


def library_versions() -> dict[str, str]:
    """Versions of what decides a trial's outcome; libraries that are not installed are left out."""
    versions = {"python": platform.python_version()}
    for name in _LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return versions

"""One slot: keeps a trainer warm, gives it trials, and follows them to their end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Full, Queue
from tempfile import TemporaryDirectory

import structlog

from storage.artifacts.store import ArtifactStore
from storage.clock import Clock
from storage.epochs import EpochRow
from storage.errors import HeadstockError, LeaseLost, StorageUnavailable
from storage.leases import Claim
from storage.records import Failure
from storage.repository import Repository
from storage.settings import Settings
from storage.workers import Slot
from tuners.failures import TrialFault, classify, death, failure, without_paths
from tuners.launchers.base import Launcher, TrainerEvent, TrainerExited, TrainerGarbled
from tuners.trainer.devices import Place
from tuners.trainer.protocol import (
    Batches,
    Ended,
    EndTrial,
    EpochDone,
    ExecutionBegun,
    Failed,
    FromTrainer,
    Notice,
    Outcome,
    Ready,
    RunTrial,
    Saved,
    Started,
)
from tuners.worker.orders import OrderDesk
from tuners.worker.reports import Reports, names
from tuners.worker.running import Doom, Limits, Phase, Running
from tuners.worker.warm import WarmTrainer

_log = structlog.get_logger()

_QUEUE_LIMIT = 10_000
_LINGER_S = 0.25
_MOST_ROWS = 500
_FIRST_RESTART_S = 1.0
_LONGEST_RESTART_S = 60.0
# A killed process is gone in milliseconds, unless the kernel itself waits for a device.
_DEATH_S = 5.0

_DOOM_CODES: dict[Doom, str] = {"no_progress": "no_progress", "timeout": "timeout"}


@dataclass(frozen=True, slots=True)
class Claimed:
    """The claimer's hand-over. `asked_at` is the monotonic time just before the claim was asked for."""

    claim: Claim
    asked_at: float


@dataclass(frozen=True, slots=True)
class _Arrived:
    """Something a trainer said, and when. `trainer` is the number of its process."""

    event: TrainerEvent
    trainer: int
    at: float


@dataclass(frozen=True, slots=True)
class _Wake:
    """Look at the clocks and flags again."""


class SlotThread:
    """Runs on a thread of its own; its public methods are called from others.

    Args:
        on_idle: Called when the slot has become ready for a claim.
        scratch: Folder for this worker's checkpoints on their way to the store.
    """

    def __init__(
        self,
        place: Place,
        *,
        repository: Repository,
        store: ArtifactStore,
        settings: Settings,
        clock: Clock,
        launcher: Launcher,
        on_idle: Callable[[], None],
        scratch: Path,
    ) -> None:
        self._place = place
        self._repository = repository
        self._store = store
        self._clock = clock
        self._on_idle = on_idle
        self._scratch = scratch
        self._limits = Limits.of(settings)
        self._queue: Queue[Claimed | _Arrived | _Wake] = Queue(_QUEUE_LIMIT)
        self._trainer = WarmTrainer(launcher, place, settings, self._arrive)
        self._desk = OrderDesk(store, repository, max_parameters=settings.max_parameters, downloads=settings.downloads)
        self._lock = threading.Lock()
        self._idle = False
        self._stopping = False
        self._running: Running | None = None
        self._held: _Arrived | None = None
        self._thread = threading.Thread(target=self._run, name=f"slot-{place.number}", daemon=True)

    # -- For other threads ----------------------------------------------------------------------------------------

    @property
    def running(self) -> Running | None:
        return self._running

    @property
    def state(self) -> Slot:
        """What the slot does, for the worker's row."""
        running = self._running
        return Slot(self._place.number, self._trainer.device, None if running is None else running.lease.trial_id)

    @property
    def trainer_pid(self) -> int | None:
        """Of the trainer's process, while there is one."""
        return self._trainer.pid

    def start(self) -> None:
        self._thread.start()

    def take_idle(self) -> bool:
        """Reserve the slot for a claim; True for one caller only. `give` or `leave_idle` must follow."""
        with self._lock:
            was_idle, self._idle = self._idle and not self._stopping, False
            return was_idle

    def leave_idle(self) -> None:
        """There was no trial for it after all."""
        with self._lock:
            self._idle = True
        if not self._trainer.exists:
            self._wake()

    def give(self, claimed: Claimed) -> None:
        self._queue.put(claimed)

    def direct(self, running: Running, order: EndTrial | None) -> None:
        """Pass an order on to the trainer, if `running` is still what it does."""
        if order is not None and running is self._running:
            self._trainer.send(order)

    def stop(self, *, grace_s: float) -> None:
        """Claim no more, hand back what runs, and end."""
        with self._lock:
            self._stopping, self._idle = True, False
        running = self._running
        if running is not None:
            self.direct(running, running.end("release", grace_s=grace_s))
        self._wake()

    def watch(self) -> None:
        """Kill the trainer when one of the clocks has run out. To be called often; it never waits for anything."""
        running = self._running
        if running is None:
            return
        known = running.doom is not None
        doom = running.overdue()
        if doom is None or running is not self._running:
            return
        if not known:
            _log.warning("trainer_killed", reason=doom, **names(running.claim))
        # Again at each look, since a trainer may only just have been started for this trial.
        self._trainer.kill()
        self._wake()

    def abort(self) -> None:
        """Kill whatever trainer there still is: the process is about to end."""
        self._trainer.kill()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; whether it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    # -- The thread -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            pause_s = _FIRST_RESTART_S
            while not self._stopping:
                if not self._warm():
                    # A machine where no trainer starts must not claim anything.
                    self._pause(pause_s)
                    pause_s = min(2 * pause_s, _LONGEST_RESTART_S)
                    continue
                pause_s = _FIRST_RESTART_S
                claimed = self._next_claim()
                if claimed is not None:
                    self._attend(claimed)
                    self._trainer.close_if_due()
        finally:
            self._trainer.close()

    def _warm(self) -> bool:
        """Whether a trainer is ready; starts one when there is none, and waits for it."""
        if not self._trainer.start():
            return False
        deadline = self._clock.monotonic() + self._limits.start_s
        while not self._trainer.is_ready and not self._stopping:
            arrived = self._get(deadline - self._clock.monotonic())
            event = None if arrived is None else arrived.event
            if isinstance(event, Ready):
                self._trainer.became_ready(event)
            elif isinstance(event, (TrainerExited, TrainerGarbled)) or self._clock.monotonic() >= deadline:
                printed = self._trainer.close() or ""
                _log.error(
                    "trainer_not_started",
                    slot=self._place.number,
                    end=repr(event),
                    output=without_paths(printed[-2000:]),
                )
                return False
        return self._trainer.is_ready

    def _next_claim(self) -> Claimed | None:
        """Wait to be given a claim; None when there is something else to do first (the trainer died, or stop)."""
        with self._lock:
            self._idle = not self._stopping
        self._on_idle()
        while not self._stopping:
            item = self._queue.get()
            if isinstance(item, Claimed):
                return item
            if self._is_end(item):
                _log.warning("idle_trainer_died", slot=self._place.number)
                self._trainer.close()
            if not self._trainer.exists and self.take_idle():
                return None
            # Without a trainer but reserved: a claim may be on its way, and begins by starting one.
        # A claim may have been handed over just before the stop; the claimer ends before the slots are told to.
        with suppress(Empty):
            while True:
                item = self._queue.get_nowait()
                if isinstance(item, Claimed):
                    return item
        return None

    def _attend(self, claimed: Claimed) -> None:
        """Run a claimed trial to whatever end it comes to. Nothing that goes wrong with it ends the slot."""
        claim = claimed.claim
        running = Running(claim, limits=self._limits, clock=self._clock, claimed_at=claimed.asked_at)
        _log.info("trial_claimed", slot=self._place.number, **names(claim))
        self._running = running
        reports = Reports(running, self._repository, self._store, scratch=self._scratch)
        try:
            if self._stopping:
                reports.end("released", log=None)
                return
            # A trainer that is just being killed may still write: what cannot be removed now goes with the worker's own
            # folder, and must not change what came of the trial.
            with TemporaryDirectory(dir=self._scratch, ignore_cleanup_errors=True) as folder:
                reports = Reports(running, self._repository, self._store, scratch=Path(folder))
                outcome, log = self._train(running, reports, Path(folder))
            if running.lost:
                raise LeaseLost(f"trial {running.lease.trial_id}: the lease is no longer ours")
            reports.end(outcome, log=log)
        except LeaseLost as error:
            _log.warning("lease_lost", message=error.message, **names(claim))
            self._see_off(running)
        except Exception as error:
            _log.exception("slot_failed", slot=self._place.number, **names(claim))
            self._trainer.close()
            # Else the trial would have to wait for its lease to run out.
            with suppress(HeadstockError):
                reports.end(classify(error, before_first_batch=False, otherwise="protocol_error"), log=None)
        finally:
            self._running = None

    def _train(self, running: Running, reports: Reports, scratch: Path) -> tuple[Outcome | Failure, str | None]:
        """What the trial has come to, and what the trainer printed meanwhile."""
        try:
            order = self._desk.order(running.claim, scratch)
        except StorageUnavailable as error:
            return failure("data_unavailable", error.message), None
        except (HeadstockError, TrialFault, ValueError, KeyError, TypeError) as error:
            return classify(error, before_first_batch=True, otherwise="build_error"), None
        owner = running.claim.search.owner
        self._trainer.reserve_for(owner)
        if not self._warm():
            if running.doom is not None or self._stopping:
                return self._after_kill(running), None
            return failure("crash", "No trainer process could be started."), None
        self._trainer.begin(order, owner=owner)
        if running.how is not None:
            # It was told to end while the trainer was still warming up.
            lease = running.lease
            self._trainer.send(EndTrial(lease.trial_id, lease.attempt, running.how, self._limits.grace_s / 2))
        try:
            outcome = self._follow(running, reports, order)
        except TrialFault as fault:
            return failure(fault.code, fault.message), self._trainer.close()
        if isinstance(outcome, TrainerExited):
            log = self._trainer.close()
            return (self._after_kill(running) if running.doom is not None else death(outcome.returncode)), log
        if outcome is None:
            log = self._trainer.log()
            return self._after_kill(running), log
        return outcome, self._trainer.log()

    def _follow(self, running: Running, reports: Reports, order: RunTrial) -> Outcome | Failure | TrainerExited | None:
        """Write what the trainer reports until the trial is over; what came of it, None when a clock ran out.

        Epochs that come within a quarter of a second are written in one transaction: where they are that short, the
        writes would cost as much as the training. A checkpoint is recorded after the epochs it covers.
        """
        rows: list[EpochRow] = []
        write_at = 0.0
        while True:
            arrived = self._get(None if not rows else write_at - self._clock.monotonic())
            event = None if arrived is None else arrived.event
            if rows and (not isinstance(event, EpochDone) or len(rows) >= _MOST_ROWS):
                # Kept at hand, so that what was said is not lost when the write ends in `LeaseLost`.
                self._held = arrived
                reports.epochs(rows)
                self._held, rows = None, []
            if event is None or arrived is None:
                if running.doom is not None:
                    return None
                continue
            if isinstance(event, TrainerExited):
                return event
            if isinstance(event, TrainerGarbled):
                raise TrialFault("protocol_error", f"The trainer process said something odd: {event.detail}")
            if not _is_about(event, running):
                continue
            running.moved(arrived.at, _phase(event))
            match event:
                case EpochDone():
                    write_at = write_at if rows else self._clock.monotonic() + _LINGER_S
                    fold = order.fold(event.execution)
                    rows.append(EpochRow(event.execution, event.epoch, dict(event.metrics), event.seconds, fold))
                case Started():
                    reports.started(event, device=self._trainer.device)
                case Saved():
                    reports.file(event)
                case Notice():
                    _log.warning(event.code, message=without_paths(event.message), **names(running.claim))
                case Ended():
                    self._trainer.over(event.memory_mb, leaves=event.leaves)
                    return event.outcome
                case Failed():
                    self._trainer.over(event.memory_mb)
                    return event.failure
                case _:
                    pass  # It moves; that is all it said.

    def _after_kill(self, running: Running) -> Outcome | Failure:
        """What a trial has come to whose trainer was killed because a clock ran out."""
        self._await_death()
        doom = running.doom
        code = None if doom is None else _DOOM_CODES.get(doom)
        if code is not None:
            return failure(code)
        # Out of time for a release, or for a stop: the checkpoints so far are kept, and no budget is charged.
        return "released"

    def _see_off(self, running: Running) -> None:
        """The trial is no longer ours: let the trainer drop it and stay warm; the guard kills one that does not."""
        self.direct(running, running.lose())
        while self._trainer.busy:
            arrived = self._get(None)
            event = None if arrived is None else arrived.event
            if event is None and running.doom is not None:
                self._await_death()
            elif isinstance(event, (TrainerExited, TrainerGarbled)):
                self._trainer.close()
            elif isinstance(event, Ended) and _is_about(event, running):
                self._trainer.over(event.memory_mb, leaves=event.leaves)
            elif isinstance(event, Failed) and _is_about(event, running):
                self._trainer.over(event.memory_mb)

    def _await_death(self) -> None:
        """Wait until the killed trainer is gone, so that the slot's device is free."""
        deadline = self._clock.monotonic() + _DEATH_S
        while self._trainer.exists and self._clock.monotonic() < deadline:
            arrived = self._get(deadline - self._clock.monotonic())
            if arrived is not None and isinstance(arrived.event, TrainerExited):
                break
        self._trainer.close()

    # -- The queue ------------------------------------------------------------------------------------------------

    def _arrive(self, event: TrainerEvent, number: int) -> None:
        self._queue.put(_Arrived(event, number, self._clock.monotonic()))

    def _get(self, timeout_s: float | None) -> _Arrived | None:
        """The next thing the present trainer says; None after a wake-up, or when there is nothing in time."""
        held, self._held = self._held, None
        if held is not None and held.trainer == self._trainer.number:
            return held
        while True:
            try:
                item = self._queue.get(timeout=None if timeout_s is None else max(timeout_s, 0.0))
            except Empty:
                return None
            if isinstance(item, _Wake):
                return None
            if isinstance(item, _Arrived) and item.trainer == self._trainer.number:
                return item

    def _is_end(self, item: object) -> bool:
        return (
            isinstance(item, _Arrived)
            and item.trainer == self._trainer.number
            and isinstance(item.event, (TrainerExited, TrainerGarbled))
        )

    def _pause(self, seconds: float) -> None:
        deadline = self._clock.monotonic() + seconds
        while not self._stopping and self._clock.monotonic() < deadline:
            self._get(deadline - self._clock.monotonic())

    def _wake(self) -> None:
        # A full queue wakes the slot by itself.
        with suppress(Full):
            self._queue.put_nowait(_Wake())


def _phase(event: FromTrainer) -> Phase | None:
    """What the trainer is at by what it says; None when that tells nothing."""
    if isinstance(event, ExecutionBegun):
        return "starting"
    return "training" if isinstance(event, (Started, Batches, EpochDone)) else None


def _is_about(event: FromTrainer, running: Running) -> bool:
    if isinstance(event, Ready):
        return False
    return (event.trial_id, event.attempt) == (running.lease.trial_id, running.lease.attempt)

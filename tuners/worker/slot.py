"""One slot: keeps a trainer warm, gives it trials, and writes down what becomes of them."""

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
from storage.errors import HeadstockError, LeaseLost, ProtocolViolation, StorageUnavailable
from storage.records import Claim, EpochRow, Failure, NewArtifact, Reason, Slot
from storage.repository import Repository
from storage.settings import Settings
from tuners.failures import classify, death, failure, without_paths
from tuners.launchers.base import Launcher, Trainer, TrainerEvent, TrainerExited, TrainerGarbled
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
from tuners.worker.running import Doom, Limits, Running
from tuners.worker.writing import write

_log = structlog.get_logger()

_QUEUE_LIMIT = 10_000
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
    """Something a trainer said, and when. `trainer` numbers the process: old ones may still have things to say."""

    event: TrainerEvent
    trainer: int
    at: float


@dataclass(frozen=True, slots=True)
class _Wake:
    """Look at the clocks and flags again."""


class SlotThread:
    """Runs on a thread of its own; `watch`, `direct`, `give`, `stop` and the properties are called from others.

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
        self.place = place
        self._repository = repository
        self._store = store
        self._settings = settings
        self._clock = clock
        self._launcher = launcher
        self._on_idle = on_idle
        self._scratch = scratch
        self._limits = Limits.of(settings)
        self._queue: Queue[Claimed | _Arrived | _Wake] = Queue(_QUEUE_LIMIT)
        self._desk = OrderDesk(
            store, max_parameters=settings.max_parameters, best_epoch=self._stored_best, note=self._note
        )
        self._lock = threading.Lock()
        self._idle = False
        self._stopping = False
        self._running: Running | None = None
        self._trainer: Trainer | None = None
        self._trainer_number = 0
        self._ready: Ready | None = None
        self._held: _Arrived | None = None
        self._busy = False
        self._trials = 0
        self._first_mb: float | None = None
        self._grown_mb = 0.0
        self._thread = threading.Thread(target=self._run, name=f"slot-{place.number}", daemon=True)

    # -- For other threads ----------------------------------------------------------------------------------------

    @property
    def running(self) -> Running | None:
        return self._running

    @property
    def state(self) -> Slot:
        """What the slot does, for the worker's row."""
        running, ready = self._running, self._ready
        device = ready.device if ready is not None else self.place.device
        return Slot(self.place.number, device, None if running is None else running.lease.trial_id)

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

    def give(self, claimed: Claimed) -> None:
        self._queue.put(claimed)

    def direct(self, running: Running, order: EndTrial | None) -> None:
        """Pass an order on to the trainer, if `running` is still what it does."""
        trainer = self._trainer
        if order is not None and running is self._running and trainer is not None:
            trainer.send(order)

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
        trainer = self._trainer
        if doom is None or running is not self._running:
            return
        if not known:
            _log.warning("trainer_killed", reason=doom, **_names(running.claim))
        # Again at each look, since a trainer may only just have been started for this trial.
        if trainer is not None:
            trainer.kill()
        self._wake()

    def abort(self) -> None:
        """Kill whatever trainer there still is: the process is about to end."""
        trainer = self._trainer
        if trainer is not None:
            trainer.kill()

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
                    self._recycle()
        finally:
            self._close_trainer()

    def _warm(self) -> bool:
        """Whether a trainer is ready; starts one when there is none."""
        if self._trainer is None and not self._start_trainer():
            return False
        deadline = self._clock.monotonic() + self._limits.start_s
        while self._ready is None and not self._stopping:
            arrived = self._get(deadline - self._clock.monotonic())
            event = None if arrived is None else arrived.event
            if isinstance(event, Ready):
                self._ready = event
                _log.info("trainer_ready", slot=self.place.number, device=event.device, backend=event.backend)
            elif isinstance(event, (TrainerExited, TrainerGarbled)) or self._clock.monotonic() >= deadline:
                self._log_failed_start(event)
                self._close_trainer()
                return False
        return self._ready is not None

    def _start_trainer(self) -> bool:
        self._trainer_number += 1
        number = self._trainer_number

        def deliver(event: TrainerEvent) -> None:
            self._queue.put(_Arrived(event, number, self._clock.monotonic()))

        self._ready, self._busy, self._trials, self._first_mb, self._grown_mb = None, False, 0, None, 0.0
        try:
            self._trainer = self._launcher.start(self.place, deliver)
        except OSError as error:
            _log.error("trainer_not_started", slot=self.place.number, message=without_paths(str(error)))
            return False
        return True

    def _next_claim(self) -> Claimed | None:
        """Wait to be given a claim; None when there is something else to do first (the trainer died, or stop)."""
        with self._lock:
            self._idle = not self._stopping
        self._on_idle()
        while not self._stopping:
            item = self._queue.get()
            if isinstance(item, Claimed):
                return item
            if self._is_end(item) and self.take_idle():
                # Not reserved for a claim: nothing can come any more until there is a trainer again.
                _log.warning("idle_trainer_died", slot=self.place.number)
                self._close_trainer()
                return None
            if self._is_end(item):
                # A claim is on its way; it begins by starting a trainer.
                self._close_trainer()
        # A claim may have been handed over just before it was told to stop (the claimer ends before the slots do).
        with suppress(Empty):
            while True:
                item = self._queue.get_nowait()
                if isinstance(item, Claimed):
                    return item
        return None

    def _attend(self, claimed: Claimed) -> None:
        claim = claimed.claim
        running = Running(claim, limits=self._limits, clock=self._clock, claimed_at=claimed.asked_at)
        _log.info("trial_claimed", slot=self.place.number, **_names(claim))
        self._running = running
        try:
            if self._stopping:
                write(running, lambda: self._repository.release_trial(running.lease, seconds=0.0))
                return
            with TemporaryDirectory(dir=self._scratch) as folder:
                self._train(running, Path(folder))
        except LeaseLost as error:
            _log.warning("lease_lost", message=error.message, **_names(claim))
            self._see_off(running)
        except Exception as error:
            # Whatever it was, this slot must live, and the trial should not have to wait for its lease to run out.
            _log.exception("slot_failed", slot=self.place.number, **_names(claim))
            self._close_trainer()
            with suppress(HeadstockError):
                self._fail(running, classify(error, before_first_batch=False, otherwise="protocol_error"), log=None)
        finally:
            self._running = None

    def _train(self, running: Running, scratch: Path) -> None:
        """Run the trial on the trainer and write its outcome. Raises LeaseLost when the trial is no longer ours."""
        try:
            order = self._desk.order(running.claim, scratch)
        except StorageUnavailable as error:
            self._fail(running, failure("data_unavailable", error.message), log=None)
            return
        except (HeadstockError, ValueError, KeyError, TypeError) as error:
            self._fail(running, classify(error, before_first_batch=True, otherwise="build_error"), log=None)
            return
        outcome, log = self._on_trainer(running, order, scratch)
        if running.lost:
            raise LeaseLost(f"trial {running.lease.trial_id}: the lease is no longer ours")
        if isinstance(outcome, Failure):
            self._fail(running, outcome, log=log)
            return
        lease, seconds = running.lease, running.seconds
        if outcome == "completed":
            write(running, lambda: self._repository.complete_trial(lease, seconds=seconds, log=log))
        elif outcome == "stopped":
            reason = Reason("stop_requested", "A person or a rule asked the trial to stop with the score so far.")
            write(running, lambda: self._repository.stop_trial(lease, seconds=seconds, reason=reason, log=log))
        else:
            write(running, lambda: self._repository.release_trial(lease, seconds=seconds, log=log))
        _log.info("trial_ended", outcome=outcome, seconds=round(seconds, 3), **_names(running.claim))

    def _on_trainer(self, running: Running, order: RunTrial, scratch: Path) -> tuple[Outcome | Failure, str | None]:
        """What the trial has come to, and what the trainer printed meanwhile."""
        if not self._warm():
            if running.doom is not None or self._stopping:
                return self._after_kill(running), None
            return failure("crash", "No trainer process could be started."), None
        trainer = self._trainer
        assert trainer is not None
        trainer.begin_log()
        trainer.send(order)
        self._busy = True
        self._trials += 1
        if running.how is not None:
            # It was told to end while the trainer was still warming up.
            trainer.send(EndTrial(running.lease.trial_id, running.lease.attempt, running.how, self._limits.grace_s / 2))
        try:
            outcome = self._follow(running, scratch)
        except _Violated as violation:
            self._close_trainer()
            outcome = failure("protocol_error", str(violation))
        return outcome, trainer.log() or None

    def _follow(self, running: Running, scratch: Path) -> Outcome | Failure:
        """Write what the trainer reports until the trial is over; what came of it.

        Epochs that have queued up are written in one transaction; a checkpoint is recorded after the epochs it covers.
        """
        rows: list[EpochRow] = []
        while True:
            arrived = self._get(None if not rows else 0.0)
            event = None if arrived is None else arrived.event
            if rows and not isinstance(event, EpochDone):
                # Kept at hand, so that what was said is not lost when the write ends in `LeaseLost`.
                self._held = arrived
                self._record(running, rows)
                self._held, rows = None, []
            if event is None or arrived is None:
                if running.doom is not None:
                    return self._after_kill(running)
                continue
            if isinstance(event, TrainerExited):
                self._close_trainer()
                return self._after_kill(running) if running.doom is not None else death(event.returncode)
            if isinstance(event, TrainerGarbled):
                self._close_trainer()
                return failure("protocol_error", f"The trainer process said something odd: {event.detail}")
            if isinstance(event, Ready) or not _is_about(event, running):
                continue
            running.moved(arrived.at, starting=isinstance(event, ExecutionBegun))
            match event:
                case EpochDone():
                    rows.append(EpochRow(event.execution, event.epoch, dict(event.metrics), event.seconds))
                case Started():
                    self._report_start(running, event)
                case Saved():
                    self._store_checkpoint(running, event, scratch)
                case Notice():
                    _log.warning(event.code, message=without_paths(event.message), **_names(running.claim))
                case Ended():
                    self._trial_over(event.memory_mb)
                    return event.outcome
                case Failed():
                    self._trial_over(event.memory_mb)
                    return event.failure
                case Batches() | ExecutionBegun():
                    pass

    def _after_kill(self, running: Running) -> Outcome | Failure:
        """What a trial has come to whose trainer was killed because a clock ran out."""
        self._await_death()
        doom = running.doom
        code = None if doom is None else _DOOM_CODES.get(doom)
        if code is not None:
            return failure(code)
        # Out of time for a release, or for a stop: the checkpoints so far are kept, and no budget is charged.
        return "released"

    # -- What is written ------------------------------------------------------------------------------------------

    def _record(self, running: Running, rows: list[EpochRow]) -> None:
        try:
            write(running, lambda: self._repository.record_epochs(running.lease, rows))
        except ProtocolViolation as violation:
            raise _Violated(violation.message) from violation

    def _report_start(self, running: Running, event: Started) -> None:
        write(
            running,
            lambda: self._repository.report_start(running.lease, parameters=event.parameters, device=event.device),
        )

    def _store_checkpoint(self, running: Running, saved: Saved, scratch: Path) -> None:
        """Move a checkpoint to the store, record it, remove those it replaces. A failure costs only the checkpoint."""
        path = Path(saved.path)
        if path.parent != scratch or path.is_symlink():
            raise _Violated("the trainer named a checkpoint outside its folder")
        lease = running.lease
        name = f"{lease.attempt}-{saved.execution}-{saved.epoch}-{saved.kind}.npz"
        key = f"trials/{lease.trial_id}/{name}"
        try:
            stored = self._store.put(key, path)
            path.unlink(missing_ok=True)
            if stored.sha256 != saved.sha256:
                raise StorageUnavailable("the checkpoint changed on its way")
        except (StorageUnavailable, OSError) as error:
            message = without_paths(str(error))
            _log.warning("checkpoint_skipped", message=message, epoch=saved.epoch, **_names(running.claim))
            self._remove(key)
            return
        new = NewArtifact(
            key=key,
            kind=saved.kind,
            sha256=stored.sha256,
            size_bytes=stored.size_bytes,
            execution=saved.execution,
            epoch=saved.epoch,
        )
        try:
            _, replaced = write(running, lambda: self._repository.record_checkpoint(lease, new))
        except LeaseLost:
            self._remove(key)
            raise
        except ProtocolViolation as violation:
            self._remove(key)
            raise _Violated(violation.message) from violation
        for artifact in replaced:
            if artifact.key != key:
                self._remove(artifact.key)

    def _fail(self, running: Running, why: Failure, *, log: str | None) -> None:
        seconds = running.seconds
        write(running, lambda: self._repository.fail_attempt(running.lease, why, seconds=seconds, log=log))
        _log.warning(
            "attempt_failed", code=why.code, fault=why.fault, message=why.message, **_names(running.claim)
        )

    def _stored_best(self, claim: Claim, execution: int) -> int | None:
        try:
            artifacts = self._repository.trial_artifacts(claim.trial.id)
        except HeadstockError:
            return None
        found = [a.epoch for a in artifacts if a.kind == "best" and a.execution == execution]
        return found[-1] if found else None

    def _note(self, claim: Claim, code: str, message: str) -> None:
        _log.warning(code, message=message, **_names(claim))

    def _remove(self, key: str) -> None:
        # What stays behind is found by `headstock fsck`.
        with suppress(StorageUnavailable):
            self._store.delete(key)

    # -- The trainer ----------------------------------------------------------------------------------------------

    def _see_off(self, running: Running) -> None:
        """The trial is no longer ours: let the trainer drop it and stay warm, or kill it when it does not."""
        self.direct(running, running.lose())
        while self._busy:
            arrived = self._get(None)
            if arrived is None:
                if running.doom is not None:
                    self._await_death()
                    return
                continue
            if isinstance(arrived.event, (TrainerExited, TrainerGarbled)):
                self._close_trainer()
                return
            if isinstance(arrived.event, (Ended, Failed)) and _is_about(arrived.event, running):
                self._trial_over(arrived.event.memory_mb)

    def _recycle(self) -> None:
        """Replace the trainer when it is due."""
        if self._trainer is None or self._trials == 0:
            return
        grown_mb = self._grown_mb
        if (
            self._settings.isolation == "trial"
            or self._trials >= self._settings.trainer_max_trials
            or grown_mb > self._settings.trainer_max_growth_mb
        ):
            _log.info("trainer_recycled", slot=self.place.number, trials=self._trials, grown_mb=round(grown_mb))
            self._close_trainer()

    def _trial_over(self, memory_mb: float) -> None:
        """The trainer is free again; how much its memory has grown since its first trial."""
        self._busy = False
        if self._first_mb is None:
            self._first_mb = memory_mb
        self._grown_mb = memory_mb - self._first_mb

    def _await_death(self) -> None:
        """Wait until the killed trainer is gone, so that the slot's device is free."""
        deadline = self._clock.monotonic() + _DEATH_S
        while self._trainer is not None and self._clock.monotonic() < deadline:
            arrived = self._get(deadline - self._clock.monotonic())
            if arrived is not None and isinstance(arrived.event, TrainerExited):
                break
        self._close_trainer()

    def _close_trainer(self) -> None:
        trainer, self._trainer, self._ready, self._busy, self._held = self._trainer, None, None, False, None
        if trainer is not None:
            trainer.close()

    def _log_failed_start(self, event: FromTrainer | TrainerExited | TrainerGarbled | None) -> None:
        tail = "" if self._trainer is None else self._trainer.log()[-2000:]
        _log.error("trainer_not_started", slot=self.place.number, end=repr(event), output=without_paths(tail))

    # -- The queue ------------------------------------------------------------------------------------------------

    def _get(self, timeout_s: float | None) -> _Arrived | None:
        """The next thing the present trainer says; None after a wake-up, or when there is nothing in time."""
        held, self._held = self._held, None
        if held is not None:
            return held
        while True:
            try:
                item = self._queue.get(timeout=None if timeout_s is None else max(timeout_s, 0.0))
            except Empty:
                return None
            if isinstance(item, _Wake):
                return None
            if isinstance(item, _Arrived) and item.trainer == self._trainer_number:
                return item

    def _is_end(self, item: object) -> bool:
        return (
            isinstance(item, _Arrived)
            and item.trainer == self._trainer_number
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


class _Violated(Exception):
    """The trainer broke the protocol's rules."""


def _is_about(event: FromTrainer, running: Running) -> bool:
    if isinstance(event, Ready):
        return False
    return (event.trial_id, event.attempt) == (running.lease.trial_id, running.lease.attempt)


def _names(claim: Claim) -> dict[str, object]:
    return {
        "search_id": claim.search.id,
        "trial_id": claim.trial.id,
        "number": claim.trial.number,
        "attempt": claim.lease.attempt,
    }

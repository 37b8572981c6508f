"""Trainers that follow a script instead of training: for the worker's supervising, in milliseconds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from typing import Literal

from tuners.launchers.base import Deliver, TrainerExited
from tuners.trainer import checkpoints
from tuners.trainer.checkpoints import Snapshot
from tuners.trainer.devices import Place
from tuners.trainer.protocol import (
    Ended,
    EndTrial,
    EpochDone,
    FromTrainer,
    Quit,
    Ready,
    RunTrial,
    Saved,
    Started,
    ToTrainer,
)

Script = Callable[["ScriptedTrainer", RunTrial], None]


class ScriptedTrainer:
    """Runs its script for each trial on a thread; killing it makes every further message and file vanish."""

    def __init__(self, script: Script, deliver: Deliver, pid: int) -> None:
        self.pid = pid
        self.sent: list[ToTrainer] = []
        self.killed = threading.Event()
        self._script = script
        self._deliver = deliver
        self._orders: Queue[ToTrainer | None] = Queue()
        self._ends: Queue[EndTrial] = Queue()
        self._exited = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    # -- What the worker calls ------------------------------------------------------------------------------------

    def send(self, message: ToTrainer) -> None:
        self.sent.append(message)
        if isinstance(message, EndTrial):
            self._ends.put(message)
        else:
            self._orders.put(message)

    def kill(self) -> None:
        self.exit(-9)

    def begin_log(self) -> None:
        pass

    def log(self) -> str:
        return f"printed by trainer {self.pid}"

    def close(self) -> None:
        self.kill()

    # -- What scripts call ----------------------------------------------------------------------------------------

    def say(self, message: FromTrainer) -> None:
        if not self.killed.is_set():
            self._deliver(message)

    def start(self, job: RunTrial) -> None:
        self.say(Started(job.trial_id, job.attempt, 1234))

    def epoch(self, job: RunTrial, number: int, *, execution: int = 0, score: float | None = None) -> None:
        metrics = {"loss": 1.0, "val_accuracy": 0.1 * number if score is None else score}
        self.say(EpochDone(job.trial_id, job.attempt, execution, number, metrics, 0.01))

    def checkpoint(self, job: RunTrial, epoch: int, *, kind: Literal["last", "best"] = "last") -> None:
        snapshot = Snapshot(kind, 0, epoch, False, ())
        written = checkpoints.write(snapshot, Path(job.scratch, f"{epoch}-{kind}.npz"))
        self.say(
            Saved(job.trial_id, job.attempt, kind, 0, epoch, str(written.path), written.sha256, written.size_bytes)
        )

    def end(self, job: RunTrial, outcome: Literal["completed", "stopped", "released", "abandoned"]) -> None:
        self.say(Ended(job.trial_id, job.attempt, outcome, 100.0))

    def wait_for_order(self, timeout_s: float = 30.0) -> EndTrial:
        return self._ends.get(timeout=timeout_s)

    def exit(self, returncode: int) -> None:
        with self._exited:
            if self.killed.is_set():
                return
            self.killed.set()
        self._orders.put(None)
        self._deliver(TrainerExited(returncode))

    def _run(self) -> None:
        self.say(Ready("tensorflow", "cpu:0", {}, 100.0))
        while (job := self._orders.get()) is not None:
            if isinstance(job, Quit):
                self.exit(0)
            elif isinstance(job, RunTrial):
                try:
                    self._script(self, job)
                except OSError:
                    # Killed, or its trial taken away: its folder is gone, and that is no fault of the test.
                    if not self.killed.is_set() and Path(job.scratch).exists():
                        raise


class ScriptedLauncher:
    """Hands out scripted trainers; `started` has all there ever were."""

    def __init__(self, script: Script, *, slots: int = 1) -> None:
        self.places = tuple(Place(number, None) for number in range(slots))
        self.started: list[ScriptedTrainer] = []
        self._script = script

    def start(self, place: Place, deliver: Deliver) -> ScriptedTrainer:
        trainer = ScriptedTrainer(self._script, deliver, pid=1000 + len(self.started))
        self.started.append(trainer)
        return trainer


def complete(trainer: ScriptedTrainer, job: RunTrial) -> None:
    """The plain case: every epoch, a checkpoint, the end."""
    first = job.start_epoch if job.resume is None else job.resume.epoch + 1
    trainer.start(job)
    for number in range(first, job.target_epochs):
        trainer.epoch(job, number)
    if first < job.target_epochs:
        trainer.checkpoint(job, job.target_epochs - 1, kind="best")
        trainer.checkpoint(job, job.target_epochs - 1)
    trainer.end(job, "completed")

"""The trainer's end of the pipes: sends messages, and knows when it has been told to end."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import BinaryIO

from tuners.trainer.protocol import (
    LINE_LIMIT,
    EndTrial,
    EpochDone,
    FromTrainer,
    How,
    ProtocolFault,
    Quit,
    RunTrial,
    decode_to_trainer,
    encode_from_trainer,
)

_PROTOCOL_EXIT = 70


class Control:
    """One trial's line to the worker, and how far the trial is.

    Attributes:
        trained: Whether a batch has been trained in this attempt.
        phase: The failure code of an exception, raised now, that says nothing about itself.
        epochs: What has been reported in this attempt.
    """

    def __init__(self, send: Callable[[FromTrainer], None], *, now: Callable[[], float] = time.monotonic) -> None:
        self._send = send
        self.trained = False
        self.epochs: list[EpochDone] = []
        self.phase = "build_error"
        self.how: How | None = None
        self._now = now
        self._deadline: float | None = None

    def send(self, message: FromTrainer) -> None:
        """Tell the worker."""
        if isinstance(message, EpochDone):
            self.epochs.append(message)
        self._send(message)

    def end(self, how: How, within_s: float | None) -> None:
        """Take the worker's order; a later one overrides (a release may turn into an abandonment)."""
        self._deadline = None if within_s is None else self._now() + within_s
        self.how = how

    def end_now(self) -> bool:
        """Whether to end after this batch."""
        how = self.how
        if how is None:
            return False
        if how == "release":
            return self._deadline is not None and self._now() >= self._deadline
        return True

    def end_after_epoch(self) -> bool:
        """Whether to end after this epoch, with a checkpoint."""
        return self.how is not None


class Link:
    """Reads orders on a thread of its own, so that an order reaches a trial in the middle of an epoch."""

    def __init__(self, reading: BinaryIO, writing: BinaryIO) -> None:
        self._reading = reading
        self._writing = writing
        self._write_lock = threading.Lock()
        self._jobs: SimpleQueue[RunTrial | Quit] = SimpleQueue()
        self._current: tuple[RunTrial, Control] | None = None
        self._early: EndTrial | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        threading.Thread(target=self._read, name="orders", daemon=True).start()

    def send(self, message: FromTrainer) -> None:
        """Write one line whole. The process ends when nobody reads any more."""
        line = encode_from_trainer(message)
        with self._write_lock:
            try:
                self._writing.write(line)
                self._writing.flush()
            except (BrokenPipeError, ValueError):
                os._exit(0)

    def next_job(self) -> RunTrial | None:
        """Wait for the next trial; None when the process is to end."""
        job = self._jobs.get()
        return None if isinstance(job, Quit) else job

    def control(self, job: RunTrial) -> Control:
        """The line of the trial that begins now, with any order that came before it began."""
        control = Control(self.send)
        with self._lock:
            self._current = (job, control)
            if self._early is not None and _meant(self._early, job):
                control.end(self._early.how, self._early.within_s)
            self._early = None
        return control

    def _read(self) -> None:
        while line := self._reading.readline(LINE_LIMIT + 1):
            try:
                message = decode_to_trainer(line)
            except ProtocolFault:
                os._exit(_PROTOCOL_EXIT)
            if isinstance(message, EndTrial):
                self._order(message)
            else:
                self._jobs.put(message)
        # The worker is gone. Whatever is being trained has no owner; nothing here needs tidying up.
        os._exit(0)

    def _order(self, order: EndTrial) -> None:
        with self._lock:
            if self._current is not None and _meant(order, self._current[0]):
                self._current[1].end(order.how, order.within_s)
            else:
                self._early = order


def _meant(order: EndTrial, job: RunTrial) -> bool:
    return (order.trial_id, order.attempt) == (job.trial_id, job.attempt)

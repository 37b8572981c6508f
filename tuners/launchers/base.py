"""The interface between a worker and whatever runs its trainers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tuners.trainer.devices import Place
from tuners.trainer.protocol import FromTrainer, ToTrainer


@dataclass(frozen=True, slots=True)
class TrainerExited:
    """The process is gone, and all of its output has been read. Negative: ended by that signal."""

    returncode: int


@dataclass(frozen=True, slots=True)
class TrainerGarbled:
    """It said something that is none of the protocol's messages. It is not read any further."""

    detail: str


TrainerEvent = FromTrainer | TrainerExited | TrainerGarbled

Deliver = Callable[[TrainerEvent], None]


class Trainer(Protocol):
    """One trainer process. Methods may be called from any thread, and after it has ended."""

    @property
    def pid(self) -> int: ...

    def send(self, message: ToTrainer) -> None:
        """Hand over an order. Does not wait for the trainer; one that is gone gets nothing, its end is an event."""
        ...

    def kill(self) -> None:
        """End it and every process it has started, at once. Its end is an event."""
        ...

    def begin_log(self) -> None:
        """Forget what it has printed so far."""
        ...

    def log(self) -> str:
        """What it has printed since, at most the last 64 KiB."""
        ...

    def close(self) -> None:
        """End it and wait until it is gone and its pipes are closed."""
        ...


class Launcher(Protocol):
    @property
    def places(self) -> tuple[Place, ...]:
        """Where trainers can run: one for each slot."""
        ...

    def start(self, place: Place, deliver: Deliver) -> Trainer:
        """Start a trainer at `place`. Its messages, in order, and then its one end go to `deliver`, on another thread.

        Call it from a thread that lives as long as the trainer may: on Linux the kernel ends a trainer together with
        the thread that started it.

        Raises:
            OSError: The process could not be started.
        """
        ...

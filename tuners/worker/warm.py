"""A slot's trainer, kept from trial to trial and replaced when it is due."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from storage.settings import Settings
from tuners.failures import without_paths
from tuners.launchers.base import Launcher, Trainer, TrainerEvent
from tuners.trainer.devices import Place
from tuners.trainer.protocol import Ready, RunTrial, ToTrainer

_log = structlog.get_logger()


class WarmTrainer:
    """At most one trainer process at a time. The slot's thread starts and ends it; any thread may `send` and `kill`.

    Args:
        arrive: Takes each event with the number of the process it comes from: one that is gone may still have things
            to say, which are not for its successor.
    """

    def __init__(
        self, launcher: Launcher, place: Place, settings: Settings, arrive: Callable[[TrainerEvent, int], None]
    ) -> None:
        self._launcher = launcher
        self._place = place
        self._settings = settings
        self._arrive = arrive
        self._process: Trainer | None = None
        self._ready: Ready | None = None
        self._trials = 0
        self._first_mb: float | None = None
        self._grown_mb = 0.0
        self._leaving = False
        self._code_of: str | None = None
        self.number = 0
        self.busy = False

    @property
    def exists(self) -> bool:
        return self._process is not None

    @property
    def pid(self) -> int | None:
        """Of its process, while there is one."""
        process = self._process
        return None if process is None else process.pid

    @property
    def is_ready(self) -> bool:
        """Whether it waits for a trial."""
        return self._ready is not None

    @property
    def device(self) -> str:
        """What it trains on. A pinned trainer sees its GPU as the first one, so the number is the place's."""
        ready = self._ready
        return self._place.device if ready is None or ready.device.startswith("gpu") else ready.device

    def start(self) -> bool:
        """Start a process where there is none; whether there is one now."""
        if self._process is not None:
            return True
        self.number += 1
        number = self.number
        self._leaving = False
        self._trials, self._first_mb, self._grown_mb, self._code_of = 0, None, 0.0, None
        try:
            self._process = self._launcher.start(self._place, lambda event: self._arrive(event, number))
        except OSError as error:
            _log.error("trainer_not_started", slot=self._place.number, message=without_paths(str(error)))
            return False
        return True

    def became_ready(self, ready: Ready) -> None:
        self._ready = ready
        _log.info("trainer_ready", slot=self._place.number, device=self.device, backend=ready.backend)
        if self._place.gpu is not None and not ready.device.startswith("gpu"):
            # A build of the backend without GPU support, or a driver that does not fit: slow, and easily overlooked.
            _log.warning("gpu_not_used", slot=self._place.number, gpu=self._place.gpu, device=ready.device)

    def reserve_for(self, owner: str) -> None:
        """End the process if it has run code of another owner's: what that left behind there must not meet this one."""
        if self._code_of not in (None, owner):
            _log.info("trainer_replaced", slot=self._place.number, trials=self._trials, reason="code of another owner")
            self.close()

    def begin(self, order: RunTrial, *, owner: str) -> None:
        """Give it a trial. Until `over` or `close` it is busy."""
        if "code" in order.resolved["model"]:
            self._code_of = owner
        process = self._process
        assert process is not None
        process.begin_log()
        self.busy = True
        self._trials += 1
        process.send(order)

    def over(self, memory_mb: float, *, leaves: bool = False) -> None:
        """It is free again, and its memory is so large; or it ends by itself, and must not be given anything more."""
        self.busy = False
        self._leaving = leaves
        if self._first_mb is None:
            self._first_mb = memory_mb
        self._grown_mb = memory_mb - self._first_mb

    def send(self, order: ToTrainer) -> None:
        process = self._process
        if process is not None:
            process.send(order)

    def kill(self) -> None:
        process = self._process
        if process is not None:
            process.kill()

    def log(self) -> str | None:
        """What it has printed since the trial began."""
        process = self._process
        return None if process is None else process.log() or None

    def close(self) -> str | None:
        """End it and wait until it is gone; what it has printed since its trial began."""
        process, self._process, self._ready, self.busy = self._process, None, None, False
        if process is None:
            return None
        process.close()
        return process.log() or None

    def close_if_due(self) -> None:
        """End it when it has run as many trials, or grown as much, as it may."""
        if self._process is None or self._trials == 0:
            return
        if (
            self._leaving
            or self._settings.isolation == "trial"
            or self._trials >= self._settings.trainer_max_trials
            or self._grown_mb > self._settings.trainer_max_growth_mb
        ):
            _log.info("trainer_replaced", slot=self._place.number, trials=self._trials, grown_mb=round(self._grown_mb))
            self.close()

"""When a checkpoint is worth its cost."""

from __future__ import annotations

import time
from collections.abc import Callable


class CheckpointPace:
    """Keeps checkpoints below a share of the training time.

    A checkpoint costs the trainer what it measured for the last one, and the worker a fixed time for moving and
    recording it. Small models so get about one checkpoint a second however short their epochs are; large ones wait
    until training has earned the next.
    """

    def __init__(
        self,
        *,
        share: float = 0.05,
        handling_s: float = 0.02,
        interval_s: float = 1.0,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._share = share
        self._handling_s = handling_s
        self._interval_s = interval_s
        self._now = now
        self._began = now()
        self._spent = 0.0
        self._next_cost = 0.0
        self._last = self._began

    def due(self) -> bool:
        """Whether a checkpoint now keeps the share."""
        now = self._now()
        if now - self._last < self._interval_s:
            return False
        return self._spent + self._next_cost + self._handling_s <= self._share * (now - self._began)

    def took(self, seconds: float) -> None:
        """Account for one that has been written."""
        self._spent += seconds + self._handling_s
        self._next_cost = seconds
        self._last = self._now()

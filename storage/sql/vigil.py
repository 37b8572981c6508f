"""Watches the wall clock where it judges leases (SQLite): a clock that jumps must not take leases from the living."""

from __future__ import annotations

import threading
from typing import Protocol

from storage.clock import Clock

JUMP_S = 5.0
SUSPEND_S = 60.0


class ClockVigil(Protocol):
    def may_reap(self) -> bool:
        """Whether the clock can be trusted to say that a lease has run out."""
        ...


class TrustedClock:
    """For a database that brings its own clock."""

    def may_reap(self) -> bool:
        return True


class WallClockVigil:
    """Compares the wall clock with the monotonic one between calls. After a jump of more than `JUMP_S` seconds nothing
    is reaped for `SUSPEND_S`: long enough for every living worker to renew by the new time. Safe for threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wall = clock.now()
        self._monotonic = clock.monotonic()
        self._suspended_until = self._monotonic

    def may_reap(self) -> bool:
        with self._lock:
            wall, monotonic = self._clock.now(), self._clock.monotonic()
            passed = monotonic - self._monotonic
            drift = (wall - self._wall).total_seconds() - passed
            self._wall, self._monotonic = wall, monotonic
            if abs(drift) > JUMP_S:
                self._suspended_until = monotonic + SUSPEND_S
            return monotonic >= self._suspended_until

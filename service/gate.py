"""Bounds how many requests do one slow thing at a time, so that quick ones always find a free thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service.errors import TooManyRequests


class Gate:
    """Lets `places` in; more wait for at most `wait_s`, then are sent away to come again. Thread-safe.

    Routes run on a pool of some forty threads. Checks of models wait for one another, each for up to a minute: without
    a gate, forty of them would silence the whole API.
    """

    def __init__(self, what: str, *, places: int, wait_s: float) -> None:
        self._what = what
        self._wait_s = wait_s
        self._places = threading.BoundedSemaphore(places)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Hold a place; raises TooManyRequests when none gets free in time."""
        if not self._places.acquire(timeout=self._wait_s):
            raise TooManyRequests(f"too many {self._what} are under way")
        try:
            yield
        finally:
            self._places.release()

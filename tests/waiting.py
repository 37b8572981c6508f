"""Waiting in tests: on a condition, with a deadline, never for a fixed time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal, TypeVar

T = TypeVar("T")


def wait_until(
    condition: Callable[[], T | Literal[False] | None],
    *,
    timeout_s: float = 30.0,
    every_s: float = 0.02,
    what: str = "",
) -> T:
    """The first true value of `condition`, looked at every `every_s` seconds.

    Raises:
        AssertionError: It stayed false for `timeout_s` seconds; says what was waited for.
    """
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not (found := condition()):
        if time.monotonic() >= deadline:
            raise AssertionError(f"waited {timeout_s} s in vain for {what or condition}")
        pause.wait(every_s)
    return found

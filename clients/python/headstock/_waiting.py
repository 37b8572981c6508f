# Made from _async/_waiting.py by `make twins`: edit that one.
"""Waiting for what the service does on its own time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from headstock._seam import Waiting
from headstock.errors import SearchFailed, WaitTimeout
from headstock.models import Reason, SearchState


class Ends(Protocol):
    """A handle of something that ends: a search, or a job."""

    @property
    def id(self) -> str: ...

    @property
    def state(self) -> SearchState: ...

    @property
    def reason(self) -> Reason | None: ...

    @property
    def ended(self) -> bool: ...

    def refresh(self) -> object: ...


E = TypeVar("E", bound=Ends)


def until_ended(
    handle: E,
    waiting: Waiting,
    *,
    look: Callable[[E], object] | None,
    timeout_s: float | None,
    poll_s: float,
) -> E:
    """The handle, once what it stands for has ended as COMPLETED or CANCELLED.

    Args:
        look: Called after every look at it.
        timeout_s: Seconds after which to give up; None waits for as long as it takes.
        poll_s: Seconds between two looks.

    Raises:
        SearchFailed: It ended as FAILED.
        WaitTimeout: It had not ended in time.
    """
    began = waiting.monotonic()
    while True:
        handle.refresh()
        if look is not None:
            look(handle)
        if handle.state == "FAILED":
            reason = handle.reason
            raise SearchFailed(
                handle.id,
                code=reason.code if reason else "unknown",
                reason=reason.message if reason else "the service gave no reason",
            )
        if handle.ended:
            return handle
        left_s = poll_s
        if timeout_s is not None:
            left_s = min(poll_s, began + timeout_s - waiting.monotonic())
            if left_s <= 0:
                raise WaitTimeout(handle.id, timeout_s=timeout_s)
        waiting.sleep(left_s)

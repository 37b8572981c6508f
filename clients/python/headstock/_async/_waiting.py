"""Waiting for what the service does on its own time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from headstock._async._http import AsyncHttp
from headstock.errors import ApiError, HeadstockError, SearchFailed, Unreachable, WaitTimeout
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

    async def refresh(self) -> object: ...


E = TypeVar("E", bound=Ends)


async def until_ended(
    handle: E,
    http: AsyncHttp,
    *,
    look: Callable[[E], Awaitable[object]] | None = None,
    away: Callable[[HeadstockError], Awaitable[object]] | None = None,
    timeout_s: float | None,
    poll_s: float,
) -> E:
    """The handle, once what it stands for has ended as COMPLETED or CANCELLED.

    A service that is away, such as one that is being restarted, is asked again for `Retries.away_s`.

    Args:
        look: Called after every look at it.
        away: Called instead, with the reason, when the service did not answer.
        timeout_s: Seconds after which to give up; None waits for as long as it takes.
        poll_s: Seconds between two looks.

    Raises:
        SearchFailed: It ended as FAILED.
        WaitTimeout: It had not ended in time.
        ApiError: The service refused in a way that trying again will not help.
        Unreachable: The service has been away for too long.
    """
    try:
        return await _until_ended(handle, http, look, away, timeout_s, poll_s)
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(f"Only the waiting was ended: {handle.id} goes on.")
        raise


async def _until_ended(
    handle: E,
    http: AsyncHttp,
    look: Callable[[E], Awaitable[object]] | None,
    away: Callable[[HeadstockError], Awaitable[object]] | None,
    timeout_s: float | None,
    poll_s: float,
) -> E:
    waiting = http.waiting
    began = answered = waiting.monotonic()
    while True:
        try:
            await handle.refresh()
            if look is not None:
                await look(handle)
        except (Unreachable, ApiError) as fault:
            if isinstance(fault, ApiError) and not fault.retryable:
                raise
            if waiting.monotonic() - answered >= http.retries.away_s:
                raise
            if away is not None:
                await away(fault)
        else:
            answered = waiting.monotonic()
            if handle.state == "FAILED":
                raise _failed(handle)
            if handle.ended:
                return handle
        left_s = poll_s
        if timeout_s is not None:
            left_s = min(poll_s, began + timeout_s - waiting.monotonic())
            if left_s <= 0:
                raise WaitTimeout(handle.id, timeout_s=timeout_s)
        await waiting.sleep(left_s)


def _failed(handle: Ends) -> SearchFailed:
    reason = handle.reason
    return SearchFailed(
        handle.id,
        code=reason.code if reason else "unknown",
        reason=reason.message if reason else "the service gave no reason",
    )

"""What differs between the awaiting client and the waiting one; `headstock._seam` is the other side.

anyio and asyncio are imported when they are first needed: the command line never does.
"""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

import httpx

from headstock.notebook.shown import RecordShown

if TYPE_CHECKING:
    from headstock._async._http import AsyncHttp
    from headstock._async.searches import AsyncSearch

T = TypeVar("T")
P = ParamSpec("P")


class SearchShown(RecordShown):
    """A notebook asks for the looks of a value without awaiting: the record is what can be shown."""


class TrialShown(RecordShown):
    """Likewise."""


async def _sleep(seconds: float) -> None:
    import anyio

    await anyio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class AsyncWaiting:
    """Time and chance, as the awaiting client uses them; tests give their own."""

    sleep: Callable[[float], Awaitable[None]] = _sleep
    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    draw: Callable[[], float] = random.random


class AsyncWatcher(Protocol):
    async def look(self, search: AsyncSearch) -> None:
        """Called after every look at the search, the last one included."""
        ...


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the function returns; it may take its time, the event loop goes on."""
    import anyio.to_thread

    return await anyio.to_thread.run_sync(lambda: function(*args, **kwargs))


async def listed(items: AsyncIterable[T]) -> list[T]:
    """All of them."""
    return [item async for item in items]


def release(owner: object, client: httpx.AsyncClient) -> None:
    """Connections can be closed by awaiting only: by `async with`, or `aclose`."""


@asynccontextmanager
async def progress_view(http: AsyncHttp) -> AsyncIterator[Callable[[AsyncSearch], Awaitable[None]]]:
    """Live progress on standard output: what is to be called after every look at the search."""
    from headstock._http import Http
    from headstock._seam import Waiting
    from headstock.progress import ProgressView
    from headstock.searches import Search

    # The view reads and draws without awaiting: it does so in a thread, through the connections of this client.
    twin = Http(
        http.connection,
        timeout_s=http.timeout_s,
        transport=_Bridge(http),
        retries=http.retries,
        waiting=Waiting(),
        user_agent=http.user_agent,
    )
    with ProgressView() as view:

        async def look(search: AsyncSearch) -> None:
            await in_thread(view.look, Search(twin, search.record))

        yield look


class _Bridge(httpx.BaseTransport):
    """Sends the requests of a thread through the awaiting client that started it."""

    def __init__(self, http: AsyncHttp) -> None:
        self._http = http

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        from anyio import from_thread

        return from_thread.run(self._exchanged, request)

    async def _exchanged(self, request: httpx.Request) -> httpx.Response:
        client = self._http.client
        response = await client.send(
            client.build_request(request.method, request.url, headers=request.headers, content=request.read())
        )
        # It has been read and decoded.
        coded = ("content-encoding", "content-length", "transfer-encoding")
        headers = [(name, value) for name, value in response.headers.multi_items() if name not in coded]
        return httpx.Response(response.status_code, headers=headers, content=response.content)

"""What differs between the awaiting client and the waiting one; `headstock._seam` is the other side.

anyio and asyncio are imported when they are first needed: the command line never does.
"""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

import httpx

from headstock.errors import HeadstockError, SearchFailed
from headstock.notebook.shown import RecordShown

if TYPE_CHECKING:
    from headstock._async._http import AsyncHttp
    from headstock._async.searches import AsyncSearch
    from headstock._http import Http
    from headstock.notebook.live import NotebookView
    from headstock.progress import ProgressView

T = TypeVar("T")
P = ParamSpec("P")
_views: set[Any] = set()
"""Tasks of views that go on by themselves; a loop keeps only weak references."""


class SearchShown(RecordShown):
    """A notebook asks for the looks of a value without awaiting: the record is what can be shown. `live` shows more."""


async def _sleep(seconds: float) -> None:
    import anyio

    await anyio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class AsyncWaiting:
    """Time and chance, as the awaiting client uses them; tests give their own.

    Attributes:
        sleep: Waits so many seconds.
        monotonic: Seconds of a clock that is never set back.
        now: The time, aware of its zone.
        draw: A number in [0, 1) that spreads the waits of clients that failed together.
    """

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
async def progress_view(http: AsyncHttp) -> AsyncIterator[_InThread]:
    """Live progress where it can be seen: what is to be told of every look at the search."""
    from headstock._http import Http
    from headstock._seam import Waiting, view_here

    twin = Http(
        http.connection,
        timeout_s=http.timeout_s,
        transport=_Bridge(http),
        retries=http.retries,
        waiting=Waiting(),
        user_agent=http.user_agent,
    )
    with view_here() as view:
        yield _InThread(view, twin)


@dataclass(slots=True)
class _InThread:
    """A view reads and draws without awaiting: it does so in a thread, through the connections of this client."""

    view: NotebookView | ProgressView
    twin: Http
    drawn: Callable[[], None] = lambda: None

    async def look(self, search: AsyncSearch) -> None:
        from headstock.searches import Search

        await in_thread(self.view.look, Search(self.twin, search.record))
        self.drawn()

    async def away(self, fault: HeadstockError) -> None:
        await in_thread(self.view.away, fault)


async def show_live(search: AsyncSearch, *, wait: bool) -> None:
    """See `AsyncSearch.live`."""
    from headstock.notebook.live import in_notebook

    if wait or not in_notebook():
        # The view has told how it ended.
        with suppress(SearchFailed):
            await search.wait(progress=True)
        return
    import asyncio

    begun = asyncio.Event()

    async def follow() -> None:
        # What goes wrong later stands below the view: nobody waits for this task.
        with suppress(HeadstockError):
            async with progress_view(search._http) as view:
                view.drawn = begun.set
                await search.wait(progress=view)

    task = asyncio.create_task(follow())
    _views.add(task)
    task.add_done_callback(_views.discard)
    # A view belongs to the cell that ran when it was first drawn.
    beginning = asyncio.ensure_future(begun.wait())
    await asyncio.wait({task, beginning}, return_when=asyncio.FIRST_COMPLETED)
    beginning.cancel()


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

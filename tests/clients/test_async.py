"""The awaiting client on the real API when things go wrong: lost answers, broken streams, cancellation, silence."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import headstock
import httpx
import pytest

from tests.clients.scene import definition, train
from tests.service.assembled import Service
from tests.waiting import wait_until

Program = Callable[[headstock.AsyncClient], Coroutine[Any, Any, None]]


@dataclass
class Network(httpx.AsyncBaseTransport):
    """The real one, with faults: each kind of request is answered, but its first answer gets lost on the way.

    Attributes:
        losing: Which requests, as method and end of the path.
        breaking: End of the path of streams that go through this instead, piece by piece.
    """

    losing: tuple[str, ...] = ()
    breaking: str | None = None
    through: Callable[[AsyncIterator[bytes]], AsyncIterator[bytes]] | None = None
    inner: httpx.AsyncHTTPTransport = field(default_factory=httpx.AsyncHTTPTransport)
    seen: Counter[str] = field(default_factory=Counter)
    last_ids: list[str] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        kind = f"{request.method} {request.url.path.rpartition('/')[2]}"
        self.seen[kind] += 1
        if "Last-Event-ID" in request.headers:
            self.last_ids.append(request.headers["Last-Event-ID"])
        response = await self.inner.handle_async_request(request)
        if kind in self.losing and self.seen[kind] == 1:
            await response.aread()
            await response.aclose()
            raise httpx.ReadError("the connection was reset")
        if self.through is not None and self.breaking is not None and request.url.path.endswith(self.breaking):
            return httpx.Response(response.status_code, headers=response.headers, stream=Pieces(response, self.through))
        return response

    async def aclose(self) -> None:
        await self.inner.aclose()


@dataclass
class Pieces(httpx.AsyncByteStream):
    response: httpx.Response
    through: Callable[[AsyncIterator[bytes]], AsyncIterator[bytes]]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self.response.stream, httpx.AsyncByteStream)
        async with contextlib.aclosing(self.through(aiter(self.response.stream))) as pieces:  # type: ignore[type-var]
            async for piece in pieces:
                yield piece

    async def aclose(self) -> None:
        await self.response.aclose()


@pytest.fixture
def run(live: headstock.Client, service: Service) -> Callable[..., None]:
    """Runs a program with an awaiting client of the service."""

    def in_loop(program: Program, **options: Any) -> None:
        async def main() -> None:
            options.setdefault("retries", headstock.Retries(first_wait_s=0.01))
            async with headstock.AsyncClient(live.url, service.token(owner="ada"), **options) as client:
                await program(client)

        asyncio.run(main())

    return in_loop


Run = Callable[..., None]


async def nothing_more() -> None:
    await asyncio.get_running_loop().create_future()


def test_lost_answers_are_asked_for_again_only_where_nothing_happens_twice(
    run: Run, service: Service, tmp_path: Path
) -> None:
    table = tmp_path / "old.csv"
    table.write_text("units,val_loss\n32,0.5\n64,0.25\n", encoding="utf-8")
    network = Network(losing=("POST searches", "GET counts", "POST import", "POST pause", "POST datasets"))

    async def program(client: headstock.AsyncClient) -> None:
        search = await client.submit(definition())
        imported = await client.import_results(table)
        assert imported.counts.completed == 2
        assert (await client.count_searches()).total == 2
        with pytest.raises(headstock.Unreachable, match="broke"):
            await search.pause()
        assert (await search.refresh()).state == "PAUSED"
        with pytest.raises(headstock.Unreachable):
            await client.upload_dataset(table)

    run(program, transport=network)
    assert {kind: network.seen[kind] for kind in network.losing} == {
        "POST searches": 2, "GET counts": 2, "POST import": 2, "POST pause": 1, "POST datasets": 1,
    }  # fmt: skip


def test_stream_that_breaks_goes_on_after_the_last_event_and_tells_nothing_twice(run: Run, service: Service) -> None:
    async def first_message(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        text = b""
        async for piece in pieces:
            text += piece
            start = text.find(b"data: ")
            end = text.find(b"\n\n", start)
            if start >= 0 and end >= 0:
                yield text[: end + 2]
                raise httpx.ReadError("the connection was reset")

    network = Network(breaking="/events", through=first_message)

    async def program(client: headstock.AsyncClient) -> None:
        search = await client.submit(definition())
        await search.pause()
        await search.cancel()
        events = [event async for event in search.events()]
        assert [event.kind for event in events] == ["search.created", "search.paused", "search.cancelled"]
        assert network.last_ids == ["0", str(events[0].seq), str(events[1].seq)]

    run(program, transport=network)


def test_trials_stream_as_they_end(run: Run, service: Service) -> None:
    async def program(client: headstock.AsyncClient) -> None:
        search = await client.submit(definition())
        told: list[float | None] = []

        async def read() -> None:
            async for trial in search.stream():
                told.append(trial.score)
                if len(told) == 2:
                    await client.search(search.id)
                    await search.cancel()

        reading = asyncio.create_task(read())
        await asyncio.to_thread(train, service, search, scores=[0.5, 0.75])
        async with asyncio.timeout(20):
            await reading
        assert told == [0.5, 0.75]

    run(program)


def test_cancelled_wait_leaves_search_and_client_as_they_are(run: Run) -> None:
    began = asyncio.Event()

    async def sleep(seconds: float) -> None:
        began.set()
        await nothing_more()

    async def program(client: headstock.AsyncClient) -> None:
        search = await client.submit(definition())
        waiting = asyncio.create_task(search.wait())
        await began.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await search.refresh()).state == "QUEUED"

    run(program, waiting=headstock.AsyncWaiting(sleep=sleep))


def test_cancelled_reader_of_events_lets_the_service_go(run: Run, service: Service) -> None:
    hub = service.app.state.context.hub

    async def program(client: headstock.AsyncClient) -> None:
        search = await client.submit(definition())
        first = asyncio.Event()

        async def read() -> None:
            async for _ in search.events():
                first.set()

        reading = asyncio.create_task(read())
        await first.wait()
        assert hub.count == 1
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await asyncio.to_thread(wait_until, lambda: hub.count == 0, what="the end of the stream")
        async with contextlib.aclosing(client.events(after=0)) as events:
            await anext(events)
            assert hub.count == 1
        await asyncio.to_thread(wait_until, lambda: hub.count == 0, what="the end of the closed stream")

    run(program)


def test_cancelled_download_leaves_no_file(run: Run, tmp_path: Path) -> None:
    began = asyncio.Event()

    async def stuck(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for piece in pieces:
            yield piece[:10]
            began.set()
            await nothing_more()

    async def program(client: headstock.AsyncClient) -> None:
        loading = asyncio.create_task(client.openapi(tmp_path / "files" / "openapi.json"))
        await began.wait()
        assert len(list((tmp_path / "files").iterdir())) == 1
        loading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loading
        assert list((tmp_path / "files").iterdir()) == []

    run(program, transport=Network(breaking="/openapi.json", through=stuck))


def test_service_that_is_silent_is_given_up_on_in_time(run: Run) -> None:
    async def program(client: headstock.AsyncClient) -> None:
        with pytest.raises(headstock.Unreachable, match="did not answer in time"):
            await client.search("s_1")

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"

        async def main() -> None:
            once = headstock.Retries(attempts=1)
            async with headstock.AsyncClient(url, timeout=0.2, retries=once) as client:
                await program(client)
            async with headstock.AsyncClient(url) as patient:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.2):
                        await patient.search("s_1")

        asyncio.run(main())


def test_wait_ends_in_time_and_shows_every_look(run: Run, service: Service) -> None:
    seen: list[str] = []

    class Watcher:
        async def look(self, search: headstock.AsyncSearch) -> None:
            seen.append(search.state)
            if len(seen) == 2:
                await search.cancel()

    async def program(client: headstock.AsyncClient) -> None:
        search = await client.submit(definition())
        with pytest.raises(headstock.WaitTimeout, match="goes on"):
            await search.wait(timeout=0.0)
        assert (await search.wait(progress=Watcher(), poll_s=0.01)).state == "CANCELLED"
        assert seen == ["QUEUED", "QUEUED"]

    run(program)


def test_many_requests_at_once(run: Run, service: Service) -> None:
    async def program(client: headstock.AsyncClient) -> None:
        search = await client.submit(definition())
        asked: list[Awaitable[headstock.AsyncSearch]] = [client.search(search.id) for _ in range(20)]
        assert {found.id for found in await asyncio.gather(*asked)} == {search.id}

    run(program)

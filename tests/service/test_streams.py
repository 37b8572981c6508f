"""Server-Sent Events: against a real server, since only there do streams stay open."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import Message

from service.limits import Limits
from service.server import address_of, listening_socket
from service.streams import EventHub, EventStream
from storage.ids import SearchId, TokenId
from tests.service.assembled import Service
from tests.service.scenes import start_trials
from tests.waiting import wait_until


class Served:
    """The app behind a real socket."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._clients: list[httpx.Client] = []
        self._sock = listening_socket("127.0.0.1", 0)
        self.url = address_of(self._sock)
        self.address: tuple[str, int] = self._sock.getsockname()
        config = uvicorn.Config(service.app, http="h11", loop="asyncio", log_config=None, lifespan="on", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._sock]}, daemon=True)

    def start(self) -> None:
        self._thread.start()
        wait_until(lambda: self._server.started, timeout_s=10)

    def stop(self) -> None:
        for client in self._clients:
            client.close()
        self.shut_down()

    def shut_down(self) -> None:
        self.service.app.state.context.hub.stop()
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._sock.close()
        assert not self._thread.is_alive(), "the server waits for something"

    def client(self, token: str) -> httpx.Client:
        client = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
            limits=httpx.Limits(max_connections=20),
        )
        self._clients.append(client)
        return client


@pytest.fixture
def served(service: Service) -> Iterator[Served]:
    server = Served(service)
    server.start()
    yield server
    server.stop()


Frame = dict[str, str]


@contextmanager
def _stream(client: httpx.Client, path: str, **headers: str) -> Iterator[Iterator[Frame]]:
    """The frames of a stream; comments are frames with the key ``."""
    with client.stream("GET", path, headers=headers) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield _frames(response)


def _frames(response: httpx.Response) -> Iterator[Frame]:
    frame: Frame = {}
    for line in response.iter_lines():
        if line:
            name, _, value = line.partition(":")
            frame[name] = value.strip()
        else:
            yield frame
            frame = {}


def _next_event(frames: Iterator[Frame]) -> dict[str, Any]:
    for frame in frames:
        if "data" in frame:
            event: dict[str, Any] = json.loads(frame["data"])
            assert frame["event"] == event["kind"]
            assert frame["id"] == str(event["seq"])
            return event
    raise AssertionError("the stream has ended")


def test_events_arrive_as_they_happen_and_resume_by_id(served: Served, definition: dict[str, Any]) -> None:
    client = served.client(served.service.token())
    with _stream(client, "/v1/events") as frames:
        assert next(frames) == {"retry": "1000"}
        assert "" in next(frames)  # A comment: the stream is live.
        search_id = client.post("/v1/searches", json=definition).json()["id"]
        kinds = [_next_event(frames)["kind"] for _ in range(2)]
        assert kinds == ["dataset.added", "search.created"]
        client.post(f"/v1/searches/{search_id}/pause")
        paused = _next_event(frames)
        assert (paused["kind"], paused["search_id"]) == ("search.paused", search_id)
    client.post(f"/v1/searches/{search_id}/resume")
    with _stream(client, "/v1/events", **{"Last-Event-ID": str(paused["seq"])}) as frames:
        assert _next_event(frames)["kind"] == "search.resumed"


def test_a_search_stream_replays_from_zero_and_hears_only_its_own(served: Served, definition: dict[str, Any]) -> None:
    client = served.client(served.service.token())
    first, second = (client.post("/v1/searches", json=definition).json()["id"] for _ in range(2))
    with _stream(client, f"/v1/searches/{second}/events", **{"Last-Event-ID": "0"}) as frames:
        assert _next_event(frames)["kind"] == "search.created"
        client.post(f"/v1/searches/{first}/cancel")
        client.post(f"/v1/searches/{second}/cancel")
        event = _next_event(frames)
        assert (event["kind"], event["search_id"]) == ("search.cancelled", second)


def test_owners_do_not_hear_each_other(served: Served, definition: dict[str, Any]) -> None:
    ada, bob = (served.client(served.service.token(owner=owner)) for owner in ("ada", "bob"))
    with _stream(ada, "/v1/events") as hers, _stream(bob, "/v1/events") as his:
        for frames in (hers, his):
            next(frames)
            next(frames)
        bob.post("/v1/searches", json=definition)
        search_id = ada.post("/v1/searches", json=definition).json()["id"]
        heard = _next_event(hers)
        while heard["kind"] != "search.created":
            assert not heard["kind"].startswith("search.")
            heard = _next_event(hers)
        assert heard["search_id"] == search_id


def test_a_number_from_the_future_resets(served: Served, definition: dict[str, Any]) -> None:
    client = served.client(served.service.token())
    client.post("/v1/searches", json=definition)
    newest = served.service.repository.last_event_seq()
    with _stream(client, "/v1/events", **{"Last-Event-ID": "999999"}) as frames:
        reset = _next_event(frames)
        assert (reset["kind"], reset["seq"]) == ("reset", newest)


def test_nothing_is_lost_or_doubled_between_replay_and_live(served: Served, definition: dict[str, Any]) -> None:
    client = served.client(served.service.token())
    search_id = SearchId(client.post("/v1/searches", json=definition).json()["id"])
    repository = served.service.repository

    def write() -> None:
        for number in range(10):
            start_trials(repository, search_id, [{"units": 32, "learning_rate": 0.001}], first=number)

    writer = threading.Thread(target=write)
    writer.start()
    with _stream(client, f"/v1/searches/{search_id}/events", **{"Last-Event-ID": "0"}) as frames:
        queued: list[dict[str, Any]] = []
        while len(queued) < 10:
            event = _next_event(frames)
            if event["kind"] == "trial.queued":
                queued.append(event)
    writer.join()
    assert [event["seq"] for event in queued] == sorted({event["seq"] for event in queued})
    assert len({event["trial_id"] for event in queued}) == 10


def test_the_eleventh_stream_of_a_token_is_refused(served: Served) -> None:
    client = served.client(served.service.token())
    streams = [client.stream("GET", "/v1/events") for _ in range(10)]
    for stream in streams:
        assert stream.__enter__().status_code == 200
    refused = client.get("/v1/events")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert served.client(served.service.token()).get("/v1/searches").status_code == 200
    streams.pop().__exit__(None, None, None)
    hub = served.service.app.state.context.hub
    wait_until(lambda: hub.count == 9, timeout_s=5)
    for stream in streams:
        stream.__exit__(None, None, None)


def test_a_reader_that_does_not_read_is_dropped_and_the_others_are_not(
    service: Service, definition: dict[str, Any]
) -> None:
    client = service.client(service.token())
    search_id = SearchId(client.post("/v1/searches", json=definition).json()["id"])
    limits = Limits(stream_queue=2, event_poll_s=0.01, send_timeout_s=60.0)
    hub = EventHub(service.repository, limits=limits, measures=service.app.state.context.measures)

    async def scene() -> None:
        never = asyncio.Event()
        quick: list[bytes] = []

        async def frozen_send(_message: Message) -> None:
            await never.wait()

        async def quick_send(message: Message) -> None:
            quick.append(message.get("body", b""))

        async def receive() -> Message:
            await never.wait()
            return {"type": "http.disconnect"}

        streams = []
        for send in (frozen_send, quick_send):
            reader = hub.open(owner="ada", token_id=TokenId("k_1"), search_id=search_id)
            stream = EventStream(hub, reader, repository=service.repository, limits=limits, after=None, reset=False)
            streams.append(asyncio.create_task(stream({"type": "http"}, receive, send)))
        await _eventually(lambda: b": live\n\n" in quick)
        for number in range(10):
            values = [{"units": 32, "learning_rate": 0.001}]
            await asyncio.to_thread(start_trials, service.repository, search_id, values, first=number)
            await _eventually(partial(_told, quick, number + 1))
        await asyncio.wait_for(streams[0], timeout=10)
        assert hub.count == 1
        await asyncio.to_thread(hub.stop)
        await asyncio.wait_for(streams[1], timeout=10)
        assert hub.count == 0

    asyncio.run(scene())


def _told(stream: list[bytes], trials: int) -> bool:
    return b"".join(stream).count(b"event: trial.queued") == trials


async def _eventually(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, condition, timeout_s=10)


@pytest.mark.parametrize("turn", range(5))
def test_shutting_down_does_not_wait_for_streams(service: Service, turn: int) -> None:
    """Several turns: the end of a stream races with what it is sending."""
    server = Served(service)
    server.start()
    client = server.client(service.token())
    with _stream(client, "/v1/events") as frames:
        next(frames)
        server.shut_down()
        assert not [frame for frame in frames if "data" in frame]
    client.close()

"""Server-Sent Events: the format, going on after a break, and the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import headstock
import httpx
import pytest
from headstock._events import Frame, frames

from tests.clients.service_double import Script, Time, client_of, ok, problem, search

SEARCH = "/v1/searches/s_1"
EVENTS = f"{SEARCH}/events"
ALIVE = ": still here\n\n"


def line(seq: int, kind: str = "trial.ended") -> str:
    return f"id: {seq}\nevent: {kind}\ndata: {json.dumps({'seq': seq, 'kind': kind, 'payload': {}})}\n\n"


def stream(*parts: str, fault: Exception | None = None) -> Callable[[httpx.Request], httpx.Response]:
    """An answer that sends the parts and then ends, or breaks with `fault`."""

    def content() -> Iterator[bytes]:
        for part in parts:
            yield part.encode()
        if fault is not None:
            raise fault

    return lambda request: httpx.Response(200, headers={"content-type": "text/event-stream"}, content=content())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data: a\ndata:b\n\n", [Frame("", "message", "a\nb")]),
        ("id: 7\nevent: x\ndata: a\n\ndata: b\n\n", [Frame("7", "x", "a"), Frame("7", "message", "b")]),
        (": still here\n\ndata: a\n\n", [None, Frame("", "message", "a")]),
        ("event: x\n\ndata: a\n\n", [Frame("", "message", "a")]),
        ("retry: 1000\nfuture: yes\ndata\n\n", [Frame("", "message", "")]),
        ("data: whole\n\ndata: cut short\n", [Frame("", "message", "whole")]),
    ],
    ids=["lines", "id stays", "comment", "no data", "other fields", "cut short"],
)
def test_format(text: str, expected: list[Frame | None]) -> None:
    assert list(frames(text.split("\n")[:-1])) == expected


def test_broken_stream_goes_on_after_the_last_event_and_tells_nothing_twice() -> None:
    time = Time()
    script = Script().on("GET", SEARCH, ok(search()))
    script.on(
        "GET",
        EVENTS,
        stream(line(1), line(2), fault=httpx.ReadError("reset")),
        httpx.ConnectError("refused"),
        stream(line(2), line(3)),
        stream(line(4), line(5, "search.completed"), line(6)),
    )
    found = client_of(script, time=time).search("s_1")
    assert [event.seq for event in found.events()] == [1, 2, 3, 4, 5]
    assert [request.headers["Last-Event-ID"] for request in script.to("GET", EVENTS)] == ["0", "2", "2", "3"]
    assert time.slept == [0.25, 0.5, 0.25]


def test_search_that_has_ended_tells_all_that_is_stored() -> None:
    script = Script().on("GET", SEARCH, ok(search(state="COMPLETED")))
    script.on("GET", EVENTS, stream(line(8), line(9, "search.completed")))
    assert [event.seq for event in client_of(script).search("s_1").events(after=7)] == [8, 9]
    assert script.to("GET", EVENTS)[0].headers["Last-Event-ID"] == "7"


def test_who_has_seen_the_end_already_is_let_go_after_a_quiet_time() -> None:
    script = Script().on("GET", SEARCH, ok(search(state="COMPLETED")))
    script.on("GET", EVENTS, stream(": live\n\n", line(9, "search.completed"), ALIVE, ALIVE, line(10)))
    assert list(client_of(script).search("s_1").events(after=9)) == []


def test_quiet_time_counts_from_the_last_event_and_after_the_end() -> None:
    script = Script().on("GET", SEARCH, *[ok(search())] * 3, ok(search(state="CANCELLED")))
    script.on("GET", EVENTS, stream(line(1), ALIVE, ALIVE, line(2), ALIVE, ALIVE, line(3)))
    assert [event.seq for event in client_of(script).search("s_1").events()] == [1, 2]


def test_deleted_search_ends_the_stream() -> None:
    script = Script().on("GET", SEARCH, ok(search()), ok(search()), problem(404, "not_found"))
    script.on("GET", EVENTS, stream(line(1, "search.deleted"), ALIVE, ALIVE, line(2)))
    assert [event.seq for event in client_of(script).search("s_1").events()] == [1]


def test_numbering_that_began_anew_is_told_and_followed() -> None:
    script = Script().on("GET", SEARCH, ok(search()))
    script.on("GET", EVENTS, stream(line(3, "reset"), line(4, "search.completed")))
    assert [event.kind for event in client_of(script).search("s_1").events(after=900)] == ["reset", "search.completed"]


def test_service_that_stays_away_is_given_up_on() -> None:
    time = Time()
    script = Script().on("GET", SEARCH, ok(search())).on("GET", EVENTS, httpx.ConnectError("refused"))
    with pytest.raises(headstock.Unreachable):
        list(client_of(script, time=time, retries=headstock.Retries(away_s=12.0)).search("s_1").events())
    # The pauses grow to five seconds, so that news are soon there again when the service is.
    assert time.slept == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0]


def test_refusal_is_raised() -> None:
    script = Script().on("GET", SEARCH, ok(search())).on("GET", EVENTS, problem(404, "not_found"))
    with pytest.raises(headstock.NotFound):
        list(client_of(script).search("s_1").events())


def test_all_events_begin_now_unless_told_otherwise() -> None:
    script = Script().on("GET", "/v1/events", stream(line(4)))
    client = client_of(script)
    assert next(client.events()).seq == 4
    assert next(client.events(after=3)).seq == 4
    first, second = script.requests
    assert "Last-Event-ID" not in first.headers
    assert second.headers["Last-Event-ID"] == "3"

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


def quiet(*parts: str) -> Callable[[httpx.Request], httpx.Response]:
    """A stream that stays open with nothing more to say."""
    return stream(*parts, fault=httpx.ReadTimeout("silence"))


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
    script = Script().on("GET", SEARCH, ok(search()), ok(search()), ok(search(state="COMPLETED")))
    script.on(
        "GET",
        EVENTS,
        stream(line(1), line(2), fault=httpx.ReadError("reset")),
        httpx.ConnectError("refused"),
        stream(line(2), line(3), line(4, "search.completed")),
        quiet(line(5, "trial.cancelled")),
    )
    found = client_of(script, time=time).search("s_1")
    assert [event.seq for event in found.events()] == [1, 2, 3, 4, 5]
    assert [request.headers["Last-Event-ID"] for request in script.to("GET", EVENTS)] == ["0", "2", "2", "4"]
    assert time.slept == [0.25, 0.5]


def test_search_that_has_ended_tells_what_is_stored_and_ends() -> None:
    script = Script().on("GET", SEARCH, ok(search(state="COMPLETED")))
    script.on("GET", EVENTS, quiet(line(8), line(9, "search.completed")))
    assert [event.seq for event in client_of(script).search("s_1").events(after=7)] == [8, 9]
    assert script.to("GET", EVENTS)[0].headers["Last-Event-ID"] == "7"


def test_keep_alive_is_when_a_missed_end_is_noticed() -> None:
    script = Script().on("GET", SEARCH, ok(search()), ok(search()), ok(search(state="CANCELLED")))
    script.on("GET", EVENTS, stream(line(1), ": still here\n\n", line(2)), quiet(line(2)))
    assert [event.seq for event in client_of(script).search("s_1").events()] == [1, 2]


def test_deleted_search_ends_the_stream() -> None:
    script = Script().on("GET", SEARCH, ok(search()), ok(search()), problem(404, "not_found"))
    script.on("GET", EVENTS, stream(line(1, "search.deleted")), quiet())
    assert [event.seq for event in client_of(script).search("s_1").events()] == [1]


def test_numbering_that_began_anew_is_told_and_followed() -> None:
    script = Script().on("GET", SEARCH, ok(search()), ok(search()), ok(search(state="COMPLETED")))
    script.on("GET", EVENTS, stream(line(3, "reset"), line(4, "search.completed")), quiet())
    assert [event.kind for event in client_of(script).search("s_1").events(after=900)] == ["reset", "search.completed"]


def test_service_that_stays_away_is_given_up_on() -> None:
    time = Time()
    script = Script().on("GET", SEARCH, ok(search())).on("GET", EVENTS, httpx.ConnectError("refused"))
    with pytest.raises(headstock.Unreachable):
        list(client_of(script, time=time, retries=headstock.Retries(attempts=3)).search("s_1").events())
    assert len(time.slept) == 2


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

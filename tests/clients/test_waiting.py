"""Waiting for what the service does: through its restarts, and what is said when it stays away or is interrupted."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any

import headstock
import httpx
import pytest
from headstock.errors import HeadstockError
from headstock.progress import ProgressView
from rich.console import Console

from service import examples
from tests.clients.service_double import Script, Time, client_of, ok, page, problem, search, trial

SEARCH = "/v1/searches/s_1"
AWAY = httpx.ConnectError("[Errno 111] Connection refused")


def restarted(times: int) -> Script:
    """A service that is away for so many requests, and where the search has ended when it is back."""
    return Script().on("GET", SEARCH, ok(search()), *[AWAY] * times, ok(search(state="COMPLETED")))


@dataclass
class Told:
    seen: list[str] = field(default_factory=list)

    def look(self, search: headstock.Search) -> None:
        self.seen.append(search.state)

    def away(self, fault: HeadstockError) -> None:
        self.seen.append(type(fault).__name__)


def test_wait_goes_on_through_a_restart_and_tells_its_watcher() -> None:
    told = Told()
    # More refusals than one request is repeated for.
    found = client_of(restarted(12), time=Time()).search("s_1").wait(progress=told)
    assert found.state == "COMPLETED"
    assert told.seen == ["Unreachable", "Unreachable", "COMPLETED"]


def test_a_watcher_need_not_care_for_restarts() -> None:
    class OnlyLooks:
        def look(self, search: headstock.Search) -> None:
            assert search.ended

    assert client_of(restarted(12), time=Time()).search("s_1").wait(progress=OnlyLooks()).ended


def test_wait_gives_up_on_a_service_that_stays_away() -> None:
    time = Time()
    script = Script().on("GET", SEARCH, ok(search()), AWAY)
    found = client_of(script, time=time, retries=headstock.Retries(away_s=30.0)).search("s_1")
    with pytest.raises(headstock.Unreachable, match="is the service running"):
        found.wait()
    assert 30.0 <= time.seconds < 40.0


def test_wait_ends_in_its_own_time_while_the_service_is_away() -> None:
    time = Time()
    script = Script().on("GET", SEARCH, ok(search()), AWAY)
    with pytest.raises(headstock.WaitTimeout):
        client_of(script, time=time).search("s_1").wait(timeout=10.0)
    assert time.seconds < 20.0


def test_refusal_that_will_not_change_ends_the_waiting_at_once() -> None:
    script = Script().on("GET", SEARCH, ok(search()), problem(401, "unauthenticated"))
    with pytest.raises(headstock.Unauthenticated):
        client_of(script).search("s_1").wait()
    assert len(script.requests) == 2


def test_jobs_are_waited_for_in_the_same_way() -> None:
    running: dict[str, Any] = {**examples.FINAL, "id": "s_9", "state": "RUNNING", "report": None}
    script = Script().on("GET", "/v1/final/s_9", ok(running), *[AWAY] * 6, ok({**running, "state": "COMPLETED"}))
    assert client_of(script).final("s_9").wait().ended


def test_interrupted_wait_says_that_the_search_goes_on() -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    script = Script().on("GET", SEARCH, ok(search()))
    waiting = headstock.Waiting(sleep=interrupted)
    client = headstock.Client("http://headstock.test", "x", transport=httpx.MockTransport(script), waiting=waiting)
    with pytest.raises(KeyboardInterrupt) as caught:
        client.search("s_1").wait()
    assert caught.value.__notes__ == ["Only the waiting was ended: s_1 goes on."]


def test_lines_of_progress_say_once_that_the_service_is_away() -> None:
    script = restarted(12).on("GET", f"{SEARCH}/trials", page([trial(0), trial(1)]))
    out = io.StringIO()
    with ProgressView(console=Console(file=out, width=60)) as view:
        client_of(script).search("s_1").wait(progress=view)
    lines = out.getvalue().splitlines()
    assert [line for line in lines if "waiting" in line] == [
        "waiting for the service: nothing answers at http://headstock.test ([Errno 111] Connection refused): "
        "is the service running? and is its address right?"
    ]
    assert lines[-1].startswith("COMPLETED")


def test_stream_of_trials_waits_for_the_service_between_an_event_and_its_trial() -> None:
    event = {"seq": 1, "kind": "trial.completed", "search_id": "s_1", "trial_id": "t_0"}
    last = {"seq": 2, "kind": "search.completed", "search_id": "s_1", "trial_id": None}
    text = "".join(f"id: {each['seq']}\ndata: {json.dumps(each)}\n\n" for each in (event, last))
    script = Script().on("GET", SEARCH, ok(search()))
    script.on("GET", f"{SEARCH}/events", httpx.Response(200, text=text))
    script.on("GET", "/v1/trials/t_0", *[AWAY] * 9, ok(trial(0)))
    assert [each.number for each in client_of(script).search("s_1").stream()] == [0]


def test_one_read_is_not_repeated_for_as_long() -> None:
    script = Script().on("GET", SEARCH, AWAY)
    with pytest.raises(headstock.Unreachable):
        client_of(script).search("s_1")
    assert len(script.requests) == 5

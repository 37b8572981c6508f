"""Searches on the command line: submitted, found, watched, counted, deleted."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
import typer
from headstock.cli.overrides import overridden

from tests.clients.cli.running import SEARCH, Run
from tests.clients.service_double import Script, ok, page, problem, search


def test_submit_says_how_to_go_on(run: Run, script: Script, definition: Path) -> None:
    warned = search(warnings=[{"code": "few_trials", "message": "the space has 3 points only"}])
    script.on("POST", "/v1/searches", ok(warned, status=201))
    ran = run("submit", str(definition), "--name", "b", "--set", "tuner.max_trials=5", "--set", "hyperparameters.0.x=y")
    assert ran.code == 0
    assert json.loads(script.requests[0].content) == {
        "name": "b",
        "tuner": {"type": "random", "max_trials": 5},
        "hyperparameters": [{"name": "units", "x": "y"}],
    }
    assert "headstock watch s_1" in ran.out
    assert "the space has 3 points only" in ran.out


def test_submit_and_watch_stays_until_the_end(run: Run, script: Script, definition: Path) -> None:
    script.on("POST", "/v1/searches", ok(search(), status=201))
    script.on("GET", SEARCH, ok(search()), ok(search(state="COMPLETED")))
    ran = run("submit", str(definition), "--watch")
    assert ran.code == 0
    assert "trial 1 completed" in ran.out
    assert ran.out.rstrip().splitlines()[-1].startswith("COMPLETED")


def test_refused_definition_is_one_message_with_its_places(run: Run, script: Script, definition: Path) -> None:
    faults = [{"pointer": "/model/layers/0/layer", "code": "unknown_layer", "detail": "no layer is called [Dens]"}]
    script.on("POST", "/v1/searches", problem(422, "invalid_definition", errors=faults))
    ran = run("submit", str(definition))
    assert ran.code == 2
    assert ran.err.splitlines() == [
        "Error: it is so (invalid_definition)",
        "  /model/layers/0/layer: no layer is called [Dens]",
    ]
    assert ran.out == ""


@pytest.mark.parametrize("arguments", [["searches"], ["best", "latest"], ["datasets", "list"], ["workers"]])
def test_service_that_is_down_is_a_message_and_exit_code_1(run: Run, script: Script, arguments: list[str]) -> None:
    for path in ("/v1/searches", "/v1/datasets", "/v1/workers"):
        script.on("GET", path, httpx.ConnectError("refused"))
    ran = run(*arguments)
    assert ran.code == 1
    assert ran.err.startswith("Error: nothing answers at http://headstock.test")
    assert "Traceback" not in ran.err


def test_wrong_use_is_exit_code_2(run: Run) -> None:
    assert run("watch", "--nonsense").code == 2
    assert run("searches", "--state", "NAPPING").code == 2
    assert run("searches", "--tag", "vision").code == 2


def test_search_is_found_by_latest_id_and_name(run: Run, script: Script) -> None:
    script.on("GET", "/v1/searches", page([search(id="s_1"), search(id="s_2", name="wine")]))
    script.on("POST", "/v1/searches/s_1/pause", ok(search(state="PAUSED")))
    script.on("POST", "/v1/searches/s_2/pause", ok(search(id="s_2", name="wine", state="PAUSED")))
    assert "digits-mlp (s_1) is PAUSED" in run("pause", "latest").out
    assert "digits-mlp (s_1) is PAUSED" in run("pause", "s_1").out
    assert "wine (s_2) is PAUSED" in run("pause", "wi").out


def test_name_that_fits_several_or_none_is_an_error(run: Run, script: Script) -> None:
    script.on("GET", "/v1/searches", page([search(id="s_1", name="wine-1"), search(id="s_2", name="wine-2")]))
    ran = run("pause", "wine")
    assert ran.code == 1
    assert "s_1  wine-1" in ran.err
    assert "s_2  wine-2" in ran.err
    assert run("pause", "beer").code == 1


def test_whole_name_wins_over_a_longer_one(run: Run, script: Script) -> None:
    script.on("GET", "/v1/searches", page([search(id="s_2", name="wine-2"), search(id="s_1", name="wine")]))
    script.on("POST", "/v1/searches/s_1/cancel", ok(search(name="wine", state="CANCELLED")))
    assert "wine (s_1) is CANCELLED" in run("cancel", "wine").out


def test_latest_of_none_says_how_to_start_one(run: Run, script: Script) -> None:
    script.on("GET", "/v1/searches", page([]))
    ran = run("best")
    assert (ran.code, "headstock submit" in ran.err) == (1, True)


def test_watch_of_a_failed_search_fails_with_its_reason(run: Run, script: Script) -> None:
    reason = {"code": "build_error", "message": "no such shape"}
    script.on("GET", SEARCH, ok(search(state="FAILED", state_reason=reason)))
    ran = run("watch", "s_1")
    assert ran.code == 1
    assert "no such shape" in ran.err


def test_interrupted_watch_leaves_the_search_and_says_how_to_come_back(run: Run, script: Script) -> None:
    def interrupted(request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    script.on("GET", SEARCH, ok(search()), interrupted)
    ran = run("watch", "s_1")
    assert ran.code == 130
    assert "headstock watch s_1" in ran.out
    assert {request.method for request in script.requests} == {"GET"}


def test_delete_asks_first(run: Run, script: Script) -> None:
    script.on("DELETE", SEARCH, httpx.Response(204))
    assert run("delete", "s_1", stdin="n\n").code == 1
    assert script.to("DELETE", SEARCH) == []
    assert run("delete", "s_1", stdin="y\n").code == 0
    assert run("delete", "s_1", "--yes").code == 0
    assert len(script.to("DELETE", SEARCH)) == 2


def test_json_of_searches_is_the_services_keys(run: Run) -> None:
    (shown,) = run("searches", "--json").json()
    assert search().items() >= {name: shown[name] for name in ("id", "state", "progress", "best")}.items()


def test_count_asks_for_no_more_than_that(run: Run, script: Script) -> None:
    script.on("GET", "/v1/searches", page([search(id="s_1"), search(id="s_2"), search(id="s_3")], "next"))
    assert len(run("searches", "--count", "2", "--json").json()) == 2
    assert script.requests[0].url.params["limit"] == "2"
    assert len(script.requests) == 1


def test_override_that_leads_nowhere_is_wrong_use() -> None:
    assert overridden({}, ["a.b=[1]"]) == {"a": {"b": [1]}}
    for assignment in ("a", "=1", "a.5=1", "a.b.c=1"):
        with pytest.raises(typer.BadParameter):
            overridden({"a": [1]}, [assignment])

"""Searches and trials through the client: lists, waiting, events, files, tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import headstock
import httpx
import pytest

from tests.clients.service_double import Script, Time, client_of, epoch, ok, page, problem, search, trial

SEARCH = "/v1/searches/s_1"


@pytest.fixture
def script() -> Script:
    return Script().on("GET", SEARCH, ok(search()))


@pytest.fixture
def running(script: Script) -> headstock.Search:
    return client_of(script).search("s_1")


def test_list_goes_through_all_pages_one_at_a_time(script: Script) -> None:
    script.on("GET", "/v1/searches", page([search(id="s_2")], "next"), page([search(id="s_1")]))
    found = client_of(script).searches(state="RUNNING", tag={"team": "vision"})
    assert next(found).id == "s_2"
    assert len(script.requests) == 1
    assert [item.id for item in found] == ["s_1"]
    first, second = script.requests
    assert first.url.params["state"] == second.url.params["state"] == "RUNNING"
    assert first.url.params["tag"] == "team:vision"
    assert "page_token" not in first.url.params
    assert second.url.params["page_token"] == "next"


def test_service_that_repeats_a_page_does_not_make_an_endless_list(script: Script) -> None:
    script.on("GET", "/v1/searches", page([search()], "same"))
    with pytest.raises(headstock.UnexpectedAnswer, match="twice"):
        list(client_of(script).searches())


def test_unknown_fields_are_ignored(script: Script) -> None:
    script.on("GET", SEARCH, ok(search(invented_later={"a": 1}, trials={"queued": 1, "napping": 3})))
    assert client_of(script).search("s_1").counts.queued == 1


def test_definition_comes_from_a_file_or_a_mapping(script: Script, tmp_path: Path) -> None:
    script.on("POST", "/v1/searches", ok(search(), status=201))
    client = client_of(script)
    file = tmp_path / "search.json"
    file.write_text('{"name": "größe"}', encoding="utf-8")
    client.submit(file)
    client.submit(str(file))
    client.submit({"name": "größe"})
    assert {request.content for request in script.requests} == {'{"name":"größe"}'.encode()}


@pytest.mark.parametrize(
    ("text", "said"),
    [('{"a": 1,}', "line 1, column 9"), ("[1]", "not a JSON object"), ("\udcff", "UTF-8")],
    ids=["broken", "list", "bytes"],
)
def test_bad_file_is_named_before_anything_is_sent(tmp_path: Path, text: str, said: str) -> None:
    script = Script()
    file = tmp_path / "search.json"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(headstock.HeadstockError, match=said) as caught:
        client_of(script).submit(file)
    assert str(file) in str(caught.value)
    assert script.requests == []


def test_value_that_json_cannot_hold_is_refused_before_anything_is_sent() -> None:
    script = Script()
    with pytest.raises(headstock.HeadstockError, match="JSON"):
        client_of(script).submit({"seed": float("nan")})
    assert script.requests == []


def test_wait_returns_once_the_search_has_ended(script: Script) -> None:
    time = Time()
    script.on("GET", SEARCH, ok(search()), ok(search()), ok(search(state="PAUSED")), ok(search(state="COMPLETED")))
    found = client_of(script, time=time).search("s_1")
    assert found.wait(poll_s=2.0) is found
    assert found.state == "COMPLETED"
    assert time.slept == [2.0, 2.0]


def test_wait_raises_the_reason_of_a_failed_search(script: Script) -> None:
    reason = {"code": "build_error", "message": "Dense needs a rank of 2"}
    script.on("GET", SEARCH, ok(search(state="FAILED", state_reason=reason)))
    with pytest.raises(headstock.SearchFailed, match="rank of 2") as caught:
        client_of(script).search("s_1").wait()
    assert (caught.value.search_id, caught.value.code) == ("s_1", "build_error")


def test_wait_gives_up_in_time_and_not_before(running: headstock.Search, script: Script) -> None:
    time = Time()
    found = client_of(script, time=time).search("s_1")
    with pytest.raises(headstock.WaitTimeout, match="goes on"):
        found.wait(timeout=2.5, poll_s=1.0)
    assert time.slept == [1.0, 1.0, 0.5]


def test_wait_shows_every_look_to_a_watcher(script: Script) -> None:
    script.on("GET", SEARCH, ok(search()), ok(search()), ok(search(state="COMPLETED")))
    seen: list[str] = []

    class Watcher:
        def look(self, search: headstock.Search) -> None:
            seen.append(search.state)

    client_of(script).search("s_1").wait(progress=Watcher())
    assert seen == ["RUNNING", "COMPLETED"]


def test_best_has_values_definition_and_code(running: headstock.Search, script: Script) -> None:
    best = trial(1, definition={"model": {}}, code="import keras\n")
    script.on("GET", f"{SEARCH}/best", page([best]))
    (leader,) = running.best(3)
    assert script.requests[-1].url.params["count"] == "3"
    assert (leader.number, leader.score, leader.best_epoch) == (1, 0.91, 2)
    assert leader.hyperparameters == {"units": 64, "learning_rate": 0.001}
    assert (leader.metrics, leader.definition, leader.code) == ({"val_accuracy": 0.91}, {"model": {}}, "import keras\n")


def test_moves_keep_the_answered_record(running: headstock.Search, script: Script) -> None:
    script.on("POST", f"{SEARCH}/pause", ok(search(state="PAUSED")))
    script.on("PATCH", SEARCH, ok(search(state="PAUSED", parallelism=4)))
    assert running.pause().state == "PAUSED"
    assert running.change(parallelism=4, limits={"max_trials": None}).record.parallelism == 4
    assert json.loads(script.requests[-1].content) == {"parallelism": 4, "limits": {"max_trials": None}}


def test_trial_gives_its_curve_and_its_model(running: headstock.Search, script: Script, tmp_path: Path) -> None:
    script.on("GET", f"{SEARCH}/trials", page([trial(0), trial(1)]))
    script.on("GET", "/v1/trials/t_1/epochs", page([epoch(0, loss=1.0)], "p"), page([epoch(1, loss=None)]))
    script.on("GET", "/v1/trials/t_1/model", httpx.Response(200, content=b"keras file"))
    found = running.trial(1)
    assert [row.metrics for row in found.epochs()] == [{"loss": 1.0}, {"loss": None}]
    assert found.download_model(tmp_path) == tmp_path / "trial-1.keras"
    assert (tmp_path / "trial-1.keras").read_bytes() == b"keras file"
    with pytest.raises(LookupError, match="no trial 7"):
        running.trial(7)


def test_an_estimators_file_has_its_own_suffix(running: headstock.Search, script: Script, tmp_path: Path) -> None:
    named = {"Content-Disposition": 'attachment; filename="trial-1.skops"'}
    script.on("GET", f"{SEARCH}/trials", page([trial(0), trial(1)]))
    script.on("GET", "/v1/trials/t_1/model", httpx.Response(200, content=b"skops file", headers=named))
    found = running.trial(1)
    assert found.download_model(tmp_path) == tmp_path / "trial-1.skops"
    assert found.download_model(tmp_path, name="wine.v2-1") == tmp_path / "wine.v2-1.skops"
    assert found.download_model(tmp_path / "mine") == tmp_path / "mine"


def test_refused_download_leaves_no_file(running: headstock.Search, script: Script, tmp_path: Path) -> None:
    script.on("GET", f"{SEARCH}/trials", page([trial(0)]))
    script.on("GET", "/v1/trials/t_0/model", problem(409, "model_not_ready"))
    with pytest.raises(headstock.ModelNotReady):
        running.trial(0).download_model(tmp_path / "best.keras")
    assert list(tmp_path.iterdir()) == []


def test_download_that_breaks_leaves_what_was_there(script: Script, tmp_path: Path) -> None:
    def torn() -> Iterator[bytes]:
        yield b"half a"
        raise httpx.ReadError("connection reset")

    target = tmp_path / "trials.csv"
    target.write_bytes(b"the old table")
    script.on("GET", f"{SEARCH}/export", lambda request: httpx.Response(200, content=torn()))
    with pytest.raises(headstock.Unreachable, match="reset"):
        client_of(script).search("s_1").export(target)
    assert target.read_bytes() == b"the old table"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(("name", "wanted"), [("t.csv", "csv"), ("t", "csv"), ("t.jsonl", "jsonl")])
def test_export_takes_the_format_of_the_ending(
    running: headstock.Search, script: Script, tmp_path: Path, name: str, wanted: str
) -> None:
    script.on("GET", f"{SEARCH}/export", httpx.Response(200, content=b"number\n"))
    assert running.export(tmp_path / name, table="epochs").read_bytes() == b"number\n"
    assert dict(script.requests[-1].url.params) == {"table": "epochs", "format": wanted}


def test_export_in_a_format_there_is_not_is_refused(running: headstock.Search, tmp_path: Path) -> None:
    with pytest.raises(headstock.HeadstockError, match=r"\.xlsx"):
        running.export(tmp_path / "t.xlsx")


def test_trials_frame_has_a_column_per_hyperparameter(running: headstock.Search, script: Script) -> None:
    failed: dict[str, Any] = trial(
        1, state="FAILED", score=None, hyperparameters={"units": 32}, failure={"code": "crash", "message": "gone"}
    )
    script.on("GET", f"{SEARCH}/trials", page([trial(0)], "p"), page([failed]))
    frame = running.trials_frame()
    assert list(frame["hp.units"]) == [64, 32]
    assert frame["hp.learning_rate"].isna().tolist() == [False, True]
    assert frame["score"].dtype == "float64"
    assert frame["failure"].isna().tolist() == [True, False]
    assert frame["failure"][1] == "crash"


def test_epochs_frame_has_a_column_per_metric(running: headstock.Search, script: Script) -> None:
    rows = [epoch(0, loss=1.0), epoch(1, loss=None), epoch(0, trial_id="t_1", loss=0.5, accuracy=0.9)]
    script.on("GET", f"{SEARCH}/epochs", page(rows))
    frame = running.epochs_frame()
    assert frame["trial_number"].tolist() == [0, 0, 1]
    assert frame["loss"].isna().tolist() == [False, True, False]
    assert frame["accuracy"].isna().tolist() == [True, True, False]


def test_frames_of_an_empty_search_have_their_columns(running: headstock.Search, script: Script) -> None:
    script.on("GET", f"{SEARCH}/trials", page([])).on("GET", f"{SEARCH}/epochs", page([]))
    assert "score" in running.trials_frame()
    assert "epoch" in running.epochs_frame()


def test_upload_sends_the_file_and_the_options_that_are_set(script: Script, tmp_path: Path) -> None:
    stored = {"id": "d_1", "name": "wine", "task": "classification", "input_shape": [13], "num_classes": 3}
    script.on("POST", "/v1/datasets", ok(stored, status=201))
    file = tmp_path / "wine.csv"
    file.write_text("a,label\n1,0\n")
    dataset = client_of(script).upload_dataset(file, target="label")
    assert dataset.num_classes == 3
    body = script.requests[0].content.decode()
    assert 'name="name"\r\n\r\nwine' in body
    assert 'name="target"\r\n\r\nlabel' in body
    assert "a,label" in body
    assert 'name="scale"' not in body


def test_data_set_is_deleted_by_name_or_id(script: Script) -> None:
    stored = {"id": "d_1", "name": "wine", "task": "classification", "input_shape": [13]}
    script.on("GET", "/v1/datasets", page([stored]))
    script.on("DELETE", "/v1/datasets/d_1", httpx.Response(204))
    client = client_of(script)
    client.delete_dataset("wine")
    client.delete_dataset("d_1")
    client.delete_dataset(next(client.datasets()))
    assert len(script.to("DELETE", "/v1/datasets/d_1")) == 3

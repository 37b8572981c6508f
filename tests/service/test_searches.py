"""Searches over HTTP: submit, plan, list, change, pause, resume, cancel, delete."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.gate import Gate
from storage.ids import SearchId
from tests.service.assembled import Service
from tests.service.problem_shape import assert_problem
from tests.service.scenes import start_trials, train

Document = dict[str, Any]


@pytest.fixture
def search(ada: TestClient, definition: Document) -> Document:
    found: Document = ada.post("/v1/searches", json=definition).json()
    return found


def test_a_submitted_search_is_stored_with_everything_promised(
    service: Service, ada: TestClient, definition: Document
) -> None:
    answer = ada.post("/v1/searches", json=definition)
    assert answer.status_code == 201
    search = answer.json()
    assert answer.headers["location"] == f"/v1/searches/{search['id']}"
    promised = (
        "id name state state_reason objective tuner limits trials best progress elapsed_seconds remaining_seconds "
        "created_at started_at ended_at"
    )
    assert set(promised.split()) <= set(search)
    assert search["state"] == "QUEUED"
    assert search["limits"]["max_trials"] == 20
    assert search["planned_trials"] == 20
    assert search["created_at"].endswith("Z")
    stored = service.repository.get_search(SearchId(search["id"]))
    assert stored.owner == "ada"
    assert stored.versions["keras"]
    assert ada.get(f"/v1/searches/{search['id']}").json()["definition"]["name"] == "digits-mlp"


def test_a_search_without_a_seed_gets_one(ada: TestClient, definition: Document) -> None:
    del definition["seed"]
    assert ada.post("/v1/searches", json=definition).json()["seed"] > 0


def test_a_builtin_set_is_prepared_once(service: Service, ada: TestClient, definition: Document) -> None:
    for _ in range(2):
        assert ada.post("/v1/searches", json=definition).status_code == 201
    assert service.datasets.prepared == ["digits"]


def test_the_same_key_gives_the_same_search(ada: TestClient, definition: Document) -> None:
    first, second = (
        ada.post("/v1/searches", json=definition, headers={"Idempotency-Key": "once"}).json() for _ in range(2)
    )
    assert first["id"] == second["id"]
    definition["limits"]["max_trials"] = 3
    reused = ada.post("/v1/searches", json=definition, headers={"Idempotency-Key": "once"})
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")


def test_ten_posts_at_once_with_one_key_make_one_search(ada: TestClient, definition: Document) -> None:
    ada.post("/v1/searches/plan", json=definition)
    ids: list[str] = []

    def post() -> None:
        ids.append(ada.post("/v1/searches", json=definition, headers={"Idempotency-Key": "once"}).json()["id"])

    threads = [threading.Thread(target=post) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 10
    assert len(set(ids)) == 1


def test_a_plan_stores_no_search(service: Service, ada: TestClient, definition: Document) -> None:
    definition["tuner"] = {"type": "hyperband", "max_epochs": 9, "factor": 3}
    definition["limits"] = {}
    plan = ada.post("/v1/searches/plan", json=definition).json()
    # Li et al. (2018) with R = 9 and a factor of 3, in Keras Tuner's rounding: brackets of 9, 5 and 3 first trials.
    assert [bracket["rounds"][0]["trials"] for bracket in plan["brackets"]] == [9, 5, 3]
    assert plan["brackets"][0]["rounds"][-1] == {"round": 2, "trials": 1, "epochs": 9}
    assert plan["trials"] == sum(rung["trials"] for bracket in plan["brackets"] for rung in bracket["rounds"])
    assert plan["parameters"] == {"min": 100, "max": 1000, "default": 200}
    assert plan["disk_bytes"] == plan["trials"] * 1000 * 16
    assert plan["seconds"] is None
    assert ada.get("/v1/searches").json()["items"] == []
    assert service.stored()[0] == 0


def test_the_disk_of_a_plan_counts_every_fold(ada: TestClient, definition: Document) -> None:
    definition["tuner"] = {"type": "random"}
    definition["limits"] = {"max_trials": 4}
    del definition["fit"]["validation_split"]
    definition["fit"]["cross_validation"] = {"folds": 3}
    plan = ada.post("/v1/searches/plan", json=definition).json()
    assert plan["disk_bytes"] == 4 * 3 * 1000 * 16


def test_a_plan_tells_seconds_once_like_trials_were_measured(
    service: Service, ada: TestClient, definition: Document, search: Document, tmp_path: Path
) -> None:
    start_trials(service.repository, SearchId(search["id"]), [{"units": 32, "learning_rate": 0.001}] * 2)
    train(service.repository, service.store, tmp_path, [[0.5] * 4, [0.6] * 4])
    seconds = ada.post("/v1/searches/plan", json=definition).json()["seconds"]
    # 200 epochs, two at a time, half a second each.
    assert seconds["estimate"] == pytest.approx(50.0)
    assert seconds["low"] <= seconds["estimate"] <= seconds["high"]
    assert seconds["measured_trials"] == 2


def test_a_model_keras_cannot_build_is_refused_with_the_place(
    service: Service, ada: TestClient, definition: Document
) -> None:
    ada.post("/v1/searches/plan", json=definition)
    before = service.stored()
    definition["name"] = "cannot-be-built"
    answer = ada.post("/v1/searches", json=definition)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/model/layers/1"
    assert service.stored() == before


def test_lists_are_filtered_and_paged(ada: TestClient, definition: Document) -> None:
    for number in range(5):
        definition["name"] = f"search-{number}"
        definition["tags"] = {"parity": "even" if number % 2 == 0 else "odd"}
        ada.post("/v1/searches", json=definition)
    names: list[str] = []
    token = None
    while True:
        page = ada.get("/v1/searches", params={"limit": 2, **({"page_token": token} if token else {})}).json()
        names += [item["name"] for item in page["items"]]
        token = page["next_page_token"]
        if token is None:
            break
    assert names == [f"search-{number}" for number in (4, 3, 2, 1, 0)]
    assert len(ada.get("/v1/searches?tag=parity:odd").json()["items"]) == 2
    assert len(ada.get("/v1/searches?name=search-3").json()["items"]) == 1
    assert len(ada.get("/v1/searches?state=QUEUED&state=RUNNING").json()["items"]) == 5
    assert ada.get("/v1/searches?state=FAILED").json()["items"] == []


def test_limits_are_merged_and_removed_by_null(ada: TestClient, search: Document) -> None:
    path = f"/v1/searches/{search['id']}"
    changed = ada.patch(path, json={"limits": {"max_seconds": 60.0}, "parallelism": 4, "tags": {"a": "b"}}).json()
    assert changed["limits"]["max_seconds"] == 60.0
    assert changed["limits"]["max_trials"] == 20
    assert (changed["parallelism"], changed["tags"]) == (4, {"a": "b"})
    assert ada.patch(path, json={"limits": {"max_seconds": None}}).json()["limits"]["max_seconds"] is None


def test_max_trials_cannot_fall_below_what_was_made(service: Service, ada: TestClient, search: Document) -> None:
    start_trials(service.repository, SearchId(search["id"]), [{"units": 32, "learning_rate": 0.001}] * 3)
    answer = ada.patch(f"/v1/searches/{search['id']}", json={"limits": {"max_trials": 2}})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/limits/max_trials"


def test_pause_resume_and_cancel_may_be_repeated(ada: TestClient, search: Document) -> None:
    path = f"/v1/searches/{search['id']}"
    assert [ada.post(f"{path}/pause").json()["state"] for _ in range(2)] == ["PAUSED"] * 2
    assert ada.post(f"{path}/resume").json()["state"] == "QUEUED"
    assert ada.post(f"{path}/resume").status_code == 200
    assert [ada.post(f"{path}/cancel").json()["state"] for _ in range(2)] == ["CANCELLED"] * 2
    refused = ada.post(f"{path}/pause")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")


def test_deleting_takes_the_files_along(service: Service, ada: TestClient, search: Document, tmp_path: Path) -> None:
    path = f"/v1/searches/{search['id']}"
    start_trials(service.repository, SearchId(search["id"]), [{"units": 32, "learning_rate": 0.001}])
    train(service.repository, service.store, tmp_path, [[0.5, 0.7]])
    assert list(service.store.keys("trials"))
    assert ada.delete(path).json()["code"] == "wrong_state"
    ada.post(f"{path}/cancel")
    assert ada.delete(path).status_code == 204
    assert not list(service.store.keys("trials"))
    assert ada.delete(path).status_code == 404
    assert ada.get(path).status_code == 404


def test_progress_and_time_left_follow_the_trials(
    service: Service, ada: TestClient, search: Document, tmp_path: Path
) -> None:
    assert search["remaining_seconds"] is None
    start_trials(service.repository, SearchId(search["id"]), [{"units": 32, "learning_rate": 0.001}] * 5)
    train(service.repository, service.store, tmp_path, [[0.5] * 10] * 5)
    now = ada.get(f"/v1/searches/{search['id']}").json()
    assert now["trials"]["completed"] == 5
    assert now["progress"] == pytest.approx(0.25)
    assert now["remaining_seconds"] == pytest.approx(3 * now["elapsed_seconds"])
    assert now["best"]["score"] == 0.5


def test_slow_checks_leave_room_for_the_others(service: Service, definition: Document) -> None:
    """Of two posts while the only place for checks is taken, each is sent away to come again; reads go on."""
    context = service.app.state.context
    gate = Gate("checks of definitions", places=1, wait_s=0.01)
    service.app.state.context = replace(context, checks=gate)
    client = service.client(service.token())
    with gate.entered():
        for path in ("/v1/searches", "/v1/searches/plan"):
            answer = client.post(path, json=definition)
            assert assert_problem(answer).code == "too_many_requests"
            assert answer.status_code == 429
        assert client.get("/v1/searches").json()["items"] == []
    assert client.post("/v1/searches", json=definition).status_code == 201


def test_searches_are_found_by_their_names_and_data_and_counted(ada: TestClient, definition: dict[str, Any]) -> None:
    made = [ada.post("/v1/searches", json={**definition, "name": name}).json() for name in ("Digits one", "other")]
    ada.post(f"/v1/searches/{made[1]['id']}/cancel")

    def found(query: str) -> list[str]:
        return [search["name"] for search in ada.get(f"/v1/searches?{query}").json()["items"]]

    assert found("text=dIGITS") == ["Digits one"]
    assert found("text=") == ["other", "Digits one"]
    assert found(f"dataset={made[0]['dataset_id']}") == ["other", "Digits one"]
    assert found("dataset=d_none") == []
    counts = ada.get("/v1/searches/counts").json()
    assert (counts["total"], counts["states"]["QUEUED"], counts["states"]["CANCELLED"]) == (2, 1, 1)
    assert ada.get("/v1/searches/counts?text=digits").json()["total"] == 1

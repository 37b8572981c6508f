"""Trials as MLflow runs: by the follower while they run, and by hand afterwards; whatever breaks, each once."""

from __future__ import annotations

import io
import math
import os
import signal
import subprocess
import sys
from typing import Any

import headstock
import pandas as pd
import pytest
from headstock.mlflow import (
    MlflowError,
    MlflowRefused,
    MlflowServer,
    MlflowUnavailable,
    send_search,
)

from storage.ids import SearchId
from tests.clients.mlflow_scene import Broken, Followers, any_server, caught_up, definition
from tests.mlflow_server import KeptServer, Reader
from tests.service.assembled import Service
from tests.service.scenes import start_trials, train
from tests.service.searched_scene import FOLDS, searched
from tests.waiting import wait_until

Document = dict[str, Any]


def exported(service: Service, search_id: str, table: str) -> pd.DataFrame:
    data = service.client(service.token()).get(f"/v1/searches/{search_id}/export?table={table}&format=parquet").content
    return pd.read_parquet(io.BytesIO(data))


def assert_same(service: Service, search_id: str, address: str, *, folds: int) -> None:
    """Every run has what the exported tables have of its trial."""
    trials, epochs = exported(service, search_id, "trials"), exported(service, search_id, "epochs")
    trials["failure_code"] = trials["failure_code"].fillna("")
    begun = trials[trials["started_at"].notna()].set_index("id")
    reader = Reader(address, "digits-mlp", search_id)
    runs = reader.runs()
    assert runs.keys() == set(begun.index)
    statuses = {"RUNNING": "RUNNING", "COMPLETED": "FINISHED", "STOPPED": "FINISHED", "FAILED": "FAILED"}
    for trial_id, trial in begun.iterrows():
        run = runs[str(trial_id)]
        assert (run["run_name"], run["status"]) == (f"trial-{trial['number']:04d}", statuses[trial["state"]])
        assert run["start_time"] == int(trial["started_at"].timestamp() * 1000)
        if trial["state"] != "RUNNING":
            assert run["end_time"] == int(trial["ended_at"].timestamp() * 1000)
        assert run["tags"]["headstock.search_id"] == search_id
        assert run["tags"]["headstock.state"] == trial["state"]
        assert run["tags"].get("headstock.failure_code", "") == trial["failure_code"]
        assert float(run["params"]["learning_rate"]) == trial["hp:learning_rate"]
        assert run["params"]["units"] == str(trial["hp:units"])
        assert run["params"]["regular"] == str(trial["hp:regular"]).lower()
        assert ("regular_rate" in run["params"]) == trial["hp:regular"]
        if math.isnan(trial["score"]):
            assert reader.history(run["run_id"], "trial/score") == []
        else:
            ended = int(trial["ended_at"].timestamp() * 1000)
            best = (trial["best_epoch"], ended, trial["score"])
            assert reader.history(run["run_id"], "trial/score") == [pytest.approx(best)]
            if folds > 1:
                mean = (trial["best_epoch"], ended, trial["metric:loss"])
                assert reader.history(run["run_id"], "loss") == [pytest.approx(mean, nan_ok=True)]
    # A few trials in full: one that broke, one that was tried twice, one that is open, and a plain one.
    for number in (4, 5, 7, 13, 20, 28):
        rows = epochs[epochs["trial_number"] == number]
        run = runs[str(trials.set_index("number").loc[number, "id"])]
        for execution in range(folds):
            mine = rows[rows["execution"] == execution]
            prefix = "" if folds == 1 else f"execution-{execution}-fold-{execution}/"
            told = reader.history(run["run_id"], f"{prefix}val_loss")
            times = [int(time.timestamp() * 1000) for time in mine["recorded_at"]]
            # MLflow keeps the largest number there is for infinity.
            values = mine["metric:val_loss"].replace(math.inf, 1.7976931348623157e308)
            wanted = list(zip(mine["epoch"], times, values, strict=True))
            if number == 5 and execution == 0:
                # What the first attempt had told before it crashed stays, at the same steps.
                assert len(told) == len(wanted) + 3
                told = [point for point in told if point[1:] in {each[1:] for each in wanted}]
            assert told == [pytest.approx(point, nan_ok=True) for point in wanted]


# Against any server


@any_server
@pytest.mark.parametrize("folds", [1, FOLDS])
def test_the_follower_writes_what_the_tables_say(
    service: Service, follower: Followers, mlflow_servers: str, folds: int
) -> None:
    following = caught_up(follower(mlflow_servers))
    # The scene crashes one attempt; step by step, so that the follower sees it.
    repository = service.repository
    search_id = searched(
        service,
        service.client(service.token()),
        definition(),
        folds=folds,
        crashed=lambda: caught_up(following),
    )
    caught_up(following)
    assert_same(service, search_id, mlflow_servers, folds=folds)
    assert repository.follower_place(f"mlflow {mlflow_servers}") == repository.last_event_seq()


@any_server
def test_searches_of_the_past_are_written_by_hand_and_only_once(
    service: Service, live: headstock.Client, mlflow_servers: str
) -> None:
    search_id = searched(service, service.client(service.token()), definition(), folds=1)
    found = live.search(search_id)
    assert send_search(found, mlflow_servers) == 29
    reader = Reader(mlflow_servers, found.name, search_id)

    def told() -> dict[str, list[tuple[int, int, float]]]:
        return {run["run_id"]: reader.history(run["run_id"], "val_accuracy") for run in reader.runs().values()}

    before = told()
    assert send_search(found, mlflow_servers) == 29
    # As text, in which NaN equals itself.
    assert repr(told()) == repr(before)
    frame = exported(service, search_id, "epochs")
    assert sum(map(len, before.values())) == len(frame)
    finite = sorted(value for points in before.values() for _, _, value in points if math.isfinite(value))
    values = frame["metric:val_accuracy"]
    assert finite == sorted(values[values.abs() < math.inf])


@any_server
def test_what_was_deleted_there_stays_deleted_and_the_others_go_on(
    service: Service, follower: Followers, mlflow_servers: str
) -> None:
    following = caught_up(follower(mlflow_servers))
    ada = service.client(service.token())
    search_id = SearchId(ada.post("/v1/searches", json=definition()).json()["id"])
    trials = start_trials(service.repository, search_id, [{"units": 32}, {"units": 64}, {"units": 96}])
    train(service.repository, service.store, service.settings.data_dir, [[0.1, 0.2]])
    caught_up(following)
    reader = Reader(mlflow_servers, "digits-mlp", search_id)
    (run,) = reader.runs().values()
    reader.call("runs/delete", {"run_id": run["run_id"]})
    train(service.repository, service.store, service.settings.data_dir, [[0.3], [0.4]])
    caught_up(follower(mlflow_servers, holder="f"))
    runs = reader.runs()
    assert [runs[trial.id]["lifecycle_stage"] for trial in trials] == ["deleted", "active", "active"]
    reader.call("experiments/delete", {"experiment_id": reader.experiment_id})
    start_trials(service.repository, search_id, [{"units": 128}], first=3)
    train(service.repository, service.store, service.settings.data_dir, [[0.5]])
    caught_up(following)
    place = service.repository.follower_place(f"mlflow {mlflow_servers}")
    assert place == service.repository.last_event_seq()


# What breaks


@pytest.mark.parametrize("when", ["before", "after"])
def test_whatever_call_breaks_nothing_is_lost_and_nothing_told_twice(
    service: Service, follower: Followers, kept: tuple[KeptServer, str], when: str
) -> None:
    server, address = kept
    caught_up(follower(address))
    ada = service.client(service.token())
    search_id = SearchId(ada.post("/v1/searches", json=definition()).json()["id"])
    start_trials(service.repository, search_id, [{"units": 32}, {"units": 64}])
    curves = [[0.1, 0.2, 0.3], [0.3, 0.4]]
    train(service.repository, service.store, service.settings.data_dir, curves)
    broken = Broken(server, when).catch_up(lambda: follower(address))
    # An experiment; for each of two runs its creation, values, epochs, the score and the status.
    assert broken == (11 if when == "after" else 10)
    reader = Reader(address, "digits-mlp", search_id)
    runs = sorted(reader.runs().values(), key=lambda run: str(run["run_name"]))
    assert [(run["status"], run["params"]) for run in runs] == [
        ("FINISHED", {"units": "32"}),
        ("FINISHED", {"units": "64"}),
    ]
    for run, curve in zip(runs, curves, strict=True):
        assert [(step, value) for step, _, value in reader.history(run["run_id"], "val_accuracy")] == [
            *enumerate(curve)
        ]
        assert len(reader.history(run["run_id"], "trial/score")) == 1


def test_a_server_that_is_away_is_waited_for(
    service: Service, follower: Followers, kept: tuple[KeptServer, str]
) -> None:
    server, address = kept
    following = caught_up(follower(address))
    place = service.repository.follower_place(f"mlflow {address}")
    server.down = True
    # The search takes no notice.
    search_id = searched(service, service.client(service.token()), definition(), folds=1)
    for _ in range(3):
        with pytest.raises(MlflowUnavailable, match="503"):
            following.step()
    assert service.repository.follower_place(f"mlflow {address}") == place
    server.down = False
    caught_up(following)
    assert len(Reader(address, "digits-mlp", search_id).runs()) == 29


def test_one_follows_and_another_takes_over(
    service: Service, follower: Followers, kept: tuple[KeptServer, str]
) -> None:
    _, address = kept
    first = follower(address, holder="first")
    second = follower(address, holder="second")
    assert first.step()
    search_id = searched(service, service.client(service.token()), definition(), folds=1)
    assert not second.step()
    first.close()
    caught_up(second)
    assert not first.step()
    assert len(Reader(address, "digits-mlp", search_id).runs()) == 29


# Addresses and who may come in


def test_long_curves_come_in_portions(service: Service, follower: Followers, kept: tuple[KeptServer, str]) -> None:
    server, address = kept
    following = caught_up(follower(address))
    wanted = definition() | {"fit": {"epochs": 2000, "batch_size": 32, "validation_split": 0.2}}
    search_id = SearchId(service.client(service.token()).post("/v1/searches", json=wanted).json()["id"])
    start_trials(service.repository, search_id, [{"units": 32}])
    curve = [epoch / 2000 for epoch in range(2000)]
    train(service.repository, service.store, service.settings.data_dir, [curve])
    before = server.calls
    caught_up(following)
    reader = Reader(address, "digits-mlp", search_id)
    (run,) = reader.runs().values()
    assert [value for _, _, value in reader.history(run["run_id"], "val_accuracy")] == curve
    assert server.calls - before < 20


@pytest.mark.parametrize("uri", ["", "mlflow.example", "file:///tmp/mlruns", "http://", "sqlite:///a.db"])
def test_only_addresses_of_http_are_taken(uri: str) -> None:
    with pytest.raises(MlflowRefused, match="an address like"):
        MlflowServer(uri)


def test_names_and_passwords_are_sent_and_never_shown(
    follower: Followers, kept: tuple[KeptServer, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, address = kept
    asked = {"experiment_name": "none"}
    named = MlflowServer(address.replace("http://", "http://ann:secret@"))
    follower.servers.append(named)
    assert named.address == address
    with pytest.raises(MlflowRefused):
        named.call("GET", "experiments/get-by-name", asked)
    assert server.headers["Authorization"] == "Basic YW5uOnNlY3JldA=="
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "abc")
    follower.servers.append(MlflowServer(address))
    with pytest.raises(MlflowRefused):
        follower.servers[-1].call("GET", "experiments/get-by-name", asked)
    assert server.headers["Authorization"] == "Bearer abc"
    server.down = True
    with pytest.raises(MlflowUnavailable) as told:
        named.call("GET", "experiments/get-by-name", asked)
    assert "secret" not in str(told.value)


def test_what_is_no_mlflow_server_is_told(follower: Followers, live: headstock.Client) -> None:
    server = MlflowServer(live.url)
    follower.servers.append(server)
    with pytest.raises(MlflowError):
        server.call("GET", "experiments/get-by-name", {"experiment_name": "x"})


# As a process


def test_the_role_follows_until_it_is_stopped(service: Service, kept: tuple[KeptServer, str], sqlite_url: str) -> None:
    server, address = kept
    environment = {
        **os.environ,
        "HEADSTOCK_DATABASE_URL": sqlite_url,
        "HEADSTOCK_DATA_DIR": str(service.settings.data_dir),
        "HEADSTOCK_MLFLOW_TRACKING_URI": address,
    }
    role = subprocess.Popen([sys.executable, "-P", "-m", "service.mlflow"], env=environment, stderr=subprocess.PIPE)
    try:
        wait_until(lambda: service.repository.follower_place(f"mlflow {address}") is not None, what="the follower")
        ada = service.client(service.token())
        search_id = SearchId(ada.post("/v1/searches", json=definition()).json()["id"])
        start_trials(service.repository, search_id, [{"units": 32}])
        train(service.repository, service.store, service.settings.data_dir, [[0.1, 0.2]])
        wait_until(lambda: [run.info["status"] for run in server.runs.values()] == ["FINISHED"], what="the run")
    finally:
        role.send_signal(signal.SIGTERM)
        _, errors = role.communicate(timeout=20)
    assert role.returncode == 0
    assert b"Traceback" not in errors

"""Results of elsewhere: tables, Keras Tuner's project folders and Optuna's studies, and the answers they then get."""

from __future__ import annotations

import io
import json
import math
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import keras_tuner
import optuna
import pytest
from starlette.testclient import TestClient

from tests.service.assembled import Service

Document = dict[str, Any]
TABLE = "units,act,lr,val_loss,state\n32,relu,0.001,0.5,done\n64,tanh,0.01,0.4,done\n128,relu,0.1,0.45,FAILED\n"


def posted(client: TestClient, filename: str, content: bytes | str, **fields: str) -> Any:
    return client.post("/v1/searches/import", files={"file": (filename, content)}, data={"name": "old", **fields})


def imported(client: TestClient, filename: str, content: bytes | str, **fields: str) -> Document:
    answer = posted(client, filename, content, **fields)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/searches/{answer.json()['id']}"
    search: Document = answer.json()
    return search


def refusals(client: TestClient, filename: str, content: bytes | str, **fields: str) -> list[tuple[str, str, str]]:
    answer = posted(client, filename, content, **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_import"), answer.text
    return [(each["pointer"], each["code"], each["detail"]) for each in answer.json()["errors"]]


def trials_of(client: TestClient, search: Document) -> list[Document]:
    items: list[Document] = client.get(f"/v1/searches/{search['id']}/trials").json()["items"]
    return items


# Tables


def test_a_table_gets_every_answer(service: Service, ada: TestClient) -> None:
    search = imported(ada, "last year.csv", TABLE)
    assert (search["state"], search["tuner"], search["dataset_id"]) == ("COMPLETED", "imported", "")
    assert search["objective"] == {"name": "val_loss", "direction": "min"}
    assert (search["trials"]["completed"], search["trials"]["failed"]) == (2, 1)
    assert search["definition"]["imported"]["file"] == "last year.csv"
    spaces = {each["name"]: each for each in search["definition"]["hyperparameters"]}
    assert (spaces["units"]["type"], spaces["act"]["type"], spaces["lr"]["sampling"]) == ("int", "choice", "log")
    path = f"/v1/searches/{search['id']}"
    (best,) = ada.get(f"{path}/best").json()["items"]
    assert (best["score"], best["hyperparameters"]) == (0.4, {"units": 64, "act": "tanh", "lr": 0.01})
    assert (best["definition"], best["code"]) == (None, None)
    trend = ada.get(f"{path}/trends/hyperparameters/units").json()
    assert [(group["value"], group["median"]) for group in trend["values"]] == [(32, 0.5), (64, 0.4)]
    points = ada.get(f"{path}/trends/objective").json()["points"]
    assert [(point["number"], point["best"]) for point in points] == [(0, 0.5), (1, 0.4)]
    assert ada.get(f"{path}/trends/epochs").json()["bands"][0]["count"] == 3
    picture = ada.get(f"{path}/plots/hyperparameter?name=units&metric=val_loss")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/svg+xml")
    assert "hp:act" in ada.get(f"{path}/export").text.splitlines()[0]
    refused = ada.post(f"{path}/finalize", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert ada.get("/v1/searches").json()["items"][0]["id"] == search["id"]
    assert service.repository.check_invariants() == ()
    assert ada.delete(path).status_code == 204


def test_rows_of_epochs_become_curves(ada: TestClient) -> None:
    lines = ["run,step,width,accuracy,loss"]
    lines += [f"{run},{step},{width},{width / 100 + step / 10},{1 - step / 10}" for run, width in (("a", 1), ("b", 2))
              for step in (2, 0, 1)]  # fmt: skip
    search = imported(ada, "t.csv", "\n".join(lines), trial="run", epoch="step", objective="accuracy")
    first = trials_of(ada, search)[0]
    assert (first["score"], first["best_epoch"], first["epochs"]) == (pytest.approx(0.21), 2, 3)
    assert first["metrics"] == pytest.approx({"accuracy": 0.21, "loss": 0.8})
    assert [each["name"] for each in search["definition"]["hyperparameters"]] == ["width"]
    assert search["objective"]["direction"] == "max"


def test_our_own_exports_come_back(ada: TestClient) -> None:
    first = imported(ada, "a.csv", 'units,layers,val_loss\n8,"[18, 18]",0.5\n16,[9],0.25\n')
    for format, name in (("csv", "t.csv"), ("jsonl", "t.jsonl")):
        data = ada.get(f"/v1/searches/{first['id']}/export?format={format}").content
        again = imported(ada, name, data, objective="val_loss")
        pairs = zip(trials_of(ada, first), trials_of(ada, again), strict=True)
        for one, other in pairs:
            assert one["hyperparameters"] == other["hyperparameters"]
            assert (one["score"], one["metrics"]) == (other["score"], other["metrics"])
            assert one["ended_at"] == other["ended_at"]
    assert trials_of(ada, first)[0]["hyperparameters"]["layers"] == [18, 18]


def test_named_columns_and_mixed_numbers(ada: TestClient) -> None:
    table = json.dumps([{"a": 1, "b": True, "speed": 3, "note": "x"}, {"a": 2.5, "b": False, "speed": 5, "note": "y"}])
    fields = {"hyperparameters": "a, b", "metrics": "speed", "direction": "max"}
    search = imported(ada, "t.json", table, **fields)
    kinds = {each["name"]: each["type"] for each in search["definition"]["hyperparameters"]}
    assert kinds == {"a": "float", "b": "boolean"}
    assert [each["hyperparameters"]["a"] for each in trials_of(ada, search)] == [1.0, 2.5]
    assert search["best"]["score"] == 5.0


@pytest.mark.parametrize(
    ("filename", "content", "fields", "pointer", "code", "words"),
    [
        ("t.csv", "a,val_loss\n1,0.5\n2\n", {}, "/file", "invalid_row", "line 3 has 1 cells"),
        ("t.csv", "a,a\n1,0.5\n", {}, "/file", "invalid_header", "line 1"),
        ("t.csv", "a,val_loss\n1,high\n", {}, "/file", "not_a_number", "line 2: the metric `val_loss`"),
        ("t.csv", b"a,val_loss\n1,\xff\n", {}, "/file", "not_text", "UTF-8"),
        ("t.csv", "a,val_loss\n1,nan\n", {}, "/file", "no_trials", "no trial has a finite `val_loss`"),
        ("t.csv", "a,val_loss\n", {}, "/file", "no_trials", "no rows"),
        ("t.csv", "a,val_loss,loss\n1,1,1\n", {}, "/objective", "missing", "loss, val_loss"),
        ("t.csv", "a,val_loss\n1,1\n", {"objective": "b"}, "/objective", "unknown_metric", "val_loss"),
        ("t.csv", "a,b\n1,1\n", {"objective": "b"}, "/direction", "missing", "`min` or `max`"),
        ("t.csv", "a,b\n1,1\n", {"direction": "up"}, "/direction", "invalid_value", "`min` or `max`"),
        ("t.csv", "a,loss\n1,1\n", {"metrics": "c"}, "/metrics", "unknown_column", "`c`"),
        ("t.csv", "a,loss\n1,1\n", {"epoch": "a"}, "/trial", "missing", "tells the trials apart"),
        ("t.csv", "t,e,loss,u\n1,0,1,1\n1,0,1,1\n", {"trial": "t", "epoch": "e"}, "/file", "conflict", "twice"),
        ("t.csv", "started_at,a,loss\nyesterday,1,1\n", {}, "/file", "invalid_time", "line 2: `yesterday`"),
        ("t.json", "[" * 100_000, {}, "/file", "invalid_json", "not JSON"),
        ("t.jsonl", '{"a": {"b": {"c": 1}}}', {}, "/file", "invalid_value", "record 1: `a.b`"),
        ("t.zip", b"PK", {}, "/file", "damaged", "no zip"),
        ("t.db", b"SQLite format 3\x00" + b"\x00" * 100, {}, "/file", "damaged", "no study"),
        ("t.csv", "a,loss\n1,1\n", {"name": " x"}, "/name", "invalid_name", "128"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_with_its_place(
    service: Service, ada: TestClient, filename: str, content: bytes, fields: dict[str, str],
    pointer: str, code: str, words: str,
) -> None:  # fmt: skip
    before = service.stored()
    ((found, reason, detail),) = refusals(ada, filename, content, **fields)
    assert (found, reason) == (pointer, code), detail
    assert words in detail
    assert service.stored() == before


def test_a_repeat_with_the_key_is_the_first_search(service: Service, ada: TestClient) -> None:
    keyed = service.client(service.token(), **{"Idempotency-Key": "monday"})
    first, again = imported(keyed, "t.csv", TABLE), imported(keyed, "t.csv", TABLE)
    assert first["id"] == again["id"]
    assert posted(keyed, "t.csv", TABLE + "9,relu,0.1,0.1,done\n").json()["code"] == "idempotency_key_reused"


def test_readers_may_not_import(service: Service) -> None:
    assert posted(service.client(service.token("read")), "t.csv", TABLE).status_code == 403


# Keras Tuner


class Bowl(keras_tuner.RandomSearch):  # type: ignore[misc]
    """A search as Keras Tuner itself runs it, over a function instead of a model."""

    def run_trial(self, trial: Any, *args: object, **kwargs: object) -> dict[str, float]:
        hp = trial.hyperparameters
        units = hp.Int("units", 8, 64, step=8)
        rate = hp.Float("rate", 1e-4, 1e-1, sampling="log")
        hp.Choice("act", ["relu", "tanh"])
        with hp.conditional_scope("act", ["tanh"]):
            if hp.get("act") == "tanh":
                hp.Boolean("wide")
        if units == 64:
            raise keras_tuner.errors.FailedTrialError("too wide")
        return {"val_loss": (units - 24) ** 2 / 1000 + rate, "loss": 1.0 + units}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    objective = keras_tuner.Objective("val_loss", "min")
    tuner = Bowl(objective=objective, max_trials=12, seed=3, directory=tmp_path, project_name="bowl")
    tuner.oracle.max_consecutive_failed_trials = 100
    tuner.search()
    return tmp_path / "bowl"


def zipped(folder: Path) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for file in sorted(folder.rglob("*.json")):
            archive.write(file, f"project/{file.relative_to(folder)}")
    return data.getvalue()


def test_a_project_of_keras_tuner_is_what_it_was(service: Service, ada: TestClient, project: Path) -> None:
    search = imported(ada, "bowl.zip", zipped(project))
    assert search["objective"] == {"name": "val_loss", "direction": "min"}
    documents = {path.parent.name: json.loads(path.read_text()) for path in project.glob("trial_*/trial.json")}
    scores = sorted(each["score"] for each in documents.values() if each["score"] is not None)
    trials = trials_of(ada, search)
    assert len(trials) == len(documents)
    assert sorted(each["score"] for each in trials if each["score"] is not None) == scores
    best = min(documents.values(), key=lambda each: each["score"] or math.inf)
    (found,) = ada.get(f"/v1/searches/{search['id']}/best").json()["items"]
    assert found["hyperparameters"] == best["hyperparameters"]["values"]
    assert (found["score"], found["best_epoch"]) == (best["score"], best["best_step"])
    spaces = {each["name"]: each for each in search["definition"]["hyperparameters"]}
    assert (spaces["units"]["min_value"], spaces["units"]["max_value"], spaces["units"]["step"]) == (8, 64, 8)
    assert spaces["rate"]["sampling"] == "log"
    assert spaces["wide"]["conditions"] == [{"hp": "act", "in": ["tanh"]}]
    assert ada.get(f"/v1/searches/{search['id']}/trends/hyperparameters/rate").status_code == 200
    assert service.repository.check_invariants() == ()


def changed(data: bytes, name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w") as made:
        for member in archive.namelist():
            made.writestr(member, content if member.endswith(name) else archive.read(member))
    return out.getvalue()


def test_documents_of_a_project_are_read_strictly(ada: TestClient, project: Path) -> None:
    data = zipped(project)
    name = sorted(path.parent.name for path in project.glob("trial_*/trial.json"))[0] + "/trial.json"
    document = json.loads((project / name).read_text())
    spoilt = {**document, "metrics": {"metrics": {"val_loss": {"observations": [{"value": ["x"], "step": 0}]}}}}
    ((_, code, detail),) = refusals(ada, "p.zip", changed(data, name, json.dumps(spoilt).encode()))
    assert (code, name in detail) == ("invalid_trial", True)
    foreign = {"class_name": "mylib>Evil", "config": {"name": "x"}}
    oracle = json.dumps({"hyperparameters": {"space": [foreign]}}).encode()
    ((_, code, detail),) = refusals(ada, "p.zip", changed(data, "oracle.json", oracle))
    assert (code, "oracle.json" in detail) == ("unknown_hyperparameter", True)
    assert refusals(ada, "p.zip", changed(data, name, b"{"))[0][1] == "invalid_json"


# Optuna


@pytest.fixture
def study(tmp_path: Path) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=f"sqlite:///{tmp_path}/study.db", study_name="one", direction="maximize",
        sampler=optuna.samplers.RandomSampler(seed=1),
    )  # fmt: skip

    def objective(trial: optuna.Trial) -> float:
        units = trial.suggest_int("units", 1, 100, log=True)
        trial.suggest_categorical("act", ["relu", "tanh"])
        rate = trial.suggest_float("rate", 0.0, 1.0, step=0.25)
        for step in range(3):
            trial.report(rate + step, step)
        if trial.number == 2:
            raise optuna.TrialPruned
        if trial.number == 3:
            raise ValueError("no")
        return units / 100 - rate

    study.optimize(objective, n_trials=8, catch=(ValueError,))
    study.ask()
    return study


def small(path: Path) -> bytes:
    """The same database in fewer bytes, since the test's service takes small uploads only."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA page_size = 512")
    connection.execute("VACUUM")
    connection.close()
    return path.read_bytes()


def test_a_study_of_optuna_is_what_it_was(ada: TestClient, study: optuna.Study, tmp_path: Path) -> None:
    search = imported(ada, "study.db", small(tmp_path / "study.db"))
    assert search["objective"] == {"name": "value", "direction": "max"}
    assert search["best"]["score"] == study.best_value
    assert "1 unfinished" in search["state_reason"]["message"]
    theirs = [each for each in study.trials if each.state.is_finished()]
    ours = trials_of(ada, search)
    assert [each["hyperparameters"] for each in ours] == [each.params for each in theirs]
    states = {"COMPLETE": "COMPLETED", "PRUNED": "CANCELLED", "FAIL": "FAILED"}
    assert [each["state"] for each in ours] == [states[each.state.name] for each in theirs]
    assert [each["score"] for each in ours] == [
        each.value if each.state.name == "COMPLETE" else None for each in theirs
    ]
    assert ours[0]["epochs"] == 3
    assert ours[0]["seconds"] == pytest.approx(theirs[0].duration.total_seconds())  # type: ignore[union-attr]
    spaces = {each["name"]: each for each in search["definition"]["hyperparameters"]}
    assert (spaces["units"]["sampling"], spaces["rate"]["step"]) == ("log", 0.25)
    assert spaces["act"]["values"] == ["relu", "tanh"]
    bands = ada.get(f"/v1/searches/{search['id']}/trends/epochs?metric=intermediate").json()["bands"]
    assert [band["epoch"] for band in bands] == [0, 1, 2]


def test_optunas_own_table_is_recognised(ada: TestClient, study: optuna.Study) -> None:
    table = study.trials_dataframe().to_csv(index=False)
    search = imported(ada, "study.csv", table, direction="max")
    assert search["best"]["score"] == study.best_value
    assert [each["name"] for each in search["definition"]["hyperparameters"]] == ["act", "rate", "units"]


def test_of_several_studies_one_is_named(ada: TestClient, study: optuna.Study, tmp_path: Path) -> None:
    other = optuna.create_study(storage=f"sqlite:///{tmp_path}/study.db", study_name="two")
    other.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    data = small(tmp_path / "study.db")
    ((pointer, code, detail),) = refusals(ada, "study.db", data)
    assert (pointer, code, "one, two" in detail) == ("/study", "missing", True)
    assert imported(ada, "study.db", data, study="two")["trials"]["completed"] == 1


def test_a_database_that_would_run_something_is_refused(ada: TestClient, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "evil.db") as connection:
        connection.execute(
            "CREATE VIEW studies AS WITH RECURSIVE n(study_id) AS (SELECT 1 UNION ALL SELECT study_id + 1 FROM n) "
            "SELECT study_id, load_extension('x') AS study_name FROM n"
        )
    ((_, code, _),) = refusals(ada, "evil.db", (tmp_path / "evil.db").read_bytes())
    assert code == "damaged"

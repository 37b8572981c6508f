"""The client against the real API, as programs use it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import headstock
import httpx
import numpy as np
import pytest
from headstock import plans, trends
from headstock.cli.app import app
from typer.testing import CliRunner

from tests.clients.scene import definition, train
from tests.service.assembled import Service


@pytest.fixture
def search(live: headstock.Client, service: Service) -> headstock.Search:
    """A search with three trials: two scored, one failed."""
    started = live.submit(definition())
    train(service, started, scores=[0.5, 0.75, None])
    return started.refresh()


def test_submission_is_stored_once_for_its_key(live: headstock.Client) -> None:
    first = live.submit(definition(), idempotency_key="k")
    assert live.submit(definition(), idempotency_key="k").id == first.id
    assert live.submit(definition()).id != first.id
    with pytest.raises(headstock.IdempotencyKeyReused):
        live.submit(definition(name="other"), idempotency_key="k")
    assert len(list(live.searches(page_size=1))) == 2


def test_refused_definition_has_its_places(live: headstock.Client) -> None:
    wrong = definition(objective={"name": "val_accuracy", "direction": "up"}, sead=7)
    with pytest.raises(headstock.InvalidDefinition) as refused:
        live.submit(wrong)
    pointers = {error.pointer for error in refused.value.errors}
    assert {"/objective/direction", "/sead"} <= pointers
    assert "/sead: " in str(refused.value)
    assert list(live.searches()) == []


def test_plan_stores_nothing(live: headstock.Client) -> None:
    plan = live.plan(definition())
    assert plan.parameters == plans.Parameters(min=100, max=1000, default=200)
    assert list(live.searches()) == []


def test_search_is_read_filtered_and_moved(live: headstock.Client) -> None:
    started = live.submit(definition(tags={"team": "vision"}))
    assert [found.id for found in live.searches(state="QUEUED", tag={"team": "vision"}, name=started.name)] == [
        started.id
    ]
    assert list(live.searches(tag={"team": "other"})) == []
    assert started.pause().state == "PAUSED"
    assert started.resume().state == "QUEUED"
    assert started.change(parallelism=3, priority=5, tags={}).record.parallelism == 3
    with pytest.raises(headstock.WrongState):
        started.delete()
    assert started.cancel().state == "CANCELLED"
    assert started.wait().state == "CANCELLED"
    started.delete()
    with pytest.raises(headstock.NotFound):
        live.search(started.id)


def test_results_are_read(search: headstock.Search, live: headstock.Client, tmp_path: Path) -> None:
    assert (search.counts.completed, search.counts.failed) == (2, 1)
    assert search.best_score is not None
    assert search.best_score.score == 0.75
    (best,) = search.best()
    assert (best.number, best.score, best.metrics["val_accuracy"]) == (1, 0.75, 0.75)
    assert "import keras" in (best.code or "")
    assert {trial.state for trial in search.trials()} == {"COMPLETED", "FAILED"}
    assert [trial.number for trial in search.trials(state="FAILED")] == [2]
    failed = search.trial(2)
    assert failed.failure is not None
    assert failed.failure.code == "non_finite_objective"
    assert [row.metrics["val_accuracy"] for row in failed.epochs()] == [None, None]
    assert live.trial(best.id).refresh().attempts()[0].number == 1
    assert best.logs()[0].log == "trained"
    assert {row.trial_number for row in search.epochs()} == {0, 1, 2}
    with pytest.raises(headstock.ModelNotReady):
        best.download_model(tmp_path)


def test_tables_and_exports(search: headstock.Search, tmp_path: Path) -> None:
    assert search.trials_frame()["score"].isna().tolist() == [False, False, True]
    assert len(search.epochs_frame()) == 6
    assert len(search.export(tmp_path / "t.csv").read_text().splitlines()) == 4
    rows = search.export(tmp_path / "e.jsonl", table="epochs").read_text().splitlines()
    assert [json.loads(row)["epoch"] for row in rows] == [0, 1] * 3
    runs = search.export_tensorboard(tmp_path / "runs")
    assert sorted(path.name for path in runs.iterdir() if path.is_dir()) == ["trial-0000", "trial-0001", "trial-0002"]


def test_trends(search: headstock.Search) -> None:
    assert [point.best for point in search.objective_trend().points] == [0.5, 0.75]
    units = next(name for name in search.best()[0].hyperparameters if name.startswith("units"))
    assert [point.score for point in search.trend(units).points] == [0.5, 0.75]
    assert [band.epoch for band in search.epoch_trend("val_accuracy").bands] == [0, 1]
    asked = search.trend(units, metrics=["val_accuracy", "loss"], at="last", min_value=1, baseline="all", sort="score")
    assert [shape.name for shape in asked.metrics] == ["val_accuracy", "loss"]
    assert (asked.at, asked.baseline) == ("last", "all")
    assert asked.metric == trends.Metric(name="val_accuracy", direction="max")
    with pytest.raises(headstock.ApiError):
        search.trend("no/such?name")


def test_what_the_trials_say_together(live: headstock.Client, search: headstock.Search) -> None:
    units = next(name for name in search.best()[0].hyperparameters if name.startswith("units"))
    told = search.importance(method="ped_anova", metric="val_accuracy")
    assert (told.hyperparameters, told.note) == ([], "2 scored trials: at least 10 are needed")
    assert [point.score for point in search.tradeoff("parameters").points] == [0.5, 0.75]
    assert [row.values[units] for row in search.parallel(at="last").rows] == [
        point.value for point in search.trend(units).points
    ]
    with pytest.raises(headstock.ApiError) as refused:
        search.contour(units, units)
    assert refused.value.code == "invalid_request"
    with pytest.raises(headstock.ApiError):
        live.compare(search, search.id)
    found = search.best()[0].diagnosis()
    assert (found.verdict, found.epochs, found.findings) == ("unknown", 2, [])
    assert found in list(search.diagnoses())


def test_pictures_are_drawn_as_asked(live: headstock.Client, service: Service, tmp_path: Path) -> None:
    searched = live.submit(definition())
    train(service, searched, scores=[0.5 + 0.3 * (place % 5) / 5 for place in range(12)])
    rate, units = "learning_rate", "units"
    asked: dict[str, dict[str, Any]] = {
        "across": {"kind": "contour", "x": units, "y": rate},
        "upwards": {"kind": "contour", "x": rate, "y": units},
        "parameters": {"kind": "trade-off", "against": "parameters"},
        "fanova": {"kind": "importance"},
        "ped": {"kind": "importance", "method": "ped_anova"},
    }
    drawn = {
        name: searched.plot(options.pop("kind"), tmp_path / f"{name}.svg", **options).read_text(encoding="utf-8")
        for name, options in asked.items()
    }
    assert len(set(drawn.values())) == len(asked)
    assert all(picture.rstrip().endswith("</svg>") for picture in drawn.values())
    assert searched.plot("trade-off", tmp_path / "o.png", against="loss").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(headstock.Invalid) as refused:
        searched.plot("contour", tmp_path / "c.svg", x=units)
    assert [each.pointer for each in refused.value.errors] == ["query:y"]
    assert not (tmp_path / "c.svg").exists()


def test_results_of_elsewhere_come_in_by_client_and_command(
    live: headstock.Client, service: Service, tmp_path: Path
) -> None:
    project = tmp_path / "untitled_project"
    for number, score in enumerate((0.25, 0.75)):
        folder = project / f"trial_{number}"
        folder.mkdir(parents=True)
        told = {
            "trial_id": str(number), "status": "COMPLETED", "score": score, "best_step": 0,
            "hyperparameters": {"space": [], "values": {"units": 32 * (number + 1)}},
            "metrics": {"metrics": {"val_accuracy": {"direction": "max", "observations": [
                {"value": [score], "step": 0}]}}},
        }  # fmt: skip
        (folder / "trial.json").write_text(json.dumps(told), encoding="utf-8")
    found = live.import_results(project, objective="val_accuracy")
    assert (found.state, found.best()[0].score, found.name) == ("COMPLETED", 0.75, "untitled_project")
    assert live.import_results(project, idempotency_key="k").id == live.import_results(project, idempotency_key="k").id

    table = tmp_path / "last-year.csv"
    table.write_text("run,step,width,val_loss,note\na,0,32,0.5,x\na,1,32,0.25,x\nb,0,64,0.75,y\n", encoding="utf-8")
    environment = {"HEADSTOCK_URL": live.url, "HEADSTOCK_TOKEN": service.token(owner="ada")}
    options = [
        "--objective",
        "val_loss",
        "--hyperparameters",
        "width",
        "--trial",
        "run",
        "--epoch",
        "step",
        "--name",
        "old",
    ]
    ran = CliRunner().invoke(app, ["import", str(table), *options], env=environment)
    assert ran.exit_code == 0, ran.output
    (searched,) = live.searches(name="old")
    assert f"Imported old ({searched.id})" in ran.output
    assert (searched.state, searched.counts.completed) == ("COMPLETED", 2)
    assert searched.best_hyperparameters() == {"width": 32}
    assert [epoch.metrics for epoch in searched.trial(0).epochs()] == [{"val_loss": 0.5}, {"val_loss": 0.25}]
    refused = CliRunner().invoke(app, ["import", str(table), "--objective", "nothing"], env=environment)
    assert refused.exit_code == 2
    assert "the file has val_loss" in refused.stderr
    assert [each.name for each in live.searches()] == ["old", "untitled_project", "untitled_project"]


def test_events_are_told_to_the_end(search: headstock.Search) -> None:
    search.cancel()
    events = list(search.events())
    assert events[0].kind == "search.created"
    assert events[-1].kind == "search.cancelled"
    assert [event.seq for event in search.events(after=events[1].seq)] == [event.seq for event in events[2:]]
    assert list(search.events(after=events[-1].seq)) == []


def test_data_sets_come_and_go(live: headstock.Client, tmp_path: Path) -> None:
    file = tmp_path / "wine.csv"
    file.write_text("a,label\n1,0\n2,1\n")
    stored = live.upload_dataset(file, target="label", scale="standard", task="classification")
    assert [found.id for found in live.datasets()] == [stored.id]
    assert "digits" in [known.name for known in live.builtin_datasets()]
    live.delete_dataset("wine")
    assert list(live.datasets()) == []


def test_weights_come_and_go(live: headstock.Client, tmp_path: Path) -> None:
    file = tmp_path / "tiny.weights.h5"
    with h5py.File(file, "w") as content:
        content["layers/dense/vars/0"] = np.ones((2, 2), dtype="float32")
    stored = live.upload_weights(file)
    assert (stored.name, stored.format) == ("tiny", ".weights.h5")
    assert list(live.weights()) == [stored]
    live.delete_weights("tiny")
    assert list(live.weights()) == []
    file.write_bytes(b"nothing of the kind")
    with pytest.raises(headstock.InvalidWeights):
        live.upload_weights(file)


def test_what_definitions_are_made_from(live: headstock.Client) -> None:
    for name in live.templates():
        template = live.template(name)
        if not template["dataset"]["name"].startswith("my-"):
            # The others wait for data of one's own.
            assert live.plan(template).trials is not None
    assert "Dense" in live.catalog()["layers"]


def test_service_tells_of_itself(live: headstock.Client, search: headstock.Search, tmp_path: Path) -> None:
    assert [worker.name for worker in live.workers()] == ["box-1"]
    assert live.is_ready()
    assert "/v1/searches" in json.loads(live.openapi(tmp_path / "openapi.json").read_text())["paths"]


def test_dashboard_link_signs_in_once(live: headstock.Client) -> None:
    link = live.dashboard_link()
    with httpx.Client() as browser:
        assert browser.get(link).status_code == 303
        assert browser.get(f"{live.url}/v1/searches").status_code == 200
    assert httpx.get(link).status_code in (401, 403, 410)


def test_wrong_token_is_refused(live: headstock.Client) -> None:
    with headstock.Client(live.url, "hs_wrong") as stranger, pytest.raises(headstock.Unauthenticated):
        stranger.workers()

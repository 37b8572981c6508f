"""The `headstock` command on canned answers: what it sends, prints, and leaves with."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import headstock
import httpx
import pytest
import typer
from headstock.cli import server
from headstock.cli.app import app
from headstock.cli.overrides import overridden
from headstock.cli.session import Session
from headstock.client import Client
from rich.console import Console
from typer.testing import CliRunner

from service import examples
from tests.clients.service_double import Script, client_of, epoch, ok, page, problem, search, trial

SEARCH = "/v1/searches/s_1"
TREND = {
    "name": "units",
    "objective": {"name": "val_accuracy", "direction": "max"},
    "points": [],
    "values": [
        {"value": 32, "count": 2, "mean": 0.8, "median": 0.8, "q25": 0.7, "q75": 0.9, "best": 0.9},
        {"value": 64, "count": 3, "mean": 0.95, "median": 0.96, "q25": 0.9, "q75": 1, "best": 0.97},
    ],
    "best_value": 64,
    "verdict": "monotone_increasing",
    "diminishing_returns_at": None,
}


@dataclass
class Ran:
    code: int
    out: str
    err: str
    fault: BaseException | None

    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def script() -> Script:
    script = Script().on("GET", SEARCH, ok(search())).on("GET", "/v1/searches", page([search()]))
    return script.on("GET", f"{SEARCH}/trials", page([trial(0), trial(1)]))


@pytest.fixture
def run(script: Script) -> Run:
    def connect(url: str | None, data_dir: Path | None) -> Client:
        return client_of(script, retries=headstock.Retries(attempts=1))

    def invoke(*arguments: str, stdin: str = "") -> Ran:
        text = io.StringIO()
        session = Session(connect=connect, out=Console(file=text, width=160, highlight=False))
        result = CliRunner().invoke(app, list(arguments), obj=session, input=stdin)
        return Ran(result.exit_code, text.getvalue() + result.stdout, result.stderr, result.exception)

    return invoke


@pytest.fixture
def definition(tmp_path: Path) -> Path:
    file = tmp_path / "search.json"
    file.write_text(json.dumps({"name": "a", "tuner": {"type": "random"}, "hyperparameters": [{"name": "units"}]}))
    return file


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


def test_best_prints_values_or_code_alone(run: Run, script: Script) -> None:
    script.on("GET", f"{SEARCH}/best", page([trial(1, definition={}, code="import keras\nmodel = [1]\n")]))
    assert run("best", "--code").out == "import keras\nmodel = [1]\n"
    shown = run("best").out
    assert "val_accuracy 0.9100" in shown
    assert "learning_rate  0.001" in shown
    assert run("best", "--json").json()[0]["code"].startswith("import keras")


def test_best_before_any_score_is_an_error(run: Run, script: Script) -> None:
    script.on("GET", f"{SEARCH}/best", page([]))
    ran = run("best")
    assert (ran.code, "no trial of digits-mlp" in ran.err) == (1, True)


def test_trials_and_epochs_are_tables(run: Run, script: Script) -> None:
    failure = {"code": "out_of_memory", "message": "full"}
    script.on("GET", f"{SEARCH}/trials", page([trial(0), trial(1, state="FAILED", score=None, failure=failure)]))
    script.on("GET", "/v1/trials/t_0", ok(trial(0)))
    script.on("GET", "/v1/trials/t_0/epochs", page([epoch(0, loss=2.0, val_loss=None), epoch(1, loss=1.0)]))
    shown = run("trials").out
    assert "FAILED out_of_memory" in shown
    by_number, by_id = run("epochs", "0").out, run("epochs", "t_0").out
    assert by_number == by_id
    assert "2.0000" in by_id
    assert [row["epoch"] for row in run("epochs", "t_0", "--json").json()] == [0, 1]


def test_narrow_terminal_cuts_no_id(script: Script) -> None:
    text = io.StringIO()
    long = "s_" + "0" * 32
    script.on("GET", "/v1/searches", page([search(id=long, name="größe-" * 10)]))
    session = Session(connect=lambda url, folder: client_of(script), out=Console(file=text, width=40))
    assert CliRunner().invoke(app, ["searches"], obj=session).exit_code == 0
    header, row = text.getvalue().splitlines()
    assert row.startswith(f"{long}  {'größe-' * 10}  RUNNING")
    assert header.index("state") == row.index("RUNNING")


def test_trend_has_a_bar_per_value(run: Run, script: Script) -> None:
    script.on("GET", f"{SEARCH}/trends/hyperparameters/units", ok(TREND))
    shown = run("trend", "latest", "units").out
    bars = [line.count("█") for line in shown.splitlines() if "█" in line]
    assert len(bars) == 2
    assert bars[0] < bars[1]
    assert "The score grows with it; best at 64." in shown
    assert run("trend", "latest", "units", "--json").json()["verdict"] == "monotone_increasing"


def summary(value: object, median: float) -> dict[str, Any]:
    return {"value": value, "count": 1, **dict.fromkeys(("mean", "median", "q25", "q75", "best"), median)}


LISTS: list[list[int]] = [[18], [18, 18], [18, 18, 18]]
LOSS = {
    "name": "loss",
    "direction": "min",
    "values": [summary(value, median) for value, median in zip(LISTS, (1.0, 0.8, 0.9), strict=True)],
    "best_value": [18, 18],
    "verdict": "valley",
    "diminishing_returns_at": [18, 18],
}
ACCURACY = {
    "name": "accuracy",
    "direction": "max",
    "values": [summary(value, median) for value, median in zip(LISTS, (0.5, 0.7, 0.6), strict=True)],
    "best_value": [18, 18],
    "verdict": "peak",
}
SWEPT = {
    **LOSS,
    "name": "hidden",
    "objective": TREND["objective"],
    "metric": {"name": "loss", "direction": "min"},
    "at": "last",
    "baseline": "only",
    "points": [],
    "metrics": [LOSS, ACCURACY],
}


def test_trend_asks_for_metrics_bounds_and_order(run: Run, script: Script) -> None:
    path = f"{SEARCH}/trends/hyperparameters/hidden"
    script.on("GET", path, ok(SWEPT))
    metrics = ("--metric", "loss", "--metric", "accuracy", "--at", "last")
    shown = run(
        "trend", "latest", "hidden", *metrics, "--min", "18", "--max", "64", "--baseline", "all", "--sort", "score"
    ).out
    query = script.to("GET", path)[0].url.params
    assert query.get_list("metric") == ["loss", "accuracy"]
    assert [query[name] for name in ("at", "min", "max", "baseline", "sort")] == [
        "last",
        "18.0",
        "64.0",
        "all",
        "score",
    ]
    assert "hidden against loss (min), accuracy (max), last epoch, all others at their defaults" in shown
    rows = [line for line in shown.splitlines() if "█" in line]
    # The least loss first; its bar is the shortest, its accuracy's the longest.
    assert [row.lstrip().partition("]")[0] for row in rows] == ["[18, 18", "[18, 18, 18", "[18"]
    assert "0.8000" in rows[0]
    assert "loss is lowest in between; best at [18, 18]; little to gain beyond [18, 18]." in shown
    assert "accuracy is highest in between; best at [18, 18]." in shown


def test_trend_of_one_metric_is_ordered_by_value_unless_told(run: Run, script: Script) -> None:
    one = {**SWEPT, "metrics": [LOSS]}
    script.on("GET", f"{SEARCH}/trends/hyperparameters/hidden", ok(one))

    def medians(*options: str) -> list[str]:
        lines = run("trend", "latest", "hidden", "--metric", "loss", *options).out.splitlines()
        return [next(cell for cell in line.split() if cell.startswith(("0.", "1."))) for line in lines if "█" in line]

    assert medians() == ["1.0000", "0.8000", "0.9000"]
    assert medians("--sort", "score") == ["0.8000", "0.9000", "1.0000"]


def test_trials_show_lists(run: Run, script: Script) -> None:
    script.on("GET", f"{SEARCH}/trials", page([trial(0, hyperparameters={"hidden": [18, 18]}, swept="hidden")]))
    assert "hidden=[18, 18]" in run("trials").out
    assert run("trials", "--json").json()[0]["swept"] == "hidden"


def test_plot_writes_the_file_its_ending_asks_for(run: Run, script: Script, tmp_path: Path) -> None:
    path = f"{SEARCH}/plots/hyperparameter"
    script.on("GET", path, httpx.Response(200, content=b"picture"))
    target = tmp_path / "units.png"
    ran = run(
        "plot", "latest", "hyperparameter", "--name", "units", "--metric", "loss", "--chart", "bar", "-o", str(target)
    )
    assert ran.code == 0, ran.err
    assert target.read_bytes() == b"picture"
    query = script.to("GET", path)[0].url.params
    assert {name: query[name] for name in query} == {
        "format": "png", "name": "units", "metric": "loss", "chart": "bar", "theme": "light",
    }  # fmt: skip
    wrong = run("plot", "latest", "objective", "-o", str(tmp_path / "x.gif"))
    assert (wrong.code, ".svg, .png" in wrong.err) == (1, True)


def test_importance_has_a_bar_per_hyperparameter(run: Run, script: Script) -> None:
    script.on("GET", f"{SEARCH}/importance", ok(examples.IMPORTANCE | {"note": "40 trials are few"}))
    shown = run("importance", "latest", "--method", "fanova", "--metric", "val_accuracy").out
    assert [line.split()[:2] for line in shown.splitlines() if "█" in line] == [
        ["learning_rate", "71.0%"], ["units", "12.0%"],
    ]  # fmt: skip
    assert "units and learning_rate together: 5.0% more" in shown
    assert "Note: 40 trials are few." in shown
    assert dict(script.to("GET", f"{SEARCH}/importance")[0].url.params)["metric"] == "val_accuracy"
    assert run("importance", "--json").json()["method"] == "fanova"


def test_tradeoff_shows_the_front_only(run: Run, script: Script) -> None:
    beaten = {**examples.TRADEOFF["points"][0], "trial_id": "t_9", "number": 9, "on_front": False}
    script.on("GET", f"{SEARCH}/tradeoff", ok({**examples.TRADEOFF, "points": [beaten, *examples.TRADEOFF["points"]]}))
    lines = run("tradeoff", "latest", "--against", "seconds").out.splitlines()
    assert [line.split()[0] for line in lines] == ["trial", "4"]
    assert run("tradeoff", "--json").json()["front"] == examples.TRADEOFF["front"]


def test_diagnose_tells_evidence_and_advice(run: Run, script: Script) -> None:
    script.on("GET", "/v1/trials/t_1/diagnosis", ok(examples.DIAGNOSIS))
    shown = run("diagnose", "1").out
    assert shown.splitlines()[0] == "trial 4: overfitting"
    assert "best_epoch=11" in shown
    assert "try: stop earlier" in shown
    assert run("diagnose", "1", "--json").json()["verdict"] == "overfitting"
    assert run("diagnose", "9").code == 1


def test_diagnose_of_a_search_counts_the_verdicts(run: Run, script: Script) -> None:
    script.on("GET", f"{SEARCH}/diagnosis", ok(examples.DIAGNOSES))
    lines = run("diagnose", "latest").out.splitlines()
    assert lines[1].split()[:3] == ["4", "overfitting", "30"]
    assert lines[-1] == "1 of 1: overfitting"
    assert [each["number"] for each in run("diagnose", "latest", "--json").json()] == [4]


def test_compare_stands_searches_side_by_side(run: Run, script: Script) -> None:
    two = {**examples.COMPARISON, "searches": examples.COMPARISON["searches"] * 2}
    script.on("GET", "/v1/searches/compare", ok(two))
    shown = run("compare", "latest", "s_1", "--target", "0.9").out
    assert shown.splitlines()[-1] == "Target: 0.9722"
    assert shown.count("digits-mlp") == 2
    asked = script.to("GET", "/v1/searches/compare")[0].url.params
    assert (asked.get_list("id"), asked["target"]) == (["s_1", "s_1"], "0.9")
    assert run("compare", "latest").code == 1


def test_plot_of_one_trial_by_its_number(
    run: Run, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    script.on("GET", f"{SEARCH}/plots/learning-curves", httpx.Response(200, content=b"<svg/>"))
    ran = run("plot", "learning-curves", "latest", "--trial", "1", "--to", "curves.svg", "--json")
    assert ran.json()["path"] == "curves.svg"
    assert script.to("GET", f"{SEARCH}/plots/learning-curves")[0].url.params["trial"] == "t_1"
    assert run("plot", "learning-curves", "--trial", "9").code == 1


def test_trend_of_the_objective(run: Run, script: Script) -> None:
    point = {"trial_id": "t_0", "number": 0, "score": 0.9, "best": 0.9, "ended_at": "2026-01-01T00:00:00Z"}
    more = {"elapsed_seconds": 2.5, "epochs_spent": 5, "seconds_spent": 2.0}
    script.on("GET", f"{SEARCH}/trends/objective", ok({"objective": TREND["objective"], "points": [{**point, **more}]}))
    assert "0.9000" in run("trend", "latest", "objective").out


def test_export_names_its_file_after_the_search(
    run: Run, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    script.on("GET", "/v1/searches", page([search(name="../wine & cheese")]))
    script.on("GET", f"{SEARCH}/export", httpx.Response(200, content=b"number,score\n"))
    ran = run("export", "--table", "epochs", "--format", "jsonl", "--json")
    (written,) = tmp_path.iterdir()
    assert ran.json()["path"] == written.name == "-wine---cheese-epochs.jsonl"


def zipped(*names: str) -> httpx.Response:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name in names:
            file.writestr(name, b"events")
    return httpx.Response(200, content=archive.getvalue())


def test_event_files_are_unpacked_where_tensorboard_looks(run: Run, script: Script, tmp_path: Path) -> None:
    script.on("GET", f"{SEARCH}/export", zipped("trial-0000/events.out.tfevents.1.headstock"))
    ran = run("export", "--format", "tensorboard", "--to", str(tmp_path / "runs"))
    assert f"tensorboard --logdir {tmp_path / 'runs'}" in ran.out
    assert dict(script.requests[-1].url.params) == {"format": "tensorboard"}
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["trial-0000"]
    script.on("GET", f"{SEARCH}/export", zipped("trial-0001/events", "../beside"))
    refused = run("export", "--format", "tensorboard", "--to", str(tmp_path / "runs"))
    assert (refused.code, "'../beside'" in refused.err) == (1, True)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["events.out.tfevents.1.headstock"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--format", "mlflow"), "--to http://127.0.0.1:5000"),
        (("--format", "mlflow", "--to", "mlruns"), "an address like http://127.0.0.1:5000"),
        (("--format", "tensorboard", "-o", "a.csv"), "--output is for tables"),
        (("--to", "runs"), "--to is for tensorboard and mlflow"),
    ],
)
def test_exports_that_lack_a_place_say_what_is_missing(run: Run, options: tuple[str, ...], told: str) -> None:
    ran = run("export", *options)
    assert ran.code != 0
    assert told in ran.err


def test_model_is_the_best_trials(run: Run, script: Script, tmp_path: Path) -> None:
    script.on("GET", f"{SEARCH}/best", page([trial(1, definition={}, code="")]))
    script.on("GET", "/v1/trials/t_1/model", httpx.Response(200, content=b"keras"))
    assert run("model", "-o", str(tmp_path / "m.keras")).code == 0
    assert (tmp_path / "m.keras").read_bytes() == b"keras"


def test_delete_asks_first(run: Run, script: Script) -> None:
    script.on("DELETE", SEARCH, httpx.Response(204))
    assert run("delete", "s_1", stdin="n\n").code == 1
    assert script.to("DELETE", SEARCH) == []
    assert run("delete", "s_1", stdin="y\n").code == 0
    assert run("delete", "s_1", "--yes").code == 0
    assert len(script.to("DELETE", SEARCH)) == 2


def test_datasets_list_is_the_default(run: Run, script: Script, tmp_path: Path) -> None:
    stored = {"id": "d_1", "name": "wine", "task": "classification", "input_shape": [8, 8], "num_classes": 3}
    script.on("GET", "/v1/datasets", page([stored])).on("POST", "/v1/datasets", ok(stored, status=201))
    script.on("DELETE", "/v1/datasets/d_1", httpx.Response(204))
    assert run("datasets").out == run("datasets", "list").out
    assert "8x8" in run("datasets").out
    assert run("datasets", "list", "--json").json()[0]["id"] == run("datasets", "--json").json()[0]["id"] == "d_1"
    file = tmp_path / "wine.csv"
    file.write_text("a,b\n")
    assert "Stored wine (d_1): classification, 3 classes" in run("datasets", "add", str(file), "--target", "b").out
    assert run("datasets", "remove", "wine").code == 0
    assert run("datasets", "add", str(tmp_path / "missing.csv")).code == 1


def test_a_data_set_is_shown_with_its_rows_and_figures(run: Run, script: Script) -> None:
    from service import examples

    stored = {"id": "d_1", "name": "wine", "task": "classification", "input_shape": [2]}
    script.on("GET", "/v1/datasets", page([stored]))
    features = [
        {"name": "acid", "kind": "number", "minimum": 0.5, "maximum": 2.0, "mean": 1.25, "missing": 3},
        {"name": "colour", "kind": "category", "minimum": None, "maximum": None, "mean": None, "missing": 0},
    ]
    cell = {"text": None, "image": None, "shortened": False}
    preview = {
        **examples.PREVIEW,
        "inputs": [{"name": "", "kind": "table", "shape": [2], "features": features, "looked_at": 9}],
        "rows": [{"row": 7, "inputs": [{**cell, "values": [None, "red"]}], "targets": ["good"]}],
    }
    script.on("GET", "/v1/datasets/d_1/preview", ok(preview), ok(preview), ok(examples.PREVIEW))
    shown = " ".join(run("datasets", "show", "wine", "--random", "--seed", "4", "--part", "test").out.split())
    for part in ("acid", "7", "– red good", "0.5 1.25 2 3", "4 181", "1 of 1,797 rows of the train part"):
        assert part in shown.replace("│", "").replace("  ", " "), part
    (asked,) = script.to("GET", "/v1/datasets/d_1/preview")
    assert dict(asked.url.params) == {"rows": "10", "part": "test", "sample": "random", "seed": "4"}
    assert run("datasets", "show", "wine", "--json").json()["rows"][0]["targets"] == ["good"]
    assert "(image)" in run("datasets", "show", "wine").out


def test_weights_are_listed_added_and_deleted(run: Run, script: Script, tmp_path: Path) -> None:
    stored = {"id": "w8_1", "name": "vgg16", "format": ".weights.h5", "size_bytes": 2048}
    script.on("GET", "/v1/weights", page([stored])).on("POST", "/v1/weights", ok(stored, status=201))
    script.on("DELETE", "/v1/weights/w8_1", httpx.Response(204))
    assert run("weights").out == run("weights", "list").out
    assert ".weights.h5" in run("weights").out
    file = tmp_path / "vgg16.weights.h5"
    file.write_bytes(b"x")
    added = run("weights", "add", str(file)).out
    assert "Stored vgg16 (w8_1)" in added
    assert '{"weights": "vgg16"}' in added
    assert 'name="name"\r\n\r\nvgg16\r\n' in script.to("POST", "/v1/weights")[0].content.decode()
    assert run("weights", "delete", "vgg16").code == 0
    assert run("weights", "delete", "w8_1", "--json").json() == {"deleted": "w8_1"}
    assert len(script.to("DELETE", "/v1/weights/w8_1")) == 2
    assert run("weights", "add", str(tmp_path / "missing.h5")).code == 1


def test_plan_templates_and_workers(run: Run, script: Script, definition: Path) -> None:
    rounds = [{"round": 0, "trials": 9, "epochs": 1}, {"round": 1, "trials": 3, "epochs": 3}]
    plan = {
        "trials": 17,
        "epochs": 63,
        "space_size": None,
        "brackets": [{"bracket": 1, "rounds": rounds}],
        "parameters": {"min": 2000, "max": 90000, "default": 2000},
        "disk_bytes": 2048,
        "seconds": {"estimate": 60, "low": 50, "high": 80, "measured_trials": 9},
        "warnings": [{"code": "x", "message": "odd"}],
    }
    script.on("POST", "/v1/searches/plan", ok(plan))
    shown = run("plan", str(definition)).out
    for part in ("17", "infinitely many", "2,000 to 90,000", "1 min 00 s", "odd"):
        assert part in shown
    assert "bracket 1: 9 trials to 1 epoch, then 3 trials to 3 epochs" in shown
    script.on("GET", "/v1/templates", page([{"name": "convnet"}, {"name": "mlp"}]))
    script.on("GET", "/v1/templates/mlp", ok({"name": "mlp"}))
    assert run("templates", "--json").json() == ["convnet", "mlp"]
    assert run("templates", "mlp").json() == {"name": "mlp"}
    slots = [
        {"number": 0, "device": "cpu", "busy": True, "trial_id": "t_1"},
        {"number": 1, "device": "cpu", "trial_id": None},
    ]
    gpu = {"utilisation": 0.87, "memory_used_bytes": 3 * 2**30, "memory_total_bytes": 80 * 2**30}
    machine = {"cpu": 0.25, "memory_used_bytes": 2**30, "memory_total_bytes": 2**34}
    workers = [
        {"id": "w_1", "name": "here", "host": "box", "slots": slots},
        {"id": "w_2", "name": "b", "host": "c", "slots": [{"number": 0, "device": "gpu:0", **gpu}], **machine},
    ]
    script.on("GET", "/v1/workers", page(workers))
    shown = run("workers").out
    for part in ("here", "cpu", "25%", "1.0 of 16.0 GiB", "gpu:0 87%", "3.0 of 80.0 GiB"):
        assert part in " ".join(shown.split())


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


def test_server_command_without_the_server_says_what_to_install() -> None:
    alone = typer.Typer(cls=app.info.cls)
    server.add_to(alone, found=dict)
    result = CliRunner().invoke(alone, ["up", "--slots", "2"])
    assert (result.exit_code, "pip install headstock-server" in result.stderr) == (1, True)


def test_server_command_is_loaded_only_when_called_and_gets_all_arguments() -> None:
    loaded: list[str] = []
    got: list[list[str]] = []

    def up(argv: list[str]) -> int:
        got.append(argv)
        return 3

    def load() -> Callable[[list[str]], int]:
        loaded.append("up")
        return up

    alone = typer.Typer(cls=app.info.cls)
    server.add_to(alone, found=lambda: {"up": load, "extra": load})
    assert "extra" in CliRunner().invoke(alone, ["--help"]).stdout
    assert loaded == []
    assert CliRunner().invoke(alone, ["up", "--help", "--slots", "2", "rest"]).exit_code == 3
    assert got == [["--help", "--slots", "2", "rest"]]


def test_server_command_may_have_typer_parameters() -> None:
    got: list[int] = []

    def api(port: int = 8000) -> None:
        got.append(port)

    alone = typer.Typer(cls=app.info.cls)
    server.add_to(alone, found=lambda: {"api": lambda: api})
    assert CliRunner().invoke(alone, ["api", "--port", "9"]).exit_code == 0
    assert CliRunner().invoke(alone, ["api", "--port", "x"]).exit_code == 2
    assert got == [9]


def test_server_that_cannot_be_imported_is_a_message() -> None:
    def load() -> None:
        raise ModuleNotFoundError("No module named 'sqlalchemy'")

    alone = typer.Typer(cls=app.info.cls)
    server.add_to(alone, found=lambda: {"up": load})
    result = CliRunner().invoke(alone, ["up"])
    assert (result.exit_code, "sqlalchemy" in result.stderr) == (1, True)

"""Results on the command line: the best, trials, trends, pictures and what is found in them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import httpx
import pytest
from headstock.cli.app import app
from headstock.cli.session import Session
from rich.console import Console
from typer.testing import CliRunner

from service import examples
from tests.clients.cli.running import SEARCH, TREND, Run
from tests.clients.service_double import Script, client_of, epoch, ok, page, search, trial


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

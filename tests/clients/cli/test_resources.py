"""Data sets, weights, plans, templates and workers on the command line."""

from __future__ import annotations

from pathlib import Path

import httpx

from service import examples
from tests.clients.cli.running import Run
from tests.clients.service_double import Script, ok, page


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

"""What a sweep's reader asks for: a metric at the last epoch against one hyperparameter, filtered and sorted."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from storage.ids import SearchId
from tests.service.assembled import Service
from tests.service.sweep_scene import UNITS, trained_sweep

Document = dict[str, Any]


@pytest.fixture
def sweep(service: Service, ada: TestClient, definition: Document) -> SearchId:
    return trained_sweep(service, ada, definition)


def trend(client: TestClient, search_id: SearchId, name: str, **query: str | int | list[str]) -> Document:
    answer = client.get(f"/v1/searches/{search_id}/trends/hyperparameters/{name}", params=query)
    assert answer.status_code == 200, answer.text
    found: Document = answer.json()
    return found


def test_last_loss_against_units_by_hand(ada: TestClient, sweep: SearchId) -> None:
    found = trend(ada, sweep, "units", metric=["loss", "accuracy"], at="last", sort="value")
    assert (found["metric"], found["at"], found["baseline"]) == ({"name": "loss", "direction": "min"}, "last", "only")
    assert [point["value"] for point in found["points"]] == list(UNITS)
    assert [point["score"] for point in found["points"]] == [2.8, 1.8, 1.0, 0.52, 0.5, 0.51]
    assert [point["metrics"]["accuracy"] for point in found["points"]] == [0.2, 0.5, 0.7, 0.85, 0.86, 0.8]
    # Ranks of the loss 6, 5, 4, 3, 1, 2 against 1 ... 6: d^2 = 25 + 9 + 1 + 1 + 16 + 16 = 68, rho = 1 - 6 * 68 / 210.
    assert found["verdict"] == "monotone_decreasing"
    assert found["method"]["spearman"] == pytest.approx(1 - 6 * 68 / 210)
    # The whole gain is 2.8 - 0.5 = 2.3; at 64 only 0.02 of it remains, at 18 still 0.5.
    assert (found["diminishing_returns_at"], found["best_value"]) == (64, 256)
    loss, accuracy = found["metrics"]
    assert loss["verdict"] == found["verdict"]
    assert (accuracy["name"], accuracy["direction"]) == ("accuracy", "max")
    # The accuracy rises with ranks 1, 2, 3, 5, 6, 4: d^2 = 0 + 0 + 0 + 1 + 1 + 4, rho = 1 - 36 / 210.
    assert accuracy["verdict"] == "monotone_increasing"
    assert accuracy["method"]["spearman"] == pytest.approx(1 - 36 / 210)
    # Of 0.66 in all, 0.01 remains at 64.
    assert (accuracy["diminishing_returns_at"], accuracy["best_value"]) == (64, 256)


def test_best_epoch_is_the_objectives(ada: TestClient, sweep: SearchId) -> None:
    found = trend(ada, sweep, "units", metric="loss", sort="value")
    # At 1024 the accuracy is best in the first epoch: that epoch's loss counts.
    assert [point["score"] for point in found["points"]] == [2.8, 1.8, 1.0, 0.52, 0.5, 1.3]
    assert trend(ada, sweep, "units", sort="score")["points"][0]["value"] == 1024


def test_filters_are_inclusive_and_come_before_the_verdict(ada: TestClient, sweep: SearchId) -> None:
    found = trend(ada, sweep, "units", metric="loss", at="last", min=18)
    assert sorted(point["value"] for point in found["points"]) == [18, 64, 256, 1024]
    assert [group["value"] for group in found["values"]] == [18, 64, 256, 1024]
    assert trend(ada, sweep, "units", min=18, max=64)["best_value"] == 64
    # Of 0.5 in all, 0.02 remains at 64, which is less than a twentieth.
    assert found["diminishing_returns_at"] == 64
    assert trend(ada, sweep, "units", min=2000)["points"] == []


def test_orders(ada: TestClient, sweep: SearchId) -> None:
    assert [point["number"] for point in trend(ada, sweep, "units")["points"]] == [0, 1, 2, 3, 4, 5]
    by_loss = trend(ada, sweep, "units", metric="loss", at="last", sort="score")["points"]
    assert [point["value"] for point in by_loss] == [256, 1024, 64, 18, 6, 1]
    by_accuracy = trend(ada, sweep, "units", metric="accuracy", at="last", sort="score")["points"]
    assert [point["value"] for point in by_accuracy] == [256, 64, 1024, 18, 6, 1]


def test_others_are_at_the_baseline_unless_all_are_asked_for(ada: TestClient, sweep: SearchId) -> None:
    assert len(trend(ada, sweep, "units")["points"]) == 6
    everything = trend(ada, sweep, "units", baseline="all")
    assert len(everything["points"]) == 8
    assert next(group for group in everything["values"] if group["value"] == 18)["count"] == 3


def test_lists_are_shown_as_lists_in_their_order(ada: TestClient, sweep: SearchId) -> None:
    found = trend(ada, sweep, "hidden", metric="accuracy", at="last", sort="value")
    assert [point["value"] for point in found["points"]] == [[18], [18, 18], [9, 9, 9]]
    assert [group["value"] for group in found["values"]] == [[18], [18, 18], [9, 9, 9]]
    assert (found["best_value"], found["verdict"]) == ([18, 18], "peak")


def test_trials_tell_what_they_sweep(ada: TestClient, sweep: SearchId) -> None:
    items = ada.get(f"/v1/searches/{sweep}/trials").json()["items"]
    assert [item["swept"] for item in items] == [None, *["units"] * 5, "hidden", "hidden"]
    assert items[6]["hyperparameters"]["hidden"] == [18, 18]
    assert ada.get(f"/v1/trials/{items[6]['id']}").json() == items[6]
    (best,) = ada.get(f"/v1/searches/{sweep}/best").json()["items"]
    assert (best["swept"], best["hyperparameters"]["hidden"]) == ("units", [18])
    assert [layer.get("units") for layer in best["definition"]["model"]["layers"]] == [None, 1024, 18, 10]


def test_exports_have_lists_as_json_text(ada: TestClient, sweep: SearchId) -> None:
    rows = list(csv.DictReader(io.StringIO(ada.get(f"/v1/searches/{sweep}/export").text)))
    assert [(row["hp:hidden"], row["swept"]) for row in rows[6:]] == [("[18, 18]", "hidden"), ("[9, 9, 9]", "hidden")]
    lines = ada.get(f"/v1/searches/{sweep}/export?format=jsonl").text.splitlines()
    assert json.loads(lines[7])["hyperparameters"]["hidden"] == [9, 9, 9]


def test_the_definition_shows_lists(ada: TestClient, sweep: SearchId) -> None:
    shown = ada.get(f"/v1/searches/{sweep}").json()["definition"]["hyperparameters"][1]
    assert (shown["values"], shown["default"], shown["ordered"]) == ([[18], [18, 18], [9, 9, 9]], [18], True)


@pytest.mark.parametrize(
    ("name", "query", "pointer", "code"),
    [
        ("units", {"metric": "f2"}, "query:metric", "unknown_metric"),
        ("units", {"min": "nan"}, "query:min", "not_finite"),
        ("units", {"min": 3, "max": 2}, "query:max", "out_of_range"),
        ("hidden", {"min": 18}, "query:min", "not_together"),
        ("units", {"at": "first"}, "query:at", "invalid_enum"),
        ("units", {"sort": "name"}, "query:sort", "invalid_enum"),
        ("units", {"baseline": "none"}, "query:baseline", "invalid_enum"),
    ],
)
def test_wrong_questions_are_refused(
    ada: TestClient, sweep: SearchId, name: str, query: Document, pointer: str, code: str
) -> None:
    answer = ada.get(f"/v1/searches/{sweep}/trends/hyperparameters/{name}", params=query)
    assert answer.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [(pointer, code)]

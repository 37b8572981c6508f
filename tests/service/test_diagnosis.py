"""What learning curves say: by hand-made curves, over HTTP, and on what Keras really logs."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from service.trends.curves import mean_curves
from service.trends.diagnosis import TRY_NEXT, Diagnosis, diagnosis_of
from storage.clock import SystemClock
from storage.epochs import EpochRow, StoredEpoch
from storage.ids import SearchId, TrialId
from storage.records import NewTrial, Objective
from storage.workers import Slot
from tests.service.assembled import Service

Document = dict[str, Any]
NOW = SystemClock().now()
OBJECTIVE = Objective("val_loss", "min")


def rows(execution: int = 0, *, start: int = 0, **curves: list[float]) -> list[StoredEpoch]:
    length = max(len(curve) for curve in curves.values())
    return [
        StoredEpoch(
            trial_id=TrialId("t"),
            execution=execution,
            epoch=start + epoch,
            attempt=1,
            metrics={name: curve[epoch] for name, curve in curves.items() if epoch < len(curve)},
            seconds=0.1,
            recorded_at=NOW,
        )
        for epoch in range(length)
    ]


def diagnosed(
    found: list[StoredEpoch], *, objective: Objective = OBJECTIVE, best_training: float | None = None
) -> Diagnosis:
    return diagnosis_of(
        mean_curves(found), objective=objective, directions={"accuracy": "max", "loss": "min"},
        best_training=best_training,
    )  # fmt: skip


def falling(end: float, *, epochs: int = 30, start: float = 2.0, pace: float = 4.0) -> list[float]:
    """From `start` down to `end`, and at rest long before it is over."""
    return [end + (start - end) * math.exp(-epoch / pace) for epoch in range(epochs)]


def codes(found: Diagnosis) -> list[str]:
    return [finding.code for finding in found.findings]


def test_a_good_curve_is_healthy() -> None:
    found = diagnosed(rows(loss=falling(0.2), val_loss=falling(0.25)))
    assert (found.verdict, found.metric, found.validation_metric, found.epochs) == ("healthy", "loss", "val_loss", 30)
    assert found.findings[0].evidence["last"] == pytest.approx(0.25, abs=0.01)


def test_a_validation_loss_that_turns_is_overfitting() -> None:
    turning = [*falling(0.4, epochs=12, pace=2.0), *(0.4 + 0.03 * step for step in range(18))]
    found = diagnosed(rows(loss=falling(0.01, pace=5.0), val_loss=turning))
    assert found.verdict == "overfitting"
    evidence = found.findings[0].evidence
    assert evidence["best_epoch"] == 12
    # The last quarter are 8 epochs: 0.4 + 0.03 * (10 ... 17).
    assert evidence["validation_end"] == pytest.approx(0.4 + 0.03 * 13.5)
    assert evidence["share_of_gain_lost"] == pytest.approx(0.405 / 1.6, rel=1e-3)
    assert found.findings[0].try_next == TRY_NEXT["overfitting"]


def test_a_wide_gap_is_overfitting_too() -> None:
    found = diagnosed(rows(loss=falling(0.05), val_loss=falling(0.6)))
    assert found.verdict == "overfitting"
    assert found.findings[0].evidence["factor"] == pytest.approx(12, rel=0.2)
    assert diagnosed(rows(loss=falling(0.35), val_loss=falling(0.6))).verdict == "healthy"


def test_a_little_up_and_down_is_not_overfitting() -> None:
    wobble = [value + 0.002 * (-1) ** epoch for epoch, value in enumerate(falling(0.5))]
    assert diagnosed(rows(loss=falling(0.4), val_loss=wobble)).verdict == "healthy"


def test_a_training_that_hardly_moves_is_underfitting() -> None:
    flat = [2.30 - 0.002 * epoch for epoch in range(20)]
    found = diagnosed(rows(loss=flat, val_loss=flat))
    assert found.verdict == "underfitting"
    assert found.findings[0].evidence["gain"] == pytest.approx(0.038 / 2.3)
    # With so much data that the first epoch learnt it all, as the best trial did, there is nothing wrong.
    quick = [0.100, 0.0995, 0.0994, 0.0994, 0.0994, 0.0994]
    assert diagnosed(rows(loss=quick, val_loss=quick), best_training=0.099).verdict == "healthy"


def test_coming_to_rest_far_from_the_best_is_underfitting() -> None:
    found = diagnosed(rows(loss=falling(1.0), val_loss=falling(1.02)), best_training=0.3)
    assert found.verdict == "underfitting"
    assert found.findings[0].evidence["factor"] == pytest.approx(1.0 / 0.3, rel=0.01)
    assert diagnosed(rows(loss=falling(0.4), val_loss=falling(0.41)), best_training=0.3).verdict == "healthy"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_diverged(bad: float) -> None:
    found = diagnosed(rows(loss=[2.0, 1.5, bad, bad], val_loss=[2.0, 1.6, 1.5, bad]))
    assert found.verdict == "diverged"
    assert found.findings[0].evidence["first_epoch_not_finite"] == 2


def test_what_ends_far_above_its_start_diverged() -> None:
    found = diagnosed(rows(loss=[2.0, 1.5, 3.0, 8.0, 40.0, 44.0], val_loss=[2.0, 1.6, 3.0, 9.0, 50.0, 60.0]))
    assert codes(found) == ["diverged"]
    assert found.findings[0].evidence["factor"] == pytest.approx(21.0)


def test_swings_are_oscillating() -> None:
    swinging = [1.0 + 0.4 * (-1) ** epoch + (1.0 if epoch == 0 else 0.0) for epoch in range(20)]
    found = diagnosed(rows(loss=swinging, val_loss=falling(0.9, epochs=20)))
    assert "oscillating" in codes(found)
    evidence = next(each for each in found.findings if each.code == "oscillating").evidence
    assert evidence["share_of_turns"] == 1.0
    assert evidence["typical_step"] == pytest.approx(0.8)


def test_curves_that_still_fall_are_unfinished() -> None:
    line = [2.0 - 0.05 * epoch for epoch in range(20)]
    found = diagnosed(rows(loss=line, val_loss=line))
    assert found.verdict == "still_improving"
    evidence = found.findings[0].evidence
    # Five of nineteen equal steps.
    assert evidence["share_of_gain_in_tail"] == pytest.approx(5 / 19)
    assert (evidence["best_epoch"], evidence["tail_epochs"]) == (19, 5)


def test_without_validation_part_the_training_speaks() -> None:
    found = diagnosed(rows(loss=falling(0.2)), objective=Objective("loss", "min"))
    assert (found.verdict, found.validation_metric) == ("healthy", None)


def test_where_no_loss_is_logged_the_objective_speaks_in_its_direction() -> None:
    rising = [1.0 - value / 2 for value in falling(0.2)]
    found = diagnosed(rows(accuracy=rising, val_accuracy=rising), objective=Objective("val_accuracy", "max"))
    assert (found.verdict, found.metric, found.direction) == ("healthy", "accuracy", "max")
    assert found.findings[0].evidence["best"] == pytest.approx(0.9, abs=0.01)
    down = [0.9 - 0.02 * step for step in range(20)]
    up = [0.5 + 0.02 * step for step in range(20)]
    lost = diagnosed(rows(accuracy=up, val_accuracy=down), objective=Objective("val_accuracy", "max"))
    assert lost.verdict == "overfitting"
    assert lost.findings[0].evidence["validation_best"] == pytest.approx(0.9)


def test_folds_are_averaged_as_far_as_all_have_gone() -> None:
    folds = rows(0, loss=[2.0, 1.0, 0.8, 0.7, 0.6, 0.1]) + rows(1, loss=[4.0, 3.0, 1.2, 0.9])
    found = mean_curves(folds)
    assert found.by_metric["loss"].values == pytest.approx((3.0, 2.0, 1.0, 0.8))
    assert (found.by_metric["loss"].epochs, found.executions) == ((0, 1, 2, 3), 2)


def test_a_promoted_trial_counts_its_epochs_on() -> None:
    found = diagnosed(rows(start=9, loss=falling(0.2), val_loss=falling(0.25)))
    assert found.findings[0].evidence["best_epoch"] == 9 + 29


@pytest.mark.parametrize("length", [0, 1, 3])
def test_short_curves_say_nothing(length: int) -> None:
    found = diagnosed(rows(loss=falling(0.2)[:length], val_loss=falling(0.2)[:length]))
    assert (found.verdict, found.findings) == ("unknown", ())
    assert f"{length} epochs" in str(found.note)


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=40),
    st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=40),
    st.none() | st.floats(-1e6, 1e6),
)
def test_no_curve_is_beyond_the_rules(loss: list[float], val_loss: list[float], best: float | None) -> None:
    found = diagnosed(rows(loss=loss, val_loss=val_loss), best_training=best)
    assert (found.verdict == "unknown") == (not found.findings)
    assert all(found.findings[0].code == found.verdict for _ in found.findings)


# Over HTTP


def trained(service: Service, ada: TestClient, definition: Document, curves: list[EpochRow]) -> str:
    search_id = SearchId(ada.post("/v1/searches", json=definition).json()["id"])
    repository = service.repository
    version = repository.start_search(search_id).oracle_version
    new = NewTrial(values={"units": 32, "learning_rate": 0.001}, values_hash="0" * 32)
    (trial,) = repository.add_trials(search_id, [new], oracle_state={}, expected_version=version)
    worker = repository.register_worker(
        name="w", host="h", pid=1, backend="tensorflow", slots=[Slot(0, "cpu:0", None)], versions={}
    )
    (claim,) = repository.claim_trials(worker.id, count=1, lease_s=60.0)
    repository.record_epochs(claim.lease, curves)
    return trial.id


def test_a_running_trial_is_diagnosed_from_its_rows(service: Service, ada: TestClient, definition: Document) -> None:
    definition["fit"]["epochs"] = 30
    curves = [
        EpochRow(0, epoch, {"loss": train, "val_loss": val, "val_accuracy": 0.5}, 0.1)
        for epoch, (train, val) in enumerate(zip(falling(0.05), falling(0.6), strict=True))
    ]
    trial_id = trained(service, ada, definition, curves)
    found = ada.get(f"/v1/trials/{trial_id}/diagnosis").json()
    assert (found["verdict"], found["state"], found["executions"]) == ("overfitting", "RUNNING", 1)
    assert found["findings"][0]["evidence"]["threshold"] == 2.0
    assert found["findings"][0]["try_next"]
    stranger = service.client(service.token(owner="eve"))
    assert stranger.get(f"/v1/trials/{trial_id}/diagnosis").status_code == 404
    assert ada.get(f"/v1/trials/t_{'0' * 32}/diagnosis").status_code == 404
    assert ada.get(f"/v1/trials/{trial_id}/diagnosis?metric=loss").status_code == 422


def test_the_trials_of_a_search_are_diagnosed_page_by_page(
    service: Service, ada: TestClient, definition: Document
) -> None:
    import jsonschema

    definition["fit"]["epochs"] = 30
    kinds = {"overfitting": (0.05, 0.6), "healthy": (0.2, 0.25), "unknown": None}
    search_id = SearchId(ada.post("/v1/searches", json=definition).json()["id"])
    repository = service.repository
    repository.start_search(search_id)
    version = repository.get_search(search_id).oracle_version
    new = [NewTrial(values={"units": 32, "learning_rate": 0.001}, values_hash=f"{n:032x}") for n in range(4)]
    repository.add_trials(search_id, new, oracle_state={}, expected_version=version)
    worker = repository.register_worker(
        name="w", host="h", pid=1, backend="tensorflow", slots=[Slot(0, "cpu:0", None)], versions={}
    )
    for ends in [*kinds.values(), None]:
        (claim,) = repository.claim_trials(worker.id, count=1, lease_s=60.0)
        train, val = map(falling, ends) if ends else ([1.0], [1.0])
        pairs = enumerate(zip(train, val, strict=True))
        rows = [EpochRow(0, n, {"loss": a, "val_loss": b, "val_accuracy": 0.5}, 0.1) for n, (a, b) in pairs]
        repository.record_epochs(claim.lease, rows)
        if claim.trial.number < 3:
            repository.complete_trial(claim.lease, seconds=1.0)
    path = f"/v1/searches/{search_id}/diagnosis"
    whole = ada.get(path).json()
    assert [item["verdict"] for item in whole["items"]] == list(kinds)
    assert whole["summary"]["trials"] == 3
    assert {verdict for verdict, count in whole["summary"]["verdicts"].items() if count} == set(kinds)
    for item in whole["items"]:
        assert item == ada.get(f"/v1/trials/{item['trial_id']}/diagnosis").json()
    first = ada.get(path, params={"limit": 2}).json()
    second = ada.get(path, params={"limit": 2, "page_token": first["next_page_token"]}).json()
    assert first["items"] + second["items"] == whole["items"]
    assert (first["summary"]["trials"], second["summary"]["trials"]) == (2, 1)
    (running,) = ada.get(path, params={"state": "RUNNING"}).json()["items"]
    assert (running["state"], running["number"]) == ("RUNNING", 3)
    components = json.loads(ada.get("/openapi.json").text)["components"]
    for answer, name in ((whole, "DiagnosesOut"), (whole["items"][0], "DiagnosisOut"), (running, "DiagnosisOut")):
        jsonschema.validate(answer, {"$ref": f"#/components/schemas/{name}", "components": components})

"""Pictures over HTTP, and what each kind shows as plain data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.errors import ReportNotReady
from service.plots.asked import Asked
from service.plots.kinds import KINDS
from storage.artifacts import ArtifactStore
from storage.epochs import EpochRow
from storage.files import NewArtifact
from storage.ids import SearchId
from storage.records import NewTrial, Scalar
from storage.workers import Slot
from tests.service.assembled import Service
from tests.service.sweep_scene import UNITS, trained_sweep
from tuners.pictures.figure import Figure
from tuners.space import Space

Document = dict[str, Any]


@pytest.fixture
def sweep(service: Service, ada: TestClient, definition: Document) -> SearchId:
    return trained_sweep(service, ada, definition)


def shown(service: Service, search_id: SearchId, kind: str, **options: Any) -> Figure:
    search = service.repository.get_search(search_id)
    asked = Asked(search, Space.from_json(search.space), service.repository, service.store, **options)
    return KINDS[kind].figure(asked)


# What is shown


def test_the_objective_is_scores_and_best_so_far(service: Service, sweep: SearchId) -> None:
    (panel,) = shown(service, sweep, "objective").panels
    scores, best = panel.series
    assert scores.y == [0.7, 0.2, 0.5, 0.85, 0.86, 0.95, 0.8, 0.75]
    assert best.y == [0.7, 0.7, 0.7, 0.85, 0.86, 0.95, 0.95, 0.95]
    assert (scores.x, panel.x.whole) == ([float(place) for place in range(1, 9)], True)


def test_a_hyperparameter_has_a_panel_for_each_metric_there_is(service: Service, sweep: SearchId) -> None:
    figure = shown(service, sweep, "hyperparameter", name="units", at="last", only_baseline=True)
    assert [panel.title for panel in figure.panels] == ["loss", "accuracy"]
    loss = figure.panels[0]
    assert [series.kind for series in loss.series] == ["line", "points"]
    assert loss.series[1].x == [float(value) for value in UNITS]
    assert loss.series[1].y == [2.8, 1.8, 1.0, 0.52, 0.5, 0.51]
    # The choices span a factor of a thousand.
    assert loss.x.log
    assert loss.note == "falls with it; best at 256; little to gain beyond 64"


def test_bars_have_a_name_for_each_value(service: Service, sweep: SearchId) -> None:
    figure = shown(service, sweep, "hyperparameter", name="hidden", metrics=("accuracy",), at="last", chart="bar")
    (panel,) = figure.panels
    assert panel.x.names == ["[18]", "[18, 18]", "[9, 9, 9]"]
    (bars,) = panel.series
    # At [18] the median over everything but the two others: 0.2, 0.5, 0.7, 0.8, 0.85, 0.86.
    assert (bars.kind, bars.x, bars.y) == ("bars", [0.0, 1.0, 2.0], [0.75, 0.8, 0.75])


def test_lists_stand_in_their_order_on_a_line(service: Service, sweep: SearchId) -> None:
    figure = shown(service, sweep, "hyperparameter", name="hidden", metrics=("loss",), at="last", only_baseline=True)
    line, points = figure.panels[0].series
    assert (line.x, line.y) == ([0.0, 1.0, 2.0], [1.0, 0.9, 0.95])
    assert (points.x, figure.panels[0].x.names[1]) == ([0.0, 1.0, 2.0], "[18, 18]")


def test_sampling_decides_the_axis(service: Service, sweep: SearchId) -> None:
    figure = shown(service, sweep, "hyperparameter", name="learning_rate")
    assert all(panel.x.log for panel in figure.panels)


def test_learning_curves_are_bands_over_the_trials(service: Service, sweep: SearchId) -> None:
    loss, accuracy = shown(service, sweep, "learning-curves").panels
    assert [series.label for series in loss.series] == ["training, median"]
    # Losses of the first epoch: 2.9 2.5 2.0 2.0 2.0 1.5 1.4 1.3; of the last: 2.8 1.8 1.0 .95 .9 .52 .51 .5.
    assert loss.series[0].y == pytest.approx([2.0, 0.925])
    assert loss.series[0].x == [0.0, 1.0]
    assert len(loss.bands) == 2
    assert loss.bands[1].high == pytest.approx([2.125, 1.2])
    assert accuracy.title == "accuracy"


def folded(service: Service, search_id: SearchId) -> str:
    """A trial of two folds whose second one has a loss that is not finite."""
    repository = service.repository
    version = repository.get_search(search_id).oracle_version
    values: dict[str, Scalar] = {"units": 6, "hidden": "[18]", "learning_rate": 0.1}
    repository.add_trials(
        search_id, [NewTrial(values=values, values_hash="f" * 32)], oracle_state={}, expected_version=version
    )
    worker = repository.register_worker(
        name="w", host="h", pid=1, backend="tensorflow", slots=[Slot(0, "cpu:0", None)], versions={}
    )
    (claim,) = repository.claim_trials(worker.id, count=1, lease_s=60.0)
    rows = [
        EpochRow(0, 0, {"loss": 0.5, "val_loss": 0.6, "accuracy": 0.5}, 0.1, fold=0),
        EpochRow(0, 1, {"loss": 0.4, "val_loss": float("nan"), "accuracy": 0.6}, 0.1, fold=0),
    ]
    repository.record_epochs(claim.lease, rows)
    return repository.complete_trial(claim.lease, seconds=1.0).id


def test_curves_of_one_trial_show_both_parts_and_leave_out_what_is_not_finite(
    service: Service, sweep: SearchId
) -> None:
    trial = service.repository.get_trial(folded(service, sweep))  # type: ignore[arg-type]
    figure = shown(service, sweep, "learning-curves", trial=trial, metrics=("val_loss",))
    (panel,) = figure.panels
    assert [(each.label, each.dashed, each.x, each.y) for each in panel.series] == [
        ("training", False, [0.0, 1.0], [0.5, 0.4]),
        ("validation", True, [0.0], [0.6]),
    ]


def report(service: Service, search_id: SearchId, folder: Path, document: object) -> None:
    """Put a report beside the first trial, as a job's worker does."""
    store: ArtifactStore = service.store
    source = folder / "report.json"
    source.write_text(json.dumps(document), "utf-8")
    repository = service.repository
    repository.start_search(search_id)
    version = repository.get_search(search_id).oracle_version
    repository.add_trials(
        search_id, [NewTrial(values={}, values_hash="0" * 32)], oracle_state={}, expected_version=version
    )
    worker = repository.register_worker(
        name="w", host="h", pid=1, backend="tensorflow", slots=[Slot(0, "cpu:0", None)], versions={}
    )
    (claim,) = repository.claim_trials(worker.id, count=1, lease_s=60.0)
    repository.record_epochs(claim.lease, [EpochRow(0, 0, {"val_accuracy": 0.5, "loss": 0.5}, 0.1)])
    stored = store.put(f"trials/{claim.trial.id}/report.json", source)
    repository.record_checkpoint(claim.lease, NewArtifact(stored.key, "report", stored.sha256, stored.size_bytes))
    repository.complete_trial(claim.lease, seconds=1.0)


RATES = {
    "rates": [1e-5, 1e-4, 1e-3],
    "losses": [2.3, 1.9, None],
    "smoothed": [2.3, 2.0, 2.1],
    "suggestion": {"min_rate": 1e-5, "max_rate": 1e-4, "steepest": 5e-5},
}
ANIMALS = {"name": None, "class_names": ["cat", "dog"], "confusion_matrix": [[9, 1], [2, 8]], "accuracy": 0.85}
AGE = {"name": "age", "task": "regression", "mean_absolute_error": 3.1}


def job(service: Service, ada: TestClient, definition: Document, kind: str) -> SearchId:
    """A job of that kind with the fields of an ordinary search."""
    import dataclasses

    from service.submission import check, new_search

    checked = check(definition, owner="ada", ctx=service.app.state.context)
    new = dataclasses.replace(new_search(checked, owner="ada"), kind=kind)  # type: ignore[arg-type]
    return service.repository.create_search(new)[0].id


def test_a_range_test_is_its_curve_and_the_suggested_range(
    service: Service, ada: TestClient, definition: Document, tmp_path: Path
) -> None:
    search_id = job(service, ada, definition, "lr_range_test")
    with pytest.raises(ReportNotReady, match="no report yet"):
        shown(service, search_id, "lr-range-test")
    report(service, search_id, tmp_path, RATES)
    (panel,) = shown(service, search_id, "lr-range-test").panels
    losses, smoothed = panel.series
    assert (losses.x, losses.y) == ([1e-5, 1e-4], [2.3, 1.9])
    assert smoothed.y == [2.3, 2.0, 2.1]
    assert panel.x.log
    assert (panel.spans[0].low, panel.spans[0].high) == (1e-5, 1e-4)


def test_a_confusion_matrix_is_the_reports(
    service: Service, ada: TestClient, definition: Document, tmp_path: Path
) -> None:
    search_id = job(service, ada, definition, "finalize")
    report(service, search_id, tmp_path, {"test": {"outputs": [AGE, ANIMALS]}})
    (panel,) = shown(service, search_id, "confusion-matrix").panels
    assert panel.matrix is not None
    assert (panel.matrix.rows, panel.matrix.counts) == (["cat", "dog"], [[9, 1], [2, 8]])
    assert panel.title == "17 of 20 right"


def test_a_search_without_such_a_job_says_so(service: Service, sweep: SearchId) -> None:
    for kind in ("lr-range-test", "confusion-matrix"):
        with pytest.raises(ReportNotReady, match="of this search"):
            shown(service, sweep, kind)


def test_a_regression_has_no_confusion_matrix(
    service: Service, ada: TestClient, definition: Document, tmp_path: Path
) -> None:
    search_id = job(service, ada, definition, "finalize")
    report(service, search_id, tmp_path, {"test": {"outputs": [AGE]}})
    with pytest.raises(ReportNotReady, match="no classification"):
        shown(service, search_id, "confusion-matrix")


def test_a_model_that_was_not_tested_has_none_either(
    service: Service, ada: TestClient, definition: Document, tmp_path: Path
) -> None:
    search_id = job(service, ada, definition, "finalize")
    report(service, search_id, tmp_path, {"test": None})
    with pytest.raises(ReportNotReady, match="no test part"):
        shown(service, search_id, "confusion-matrix")


# Over HTTP


def test_pictures_have_their_type_and_may_be_opened_by_themselves(ada: TestClient, sweep: SearchId) -> None:
    svg = ada.get(f"/v1/searches/{sweep}/plots/hyperparameter?name=units&metric=loss&at=last&min=18")
    assert (svg.status_code, svg.headers["content-type"]) == (200, "image/svg+xml")
    assert b"<svg" in svg.content
    assert svg.headers["content-security-policy"].startswith("default-src 'none'")
    assert f"{sweep}-hyperparameter.svg" in svg.headers["content-disposition"]
    again = ada.get(f"/v1/searches/{sweep}/plots/hyperparameter?name=units&metric=loss&at=last&min=18")
    assert again.content == svg.content
    png = ada.get(f"/v1/searches/{sweep}/plots/objective?format=png&theme=dark")
    assert (png.headers["content-type"], png.content[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")


def test_every_kind_is_served_or_says_why_not(ada: TestClient, sweep: SearchId) -> None:
    statuses = {
        kind: ada.get(
            f"/v1/searches/{sweep}/plots/{kind}{'?name=units' if 'name' in KINDS[kind].needs else ''}"
            f"{'?x=units&y=learning_rate' if 'x' in KINDS[kind].needs else ''}"
        ).status_code
        for kind in KINDS
    }
    assert statuses == {
        "objective": 200, "hyperparameter": 200, "learning-curves": 200, "importance": 200,
        "parallel-coordinates": 200, "contour": 200, "trade-off": 200, "lr-range-test": 409, "confusion-matrix": 409,
    }  # fmt: skip


def test_nothing_to_draw_is_a_picture_too(ada: TestClient, definition: Document) -> None:
    search_id = ada.post("/v1/searches", json=definition).json()["id"]
    for kind in (
        "importance",
        "parallel-coordinates",
        "contour?x=units&y=learning_rate",
        "trade-off",
        "objective",
        "learning-curves",
        "hyperparameter?name=units",
        "hyperparameter?name=units&chart=bar",
    ):
        assert ada.get(f"/v1/searches/{search_id}/plots/{kind}").status_code == 200


@pytest.mark.parametrize(
    ("path", "pointer", "code"),
    [
        ("hyperparameter", "query:name", "missing"),
        ("objective?name=units", "query:name", "not_together"),
        ("objective?metric=loss", "query:metric", "not_together"),
        ("learning-curves?at=last", "query:at", "not_together"),
        ("hyperparameter?name=units&chart=pie", "query:chart", "invalid_enum"),
        ("hyperparameter?name=units&metric=f2", "query:metric", "unknown_metric"),
        ("hyperparameter?name=hidden&max=3", "query:max", "not_together"),
        ("contour?x=units", "query:y", "missing"),
        ("contour?x=units&y=units", "query:y", "not_together"),
        ("importance?metric=loss&metric=accuracy", "query:metric", "too_many"),
        ("importance?method=shap", "query:method", "invalid_enum"),
        ("trade-off?against=f2", "query:against", "unknown_metric"),
        ("parallel-coordinates?x=units", "query:x", "not_together"),
        ("objective?format=gif", "query:format", "invalid_enum"),
        ("objective?theme=blue", "query:theme", "invalid_enum"),
        ("learning-curves?trial=7", "query:trial", "invalid_value"),
        ("pie", "path:kind", "invalid_enum"),
    ],
)
def test_wrong_questions_are_refused(ada: TestClient, sweep: SearchId, path: str, pointer: str, code: str) -> None:
    answer = ada.get(f"/v1/searches/{sweep}/plots/{path}")
    assert answer.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [(pointer, code)]


def test_what_is_not_there_is_not_found(ada: TestClient, service: Service, sweep: SearchId) -> None:
    other = f"t_{'0' * 32}"
    assert ada.get(f"/v1/searches/{sweep}/plots/learning-curves?trial={other}").status_code == 404
    assert ada.get(f"/v1/searches/{sweep}/plots/hyperparameter?name=nope").status_code == 404
    stranger = service.client(service.token(owner="eve"))
    assert stranger.get(f"/v1/searches/{sweep}/plots/objective").status_code == 404

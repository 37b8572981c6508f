"""Answers with fewer points than there are trials, and the fast trends beside their plain definitions."""

from __future__ import annotations

import math
from array import array
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from service.trends.hyperparameter import ValuePoint
from service.trends.report import thinned_points
from service.trends.sampling import thinned_progress, triangles
from service.trends.selection import Selection, measured_points
from storage.columns import ScoredColumns
from storage.ids import SearchId, TrialId
from storage.records import Objective, Scalar
from tests.service.assembled import Service
from tests.service.scenes import start_trials, train
from tuners.space import Hyperparameter, Space
from tuners.sweeps import at_baseline_but

FINITE = st.floats(-1e9, 1e9)
SPACE = Space(
    (
        Hyperparameter(name="units", type="int", default=4, min_value=1, max_value=9),
        Hyperparameter(name="rate", type="float", default=0.5, min_value=0.0, max_value=1.0),
        Hyperparameter(name="kind", type="choice", default="a", values=("a", "b")),
    )
)
TRIALS = st.lists(
    st.fixed_dictionaries(
        {
            "values": st.fixed_dictionaries(
                {"kind": st.sampled_from(["a", "b"])},
                optional={"units": st.integers(1, 9), "rate": st.sampled_from([0.0, 0.5, 1.0])},
            ),
            "score": FINITE,
            "loss": FINITE | st.just(math.nan),
        }
    ),
    max_size=30,
)


def columns_of(trials: list[dict[str, Any]], numbers: list[int]) -> ScoredColumns:
    names = ("units", "rate", "kind")
    scores = array("d", [trial["score"] for trial in trials])
    return ScoredColumns(
        ids=tuple(TrialId(f"t_{number}") for number in numbers),
        numbers=array("q", numbers),
        scores=scores,
        values={name: tuple(trial["values"].get(name) for trial in trials) for name in names},
        metrics={"loss": array("d", [trial["loss"] for trial in trials])},
        last_metrics={},
    )


@given(
    trials=TRIALS,
    name=st.sampled_from(["units", "rate", "kind", "absent"]),
    low=st.none() | st.integers(0, 9),
    high=st.none() | st.integers(0, 9),
    only_baseline=st.booleans(),
    data=st.data(),
)
def test_points_from_columns_are_those_of_the_trials(
    trials: list[dict[str, Any]],
    name: str,
    low: float | None,
    high: float | None,
    only_baseline: bool,
    data: st.DataObject,
) -> None:
    numbers = data.draw(st.permutations(range(len(trials))))
    selection = Selection(name, ("score", "loss"), minimum=low, maximum=high, only_baseline=only_baseline)
    expected: dict[str, list[tuple[int, Scalar, float]]] = {"score": [], "loss": []}
    for number, trial in sorted(zip(numbers, trials, strict=True), key=lambda pair: pair[0]):
        values: dict[str, Scalar] = trial["values"]
        value = values.get(name)
        if value is None or (only_baseline and not at_baseline_but(name, values, SPACE)):
            continue
        bounded = low is not None or high is not None
        if bounded and (isinstance(value, str) or not (low or 0) <= value <= (9 if high is None else high)):
            continue
        for metric in expected:
            if math.isfinite(found := trial[metric]):
                expected[metric].append((number, value, found))
    points = measured_points(columns_of(trials, numbers), selection, objective=Objective("score", "max"), space=SPACE)
    assert {m: [(p.number, p.value, p.score) for p in found] for m, found in points.items()} == expected


@given(st.lists(FINITE, min_size=1, max_size=200), st.integers(2, 60))
def test_triangles_keep_the_ends_and_the_order(values: list[float], most: int) -> None:
    chosen = triangles(values, most=most)
    assert len(chosen) == min(most, len(values))
    assert chosen == sorted(set(chosen))
    assert {0, len(values) - 1} <= set(chosen)


def test_triangles_find_a_spike() -> None:
    values = [0.0] * 1000
    values[617] = 1.0
    assert 617 in triangles(values, most=20)


@given(st.lists(FINITE, min_size=1, max_size=200), st.integers(2, 60))
def test_thinned_progress_keeps_the_best_and_few_improvements(scores: list[float], most: int) -> None:
    improvements = [place for place in range(len(scores)) if place == 0 or scores[place] > max(scores[:place])]
    chosen = thinned_progress(scores, improvements, most=most)
    assert len(chosen) <= most
    assert chosen == sorted(set(chosen))
    assert {improvements[-1], len(scores) - 1} <= set(chosen)
    if len(improvements) <= most // 2:
        assert set(improvements) <= set(chosen)
    if len(scores) <= most:
        assert chosen == list(range(len(scores)))


@given(st.lists(FINITE, max_size=100), st.integers(2, 40))
def test_thinned_points_are_even_and_keep_best_and_worst(scores: list[float], most: int) -> None:
    points = [ValuePoint(f"t_{number}", number, 1.0, score, {}) for number, score in enumerate(scores)]
    thinned = thinned_points(points, most=most)
    assert len(thinned) <= most
    assert [point.number for point in thinned] == sorted({point.number for point in thinned})
    if len(points) <= most:
        assert list(thinned) == points
    else:
        assert {min(scores), max(scores)} <= {point.score for point in thinned}


def test_fewer_points_change_nothing_else(
    service: Service, ada: TestClient, definition: dict[str, Any], tmp_path: Path
) -> None:
    search_id = SearchId(ada.post("/v1/searches", json=definition).json()["id"])
    values: list[dict[str, int | float]] = [{"units": 32 * (1 + n % 5), "learning_rate": 0.001} for n in range(12)]
    start_trials(service.repository, search_id, values)
    train(service.repository, service.store, tmp_path, [[n % 7 / 20] for n in range(12)], checkpoint=False)
    for path, key in (
        ("trends/objective", "points"),
        ("trends/hyperparameters/units?metric=loss&metric=val_accuracy", "points"),
        ("tradeoff?against=loss", "points"),
        ("parallel", "rows"),
        ("contour?x=units&y=learning_rate", "points"),
    ):
        whole = ada.get(f"/v1/searches/{search_id}/{path}").json()
        mark = "&" if "?" in path else "?"
        thinned = ada.get(f"/v1/searches/{search_id}/{path}{mark}points=5").json()
        assert len(whole[key]) == whole["trials"] == thinned["trials"] == 12
        assert 2 <= len(thinned[key]) <= 5
        shown = thinned.pop(key)
        scores = {point["score"] for point in whole[key]}
        assert {max(scores)} <= {point["score"] for point in shown}
        assert [point for point in whole.pop(key) if point in shown] == shown
        assert thinned == whole
        assert ada.get(f"/v1/searches/{search_id}/{path}{mark}points=1").status_code == 422

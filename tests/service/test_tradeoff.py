"""Score against cost, parallel coordinates, contours, comparisons; `test_answers_equal_pandas` has their numbers."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from service.trends.tradeoff import pareto_front
from storage.ids import SearchId
from tests.service.analysis_scene import trained_search
from tests.service.assembled import Service
from tests.service.exported import asked, exported

Document = dict[str, Any]
SMALL = st.integers(-5, 5).map(float)


@pytest.fixture
def search(service: Service, ada: TestClient, definition: Document) -> SearchId:
    return trained_search(service, ada, definition)


# The front


@given(st.lists(st.tuples(SMALL, SMALL), max_size=30))
def test_the_front_is_what_nothing_beats(pairs: list[tuple[float, float]]) -> None:
    beaten = {
        place for place, (a, b) in enumerate(pairs) if any(c <= a and d <= b and (c, d) != (a, b) for c, d in pairs)
    }
    assert pareto_front(pairs) == set(range(len(pairs))) - beaten


def test_a_metric_has_its_own_direction(ada: TestClient, search: SearchId) -> None:
    assert asked(ada, f"{search}/tradeoff", "TradeoffOut", against="accuracy")["against"]["direction"] == "max"


# Axes


def test_a_contour_has_the_points_and_nothing_beyond_them(ada: TestClient, search: SearchId) -> None:
    found = asked(ada, f"{search}/contour", "ContourOut", x="learning_rate", y="dropout")
    frame = exported(ada, search).dropna(subset=["hp:dropout"])
    assert [point["score"] for point in found["points"]] == pytest.approx(frame["score"].tolist())
    assert (len(found["grid"]), len(found["grid"][0])) == (len(found["y"]["ticks"]), len(found["x"]["ticks"]))
    shown = [score for row in found["grid"] for score in row if score is not None]
    assert shown
    # Linear between points: nowhere above the best or below the worst of them.
    assert frame["score"].min() - 1e-9 <= min(shown) <= max(shown) <= frame["score"].max() + 1e-9
    assert any(score is None for row in found["grid"] for score in row)


# Side by side


def test_other_objectives_have_no_common_target(service: Service, ada: TestClient, definition: Document) -> None:
    first = trained_search(service, ada, copy.deepcopy(definition), trials=2)
    other = ada.post("/v1/searches", json=definition | {"objective": {"name": "val_loss"}}).json()["id"]
    found = asked(ada, "compare", "ComparisonOut", id=[first, other])
    assert (found["comparable"], found["target"]) == (False, None)
    assert (found["searches"][1]["best"], found["searches"][1]["curve"]) == (None, [])


@pytest.mark.parametrize(
    ("path", "pointer", "code"),
    [
        ("tradeoff?against=val_accuracy", "query:against", "not_together"),
        ("tradeoff?against=f2", "query:against", "unknown_metric"),
        ("parallel?metric=f2", "query:metric", "unknown_metric"),
        ("contour?x=units&y=units", "query:y", "not_together"),
        ("contour?x=units", "query:y", "missing"),
        ("contour?x=units&y=dropout&at=first", "query:at", "invalid_enum"),
    ],
)
def test_wrong_questions_are_refused(ada: TestClient, search: SearchId, path: str, pointer: str, code: str) -> None:
    answer = ada.get(f"/v1/searches/{search}/{path}")
    assert answer.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [(pointer, code)]


def test_what_is_not_there_is_not_found(ada: TestClient, service: Service, search: SearchId) -> None:
    assert ada.get(f"/v1/searches/{search}/contour?x=units&y=nope").status_code == 404
    stranger = service.client(service.token(owner="eve"))
    for path in (f"{search}/tradeoff", f"{search}/parallel", f"{search}/contour?x=units&y=dropout"):
        assert stranger.get(f"/v1/searches/{path}").status_code == 404
    assert stranger.get(f"/v1/searches/compare?id={search}&id=s_{'0' * 32}").status_code == 404
    assert ada.get(f"/v1/searches/compare?id={search}&id=nonsense").status_code == 404
    assert ada.get(f"/v1/searches/compare?id={search}").status_code == 422
    assert ada.get(f"/v1/searches/compare?id={search}&id={search}").status_code == 422

"""Score against cost, parallel coordinates, contours and comparisons, against the exported table."""

from __future__ import annotations

import copy
import io
import json
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from service.trends.tradeoff import pareto_front
from storage.ids import SearchId
from tests.service.analysis_scene import trained_search
from tests.service.assembled import Service

Document = dict[str, Any]
SMALL = st.integers(-5, 5).map(float)


@pytest.fixture
def search(service: Service, ada: TestClient, definition: Document) -> SearchId:
    return trained_search(service, ada, definition)


def asked(client: TestClient, path: str, schema: str, **query: Any) -> Document:
    """The answer, held to its documented schema."""
    answer = client.get(f"/v1/searches/{path}", params=query)
    assert answer.status_code == 200, answer.text
    document = json.loads(client.get("/openapi.json").text)
    rooted = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    jsonschema.validate(answer.json(), rooted)
    found: Document = answer.json()
    return found


def exported(client: TestClient, search_id: SearchId) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(client.get(f"/v1/searches/{search_id}/export").text))


# The front


@given(st.lists(st.tuples(SMALL, SMALL), max_size=30))
def test_the_front_is_what_nothing_beats(pairs: list[tuple[float, float]]) -> None:
    beaten = {
        place for place, (a, b) in enumerate(pairs) if any(c <= a and d <= b and (c, d) != (a, b) for c, d in pairs)
    }
    assert pareto_front(pairs) == set(range(len(pairs))) - beaten


@pytest.mark.parametrize(
    ("against", "column", "direction"),
    [("seconds", "seconds", "min"), ("parameters", "parameters", "min"), ("loss", "metric:loss", "min")],
)
def test_the_front_is_that_of_the_exported_table(
    ada: TestClient, search: SearchId, against: str, column: str, direction: str
) -> None:
    found = asked(ada, f"{search}/tradeoff", "TradeoffOut", against=against)
    assert found["against"] == {"name": against, "direction": direction}
    frame = exported(ada, search)
    by_cost = frame.sort_values([column, "score", "number"], ascending=[True, False, True])
    best_before = by_cost["score"].cummax().shift(fill_value=-np.inf)
    expected = by_cost[by_cost["score"] > best_before]["id"].tolist()
    assert found["front"] == expected
    assert [point["against"] for point in found["points"]] == pytest.approx(frame[column].tolist())
    assert {point["trial_id"] for point in found["points"] if point["on_front"]} == set(expected)


def test_a_metric_has_its_own_direction(ada: TestClient, search: SearchId) -> None:
    assert asked(ada, f"{search}/tradeoff", "TradeoffOut", against="accuracy")["against"]["direction"] == "max"


# Axes


def test_every_trial_is_a_row_with_a_place_on_each_axis(ada: TestClient, search: SearchId) -> None:
    found = asked(ada, f"{search}/parallel", "ParallelOut")
    assert [axis["name"] for axis in found["axes"]] == ["units", "learning_rate", "regular", "dropout"]
    frame = exported(ada, search)
    places = pd.DataFrame([row["places"] for row in found["rows"]], dtype=float)
    assert [row["score"] for row in found["rows"]] == pytest.approx(frame["score"].tolist())
    assert places[0].to_numpy() == pytest.approx((frame["hp:units"] - 32) / (256 - 32))
    assert places[1].to_numpy() == pytest.approx((np.log10(frame["hp:learning_rate"]) + 4) / 2)
    assert places[2].to_numpy() == pytest.approx(frame["hp:regular"].map({False: 0.25, True: 0.75}))
    assert places[3].to_numpy() == pytest.approx(frame["hp:dropout"] / 0.5, nan_ok=True)
    assert all(("dropout" in row["values"]) == row["values"]["regular"] for row in found["rows"])


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


def test_of_choices_the_grid_has_the_means_of_the_table(ada: TestClient, search: SearchId) -> None:
    found = asked(ada, f"{search}/contour", "ContourOut", x="regular", y="units")
    assert (found["x"]["ticks"], found["y"]["ticks"]) == ([False, True], list(range(32, 257, 32)))
    means = exported(ada, search).groupby(["hp:units", "hp:regular"])["score"].mean()
    for (units, regular), mean in means.items():
        assert found["grid"][found["y"]["ticks"].index(units)][int(regular)] == pytest.approx(mean)


# Side by side


def test_searches_are_compared_by_what_they_spent(service: Service, ada: TestClient, definition: Document) -> None:
    first = trained_search(service, ada, copy.deepcopy(definition), trials=12, seed=1, name="first")
    second = trained_search(service, ada, copy.deepcopy(definition), trials=8, seed=2, name="second")
    found = asked(ada, "compare", "ComparisonOut", id=[second, first])
    assert [each["name"] for each in found["searches"]] == ["second", "first"]
    frames = {search_id: exported(ada, search_id) for search_id in (first, second)}
    target = min(frame["score"].max() for frame in frames.values())
    assert (found["comparable"], found["target"]) == (True, pytest.approx(target))
    for each in found["searches"]:
        frame = frames[each["id"]].sort_values("ended_at", kind="stable").reset_index(drop=True)
        best = frame["score"].cummax()
        reached = int((best >= target).idxmax())
        assert each["reached"]["trials"] == reached + 1
        assert each["reached"]["epochs"] == frame["epochs"][: reached + 1].sum()
        assert each["reached"]["training_seconds"] == pytest.approx(frame["seconds"][: reached + 1].sum())
        assert each["best"]["score"] == pytest.approx(frame["score"].max())
        changed = best.index[best.diff().fillna(1) > 0].union([len(best) - 1])
        assert [step["trials"] for step in each["curve"]] == [place + 1 for place in changed]
        assert [step["best"] for step in each["curve"]] == pytest.approx(best[changed].tolist())
    out_of_reach = asked(ada, "compare", "ComparisonOut", id=[first, second], target=0.999)
    assert [each["reached"] for each in out_of_reach["searches"]] == [None, None]


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

"""What the pictures of importance, trade-off, axes and contours show, as plain data."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from service.plots.asked import Asked
from service.plots.kinds import KINDS
from storage.ids import SearchId
from tests.service.analysis_scene import trained_search
from tests.service.assembled import Service
from tuners.pictures.draw import draw
from tuners.pictures.figure import Figure
from tuners.space import Space

Document = dict[str, Any]


@pytest.fixture
def search(service: Service, ada: TestClient, definition: Document) -> SearchId:
    return trained_search(service, ada, definition)


def shown(service: Service, search_id: SearchId, kind: str, **options: Any) -> Figure:
    search = service.repository.get_search(search_id)
    analyst = service.app.state.context.analyst
    space = Space.from_json(search.space)
    figure = KINDS[kind].figure(Asked(search, space, service.repository, service.store, analyst=analyst, **options))
    assert draw(figure, format="svg", theme="dark") == draw(figure, format="svg", theme="dark")
    return figure


def test_the_longest_bar_of_importance_is_on_top(service: Service, ada: TestClient, search: SearchId) -> None:
    (panel,) = shown(service, search, "importance").panels
    (bars,) = panel.series
    told = ada.get(f"/v1/searches/{search}/importance").json()
    assert (bars.kind, bars.x) == ("rows", sorted(bars.x))
    assert (panel.y.names[-1], bars.x[-1]) == ("learning_rate", told["hyperparameters"][0]["share"])


def test_a_front_is_a_line_that_only_rises(service: Service, ada: TestClient, search: SearchId) -> None:
    (panel,) = shown(service, search, "trade-off", against="parameters").panels
    points, front, _ = panel.series
    told = ada.get(f"/v1/searches/{search}/tradeoff?against=parameters").json()
    assert len(points.x) == len(told["points"])
    assert front.x == sorted(front.x)
    assert front.y == sorted(front.y)
    assert len(front.x) == len(told["front"])
    assert not panel.x.log


def test_lanes_have_their_scale_and_the_best_on_top(service: Service, search: SearchId) -> None:
    (panel,) = shown(service, search, "parallel-coordinates").panels
    assert panel.lanes is not None
    assert [lane.label for lane in panel.lanes.lanes] == ["units", "learning_rate (log)", "regular", "dropout"]
    assert panel.lanes.lanes[1].texts == ["0.0001", "0.001", "0.01"]
    assert (panel.lanes.lanes[2].places, panel.lanes.lanes[2].texts) == ([0.25, 0.75], ["no", "yes"])
    assert panel.lanes.scores == sorted(panel.lanes.scores)
    small = shown(service, search, "parallel-coordinates", metrics=("loss",)).panels[0].lanes
    assert small is not None
    assert small.scores == sorted(small.scores, reverse=True)


def test_a_contour_is_logarithmic_where_the_sampling_is(service: Service, search: SearchId) -> None:
    (panel,) = shown(service, search, "contour", x="learning_rate", y="regular").panels
    assert panel.surface is not None
    assert (panel.x.log, panel.y.names) == (True, ["no", "yes"])
    assert set(panel.surface.points_y) == {0.0, 1.0}
    assert (len(panel.surface.grid), len(panel.surface.grid[0])) == (2, len(panel.surface.x))
    (numbers,) = shown(service, search, "contour", x="learning_rate", y="dropout").panels
    assert numbers.surface is not None
    assert len(numbers.surface.points_x) < 24

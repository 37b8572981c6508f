"""Searches and trials side by side, in the browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from storage.ids import SearchId
from tests.browser.conftest import Board
from tests.browser.finished import finished_search
from tests.browser.test_analysis_tabs import answer, shown, table_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pair(board: Board) -> tuple[SearchId, SearchId]:
    """Two searches with one objective, that of the second with another best rate."""
    return (
        finished_search(board.service, name="narrow"),
        finished_search(board.service, trials=30, seed=6, name="wide", optimum=-3.0),
    )


def side(page: Page, label: str) -> dict[str, list[str]]:
    """The cells of a side-by-side table by the name of the row."""
    table = page.get_by_role("table", name=label)
    expect(table).to_be_visible()
    rows: list[list[str]] = table.locator("tbody").evaluate(
        """body => [...body.rows].map(({ cells }) => [
             cells[0].firstChild.textContent, ...[...cells].slice(1).map(cell => cell.textContent)
           ])"""
    )
    return {row[0]: row[1:] for row in rows}


def test_searches_are_found_by_typing_and_compared(page: Page, board: Board, pair: tuple[SearchId, SearchId]) -> None:
    page.goto(f"{board.address}/#/compare")
    field = page.get_by_role("combobox", name="Add a search")
    for name, part in (("narrow", "ARR"), ("wide", "wid")):
        field.fill(part)
        expect(page.get_by_role("option", name=re.compile(name))).to_have_count(1)
        field.press("Enter")
        expect(page.get_by_role("button", name=f"Leave out {name}")).to_be_visible()
    told = answer(board, "/v1/searches/compare", id=list(pair))
    expect(page.get_by_role("table", name="Side by side")).to_be_visible()
    page.reload()
    cells = side(page, "Searches side by side")
    bests = [each["best"] for each in told["searches"]]
    assert cells["best score"] == [f"{shown(best['score'])} trial {best['number']}" for best in bests]
    assert cells["… after epochs"] == [shown(best["epochs"]) for best in bests]
    assert cells["trials"] == ["40", "30"]
    assert table_of(page, "Best so far") == [
        [each["name"], shown(step["trials"]), shown(step["best"])]
        for each in told["searches"]
        for step in each["curve"]
    ]
    values = side(page, "Values of the best trials")
    trials = [answer(board, f"/v1/trials/{best['trial_id']}") for best in bests]
    assert values == {
        name: [shown(trial["hyperparameters"].get(name)) for trial in trials]
        for name in dict.fromkeys(name for trial in trials for name in trial["hyperparameters"])
    }


def test_a_target_says_when_each_search_reached_it(page: Page, board: Board, pair: tuple[SearchId, SearchId]) -> None:
    page.goto(f"{board.address}/#/compare?id={pair[0]}&id={pair[1]}")
    page.get_by_label("Target score").fill("0.7")
    page.get_by_label("Target score").press("Enter")
    page.get_by_role("group", name="Best so far by").get_by_role("button", name="Epochs").click()
    told: dict[str, Any] = answer(board, "/v1/searches/compare", id=list(pair), target=0.7)
    for _ in range(2):
        expect(page.get_by_role("rowheader", name="0.7 after trials")).to_be_visible()
        cells = side(page, "Searches side by side")
        assert cells["0.7 after trials"] == [shown(each["reached"]["trials"]) for each in told["searches"]]
        assert cells["0.7 after epochs"] == [shown(each["reached"]["epochs"]) for each in told["searches"]]
        assert [row[1] for row in table_of(page, "Best so far")] == [
            shown(step["epochs"]) for each in told["searches"] for step in each["curve"]
        ]
        page.reload()
    page.get_by_role("button", name="Leave out wide").click()
    expect(page.get_by_text("Add another search to compare it with.")).to_be_visible()


def test_trials_stand_side_by_side_with_their_differences(
    page: Page, board: Board, pair: tuple[SearchId, SearchId]
) -> None:
    trials = answer(board, f"/v1/searches/{pair[0]}/trials", limit=3)["items"]
    page.goto(f"{board.address}/#/compare?trial={trials[0]['id']}&trial={trials[1]['id']}")
    field = page.get_by_role("combobox", name="Add a trial")
    field.fill("2")
    expect(page.get_by_role("option", name=re.compile("^Trial 2 "))).to_be_visible()
    page.get_by_role("option", name=re.compile("^Trial 2 ")).click()
    expect(page.get_by_role("button", name="Leave out Trial 2")).to_be_visible()
    values = side(page, "Values side by side")
    assert values["units"] == [shown(trial["hyperparameters"]["units"]) for trial in trials]
    different = [name for name, cells in values.items() if len(set(cells)) > 1]
    assert different
    page.get_by_role("button", name="Only what differs").click()
    assert list(side(page, "Values side by side")) == different
    results = side(page, "Results side by side")
    assert results["score (val_accuracy)"] == [shown(trial["score"]) for trial in trials]
    page.get_by_label("Metric").select_option("val_loss")
    page.reload()
    expect(page.get_by_label("Metric")).to_have_value("val_loss")
    rows = table_of(page, "Learning curves")
    curves = [answer(board, f"/v1/trials/{trial['id']}/epochs")["items"] for trial in trials]
    assert rows == [
        [str(epoch), *(shown(curve[epoch]["metrics"]["val_loss"]) for curve in curves)] for epoch in range(12)
    ]

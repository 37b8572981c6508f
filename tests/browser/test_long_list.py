"""A list of more searches than the browser sorts, in a service of its own: nobody may have so many open ones."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Board
from tests.browser.finished import waiting_search
from tests.browser.moved import MovedSearch

pytestmark = pytest.mark.browser


def test_more_searches_than_are_sorted_are_told_of_and_found_by_the_services_filters(page: Page, board: Board) -> None:
    first = MovedSearch(board, "heap first", tags={"place": "bottom"})
    for number in range(500):
        waiting_search(board.service, f"heap {number}", first.search().dataset_id)
    page.goto(f"{board.address}/#/?text=heap&sort=name")
    cut = page.get_by_text("Sorted are the newest 500 of 501 searches.")
    expect(cut).to_be_visible(timeout=60_000)
    link = page.locator(f"td.name a[href='#/searches/{first.id}']")
    expect(link).to_have_count(0)
    # A tag that no row in sight has: the service knows it.
    page.get_by_role("combobox", name="Only with this tag").fill("place:bottom")
    page.get_by_role("combobox", name="Only with this tag").press("Enter")
    expect(link).to_be_visible(timeout=60_000)
    expect(cut).to_be_hidden()
    expect(page.locator("table.search-list tbody tr")).to_have_count(1)

"""Without a mouse: tabs, windows, menus, tables and pictures by their keys, and the focus where one expects it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from storage.ids import SearchId
from tests.browser.conftest import Board
from tests.browser.finished import finished_search
from tests.browser.moved import MovedSearch

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def digits(board: Board) -> SearchId:
    return finished_search(board.service)


@pytest.fixture
def running(board: Board) -> MovedSearch:
    search = MovedSearch(board, "keyed")
    search.ended(0.5, 0.7)
    return search


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_the_first_key_leads_past_the_bar(page: Page, board: Board, running: MovedSearch) -> None:
    page.goto(running.address)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("keyed")
    press(page, "Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    press(page, "Enter")
    expect(page.locator("main")).to_be_focused()
    expect(page).to_have_url(running.address)
    expect(page.get_by_role("heading", level=1)).to_contain_text("keyed")


def test_tabs_are_walked_round_and_shown_by_enter_and_space(page: Page, running: MovedSearch) -> None:
    page.goto(running.address)
    first, last = (page.get_by_role("tab", name=name) for name in ("Overview", "Definition and code"))
    first.focus()
    press(page, "ArrowLeft")
    expect(last).to_be_focused()
    press(page, "ArrowRight", "End")
    expect(last).to_be_focused()
    press(page, "Home", "ArrowRight", "Space")
    second = page.get_by_role("tab", name="Trials")
    expect(second).to_be_focused()
    expect(second).to_have_attribute("aria-selected", "true")
    panel = page.get_by_role("tabpanel", name="Trials")
    expect(panel).to_have_id(second.get_attribute("aria-controls") or "")
    # Of the tabs only the one that is shown is in the tab order.
    field = page.get_by_label("Filter trials")
    expect(field).to_be_visible()
    press(page, "Tab")
    expect(field).to_be_focused()


def holds_the_focus(page: Page, window: Locator) -> None:
    """However often one presses Tab, either way, no control behind the window has the focus."""
    for key in ["Tab"] * 16 + ["Shift+Tab"] * 16:
        press(page, key)
        assert window.evaluate(
            "window => window.contains(document.activeElement) || document.activeElement === document.body"
        )


@pytest.mark.parametrize(("opened", "closed"), [("Change …", "Close"), ("Cancel", "No"), ("Cancel", None)])
def test_a_window_holds_the_focus_and_gives_it_back(
    page: Page, running: MovedSearch, opened: str, closed: str | None
) -> None:
    page.goto(running.address)
    opener = page.get_by_role("button", name=opened)
    opener.focus()
    press(page, "Enter")
    window = page.get_by_role("dialog")
    expect(window).to_be_visible()
    expect(window.locator(":focus")).to_have_count(1)
    holds_the_focus(page, window)
    if closed is None:
        press(page, "Escape")
    else:
        window.get_by_role("button", name=closed).focus()
        press(page, "Enter")
    expect(window).to_be_hidden()
    expect(opener).to_be_focused()


def test_a_menu_opens_closes_and_is_left_behind(page: Page, running: MovedSearch) -> None:
    page.goto(running.address)
    opener = page.locator("summary", has_text="Export")
    opener.focus()
    press(page, "Enter", "Tab")
    link = page.get_by_role("link", name="Trials as CSV")
    expect(link).to_be_focused()
    press(page, "Escape")
    expect(link).to_be_hidden()
    expect(opener).to_be_focused()
    press(page, "Enter")
    expect(link).to_be_visible()
    press(page, "Shift+Tab")
    expect(link).to_be_hidden()


@pytest.mark.parametrize(
    ("place", "figure"),
    [
        ("", "Objective history"),
        ("", "Learning curves, running and latest"),
        ("contour", "Contour"),
        ("parallel", "Trials across the axes"),
        ("tradeoff", "Score against cost"),
        ("curves", "Learning curves"),
    ],
)
def test_what_a_click_on_a_picture_leads_to_stands_in_its_table(
    page: Page, board: Board, digits: SearchId, place: str, figure: str
) -> None:
    page.goto(f"{board.address}/#/searches/{digits}/{place}")
    card = page.locator(f"section.figure[aria-label='{figure}']")
    swap = card.get_by_role("button", name="Table")
    expect(swap).to_be_enabled(timeout=20_000)
    swap.focus()
    press(page, "Enter")
    expect(swap).to_have_attribute("aria-pressed", "true")
    card.get_by_role("region", name=re.compile("as a table")).get_by_role("link").first.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(r"^Trial \d+"))


def test_a_hyperparameter_is_opened_and_left_and_the_focus_stays_with_it(
    page: Page, board: Board, digits: SearchId
) -> None:
    page.goto(f"{board.address}/#/searches/{digits}/hyperparameters?order=name")
    opener = page.get_by_role("button", name="Open layers")
    opener.focus()
    press(page, "Enter")
    expect(page.get_by_role("button", name="← All hyperparameters")).to_be_focused()
    press(page, "Enter")
    expect(opener).to_be_focused()


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("tradeoff", "Trials on the front"),
        ("diagnosis", "Trials and what their curves show"),
        ("parallel", "Chosen trials"),
        ("hyperparameters?hp=units", "Trials by units"),
    ],
)
def test_tables_of_the_analysis_are_walked_by_rows(
    page: Page, board: Board, digits: SearchId, place: str, name: str
) -> None:
    page.goto(f"{board.address}/#/searches/{digits}/{place}")
    rows = page.get_by_role("table", name=name).locator("tbody tr[data-row]")
    links = rows.get_by_role("link")
    expect(links.nth(1)).to_be_visible(timeout=20_000)
    assert rows.locator("a[tabindex='0']").count() == 1
    links.first.focus()
    press(page, "ArrowDown")
    expect(links.nth(1)).to_be_focused()
    press(page, "Home")
    expect(links.first).to_be_focused()


def test_leaving_one_out_of_a_comparison_keeps_the_focus_on_the_page(page: Page, board: Board) -> None:
    ids = [finished_search(board.service, trials=4, epochs=2, seed=seed, name=f"side {seed}") for seed in (1, 2, 3)]
    page.goto(f"{board.address}/#/compare?" + "&".join(f"id={one}" for one in ids))
    page.get_by_role("button", name="Leave out side 2").focus()
    press(page, "Enter")
    expect(page.get_by_role("button", name="Leave out side 2")).to_be_hidden()
    expect(page.locator(".compared a").first).to_be_focused()

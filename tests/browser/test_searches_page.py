"""The list of searches: found, filtered, counted, sorted, compared and acted upon, and kept fresh while they run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from service import examples
from storage.ids import SearchId
from storage.states import SearchState
from tests.browser.conftest import Board
from tests.browser.finished import finished_search
from tests.browser.moved import MovedSearch
from tests.service.scenes import end_job

pytestmark = pytest.mark.browser


def row(page: Page, name: str) -> Locator:
    return page.locator("table.search-list tbody tr").filter(has=page.get_by_role("link", name=name, exact=True))


def names(page: Page) -> list[str]:
    return page.locator("table.search-list td.name > a").all_inner_texts()


def act(page: Page, name: str, what: str) -> None:
    row(page, name).locator("details.menu summary").click()
    row(page, name).get_by_role("button", name=what).click()


def found(page: Page, board: Board, text: str, rows: int, more: str = "") -> None:
    """The page with only the searches whose name has this in it."""
    page.goto(f"{board.address}/#/?text={text}{more}")
    expect(page.locator("table.search-list tbody tr")).to_have_count(rows)


def test_nobody_without_searches_is_left_without_a_next_step(board: Board, chromium: Browser) -> None:
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    stranger = board.service.client(board.service.token(owner="stranger"))
    page.goto(board.address + stranger.post("/v1/login-codes").json()["path"])
    expect(page.get_by_role("heading", name="No search yet")).to_be_visible()
    page.get_by_role("button", name="Copy the commands").click()
    expect(page.locator(".toast")).to_have_text("Copied.")
    assert "headstock submit" in str(page.evaluate("navigator.clipboard.readText()"))
    page.locator(".hollow").get_by_role("link", name="New search").click()
    expect(page).to_have_url(re.compile("#/new"))
    context.close()


def test_a_search_tells_how_it_goes_while_it_goes(page: Page, board: Board) -> None:
    search = MovedSearch(board, "glance <b>bold</b>", tags={"team": "vision"})
    search.ended(0.5)
    search.ended(0.75)
    search.failed()
    found(page, board, "glance", 1)
    line = row(page, "glance <b>bold</b>")
    expect(line.locator(".state")).to_have_text("RUNNING")
    expect(line.locator("td.how")).to_contain_text("random")
    expect(line.get_by_role("link", name="digits")).to_be_visible()
    expect(line.locator("td.trials")).to_contain_text("3 of 20")
    expect(line.locator("td.trials")).to_contain_text("1 failed")
    expect(line.locator("td.best")).to_contain_text("0.75")
    expect(line.locator("td.best")).to_contain_text("val_accuracy, higher is better")
    spark = line.get_by_role("img", name="Best so far from 0.5 to 0.75 over 2 trials")
    expect(spark).to_be_visible()
    expect(line.locator("td.time")).to_contain_text("left")

    search.ended(0.875)
    expect(line.locator("td.best")).to_contain_text("0.875")
    expect(line.get_by_role("img", name="Best so far from 0.5 to 0.875 over 3 trials")).to_be_visible()
    search.close()
    expect(line.locator(".state")).to_have_text("COMPLETED")
    expect(line.locator("progress")).to_be_hidden()
    expect(line.locator("td.time")).to_contain_text("took")


def test_searches_come_and_go_by_themselves(page: Page, board: Board) -> None:
    MovedSearch(board, "coming one")
    found(page, board, "coming", 1)
    second = MovedSearch(board, "coming two")
    expect(page.locator("table.search-list tbody tr")).to_have_count(2)
    assert names(page) == ["coming two", "coming one"]
    board.ada.post(f"/v1/searches/{second.id}/cancel")
    expect(row(page, "coming two").locator(".state")).to_have_text("CANCELLED")
    assert board.ada.delete(f"/v1/searches/{second.id}").status_code == 204
    expect(page.locator("table.search-list tbody tr")).to_have_count(1)


def test_it_is_filtered_by_name_state_and_tag_and_the_address_says_so(page: Page, board: Board) -> None:
    for name, tags in (("sieve one", {"team": "a"}), ("sieve two", {"team": "b"}), ("sieve three", {"team": "b"})):
        search = MovedSearch(board, name, tags=tags)
        if name != "sieve two":
            board.ada.post(f"/v1/searches/{search.id}/pause")
    page.goto(board.address)
    page.get_by_role("searchbox", name="Find searches by name").fill("SIEVE")
    expect(page.locator("table.search-list tbody tr")).to_have_count(3)
    states = page.get_by_role("group", name="Only searches in this state")
    expect(states.get_by_role("button", name="All 3")).to_have_attribute("aria-pressed", "true")
    states.get_by_role("button", name="Paused 2").click()
    expect(page.locator("table.search-list tbody tr")).to_have_count(2)
    row(page, "sieve three").get_by_role("button", name="team: b").click()
    expect(page.locator("table.search-list tbody tr")).to_have_count(1)
    expect(page.get_by_role("combobox", name="Only with this tag")).to_have_value("team:b")
    assert "text=SIEVE&state=PAUSED&tag=team%3Ab" in page.url
    page.reload()
    expect(page.locator("table.search-list tbody tr")).to_have_count(1)
    assert names(page) == ["sieve three"]
    page.get_by_role("searchbox").fill("no such name")
    expect(page.get_by_text("No search fits.")).to_be_visible()
    page.get_by_role("button", name="Show all searches").click()
    expect(row(page, "sieve one")).to_be_visible()
    assert "state" not in page.url


def test_what_can_be_done_is_in_its_menu(page: Page, board: Board) -> None:
    search = MovedSearch(board, "governed")
    search.ended(0.5)
    found(page, board, "governed", 1)
    line = row(page, "governed")
    act(page, "governed", "Pause")
    expect(line.locator(".state")).to_have_text("PAUSED")
    assert search.search().state is SearchState.PAUSED
    # By keyboard: the menu opens, Escape puts it away and the focus is where it was.
    summary = line.locator("details.menu summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(line.get_by_role("button", name="Resume")).to_be_visible()
    page.keyboard.press("Escape")
    expect(line.get_by_role("button", name="Resume")).to_be_hidden()
    expect(summary).to_be_focused()
    act(page, "governed", "Resume")
    expect(line.locator(".state")).to_have_text("RUNNING")
    act(page, "governed", "Cancel …")
    page.get_by_role("dialog").get_by_role("button", name="No").click()
    assert search.search().state is SearchState.RUNNING
    act(page, "governed", "Cancel …")
    page.get_by_role("dialog").get_by_role("button", name="Cancel the search").click()
    expect(line.locator(".state")).to_have_text("CANCELLED")
    act(page, "governed", "Delete …")
    page.get_by_role("dialog").get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("No search fits.")).to_be_visible()
    assert board.ada.get(f"/v1/searches/{search.id}").status_code == 404


def test_two_are_chosen_and_compared(page: Page, board: Board) -> None:
    ids = [finished_search(board.service, trials=4, epochs=2, seed=seed, name=f"pair {seed}") for seed in (1, 2)]
    found(page, board, "pair", 2)
    page.get_by_role("checkbox", name="Choose pair 1 to compare").check()
    expect(page.get_by_text("1 chosen: choose another to compare")).to_be_visible()
    page.get_by_role("checkbox", name="Choose pair 2 to compare").check()
    page.get_by_role("link", name="Compare 2").click()
    expect(page).to_have_url(f"{board.address}/#/compare?id={ids[0]}&id={ids[1]}")


def test_long_lists_are_read_page_by_page_and_sorted_as_a_whole(page: Page, board: Board) -> None:
    for number in range(53):
        finished_search(board.service, trials=1, epochs=1, seed=number, name=f"many {number}")
    found(page, board, "many", 50)
    assert names(page)[:2] == ["many 52", "many 51"]
    page.get_by_role("button", name="Show more (50 of 53)").click()
    expect(page.locator("table.search-list tbody tr")).to_have_count(53)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    page.reload()
    expect(page.locator("table.search-list tbody tr")).to_have_count(50)
    page.get_by_role("combobox", name="Sort by").select_option("Name")
    expect(page.locator("table.search-list tbody tr")).to_have_count(53)
    assert names(page) == [f"many {number}" for number in range(53)]
    expect(page.locator("th.name")).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("button", name="Best", exact=False).first.click()
    expect(page.locator("th.best")).to_have_attribute("aria-sort", "descending")
    scores = [float(text) for text in page.locator("td.best a").all_inner_texts()]
    assert scores == sorted(scores, reverse=True)


def test_on_a_phone_each_search_is_a_card_and_nothing_is_cut_off(page: Page, board: Board) -> None:
    MovedSearch(board, "a name that is so long that it cannot stand on one line of a phone", tags={"t": "v" * 60})
    page.set_viewport_size({"width": 360, "height": 760})
    found(page, board, "so+long+that", 1)
    expect(page.get_by_role("table", name="Searches").get_by_role("cell").first).to_be_visible()
    expect(page.locator("table.search-list thead")).not_to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("details.menu summary").click()
    expect(page.get_by_role("button", name="Cancel …")).to_be_in_viewport(ratio=1)


def test_jobs_stand_below_and_have_pages_of_their_own(page: Page, board: Board, tmp_path: Path) -> None:
    source = MovedSearch(board, "with jobs")
    source.ended(0.75, weights=tmp_path)
    board.ada.post(f"/v1/searches/{source.id}/pause")
    final = board.ada.post(f"/v1/searches/{source.id}/finalize", json={}).json()
    page.goto(board.address)
    jobs = page.get_by_role("region", name="Final trainings and range tests")
    expect(jobs.get_by_role("row", name="with jobs").locator(".state")).to_have_text("QUEUED")
    end_job(board.service.repository, board.service.store, tmp_path, final["id"], examples.FINAL_REPORT)
    expect(jobs.get_by_role("row", name="with jobs").locator(".state")).to_have_text("COMPLETED")

    jobs.get_by_role("link", name="Final training").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Final training of trial 0")
    expect(page.locator(".fact", has_text="accuracy, test part").first).to_contain_text("0.9698")
    matrix = page.get_by_role("region", name="Confusion matrix")
    expect(matrix).to_contain_text("396 of 397 right. Most common mistake: “1” taken for “0”, once.")
    matrix.get_by_role("button", name="Table").click()
    assert matrix.locator("tbody tr").all_inner_texts() == ["0\t39\t0", "1\t1\t357"]
    expect(page.get_by_role("table", name="Each class")).to_contain_text("weighted average")
    with page.expect_download() as download:
        page.get_by_role("button", name="Bundle (zip)").click()
    assert download.value.path().read_bytes()[:2] == b"PK"

    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("heading", name="Searches")).to_be_visible()
    assert board.ada.get(f"/v1/final/{final['id']}").status_code == 404


def test_a_range_test_shows_its_curve_and_what_it_suggests(page: Page, board: Board, tmp_path: Path) -> None:
    job = board.ada.post("/v1/lr-range-tests", json=examples.RANGE_TEST_REQUEST).json()
    page.goto(f"{board.address}/#/range-tests/{job['id']}")
    expect(page.get_by_text("It waits for its turn on a worker.")).to_be_visible()
    fields = ("batch_size", "diverged", "rates", "losses", "smoothed", "suggestion")
    report = {"format": 1, **{name: examples.RANGE_TEST_DETAIL[name] for name in fields}}
    end_job(board.service.repository, board.service.store, tmp_path, SearchId(job["id"]), report)
    expect(page.locator(".fact", has_text="suggested from")).to_contain_text("0.001")
    chart = page.get_by_role("region", name="Loss against the learning rate")
    expect(chart.get_by_role("img")).to_have_attribute("aria-label", re.compile("Suggested: 0.001 to 0.01"))
    chart.get_by_role("button", name="Table").click()
    expect(chart.locator("tbody tr")).to_have_count(6)
    page.get_by_role("button", name="Copy", exact=True).click()
    assert '"max_value":0.01' in str(page.evaluate("navigator.clipboard.readText()"))


def test_it_is_filtered_by_data_set(page: Page, board: Board) -> None:
    MovedSearch(board, "flowers", dataset={"name": "iris"})
    MovedSearch(board, "figures")
    page.goto(board.address)
    page.get_by_role("combobox", name="Only on this data set").select_option("iris")
    expect(row(page, "flowers")).to_be_visible()
    expect(row(page, "figures")).to_have_count(0)
    assert "dataset=" in page.url
    page.reload()
    expect(row(page, "flowers")).to_be_visible()
    expect(page.get_by_role("combobox", name="Only on this data set").locator("option:checked")).to_have_text("iris")

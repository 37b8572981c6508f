"""One search: its head and control, the overview as it happens, the table of its trials, its definition."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from service import examples
from storage.states import SearchState
from tests.browser.conftest import Board
from tests.browser.finished import finished_search
from tests.browser.moved import MovedSearch
from tests.service.scenes import end_job
from tests.waiting import wait_until

pytestmark = pytest.mark.browser
HOSTILE = "<b>bold</b> & <img src=x onerror=alert(1)>"
TABS = ("overview", "trials", "definition")


def shown(figure: Locator) -> Locator:
    """The figure's rows as numbers, beside which its picture is hidden."""
    figure.get_by_role("button", name="Table").click()
    return figure.locator("tbody tr")


def cells(page: Page, column: int) -> list[str]:
    return page.locator("tr[data-row]").locator(f"td:nth-child({column})").all_inner_texts()


def test_the_head_tells_what_it_is_and_is_paused_changed_resumed_and_cancelled(page: Page, board: Board) -> None:
    search = MovedSearch(board, HOSTILE, tags={"team": "<i>vision</i>"})
    search.ended(0.5, 0.75)
    page.goto(search.address)
    expect(page.get_by_role("heading", level=1)).to_contain_text(HOSTILE)
    expect(page.get_by_text("team: <i>vision</i>")).to_be_visible()
    expect(page.locator(".fact", has_text="best val_accuracy")).to_contain_text("0.75")
    expect(page.locator(".fact", has_text="trials ended")).to_contain_text("1 of 20")

    page.get_by_role("button", name="Pause").click()
    expect(page.locator("h1 .state.PAUSED")).to_be_visible()
    assert search.search().state is SearchState.PAUSED

    page.get_by_role("button", name="Change …").click()
    dialog = page.get_by_role("dialog", name="Change the search")
    dialog.get_by_label("Trials, at most", exact=True).fill("5")
    dialog.get_by_label("Trials at a time").fill("4")
    dialog.get_by_label("Tags, one “key: value” a line").fill("team: audio\nrun: 2")
    dialog.get_by_role("button", name="Change").click()
    expect(dialog).to_be_hidden()
    changed = search.search()
    assert (changed.limits.max_trials, changed.parallelism, changed.tags) == (5, 4, {"team": "audio", "run": "2"})
    expect(page.get_by_text("run: 2")).to_be_visible()

    page.get_by_role("button", name="Resume").click()
    expect(page.locator("h1 .state.RUNNING")).to_be_visible()
    assert search.search().state is SearchState.RUNNING

    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the search").click()
    expect(page.locator("h1 .state.CANCELLED")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("heading", name="Searches")).to_be_visible()
    assert board.ada.get(f"/v1/searches/{search.id}").status_code == 404


def test_a_refused_change_says_why_in_the_window(page: Page, board: Board) -> None:
    search = MovedSearch(board, "priorities")
    search.ended(0.5)
    page.goto(search.address)
    page.get_by_role("button", name="Change …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Tags, one “key: value” a line").fill(f"{'k' * 65}: v")
    with page.expect_response(lambda answer: answer.request.method == "PATCH") as answer:
        dialog.get_by_role("button", name="Change").click()
    assert answer.value.status == 422
    expect(dialog.get_by_role("alert")).to_contain_text("tags")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_overview_follows_trials_as_they_begin_train_and_end(page: Page, board: Board, tmp_path: Path) -> None:
    search = MovedSearch(board, "followed")
    page.goto(search.address)
    expect(page.get_by_role("heading", name="Waiting for its first trial")).to_be_visible()

    claim = search.begin(units=96)
    curves = page.locator("section[aria-label='Learning curves, running and latest']")
    expect(curves).to_contain_text("Appears with the first epoch.")
    search.epochs(claim, [0.25])
    rows = curves.locator("tbody tr")
    expect(curves.get_by_role("img")).to_have_attribute("aria-label", re.compile("val_accuracy of 1 trials, 1 of them"))
    shown(curves)
    expect(rows).to_have_text([re.compile("^0RUNNING10.25$")])
    # From here on the page asks nothing for the curve: events alone lengthen it.
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    search.epochs(claim, [0.5, 0.75], first=1)
    expect(rows).to_have_text([re.compile("^0RUNNING30.75$")])
    assert not [url for url in asked if url.endswith("/epochs") or "/epochs?" in url]

    done = search.complete(claim, weights=tmp_path)
    best = page.locator("section[aria-label='Best trial']")
    expect(best.get_by_role("heading", level=2)).to_have_text("Best: trial 0, val_accuracy 0.75 at epoch 2")
    expect(page.get_by_role("log")).to_contain_text("trial 0 completed with val_accuracy 0.75 at epoch 2")
    history = page.locator("section[aria-label='Objective history']")
    expect(history.get_by_role("img")).to_have_attribute("aria-label", re.compile("1 scored trials, best val_accuracy"))
    page.get_by_label("Objective history over").select_option("epochs")
    expect(shown(history)).to_have_text(["0COMPLETED30.750.75"])
    assert "by=epochs" in page.url

    best.get_by_role("button", name="Copy Keras code").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    code = page.evaluate("navigator.clipboard.readText()")
    compile(code, "copied.py", "exec")
    assert "Dense(96" in code.replace("units=", "")
    with page.expect_download() as download:
        best.get_by_role("button", name="Download model").click()
    assert download.value.suggested_filename == "trial-0.keras"
    assert Path(download.value.path()).read_bytes() == f"model of weights {done.id}".encode()


def test_the_best_is_finalized_and_followed_to_its_report(page: Page, board: Board, tmp_path: Path) -> None:
    search = MovedSearch(board, "finalized")
    search.ended(0.5, 0.8)
    search.close()
    page.goto(search.address)
    expect(page.get_by_text("All trials have been run.").first).to_be_visible()
    page.get_by_role("button", name="Finalize best").click()
    line = page.locator(".final-line")
    expect(line).to_contain_text("of trial 0 QUEUED")
    job_id = board.ada.get(f"/v1/searches/{search.id}/final").json()["id"]
    end_job(board.service.repository, board.service.store, tmp_path, job_id, examples.FINAL_REPORT)
    expect(line).to_contain_text("COMPLETED")
    expect(line).to_contain_text("accuracy 0.9698")
    expect(line.get_by_role("link", name="Report")).to_have_attribute("href", f"#/final/{job_id}")
    page.reload()
    expect(page.locator(".final-line")).to_contain_text("COMPLETED")


def test_a_search_that_is_deleted_elsewhere_says_so(board: Board, chromium: Browser) -> None:
    # A page of its own: it may ask for the search in the very moment in which it goes.
    page = chromium.new_page()
    page.goto(board.link())
    search = MovedSearch(board, "short-lived")
    search.ended(0.5)
    search.close()
    page.goto(search.address)
    expect(page.locator("h1 .state.COMPLETED")).to_be_visible()
    assert board.ada.delete(f"/v1/searches/{search.id}").status_code == 204
    expect(page.get_by_role("alert")).to_contain_text("This search has been deleted.")
    expect(page.get_by_role("button", name="Finalize best")).to_be_hidden()
    page.close()


def test_trials_are_filtered_sorted_and_the_view_is_in_the_address(page: Page, board: Board) -> None:
    search = MovedSearch(board, "filtered")
    for units, score in ((32, 0.5), (64, 0.9), (128, 0.7), (256, 0.8)):
        search.ended(score / 2, score, units=units)
    search.failed(0.1)
    page.goto(f"{search.address}/trials")
    expect(page.get_by_text("5 trials", exact=True)).to_be_visible()
    assert cells(page, 2) == ["4", "3", "2", "1", "0"]
    page.get_by_role("button", name="val_accuracy").click()
    assert cells(page, 2) == ["1", "3", "2", "0", "4"]
    page.get_by_label("Filter trials").fill("units >= 64 and (val_accuracy > 0.75 or state = failed)")
    expect(page.get_by_text("3 of 5 trials")).to_be_visible()
    page.reload()
    expect(page.get_by_text("3 of 5 trials")).to_be_visible()
    assert cells(page, 2) == ["1", "3", "4"]

    page.get_by_label("Filter trials").fill("units >= 64 and vall > 1")
    expect(page.get_by_text('At character 17: there is no "vall"')).to_be_visible()
    assert cells(page, 2) == ["1", "3", "4"]
    page.get_by_label("Filter trials").fill("units = 1")
    expect(page.get_by_text("No trial passes the filter.")).to_be_visible()
    page.get_by_label("Filter trials").fill("")
    page.get_by_role("button", name="FAILED 1").click()
    assert cells(page, 2) == ["4"]
    assert "state=FAILED" in page.url


FILTERS = {
    "a > 1 and b = 'x y'": [2],
    "not a > 1": [0, 1, 3],
    "a = null": [3],
    "a in (1, 2.0) or b ~ Z": [1, 2, 3],
    "(a=0 or a=2) and not b = null": [0, 2],
    "l = '[18, 18]'": [0],
    "a < b": [],
    "`odd name` >= 1e-1": [1],
    "a != 1": [0, 2, 3],
    "": [0, 1, 2, 3],
    # What is wrong, and from which character on.
    "a >": 3,
    "a > 1 b": 6,
    "(a > 1": 6,
    "constructor > 1": 0,
    "a & 1": 2,
    "a in 1": 5,
    "> 1": 0,
}


def test_the_language_of_filters(page: Page, board: Board) -> None:
    page.goto(board.address)
    rows = [
        {"a": 0, "b": "q", "l": [18, 18]},
        {"a": 1, "b": "z", "odd name": 0.5},
        {"a": 2, "b": "X Y"},
        {"b": "Zebra"},
    ]
    found = page.evaluate(
        """async ([texts, rows]) => {
          const { filterOf, FilterFault } = await import("/assets/any/js/views/search/filter.js");
          const names = ["a", "b", "l", "odd name"];
          return texts.map((text) => {
            try {
              const test = filterOf(text, (name) => (names.includes(name) ? (row) => row[name] : null), names);
              return rows.flatMap((row, at) => (test(row) ? [at] : []));
            } catch (error) { return error instanceof FilterFault ? error.at : String(error); }
          });
        }""",
        [list(FILTERS), rows],
    )
    assert dict(zip(FILTERS, found, strict=True)) == FILTERS


def test_columns_are_chosen_and_kept(page: Page, board: Board) -> None:
    search = MovedSearch(board, "columns")
    search.ended(0.5)
    page.goto(f"{search.address}/trials")
    expect(page.get_by_role("columnheader", name="val_loss")).to_be_hidden()
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("val_loss").check()
    page.get_by_label("Best epoch").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.get_by_role("columnheader", name="val_loss")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Best epoch")).to_be_hidden()


def test_chosen_trials_are_compared(page: Page, board: Board) -> None:
    search = MovedSearch(board, "chosen")
    for score in (0.5, 0.6, 0.7):
        search.ended(score - 0.1, score)
    page.goto(f"{search.address}/trials")
    page.get_by_label("Compare trial 0").check()
    page.get_by_label("Compare trial 2").check()
    assert "chosen=0%2C2" in page.url
    figure = page.locator("section[aria-label='Chosen trials']")
    expect(shown(figure)).to_have_text([re.compile("^0COMPLETED20.5"), re.compile("^2COMPLETED20.7")])
    page.reload()
    expect(page.get_by_label("Compare trial 2")).to_be_checked()
    page.get_by_role("button", name="Clear choice (2)").click()
    expect(figure).to_be_hidden()
    expect(page.get_by_label("Compare trial 2")).not_to_be_checked()


def test_the_table_is_walked_with_the_keyboard(page: Page, board: Board) -> None:
    search = MovedSearch(board, "walked")
    for score in (0.5, 0.6, 0.7):
        search.ended(score)
    page.goto(f"{search.address}/trials")
    expect(page.get_by_text("3 trials", exact=True)).to_be_visible()
    link = page.get_by_role("link", name="2", exact=True)
    link.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="1", exact=True)).to_be_focused()
    # Live changes leave the focus where it is.
    search.ended(0.8)
    expect(page.get_by_text("4 trials", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="1", exact=True)).to_be_focused()
    page.keyboard.press("End")
    expect(page.get_by_role("link", name="0", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Trial 0")


def test_a_running_trial_is_stopped_and_a_failed_one_tried_again(page: Page, board: Board) -> None:
    search = MovedSearch(board, "acted")
    failed = search.failed()
    running = search.begin()
    page.goto(f"{search.address}/trials")
    page.get_by_role("button", name="Stop trial 1").click()
    expect(page.get_by_text("Trial 1 is asked to stop.")).to_be_visible()
    assert search.trial(running.trial.id).stop_requested
    page.get_by_role("button", name="Retry trial 0").click()
    expect(page.locator("tr[data-row] .state.QUEUED")).to_be_visible()
    assert search.trial(failed.id).state.value == "QUEUED"


def test_thousands_of_trials_are_a_screen_of_rows(page: Page, board: Board) -> None:
    search_id = finished_search(board.service, trials=3_000, epochs=1, name="thousands")
    page.goto(f"{board.address}/#/searches/{search_id}/trials")
    expect(page.get_by_text("3,000 trials", exact=True)).to_be_visible(timeout=60_000)
    table = page.get_by_role("table", name="Trials")
    expect(table).to_have_attribute("aria-rowcount", "3001")
    assert page.locator("tr[data-row]").count() < 100
    page.get_by_role("link", name="2999", exact=True).focus()
    page.keyboard.press("End")
    expect(page.get_by_role("link", name="0", exact=True)).to_be_focused()
    assert page.locator("tr[data-row]").count() < 100
    page.get_by_label("Filter trials").fill("number in (1500, 1501)")
    expect(page.get_by_text("2 of 3,000 trials")).to_be_visible()
    assert cells(page, 2) == ["1501", "1500"]


def test_tabs_change_without_reading_the_trials_again_and_keep_the_focus(page: Page, board: Board) -> None:
    search = MovedSearch(board, "tabbed")
    search.ended(0.5)
    page.goto(search.address)
    expect(page.get_by_role("log")).to_contain_text("trial 0 completed")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("tab", name="Overview").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Trials")).to_be_focused()
    expect(page.get_by_role("tab", name="Trials")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_text("1 trial", exact=True)).to_be_visible()
    assert not [url for url in asked if "/trials?" in url]
    page.go_back()
    expect(page.get_by_role("tab", name="Overview")).to_have_attribute("aria-selected", "true")


def test_the_definition_is_shown_and_copied(page: Page, board: Board) -> None:
    search = MovedSearch(board, "defined", tags={"note": "</code><b>x"})
    search.ended(0.5, units=160)
    page.goto(f"{search.address}/definition")
    section = page.locator("section[aria-label='Definition']")
    section.get_by_role("button", name="Copy definition").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert copied == board.ada.get(f"/v1/searches/{search.id}").json()["definition"]
    expect(page.get_by_role("heading", name="Keras code of trial 0, the best")).to_be_visible()
    expect(page.locator("section[aria-label='Definition of trial 0, without holes']")).to_contain_text('"units": 160')


def test_every_table_can_be_taken_home(page: Page, board: Board) -> None:
    search = MovedSearch(board, "taken")
    search.ended(0.5)
    page.goto(search.address)
    page.locator("summary", has_text="Export").click()
    for name, beginning in (("Trials as CSV", "number,id,"), ("Epochs as JSON lines", '{"trial_id')):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        assert Path(download.value.path()).read_text().lstrip("\ufeff").startswith(beginning), name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_on_a_phone(page: Page, board: Board, scheme: str) -> None:
    search = MovedSearch(board, f"{scheme} {'long' * 20}")
    search.ended(0.5, 0.6)
    search.failed(0.2)
    page.set_viewport_size({"width": 360, "height": 780})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for tab in TABS:
        page.goto(f"{search.address}/{tab}")
        expect(page.get_by_role("tab", selected=True)).to_be_visible()
        wait_until(lambda: page.locator(".tab-inner > *").count() > 0)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 360, tab


def test_running_curves_are_paged_through_when_there_are_more_than_can_be_told_apart(page: Page, board: Board) -> None:
    search = MovedSearch(board, "crowded", parallelism=12)
    claims = [search.begin(units=32 + place) for place in range(11)]
    for claim in claims:
        search.epochs(claim, [0.25, 0.5])
    page.goto(f"{search.address}/curves")
    figure = page.locator("section[aria-label='Learning curves']")
    figure.get_by_role("button", name="Table").click()
    heads = figure.locator("thead th a")
    expect(heads).to_have_text([f"trial {number} (running)" for number in range(8)])
    pages = page.get_by_role("group", name="running trials")
    expect(pages).to_contain_text("1 to 8 of 11 running trials")
    pages.get_by_role("button", name="Next running trials").click()
    expect(pages).to_contain_text("9 to 11 of 11 running trials")
    expect(heads).to_have_text([f"trial {number} (running)" for number in range(8, 11)])
    expect(pages.get_by_role("button", name="Next running trials")).to_be_focused()
    page.reload()
    expect(pages).to_contain_text("9 to 11 of 11 running trials")
    # When the last three have ended, the eight before them are all.
    for claim in claims[8:]:
        search.complete(claim)
    expect(pages).to_be_hidden()
    page.get_by_label("How many of the best").select_option("0")
    figure.get_by_role("button", name="Table").click()
    expect(heads).to_have_text([f"trial {number} (running)" for number in range(8)])
    page.goto(search.address)
    search.epochs(search.begin(), [0.5])
    expect(page.get_by_text("8 of 9 running trials are drawn")).to_be_visible()

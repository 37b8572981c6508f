"""What surrounds every page: sign-in, the bar, colours, addresses, and the files that are served."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Board

pytestmark = pytest.mark.browser
DASHBOARD = Path(__file__).parents[2] / "clients" / "dashboard"


def test_the_link_signs_in_once_and_leaves_no_code_in_the_address(board: Board, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto(board.link())
    expect(page.get_by_role("heading", name="Searches")).to_be_visible()
    assert "code=" not in page.url
    page.close()


def test_without_a_session_the_page_says_how_to_sign_in(board: Board, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto(board.address)
    expect(page.get_by_role("heading", name="Please sign in")).to_be_visible()
    page.close()


@pytest.mark.parametrize("place", ["", "new", "compare", "datasets", "workers"])
def test_each_page_opens_from_its_address_and_marks_itself_in_the_bar(page: Page, board: Board, place: str) -> None:
    page.goto(f"{board.address}/#/{place}")
    expect(page.locator("main h1")).to_be_visible()
    expect(page.locator(f"header [data-page='{place or 'searches'}'][aria-current='page']")).to_have_count(1)
    expect(page.get_by_text("live", exact=True)).to_be_visible()


def test_an_unknown_page_says_so(page: Page, board: Board) -> None:
    page.goto(f"{board.address}/#/nowhere")
    expect(page.get_by_role("alert")).to_have_text("There is no such page.")


def test_a_part_that_cannot_be_fetched_is_told_of_and_comes_when_it_can(board: Board, chromium: Browser) -> None:
    # A page of its own: Chromium reports the broken connection as a fault, which it is not here.
    page = chromium.new_page()
    page.goto(board.link())
    expect(page.locator("main h1")).to_have_text("Searches")
    page.route("**/views/workers.js", lambda route: route.abort())
    page.get_by_role("link", name="Workers").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "could not be loaded: the service does not answer, or was updated"
    )
    page.unroute("**/views/workers.js")
    page.reload()
    expect(page.locator("main h1")).to_have_text("Workers")
    page.close()


def test_what_was_fetched_once_is_kept(page: Page, board: Board) -> None:
    page.goto(board.address)
    expect(page.locator("main h1")).to_be_visible()
    page.reload()
    expect(page.locator("main h1")).to_be_visible()
    sent = page.evaluate(
        """() => performance.getEntriesByType("resource").filter((one) => one.name.includes("/assets/"))
          .map((one) => one.transferSize)"""
    )
    assert len(sent) > 10
    assert set(sent) == {0}


def test_the_colours_are_chosen_and_kept(page: Page, board: Board) -> None:
    def background() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    page.goto(board.address)
    page.emulate_media(color_scheme="light")
    light = background()
    page.get_by_role("button", name="Colours: auto").click()
    page.get_by_role("button", name="Colours: light").click()
    dark = background()
    assert dark != light
    page.reload()
    expect(page.get_by_role("button", name="Colours: dark")).to_be_visible()
    assert background() == dark


def test_the_content_policy_allows_nothing_inline_and_no_other_host(board: Board) -> None:
    policy = board.ada.get("/").headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_vendored_libraries_are_the_stated_ones_with_their_licences() -> None:
    stated = json.loads((DASHBOARD / "vendor" / "versions.json").read_text())
    bundles = {path.name for path in (DASHBOARD / "vendor").glob("*.js")}
    assert bundles == set(stated)
    for name, one in stated.items():
        assert hashlib.sha256((DASHBOARD / "vendor" / name).read_bytes()).hexdigest() == one["sha256"]
        licences = (DASHBOARD / "vendor" / name.replace(".js", ".LICENSE.txt")).read_text()
        assert all(f"{package}\n=" in licences for package in one["packages"])

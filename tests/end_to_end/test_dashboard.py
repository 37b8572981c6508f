"""The dashboard in a real browser, over the real service."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.end_to_end.conftest import Service
from tests.end_to_end.definitions import digits

pytestmark = [pytest.mark.browser, pytest.mark.keras]


@pytest.fixture(scope="module")
def page(service: Service, chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1280, "height": 1500})
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    link = re.search(r"http://\S+/login\?code=\S+", service.log.read_text())
    assert link, "headstock up printed no dashboard link"
    page.goto(link.group())
    yield page
    page.close()
    assert faults == []


def test_the_link_signs_in_once_and_leaves_no_code_in_the_address(page: Page) -> None:
    expect(page.get_by_role("heading", name="Searches")).to_be_visible()
    assert "code=" not in page.url


def test_a_search_appears_runs_and_ends_while_one_watches(page: Page, service: Service) -> None:
    page.goto(f"{service.client.url}/#/")
    search = service.client.submit(digits(name="watched <b>live</b>", limits={"max_trials": 2}))
    link = page.get_by_role("link", name="watched <b>live</b>")
    expect(link).to_be_visible(timeout=20_000)
    link.click()
    expect(page.get_by_role("heading", name="watched <b>live</b>")).to_be_visible()
    expect(page.locator("h1 .state.COMPLETED")).to_be_visible(timeout=120_000)
    expect(page.locator("section:has(h2:text-is('Trials')) tbody tr")).to_have_count(2)
    best = search.refresh().best()[0]
    expect(page.get_by_role("heading", name=re.compile(f"Best: trial {best.number}"))).to_be_visible()
    expect(page.get_by_role("img", name="score of each trial and best so far").locator("circle")).to_have_count(2)
    page.get_by_label("Metric").select_option("loss")
    page.get_by_label("Epoch").select_option("last")
    trend = page.get_by_role("img", name=re.compile("score against"))
    expect(trend.get_by_text("loss, last epoch")).to_be_visible()
    expect(trend.locator("circle")).not_to_have_count(0)


def test_the_other_pages_show_what_the_api_answers(page: Page, service: Service) -> None:
    page.goto(f"{service.client.url}/#/workers")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.goto(f"{service.client.url}/#/datasets")
    expect(page.get_by_role("cell", name="digits", exact=True)).to_be_visible()
    page.goto(f"{service.client.url}/#/")
    expect(page.get_by_role("heading", name="Searches")).to_be_visible()

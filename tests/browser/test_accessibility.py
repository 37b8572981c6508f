"""Every page without barriers: light and dark, on a desk and on a phone, with windows and menus open, by Tab alone."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from service import examples
from storage.ids import SearchId, TrialId
from storage.workers import Slot
from tests.browser.barriers import barriers
from tests.browser.conftest import LIMITS, Board, reading_app, served, signed_in
from tests.browser.finished import finished_search
from tests.browser.moved import MovedSearch
from tests.browser.test_workers_page import samples
from tests.databases import SqliteTemplate
from tests.service.assembled import open_service
from tests.service.scenes import end_job

pytestmark = [pytest.mark.browser, pytest.mark.accessibility]
TABS = (
    "overview", "trials", "curves", "hyperparameters", "importance", "parallel", "contour", "tradeoff", "diagnosis",
    "definition",
)  # fmt: skip
SIZES: dict[str, ViewportSize] = {"desk": {"width": 1280, "height": 1000}, "phone": {"width": 390, "height": 844}}
ROWS = b"age,city,label\n" + b"".join(b"%d,Bern,%s\n" % (20 + n, [b"no", b"yes"][n % 2]) for n in range(30))


@dataclass(frozen=True)
class Scene:
    """Something for every page to show, by its address."""

    digits: SearchId
    running: SearchId
    waiting: SearchId
    ended: TrialId
    failed: TrialId
    trains: TrialId
    dataset: str
    final: str
    rates: str


@pytest.fixture(scope="module")
def board(sqlite_template: SqliteTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """A service that really reads data sets."""
    folder = tmp_path_factory.mktemp("board")
    with (
        open_service(folder, sqlite_template.copy(folder), LIMITS) as service,
        reading_app(service) as app,
        served(service, app) as board,
    ):
        yield board


@pytest.fixture(scope="module")
def desk(board: Board, context: BrowserContext) -> Iterator[Page]:
    """One page that goes from place to place: signing in anew at each would take longer than looking at it."""
    with signed_in(board, context) as page:
        yield page


@pytest.fixture(scope="module")
def scene(board: Board, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("scene")
    repository, store = board.service.repository, board.service.store
    running = MovedSearch(board, "running", tags={"team": "vision", "odd": ""}, parallelism=12)
    ended = running.ended(0.5, 0.7, 0.8, 0.75, 0.7, weights=folder)
    failed = running.failed(0.2)
    claims = [running.begin(units=32 + 32 * place) for place in range(10)]
    for claim in claims:
        running.epochs(claim, [0.25, 0.5])
    slots = [Slot(0, "gpu:0", claims[0].trial.id), Slot(1, "cpu", None)]
    worker = repository.register_worker(
        name="gpu-box", host="box.lab", pid=7, backend="jax", slots=slots, versions={"keras": "3.15.1"}
    )
    repository.beat_worker(worker.id, slots, samples=samples(board, 24))
    final = board.ada.post(f"/v1/searches/{running.id}/finalize", json={"trial_id": ended.id}).json()["id"]
    end_job(repository, store, folder, SearchId(final), examples.FINAL_REPORT)
    rates = board.ada.post("/v1/lr-range-tests", json=examples.RANGE_TEST_REQUEST).json()["id"]
    fields = ("batch_size", "diverged", "rates", "losses", "smoothed", "suggestion")
    report = {"format": 1, **{name: examples.RANGE_TEST_DETAIL[name] for name in fields}}
    end_job(repository, store, folder, SearchId(rates), report)
    uploaded = board.ada.post(
        "/v1/datasets", files={"file": ("people.csv", io.BytesIO(ROWS))}, data={"name": "people", "target": "label"}
    )
    assert uploaded.status_code == 201, uploaded.text
    return Scene(
        digits=finished_search(board.service),
        running=running.id,
        waiting=MovedSearch(board, "waiting").id,
        ended=ended.id,
        failed=failed.id,
        trains=claims[0].trial.id,
        dataset=uploaded.json()["id"],
        final=final,
        rates=rates,
    )


def _tab(tab: str, scene: Scene) -> str:
    return f"searches/{scene.digits}/{tab}"


PLACES: dict[str, Callable[[Scene], str]] = {
    "searches": lambda scene: "",
    "searches sorted and filtered": lambda scene: "?text=r&sort=best",
    "no search fits": lambda scene: "?text=nothing",
    "new": lambda scene: "new",
    "compare": lambda scene: "compare",
    "compare searches": lambda scene: f"compare?id={scene.digits}&id={scene.running}",
    "compare trials": lambda scene: f"compare?trial={scene.ended}&trial={scene.failed}",
    "data sets": lambda scene: "datasets",
    "data set": lambda scene: f"datasets/{scene.dataset}",
    "workers": lambda scene: "workers",
    "final training": lambda scene: f"final/{scene.final}",
    "range test": lambda scene: f"range-tests/{scene.rates}",
    "waiting search": lambda scene: f"searches/{scene.waiting}",
    "running search": lambda scene: f"searches/{scene.running}",
    "running trials": lambda scene: f"searches/{scene.running}/trials?chosen=0,1",
    "running curves": lambda scene: f"searches/{scene.running}/curves?from=8",
    "one hyperparameter": lambda scene: f"searches/{scene.digits}/hyperparameters?hp=units&view=four",
    "ended trial": lambda scene: f"trials/{scene.ended}",
    "failed trial": lambda scene: f"trials/{scene.failed}",
    "running trial": lambda scene: f"trials/{scene.trains}",
    "unknown": lambda scene: "nowhere",
    **{f"tab {tab}": partial(_tab, tab) for tab in TABS},
}


def looks(page: Page) -> Iterator[str]:
    """The page in each of the four ways it may look."""
    for name, size in SIZES.items():
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            drawn(page)
            yield f"{scheme}, {name}"


def drawn(page: Page) -> None:
    """Once nothing of the page is still read or worked out."""
    expect(page.locator("main h1, main [role=alert]").first).to_be_visible()
    page.wait_for_function(
        """() => !document.querySelector("main [aria-busy]")
          && !/(Reading|Working it out|Reading trials) …/.test(document.querySelector("main").innerText)"""
    )


CONTROLS = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
  .filter((one) => one.tabIndex >= 0 && !one.disabled && one.type !== "radio")
  .filter((one) => one.checkVisibility({ visibilityProperty: true }))"""
# What a control looks like while it has the focus: an outline, its own or that of the card it covers.
OUTLINED = """() => [null, "::after"].some((part) =>
  getComputedStyle(document.activeElement, part).outlineStyle !== "none")"""


def assert_without_barriers(page: Page) -> None:
    found = [f"{look}: {line}" for look in looks(page) for line in barriers(page)]
    assert not found, "\n".join(found)


def assert_reached_by_the_tab_key(page: Page) -> None:
    """Every control gets the focus, and shows that it has it."""
    # Marked beforehand, since what is live may be drawn anew under way.
    count = page.evaluate(f"({CONTROLS})().map((one, place) => one.setAttribute('data-stop', place)).length")
    assert count > 5
    page.evaluate("document.activeElement.blur()")
    missed = set(range(count))
    for _ in range(3 * count + 10):
        page.keyboard.press("Tab")
        stop = page.evaluate("document.activeElement.dataset.stop ?? null")
        if stop is None:
            continue
        assert page.evaluate(OUTLINED), page.evaluate("document.activeElement.outerHTML")
        missed.discard(int(stop))
        if not missed:
            return
    left = page.evaluate(
        "stops => stops.map((one) => document.querySelector(`[data-stop='${one}']`)?.outerHTML)", sorted(missed)
    )
    assert not [one for one in left if one], left


def test_all_tabs_of_a_search_are_looked_at(page: Page, board: Board, scene: Scene) -> None:
    page.goto(f"{board.address}/#/searches/{scene.digits}")
    tabs = page.get_by_role("tab")
    expect(tabs).to_have_count(len(TABS))
    assert [(tab.get_attribute("href") or "").split("/")[-1] for tab in tabs.all()] == list(TABS)


@pytest.mark.parametrize("place", PLACES)
def test_a_page_has_no_barriers_and_can_be_walked_by_key(desk: Page, board: Board, scene: Scene, place: str) -> None:
    # As who comes from elsewhere has it: nothing of the place before is left.
    desk.goto("about:blank")
    desk.set_viewport_size(SIZES["desk"])
    desk.goto(f"{board.address}/#/{PLACES[place](scene)}")
    drawn(desk)
    assert_reached_by_the_tab_key(desk)
    assert_without_barriers(desk)


def test_signing_in_has_no_barriers(board: Board, chromium: Browser) -> None:
    # A page of its own: Chromium reports the refusal as a fault, which it is not here.
    page = chromium.new_page()
    page.goto(board.address)
    expect(page.get_by_role("heading", name="Please sign in")).to_be_visible()
    assert_without_barriers(page)
    page.close()


def change_window(page: Page) -> None:
    page.get_by_role("button", name="Change …").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def question(page: Page) -> None:
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def export_menu(page: Page) -> None:
    page.locator("summary", has_text="Export").click()
    expect(page.get_by_role("link", name="Trials as CSV")).to_be_visible()


def table_of_a_figure(page: Page) -> None:
    page.get_by_role("button", name="Table").first.click()
    expect(page.locator(".figure tbody tr").first).to_be_visible()


@pytest.mark.parametrize("opened", [change_window, question, export_menu, table_of_a_figure])
def test_what_opens_over_a_page_has_no_barriers(
    page: Page, board: Board, scene: Scene, opened: Callable[[Page], None]
) -> None:
    page.goto(f"{board.address}/#/searches/{scene.running}")
    drawn(page)
    opened(page)
    assert_without_barriers(page)


def test_a_page_with_a_barrier_is_found_out(page: Page, board: Board) -> None:
    page.goto(board.address)
    page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    assert any("label" in line for line in barriers(page))

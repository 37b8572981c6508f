"""The dashboard in a real browser, over the real service."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.end_to_end.conftest import Service

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


# A process of its own, as a user would have: Keras is not loaded in the tests' one.
PREDICTING = """
import json, sys
import keras
from sklearn.datasets import load_digits

digits = load_digits()
model = keras.saving.load_model(sys.argv[1])
images = (digits.images / 16.0).reshape(-1, *model.input_shape[1:])
one = model.predict(images[:1], verbose=0)
all_rows = model.predict(images, verbose=0)
right = float((all_rows.argmax(axis=1) == digits.target).mean())
print(json.dumps([type(model).__name__, float(one.sum()), right]))
"""


def predicted(model: Path) -> tuple[str, float, float]:
    """A downloaded model: its class, the sum of its shares for one digit, and how many of all digits it tells right."""
    done = subprocess.run([sys.executable, "-c", PREDICTING, str(model)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    kind, share, right = json.loads(done.stdout.splitlines()[-1])
    return kind, share, right


def test_the_link_signs_in_once_and_leaves_no_code_in_the_address(page: Page) -> None:
    expect(page.get_by_role("heading", name="Searches")).to_be_visible()
    assert "code=" not in page.url


def test_a_search_is_submitted_by_form_followed_paused_resumed_and_its_best_taken_home(
    page: Page, service: Service, tmp_path: Path
) -> None:
    page.get_by_role("banner").get_by_role("link", name="New search").click()
    page.get_by_role("button", name="mlp", exact=True).click()
    page.get_by_label("Name", exact=True).fill("watched <b>live</b>")
    page.get_by_label("Max trials").fill("5")
    # The planner is a child process that loads Keras first.
    page.get_by_role("button", name="Submit search").click(timeout=90_000)
    heading = page.get_by_role("heading", name="watched <b>live</b>")
    expect(heading).to_be_visible(timeout=90_000)

    # The first trial trains: its curve is there before it has ended.
    curves = page.locator("section[aria-label='Learning curves, running and latest']").get_by_role("img")
    expect(curves).to_have_attribute("aria-label", re.compile(r"val_accuracy of [1-9]"), timeout=90_000)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("h1 .state.PAUSED")).to_be_visible()
    search = next(iter(service.client.searches()))
    assert search.state == "PAUSED"
    page.get_by_role("button", name="Resume").click()

    expect(page.locator("h1 .state.COMPLETED")).to_be_visible(timeout=120_000)
    best = search.refresh().best()[0]
    expect(page.get_by_role("heading", name=re.compile(f"^Best: trial {best.number}, val_accuracy"))).to_be_visible()
    history = page.locator("section[aria-label='Objective history']").get_by_role("img")
    expect(history).to_have_attribute("aria-label", re.compile("^Objective history: 5 scored trials"))
    with page.expect_download(timeout=90_000) as download:
        page.get_by_role("button", name="Download model").click()
    assert download.value.suggested_filename == f"trial-{best.number}.keras"
    taken = tmp_path / download.value.suggested_filename
    download.value.save_as(taken)
    kind, share, right = predicted(taken)
    assert kind == "Sequential"
    assert share == pytest.approx(1.0, abs=1e-3)
    assert best.score is not None
    # Over all rows, of which four fifths were trained on, it is about as good as its score says.
    assert right > best.score - 0.1

    page.get_by_role("tab", name="Trials").click()
    expect(page.locator("tr[data-row]")).to_have_count(5)
    page.get_by_label("Filter trials").fill(f"trial = {best.number}")
    page.get_by_role("link", name=str(best.number), exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Trial {best.number}")
    expect(page.locator(".figure h2")).to_have_text(["accuracy", "loss"])
    expect(page.locator("section[aria-label='Diagnosis'] .verdict")).to_be_visible()


def test_the_other_pages_show_what_the_api_answers(page: Page, service: Service) -> None:
    (worker,) = service.client.workers()
    page.goto(f"{service.client.url}/#/workers")
    expect(page.locator("main")).to_contain_text(worker.name)
    page.goto(f"{service.client.url}/#/datasets")
    expect(page.locator("main").get_by_text("digits", exact=True).first).to_be_visible()
    page.goto(f"{service.client.url}/#/")
    expect(page.locator("main")).to_contain_text("watched <b>live</b>")

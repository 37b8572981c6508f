"""One trial: values, curves, failure, diagnosis, attempts, relatives."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Board
from tests.browser.moved import MovedSearch

pytestmark = pytest.mark.browser


def test_a_trial_shows_its_values_curves_and_code(page: Page, board: Board) -> None:
    search = MovedSearch(board, "<b>parent</b>")
    search.ended(0.4)
    trial = search.ended(0.3, 0.5, 0.7, 0.72, 0.73, units=128)
    search.ended(0.6)
    page.goto(f"{board.address}/#/trials/{trial.id}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Trial 1")
    expect(page.get_by_role("link", name="<b>parent</b>")).to_be_visible()
    expect(page.locator(".fact", has_text="val_accuracy")).to_contain_text("0.73")
    expect(page.locator("section[aria-label='Values']")).to_contain_text("units128")
    figures = page.locator(".figure h2")
    expect(figures).to_have_text(["accuracy", "loss"])
    loss = page.locator("section[aria-label='loss']")
    expect(loss.get_by_role("img")).to_have_attribute(
        "aria-label", "Learning curves of trial 1: loss ends at 0.27, val_loss at 0.32, after 5 epochs of 1 training."
    )
    loss.get_by_role("button", name="Table").click()
    expect(loss.locator("tbody tr")).to_have_count(5)
    expect(page.locator("section[aria-label='Diagnosis'] .verdict")).to_be_visible()
    expect(page.locator("section[aria-label='Attempts and logs']")).to_contain_text("<b>done</b>")
    expect(page.get_by_role("heading", name="Keras code that rebuilds and trains it")).to_be_visible()
    page.get_by_role("button", name="Copy Keras code").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    compile(page.evaluate("navigator.clipboard.readText()"), "copied.py", "exec")
    page.get_by_role("link", name="Next →").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Trial 2")
    page.get_by_role("link", name="← Previous").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Trial 1")


def test_a_running_trial_is_followed_and_stopped(page: Page, board: Board) -> None:
    search = MovedSearch(board, "running")
    claim = search.begin()
    page.goto(f"{board.address}/#/trials/{claim.trial.id}")
    expect(page.locator("h1 .state.RUNNING")).to_be_visible()
    search.epochs(claim, [0.25, 0.5])
    picture = page.locator("section[aria-label='accuracy']").get_by_role("img")
    expect(picture).to_have_attribute("aria-label", re.compile("val_accuracy at 0.5, after 2 epochs"))
    search.epochs(claim, [0.75], first=2)
    expect(picture).to_have_attribute("aria-label", re.compile("val_accuracy at 0.75, after 3 epochs"))
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("asked to stop")).to_be_visible()
    assert search.trial(claim.trial.id).stop_requested
    search.complete(claim)
    expect(page.locator("h1 .state.COMPLETED")).to_be_visible()
    expect(page.get_by_role("button", name="Download model")).to_be_visible()


def test_a_failure_is_told_with_its_traceback_and_tried_again(page: Page, board: Board) -> None:
    search = MovedSearch(board, "failing")
    trial = search.failed(0.2)
    page.goto(f"{board.address}/#/trials/{trial.id}")
    told = page.locator(".trial-failure")
    expect(told).to_contain_text("build_error: units must be <i>positive</i> The fault is the definition's.")
    expect(told.locator("pre")).to_be_hidden()
    told.locator("summary").click()
    expect(told.locator("pre")).to_contain_text("<script>units</script>")
    page.get_by_role("button", name="Retry").click()
    expect(page.locator("h1 .state.QUEUED")).to_be_visible()


def test_folds_are_lines_of_their_own(page: Page, board: Board) -> None:
    search = MovedSearch(board, "folds", fit={"epochs": 2, "batch_size": 32, "cross_validation": {"folds": 3}})
    claim = search.begin()
    for fold in range(3):
        search.epochs(claim, [0.5, 0.6 + fold / 10], execution=fold, fold=fold)
    search.complete(claim)
    page.goto(f"{board.address}/#/trials/{claim.trial.id}")
    figure = page.locator("section[aria-label='accuracy']")
    expect(figure.get_by_role("img")).to_have_attribute("aria-label", re.compile("after 2 epochs of 3 trainings"))
    figure.get_by_role("button", name="Table").click()
    expect(figure.locator("tbody tr")).to_have_count(6)
    expect(figure.locator("tbody tr").last).to_have_text("fold 310.80.8")


def test_promoted_trials_lead_to_each_other(page: Page, board: Board) -> None:
    search = MovedSearch(board, "promoted")
    parent = search.ended(0.5, bracket=1, round=0, target_epochs=1)
    child = search.ended(0.6, parent_trial_id=parent.id, bracket=1, round=1, target_epochs=3)
    page.goto(f"{board.address}/#/trials/{parent.id}")
    family = page.locator("section[aria-label='Goes on from']")
    expect(family).to_contain_text("Went on as")
    family.get_by_role("link", name=f"trial {child.number}").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Trial {child.number}")
    expect(family.get_by_role("link", name=f"trial {parent.number}")).to_be_visible()


def test_an_unknown_trial_is_refused_plainly(board: Board, chromium: Browser) -> None:
    # A page of its own: Chromium reports the refusal as a fault, which it is not here.
    page = chromium.new_page()
    page.goto(board.link())
    page.goto(f"{board.address}/#/trials/not-an-id")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("link", name="All searches")).to_be_visible()
    page.close()

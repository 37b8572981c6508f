"""The workers' page: what each slot trains, and how busy machines and devices have been."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from storage.workers import MachineSample, Slot, SlotSample
from tests.browser.conftest import Board
from tests.browser.moved import MovedSearch

pytestmark = pytest.mark.browser
GIB = 2**30


def samples(board: Board, count: int) -> list[MachineSample]:
    now = board.service.clock.now()
    return [
        MachineSample(
            now - timedelta(seconds=5 * (count - place)), place / count, 8 * GIB, 32 * GIB,
            (
                SlotSample(0, 0.5 + 0.25 * math.sin(place), 20 * GIB, 80 * GIB, 61.0, GIB),
                SlotSample(1, 0.125, GIB, 32 * GIB),
            ),
        )
        for place in range(count)
    ]  # fmt: skip


def looked_at(page: Page) -> None:
    """As if the page had been behind another: it then reads at once, and not only when its time has come."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=f"Worker {name}")


def test_a_worker_shows_its_machine_its_devices_and_what_they_do(page: Page, board: Board) -> None:
    repository = board.service.repository
    search = MovedSearch(board, "busy <i>search</i>")
    claim = search.begin()
    search.epochs(claim, (0.25, 0.5))
    slots = [Slot(0, "gpu:0", claim.trial.id), Slot(1, "cpu", None)]
    worker = repository.register_worker(
        name="gpu-box", host="box.lab", pid=7, backend="jax", slots=slots, versions={"keras": "3.15.1"}
    )
    repository.beat_worker(worker.id, slots, samples=samples(board, 24))
    page.goto(f"{board.address}/#/workers")
    box = card(page, "gpu-box")
    expect(box).to_contain_text("box.lab, process 7")
    expect(box.locator(".meter", has_text="CPU").first).to_contain_text("96 %")
    expect(box.locator(".meter", has_text="Memory").first).to_contain_text("8 GiB of 32 GiB")
    first, second = box.locator(".slots > li").all()
    expect(first).to_contain_text("61 °C")
    expect(first).to_contain_text("busy <i>search</i>, trial 0, epoch 2")
    expect(first).to_contain_text("20 GiB of 80 GiB")
    expect(first.get_by_role("img", name="GPU over the last minutes: between 25 % and 75 %, now")).to_be_visible()
    expect(second).to_contain_text("idle")
    expect(second.locator(".meter", has_text="Trainer's CPU")).to_contain_text("13 %")
    box.get_by_text("Versions").click()
    expect(box).to_contain_text("keras 3.15.1")
    expect(page.locator(".fact", has_text="slots training")).to_contain_text("1 of")

    search.complete(claim)
    repository.beat_worker(worker.id, [Slot(0, "gpu:0", None), Slot(1, "cpu", None)], samples=samples(board, 2))
    looked_at(page)
    expect(first).to_contain_text("idle")
    expect(box.locator(".meter", has_text="CPU").first).to_contain_text("50 %")
    # What was opened stays open, and the card is the same one.
    expect(box.get_by_text("keras 3.15.1")).to_be_visible()


def test_figures_that_nobody_knows_are_left_out(page: Page, board: Board) -> None:
    slots = [Slot(0, "gpu:0", None)]
    worker = board.service.repository.register_worker(
        name="mute", host="h", pid=8, backend="torch", slots=slots, versions={}
    )
    page.goto(f"{board.address}/#/workers")
    expect(card(page, "mute").locator(".slots > li")).to_contain_text("idle")
    expect(card(page, "mute").locator(".meter").first).to_be_hidden()
    partly = [MachineSample(board.service.clock.now(), None, GIB, 4 * GIB, (SlotSample(0, None, 2 * GIB, 8 * GIB),))]
    board.service.repository.beat_worker(worker.id, slots, samples=partly)
    looked_at(page)
    expect(card(page, "mute").locator(".slots > li")).to_contain_text("2 GiB of 8 GiB")
    expect(card(page, "mute").get_by_role("img", name="GPU: unknown")).to_have_count(1)


def test_those_that_left_are_folded_away(page: Page, board: Board) -> None:
    repository = board.service.repository
    worker = repository.register_worker(
        name="leaver", host="h", pid=9, backend="torch", slots=[Slot(0, "cpu", None)], versions={}
    )
    page.goto(f"{board.address}/#/workers")
    expect(card(page, "leaver")).to_be_visible()
    repository.retire_worker(worker.id)
    looked_at(page)
    expect(card(page, "leaver")).to_have_count(0)
    page.locator("details.gone summary").click()
    expect(page.get_by_role("table", name="Workers that have left").get_by_role("row", name="leaver")).to_be_visible()


def test_without_a_worker_it_says_how_to_start_one(page: Page, board: Board) -> None:
    for worker in board.service.repository.list_workers():
        board.service.repository.retire_worker(worker.id)
    page.goto(f"{board.address}/#/workers")
    expect(page.get_by_role("heading", name="No worker is running")).to_be_visible()
    expect(page.locator("pre")).to_have_text("headstock worker")
    page.set_viewport_size({"width": 360, "height": 760})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

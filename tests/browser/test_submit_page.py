"""A new search: where it begins, the editor beside the form, drafts, and how it is submitted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from service import examples
from tests.browser.conftest import Board
from tests.browser.submit_desk import definition_of, document, opened, replace_text, submitted, text, write
from tests.waiting import wait_until
from tuners.templates import template_names

pytestmark = pytest.mark.browser


def test_a_template_is_submitted_as_it_is(page: Page, board: Board) -> None:
    page.goto(f"{board.address}/#/new")
    for name in template_names():
        expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
    page.get_by_role("button", name="mlp", exact=True).click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("mlp")
    expect(page.get_by_label("Definition as JSON")).to_be_visible()
    assert document(page) == definition_of("mlp")
    search = submitted(page, board)
    assert search["definition"]["model"] == definition_of("mlp")["model"]
    assert search["definition"]["tuner"] == definition_of("mlp")["tuner"] | {"hyperband_iterations": 1}
    page.goto(f"{board.address}/#/new")
    expect(page.get_by_role("button", name="mlp", exact=True)).to_be_visible()
    expect(page.get_by_text("A draft from")).to_have_count(0)


def test_what_is_written_in_one_shows_in_the_other_and_can_be_undone(page: Page, board: Board) -> None:
    opened(page, board)
    write(page, '"units_{i}", "type": "int", "min_value": 32', '"units_{i}", "type": "int", "min_value": 48')
    expect(page.locator(".space")).to_contain_text("48 to 256 by 32")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".space")).to_contain_text("32 to 256 by 32")
    before = text(page)
    page.get_by_label("Name", exact=True).fill("mine")
    assert text(page) == before.replace('"name": "mlp"', '"name": "mine"')
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("mlp")
    write(page, '"epochs": 20,', '"epochs": 20,,')
    expect(page.locator(".plan-place")).to_contain_text("Line ")
    expect(page.get_by_label("Name", exact=True)).to_be_disabled()
    expect(page.get_by_role("button", name="Submit search")).to_be_disabled()
    page.get_by_role("button", name="Go to the line").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Name", exact=True)).to_be_enabled()


def test_names_and_arguments_are_completed(page: Page, board: Board) -> None:
    opened(page, board)
    suggestions = page.locator(".cm-tooltip-autocomplete")
    write(page, '"hyperband"', '""')
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+Space")
    expect(suggestions).to_contain_text("bayesian")
    page.keyboard.press("Escape")
    expect(suggestions).to_have_count(0)
    write(page, '{"layer": "Flatten"}', '{"layer": "Dense", ')
    page.keyboard.type('"ker')
    expect(suggestions).to_contain_text("kernel_initializer")
    page.keyboard.press("Escape")
    expect(suggestions).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Definition as JSON")).not_to_be_focused()


def test_a_draft_survives_a_reload_and_can_be_thrown_away(page: Page, board: Board) -> None:
    opened(page, board)
    page.get_by_label("Name", exact=True).fill("unfinished")
    page.reload()
    expect(page.get_by_text("Your draft from")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("unfinished")
    page.goto(f"{board.address}/#/new?template=convnet")
    page.get_by_role("button", name="Go on with it").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("unfinished")
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("dialog").get_by_role("button", name="Start over").click()
    expect(page.get_by_role("button", name="mlp", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="mlp", exact=True)).to_be_visible()


def test_an_old_search_a_data_set_and_a_file_are_beginnings(page: Page, board: Board, tmp_path: Path) -> None:
    old = dict(examples.DEFINITION) | {"name": "the-old-one"}
    search = board.ada.post("/v1/searches", json=old).json()
    opened(page, board, f"from={search['id']}")
    expect(page.get_by_label("Name", exact=True)).to_have_value("the-old-one")
    assert document(page) == board.ada.get(f"/v1/searches/{search['id']}").json()["definition"]
    page.goto(f"{board.address}/#/new")
    expect(page.get_by_role("link", name="the-old-one").first).to_be_visible()
    opened(page, board, "dataset=diabetes")
    made = document(page)
    assert made["dataset"] == {"name": "diabetes"}
    assert (made["compile"]["loss"], made["objective"]["name"]) == ("mse", "val_mae")
    assert made["model"]["layers"][-1] == {"layer": "Dense", "units": {"data": "target_size"}}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(old | {"name": "from a file"}))
    page.goto(f"{board.address}/#/new")
    page.get_by_label("A definition in a file").set_input_files(path)
    expect(page.get_by_label("Name", exact=True)).to_have_value("from a file")


def test_hostile_text_is_shown_as_text(page: Page, board: Board) -> None:
    evil = "<img src=x onerror=alert(1)>"
    opened(page, board)
    definition = definition_of("mlp") | {"name": evil, "tags": {evil: evil}, evil: evil}
    definition["hyperparameters"] = [dict(one, name=evil) for one in definition["hyperparameters"][:1]]
    definition["model"] = {"type": "sequential", "layers": [{"layer": evil, evil: {"hp": evil}}, {evil: evil}]}
    replace_text(page, json.dumps(definition, indent=2))
    expect(page.get_by_label("Name", exact=True)).to_have_value(evil)
    expect(page.locator(".faults li").first).to_be_visible()
    expect(page.locator(".space")).to_contain_text(evil)
    assert page.locator("main img").count() == 0


def test_a_failed_post_keeps_everything_and_its_repeat_makes_one_search(board: Board, chromium: Browser) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(board.link())
    opened(page, board)
    page.get_by_label("Name", exact=True).fill("only-once")
    expect(page.locator("#verdict")).to_have_text("")
    context.set_offline(True)
    page.get_by_role("button", name="Submit search").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing is lost")
    context.set_offline(False)
    key = page.evaluate("JSON.parse(localStorage.getItem('headstock.draft')).sent.key")
    first = board.ada.post("/v1/searches", json=document(page), headers={"Idempotency-Key": key})
    assert first.status_code == 201, first.text
    assert submitted(page, board)["id"] == first.json()["id"]
    context.close()


def test_the_document_is_copied_as_commands_and_programs(page: Page, board: Board) -> None:
    opened(page, board)

    def copied(name: str) -> str:
        page.evaluate("navigator.clipboard.writeText('')")
        page.get_by_role("button", name=name, exact=True).click()
        wait_until(lambda: page.evaluate("navigator.clipboard.readText()") != "", timeout_s=5)
        return str(page.evaluate("navigator.clipboard.readText()"))

    assert json.loads(copied("JSON")) == definition_of("mlp")
    assert json.loads(copied("curl").split("END_OF_DEFINITION'\n")[1].split("\nEND_OF")[0]) == definition_of("mlp")
    program = copied("Python")
    compile(program, "copied", "exec")
    assert json.loads(program.split('r"""')[1].split('"""')[0]) == definition_of("mlp")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download JSON").click()
    assert download.value.suggested_filename == "mlp.json"
    assert json.loads(Path(download.value.path()).read_text()) == definition_of("mlp")


def test_it_works_on_a_phone(page: Page, board: Board) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{board.address}/#/new?template=residual")
    expect(page.get_by_label("Name", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.get_by_label("Definition as JSON")).to_be_hidden()
    page.get_by_role("tab", name="JSON").click()
    expect(page.get_by_label("Definition as JSON")).to_be_visible()
    page.get_by_role("tab", name="Plan").click()
    expect(page.locator(".plan-facts")).to_contain_text("20trials")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

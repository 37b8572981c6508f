"""The page "New search" in a browser: how tests open it, write in it, and read what it holds."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Board
from tuners.templates import template


def definition_of(name: str) -> dict[str, Any]:
    return dict(template(name))


def opened(page: Page, board: Board, query: str = "template=mlp") -> None:
    page.goto(f"{board.address}/#/new?{query}")
    expect(page.get_by_role("heading", name="New search")).to_be_visible()
    expect(page.get_by_role("button", name="Submit search")).to_be_enabled()
    expect(page.get_by_label("Definition as JSON")).to_be_visible()


def text(page: Page) -> str:
    """What the editor holds: the screen shows only the part in sight."""
    return str(page.evaluate("document.querySelector('.editor-host').view.state.doc.toString()"))


def document(page: Page) -> dict[str, Any]:
    found = json.loads(text(page))
    assert isinstance(found, dict)
    return found


def write(page: Page, before: str, after: str) -> None:
    """Type in the editor: the first `before` is marked and written over."""
    page.evaluate(
        """([before, after]) => {
            const view = document.querySelector('.editor-host').view;
            const from = view.state.doc.toString().indexOf(before);
            if (from < 0) throw new Error(`not in the document: ${before}`);
            view.dispatch({ selection: { anchor: from, head: from + before.length }, scrollIntoView: true });
            view.focus();
        }""",
        [before, after],
    )
    page.keyboard.insert_text(after)


def layer(page: Page, number: int) -> Locator:
    """A row of the outermost list of layers."""
    return page.locator(f'[data-row="/model/layers/{number}"]')


def field(page: Page, pointer: str) -> Locator:
    return page.locator(f'.form-place [data-pointer="{pointer}"]')


def submitted(page: Page, board: Board) -> dict[str, Any]:
    """Submit, and the search as the API has it."""
    page.get_by_role("button", name="Submit search").click()
    page.wait_for_url(re.compile("#/searches/s_"))
    found = board.ada.get(f"/v1/searches/{page.url.split('/')[-1]}").json()
    assert isinstance(found, dict)
    return found


def replace_text(page: Page, text: str) -> None:
    """Another document in the editor."""
    page.evaluate(
        "(text) => { const view = document.querySelector('.editor-host').view;"
        " view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }); }",
        text,
    )


def picked(page: Page, name: str) -> None:
    """Choose from the dialogue that is open."""
    page.get_by_role("combobox", name="Search").fill(name)
    page.get_by_role("dialog").get_by_role("option", name=name, exact=True).click()


def accepted(page: Page, board: Board) -> dict[str, Any]:
    """What the editor holds, once the service has said that it is good: by itself, and in the page."""
    made = document(page)
    answer = board.ada.post("/v1/searches/plan", json=made)
    assert answer.status_code == 200, answer.text
    expect(page.get_by_role("button", name="Submit search")).to_be_enabled()
    return made


def labelled(page: Page) -> None:
    """Everything that is typed into or chosen from has a name, and no two things have one id."""
    nameless = page.evaluate(
        """[...document.querySelectorAll('main input, main select, main textarea')].filter((node) =>
            !node.labels?.length && !node.getAttribute('aria-label')).map((node) => node.outerHTML)"""
    )
    assert nameless == [], nameless
    twice = page.evaluate(
        """[...document.querySelectorAll('main [id]')].map(({ id }) => id)
            .filter((id, i, all) => all.indexOf(id) !== i)"""
    )
    assert twice == [], twice
    lost = page.evaluate(
        """[...document.querySelectorAll('main [aria-describedby]')].flatMap((node) =>
            node.getAttribute('aria-describedby').split(' ').filter((id) => !document.getElementById(id)))"""
    )
    assert lost == [], lost

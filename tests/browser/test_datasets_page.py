"""Data sets in the browser: uploaded, refused, looked into, deleted. Files are read by the real child processes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import LIMITS, Board, reading_app, served
from tests.browser.moved import MovedSearch
from tests.databases import SqliteTemplate
from tests.service.assembled import open_service

pytestmark = pytest.mark.browser
ROWS = b"age,city,label\n" + b"".join(
    b"%d,%s,%s\n" % (20 + n, [b"Bern", b""][n % 2], [b"no", b"no", b"yes"][n % 3]) for n in range(30)
)


@pytest.fixture(scope="module")
def board(sqlite_template: SqliteTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """A service that really reads what is uploaded."""
    folder = tmp_path_factory.mktemp("board")
    with (
        open_service(folder, sqlite_template.copy(folder), LIMITS) as service,
        reading_app(service) as app,
        served(service, app) as board,
    ):
        yield board


def choose(page: Page, board: Board, name: str, content: bytes) -> None:
    page.goto(f"{board.address}/#/datasets")
    file: FilePayload = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.get_by_label("Choose a file").set_input_files(file)


def test_a_table_is_uploaded_and_looked_into(page: Page, board: Board) -> None:
    choose(page, board, "people.csv", ROWS)
    expect(page.get_by_label("Name", exact=True)).to_have_value("people")
    upload = page.get_by_role("button", name="Upload")
    upload.click()
    # The service refuses a table without a target, and says where.
    expect(page.locator(".fault-box")).to_be_visible()
    target = page.get_by_label("Column to predict")
    expect(target).to_have_attribute("aria-invalid", "true")
    target.fill("label")
    upload.click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("people")
    expect(page.locator(".fact", has_text="training rows")).to_contain_text("30")
    preview = page.get_by_role("region", name="Preview")
    rows = preview.locator("tbody tr")
    expect(rows).to_have_count(10)
    assert rows.nth(0).locator("td").all_inner_texts() == ["0", "no", "20", "Bern"]
    assert rows.nth(1).locator("td").all_inner_texts() == ["1", "no", "21", "–"]
    expect(preview).to_contain_text("The first 10 of 30 rows of the train part")
    columns = page.get_by_role("table", name="Columns")
    assert columns.get_by_role("row", name="age").locator("td").all_inner_texts() == ["number", "20", "34.5", "49", ""]
    assert columns.get_by_role("row", name="city").locator("td").all_inner_texts() == ["category", "Bern", "15"]
    classes = page.get_by_role("region", name="Rows of each of 2 classes").first
    classes.get_by_role("button", name="Table").click()
    assert classes.locator("tbody tr").all_inner_texts() == ["no\t20", "yes\t10"]
    preview.get_by_role("button", name="Random rows").click()
    expect(preview).to_contain_text("Random 10 of 30 rows")
    expect(page.get_by_role("link", name="New search with this data")).to_have_attribute("href", "#/new?dataset=people")

    page.goto(f"{board.address}/#/datasets")
    page.get_by_role("table", name="Data sets").get_by_role("link", name="people").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("heading", name="Data sets")).to_be_visible()
    assert [one["name"] for one in board.ada.get("/v1/datasets").json()["items"] if one["name"] == "people"] == []


def test_images_are_shown_as_pictures(page: Page, board: Board) -> None:
    x = np.zeros((12, 8, 8), np.uint8)
    x[:, 2:6, 2:6] = 16
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=x, y=np.arange(12) % 3)
    choose(page, board, "squares.npz", buffer.getvalue())
    expect(page.get_by_label("Column to predict")).to_have_count(0)
    page.get_by_role("button", name="Upload").click()
    first = page.get_by_role("img", name="Row 0: 0")
    expect(first).to_be_visible()
    expect(page.locator(".gallery li")).to_have_count(12)
    assert first.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [8, 8]


def test_searches_that_used_it_are_listed(page: Page, board: Board) -> None:
    search = MovedSearch(board, "user of digits")
    page.goto(f"{board.address}/#/datasets/{search.search().dataset_id}")
    used = page.get_by_role("table", name="Searches that used it")
    expect(used.get_by_role("row", name="user of digits")).to_contain_text("RUNNING")
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)
    MovedSearch(board, "another user")
    expect(used.get_by_role("row", name="another user")).to_be_visible()
    # Real digits, which scikit-learn brings: eight pixels wide, and all ten of them.
    expect(page.get_by_role("region", name=re.compile("Rows of each of 10 classes")).first).to_be_visible()


def test_files_of_other_kinds_are_refused_before_they_are_sent(page: Page, board: Board) -> None:
    choose(page, board, "model.pkl", b"\x80\x04")
    expect(page.locator(".fault-box")).to_have_text("Files ending in .npz, .csv, .parquet or .zip are read.")
    expect(page.get_by_role("button", name="Upload")).to_be_disabled()
    page.set_viewport_size({"width": 360, "height": 760})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

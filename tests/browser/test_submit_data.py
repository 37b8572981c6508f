"""The data part of the form: single columns of a table, by its kind, or by name while the table is not here."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from storage.datasets import TableColumn
from storage.ids import DatasetId
from tests.browser.conftest import Board
from tests.browser.submit_desk import accepted, document, field, labelled, opened, picked, write
from tests.tuners.trainer_doubles import dataset

pytestmark = pytest.mark.browser
COLUMNS = "/dataset/preprocessing/columns"


@pytest.fixture
def people(board: Board) -> str:
    """A table of numbers and categories with gaps."""
    name = "people"
    if not any(one["name"] == name for one in board.ada.get("/v1/datasets").json()["items"]):
        columns = (
            TableColumn("age", "number", missing=7),
            TableColumn("income/year", "number"),
            TableColumn("city", "category", categories=("Bern", "Chur")),
            TableColumn("id", "number"),
        )
        board.service.repository.add_dataset(
            dataset(
                id=DatasetId("d_people0000000000000000000000000000"), owner="ada", name=name, kind="table",
                train_rows=4000, columns=columns, feature_names=tuple(each.name for each in columns),
            )
        )  # fmt: skip
    return name


def added(page: Page, name: str) -> None:
    page.get_by_role("button", name="+ Add a column").click()
    picked(page, name)


def test_columns_are_treated_each_its_own_way(page: Page, board: Board, people: str) -> None:
    opened(page, board, f"dataset={people}")
    before = document(page)
    page.get_by_text("Scaling, preprocessing, test part").click()
    added(page, "age")
    expect(field(page, f"{COLUMNS}/age")).to_be_focused()
    expect(page.get_by_role("group", name="Column age")).to_contain_text("number, 7 missing")
    expect(page.get_by_role("group", name="Column age").get_by_label("encode")).to_have_count(0)
    field(page, f"{COLUMNS}/age/missing").select_option(label="mean")
    field(page, f"{COLUMNS}/age/indicator").check()
    added(page, "city")
    field(page, f"{COLUMNS}/city/encode").select_option(label="ordinal")
    added(page, "income/year")
    field(page, f"{COLUMNS}/income~1year/scale").select_option(label="0-1")
    added(page, "id")
    page.get_by_label("What becomes of id").select_option("dropped")
    labelled(page)
    made = accepted(page, board)
    assert made["dataset"]["preprocessing"]["columns"] == {
        "age": {"missing": "mean", "indicator": True},
        "city": {"encode": "ordinal"},
        "income/year": {"scale": "0-1"},
        "id": "drop",
    }
    for name in ("age", "city", "income/year", "id"):
        page.get_by_role("button", name=f"Treat {name} like the others").click()
    expect(page.get_by_role("button", name="+ Add a column")).to_be_focused()
    assert accepted(page, board)["dataset"] == before["dataset"]


def test_what_does_not_suit_a_column_stands_at_its_field(page: Page, board: Board, people: str) -> None:
    opened(page, board, f"dataset={people}")
    page.get_by_text("Scaling, preprocessing, test part").click()
    added(page, "age")
    field(page, f"{COLUMNS}/age/missing").select_option(label="refuse")
    wrong = field(page, f"{COLUMNS}/age/missing")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("group", name="Column age").locator(".fault")).to_contain_text("missing values")
    wrong.select_option(label="zero")
    accepted(page, board)


def test_columns_of_a_table_that_is_not_here_are_named(page: Page, board: Board) -> None:
    page.goto(f"{board.address}/#/new?template=tabular")
    expect(page.get_by_label("Definition as JSON")).to_be_visible()
    page.get_by_text("Scaling, preprocessing, test part").click()
    # What a data set that is not here is nobody knows: the part is shown where the document has it.
    write(page, '"numbers":', '"columns": {"age": "drop"}, "numbers":')
    box = page.get_by_label("Add a column")
    box.fill("height")
    box.press("Enter")
    expect(field(page, f"{COLUMNS}/height")).to_be_focused()
    field(page, f"{COLUMNS}/height/encode").select_option(label="one_hot")
    assert document(page)["dataset"]["preprocessing"]["columns"] == {
        "age": "drop",
        "height": {"encode": "one_hot"},
    }

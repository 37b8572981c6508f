"""Constraints of the search space, and values that are reckoned: made in the form, accepted by the service."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Board
from tests.browser.submit_desk import (
    accepted,
    definition_of,
    document,
    field,
    labelled,
    layer,
    opened,
    picked,
    replace_text,
    write,
)  # fmt: skip

pytestmark = pytest.mark.browser


def rule(page: Page, kind: str) -> None:
    page.get_by_role("button", name="+ Add a constraint").click()
    picked(page, kind)


def test_rules_are_made_of_the_names_that_the_space_has(page: Page, board: Board) -> None:
    opened(page, board)
    rule(page, "Product")
    expect(page.get_by_role("combobox", name="Kind of constraint 1")).to_be_focused()
    offered = field(page, "/constraints/0/product/0").locator("option").all_inner_texts()
    # Counted names of the repeat, and nothing that is no number.
    assert offered == ["num_layers", "units_0", "units_1", "units_2", "dropout", "learning_rate", "batch_size"]
    field(page, "/constraints/0/product/0").select_option("units_0")
    field(page, "/constraints/0/product/1").select_option("units_1")
    page.get_by_role("group", name="Factors").get_by_role("button", name="Add hyperparameter").click()
    expect(field(page, "/constraints/0/product/2")).to_be_focused()
    field(page, "/constraints/0/product/2").select_option("batch_size")
    field(page, "/constraints/0/max").fill("65536")
    rule(page, "Sum")
    field(page, "/constraints/1/sum/0").select_option("units_0")
    page.get_by_role("group", name="Constraint 2").get_by_role("button", name="Remove hyperparameter 2").click()
    field(page, "/constraints/1/max").fill("")
    field(page, "/constraints/1/min").fill("33")
    rule(page, "Order")
    field(page, "/constraints/2/less/0").select_option("units_1")
    field(page, "/constraints/2/less/1").select_option("units_0")
    rule(page, "Model size")
    field(page, "/constraints/3/parameters/max").fill("900000")
    assert accepted(page, board)["constraints"] == [
        {"product": ["units_0", "units_1", "batch_size"], "max": 65536},
        {"sum": ["units_0"], "min": 33},
        {"less": ["units_1", "units_0"]},
        {"parameters": {"max": 900000}},
    ]
    page.get_by_role("combobox", name="Kind of constraint 3").select_option("Sum")
    labelled(page)
    assert document(page)["constraints"][2] == {"sum": ["units_1", "units_0"], "max": 512}
    for _ in range(4):
        page.get_by_role("button", name="Remove constraint 1").click()
    assert accepted(page, board) == definition_of("mlp")


def test_what_is_wrong_with_a_rule_stands_at_its_field(page: Page, board: Board) -> None:
    opened(page, board)
    rule(page, "Product")
    field(page, "/constraints/0/max").fill("")
    page.locator(".rule > .fault").get_by_text("needs `min` or `max`").wait_for()
    field(page, "/constraints/0/min").fill("ten")
    expect(field(page, "/constraints/0/min")).to_have_attribute("aria-invalid", "true")
    field(page, "/constraints/0/min").fill("1")
    write(page, '"product": ["num_layers"', '"product": ["num_layer"')
    wrong = field(page, "/constraints/0/product/0")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_have_value('"num_layer"')
    expect(page.locator(".pick .fault")).to_contain_text("did you mean")
    page.get_by_role("button", name="Show /constraints/0/product/0 in the form").click()
    expect(wrong).to_be_focused()
    wrong.select_option("num_layers")
    accepted(page, board)


def test_a_name_in_a_rule_follows_its_hyperparameter(page: Page, board: Board) -> None:
    opened(page, board)
    rule(page, "Order")
    field(page, "/constraints/0/less/0").select_option("units_1")
    field(page, "/constraints/0/less/1").select_option("batch_size")
    for index, name in ((1, "width_{i}"), (6, "rows")):
        field(page, f"/hyperparameters/{index}").first.click()
        name_field = field(page, f"/hyperparameters/{index}/name").last
        name_field.fill(name)
        name_field.press("Tab")
    made = accepted(page, board)
    assert [one["name"] for one in made["hyperparameters"]][1] == "width_{i}"
    assert made["constraints"] == [{"less": ["width_1", "rows"]}]


def test_a_product_and_a_quotient_are_made_and_taken_apart(page: Page, board: Board) -> None:
    opened(page, board)
    page.locator('[data-row="/model/layers/1/layers/0"] button.name').click()
    way = page.get_by_role("combobox", name="How units of Dense is given").first
    expect(way).to_have_value("hp")
    way.select_option("a product")
    expect(way).to_be_focused()
    units = "/model/layers/1/layers/0/units"
    assert document(page)["model"]["layers"][1]["layers"][0]["units"] == {"mul": [{"hp": "units_{i}"}, 2]}
    way.select_option("a quotient")
    page.get_by_role("combobox", name="How number of units of Dense is given").select_option("a product")
    field(page, f"{units}/div/0/mul/1").fill("3")
    field(page, f"{units}/div/1").fill("4")
    assert accepted(page, board)["model"]["layers"][1]["layers"][0]["units"] == {
        "div": [{"mul": [{"hp": "units_{i}"}, 3]}, 4]
    }
    labelled(page)
    field(page, f"{units}/div/1").fill("0")
    expect(field(page, f"{units}/div/1")).to_have_attribute("aria-invalid", "true")
    field(page, f"{units}/div/1").fill("4")
    page.get_by_role("switch", name="Tune divided by of units of Dense").click()
    made = accepted(page, board)
    # A range of its own, around the 4 that stood there.
    assert made["hyperparameters"][-1]["type"] == "int"
    assert made["hyperparameters"][-1]["default"] == 4
    way.select_option("a value")
    assert [one["name"] for one in document(page)["hyperparameters"]] == [
        one["name"] for one in definition_of("mlp")["hyperparameters"] if one["name"] != "units_{i}"
    ]
    assert isinstance(accepted(page, board)["model"]["layers"][1]["layers"][0]["units"], int)


def test_a_repeat_goes_through_a_list_whose_items_are_used(page: Page, board: Board) -> None:
    definition = definition_of("mlp")
    definition["hyperparameters"][0] = {"name": "hidden", "type": "choice", "values": [[64], [64, 32]]}
    definition["model"] = json.loads(
        json.dumps(definition["model"]).replace('{"hp": "num_layers"}', '{"hp": "hidden"}')
    )
    opened(page, board)
    replace_text(page, json.dumps(definition))
    page.locator('[data-row="/model/layers/1/layers/0"] button.name').click()
    page.get_by_role("combobox", name="How units of Dense is given").first.select_option("item of a list")
    made = accepted(page, board)
    assert made["model"]["layers"][1]["layers"][0]["units"] == {"item": "hidden"}
    assert "units_{i}" not in [one["name"] for one in made["hyperparameters"]]
    expect(field(page, "/model/layers/1/layers/0/units")).to_have_value("hidden")


def test_the_numbers_of_a_list_are_tuned_one_by_one(page: Page, board: Board) -> None:
    opened(page, board, "template=convnet")
    page.locator('[data-row="/model/layers/1/layers/0"] button.name').first.click()
    way = page.get_by_role("combobox", name="How kernel_size of Conv2D is given")
    way.select_option("one by one")

    def kernel_size() -> object:
        return accepted(page, board)["model"]["layers"][1]["layers"][0]["kernel_size"]

    assert kernel_size() == [{"hp": "kernel_size"}, {"hp": "kernel_size"}]
    switch = page.get_by_role("switch", name="Tune number 2 of kernel_size of Conv2D")
    switch.click()
    assert kernel_size() == [{"hp": "kernel_size"}, 3]
    switch.click()
    name = document(page)["hyperparameters"][-1]["name"]
    assert kernel_size() == [{"hp": "kernel_size"}, {"hp": name}]
    assert name.endswith("kernel_size_{i}")
    way.select_option("a value")
    assert kernel_size() == 3


def test_a_fact_of_the_data_is_taken_and_left(page: Page, board: Board) -> None:
    opened(page, board)
    layer(page, 2).locator("button.name").click()
    way = page.get_by_role("combobox", name="How units of Dense is given")
    expect(way).to_have_value("data")
    way.select_option("a value")
    field(page, "/model/layers/2/units").fill("10")
    assert accepted(page, board)["model"]["layers"][2]["units"] == 10
    way.select_option("from the data")
    assert accepted(page, board) == definition_of("mlp")

"""Graphs in the form: sliced inputs, outputs by name, and a loss, a weight and metrics for each of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from storage.datasets import DatasetInput, DatasetTarget
from storage.ids import DatasetId
from tests.browser.conftest import Board
from tests.browser.submit_desk import accepted, definition_of, document, field, labelled, opened, picked, replace_text
from tests.tuners.trainer_doubles import dataset

pytestmark = pytest.mark.browser

MODEL: dict[str, Any] = {
    "type": "graph",
    "nodes": [
        {"name": "flat", "layer": "Flatten", "inputs": ["image"]},
        {"name": "stem", "layer": "Dense", "units": {"hp": "width"}, "inputs": ["flat"]},
        {"name": "joined", "layer": "Concatenate", "inputs": ["stem", "table"]},
        {"name": "digit", "layer": "Dense", "units": 10, "activation": "softmax", "inputs": ["joined"]},
        {"name": "odd", "layer": "Dense", "units": 1, "activation": "sigmoid", "inputs": ["joined"]},
    ],
    "outputs": ["digit"],
}


@pytest.fixture
def pictures(board: Board) -> str:
    """A data set of two inputs and two targets."""
    name = "pictures"
    if not any(one["name"] == name for one in board.ada.get("/v1/datasets").json()["items"]):
        inputs = (DatasetInput("image", (8, 8), "float32"), DatasetInput("table", (3,), "float32"))
        targets = (DatasetTarget("digit", "classification", 10), DatasetTarget("parity", "classification", 2))
        board.service.repository.add_dataset(
            dataset(
                id=DatasetId("d_pictures00000000000000000000000000"), owner="ada", name=name, input_shape=(8, 8),
                num_classes=10, inputs=inputs, targets=targets,
            )
        )  # fmt: skip
    return name


def begun(page: Page, board: Board, name: str, **changes: Any) -> None:
    opened(page, board)
    definition = definition_of("mlp") | {
        "dataset": {"name": name},
        "model": MODEL,
        "hyperparameters": [
            {"name": "width", "type": "int", "min_value": 8, "max_value": 32, "step": 8},
            *definition_of("mlp")["hyperparameters"][-2:],
        ],
    }
    replace_text(page, json.dumps(definition | changes))


def test_each_output_gets_its_loss_weight_and_metrics(page: Page, board: Board, pictures: str) -> None:
    begun(page, board, pictures)
    page.get_by_role("button", name="A node for each target").click()
    assert document(page)["model"]["outputs"] == {"digit": "digit", "parity": "odd"}
    page.get_by_role("button", name="Give each its own").click()
    made = accepted(page, board)
    # By what the targets are and how the nodes end: one number behind a sigmoid says yes or no.
    losses = {"digit": "sparse_categorical_crossentropy", "parity": "binary_crossentropy"}
    assert made["compile"]["loss"] == {"outputs": losses}
    assert made["compile"]["metrics"] == {"outputs": {"digit": ["accuracy"], "parity": ["accuracy"]}}
    assert made["objective"] == {"name": "val_loss", "direction": "min"}

    parity = page.get_by_role("group", name="Output parity").last
    field(page, "/compile/loss/outputs/parity").last.select_option("=binary_focal_crossentropy")
    parity.get_by_role("switch", name="Tune weight of parity").click()
    parity.get_by_role("button", name="+ Add a metric").click()
    picked(page, "AUC")
    field(page, "/compile/loss_weights/digit").fill("0.75")
    page.get_by_label("Metric", exact=True).select_option("=val_parity_auc")
    made = accepted(page, board)
    assert made["compile"]["loss"]["outputs"]["parity"] == "binary_focal_crossentropy"
    assert made["compile"]["loss_weights"] == {"parity": {"hp": "parity_weight"}, "digit": 0.75}
    metrics = made["compile"]["metrics"]["outputs"]["parity"]
    assert [one if isinstance(one, str) else one["metric"] for one in metrics][-1].lower() == "auc"
    assert made["objective"]["name"] == "val_parity_auc"
    labelled(page)

    # Arguments of a loss, and what is wrong with it, stand with their output.
    page.get_by_role("group", name="Output digit").last.get_by_role("button", name="more argument").first.click()
    field(page, "/compile/loss_weights/digit").fill("-1")
    expect(field(page, "/compile/loss_weights/digit")).to_have_attribute("aria-invalid", "true")


def test_an_output_is_called_otherwise_everywhere_and_one_is_one_again(page: Page, board: Board, pictures: str) -> None:
    begun(page, board, pictures)
    page.get_by_role("button", name="A node for each target").click()
    page.get_by_role("button", name="Give each its own").click()
    name = page.get_by_role("group", name="Output parity").first.get_by_label("output", exact=True)
    name.fill("odd_or_even")
    name.press("Tab")
    made = document(page)
    assert made["model"]["outputs"] == {"digit": "digit", "odd_or_even": "odd"}
    assert list(made["compile"]["loss"]["outputs"]) == ["digit", "odd_or_even"]
    assert list(made["compile"]["metrics"]["outputs"]) == ["digit", "odd_or_even"]
    page.get_by_role("button", name="Remove output odd_or_even").first.click()
    page.get_by_role("button", name="Give them once").click()
    made = document(page)
    assert made["compile"]["loss"] == "sparse_categorical_crossentropy"
    assert made["compile"]["metrics"] == ["accuracy"]
    assert "loss_weights" not in made["compile"]


def test_a_slice_of_columns_is_made_named_and_taken(page: Page, board: Board, pictures: str) -> None:
    begun(page, board, pictures)
    page.get_by_role("button", name="A node for each target").click()
    page.get_by_role("button", name="Give each its own").click()
    page.get_by_role("button", name="Choose inputs, or slices of columns").click()
    assert document(page)["model"]["inputs"] == ["image", "table"]
    page.get_by_role("button", name="+ Add a slice").click()
    name = field(page, "/model/inputs/2/name")
    expect(name).to_be_focused()
    name.fill("wide")
    name.press("Tab")
    field(page, "/model/inputs/2/of").select_option("=table")
    field(page, "/model/inputs/2/columns/0").select_option(label="number 1")
    page.get_by_role("group", name="columns").get_by_role("button", name="Add column").click()
    field(page, "/model/inputs/2/columns/1").select_option(label="number 2")
    expect(page.get_by_text("no node takes this input")).not_to_have_count(0)
    page.locator('[id="head/model/nodes/2"]').click()
    page.get_by_role("group", name="inputs", exact=True).get_by_role("button", name="Add input").click()
    field(page, "/model/nodes/2/inputs/2").select_option("wide")
    made = accepted(page, board)
    assert made["model"]["inputs"] == ["image", "table", {"name": "wide", "of": "table", "columns": [1, 2]}]
    assert made["model"]["nodes"][2]["inputs"] == ["stem", "table", "wide"]
    labelled(page)
    name.fill("two")
    name.press("Tab")
    assert accepted(page, board)["model"]["nodes"][2]["inputs"] == ["stem", "table", "two"]
    page.get_by_role("button", name="Remove input two").click()
    page.get_by_role("group", name="inputs", exact=True).get_by_role("button", name="Remove input 3").click()
    page.get_by_role("button", name="All the data set has").click()
    assert "inputs" not in accepted(page, board)["model"]


def test_columns_without_names_are_numbers(page: Page, board: Board) -> None:
    opened(page, board, "template=residual")
    page.get_by_role("button", name="Choose inputs, or slices of columns").click()
    page.get_by_role("button", name="+ Add a slice").click()
    field(page, "/model/inputs/1/columns/0").select_option(label="number 3")
    assert document(page)["model"]["inputs"] == ["x", {"name": "slice", "columns": [3]}]
    assert page.get_by_role("group", name="Slice slice").get_by_label("of", exact=True).count() == 0


def test_a_node_is_repeated_and_made_conditional(page: Page, board: Board, pictures: str) -> None:
    begun(page, board, pictures)
    page.locator('[id="head/model/nodes/1"]').click()
    page.get_by_role("button", name="Repeat ...").click()
    made = document(page)
    assert made["model"]["nodes"][1]["repeat"] == {"hp": "repeats"}
    assert made["hyperparameters"][-1] == {"name": "repeats", "type": "int", "min_value": 1, "max_value": 3}
    page.get_by_role("button", name="Only once").click()
    assert document(page)["model"] == MODEL
    assert "repeats" not in [one["name"] for one in document(page)["hyperparameters"]]


def test_a_metric_is_picked_for_the_right_output(page: Page, board: Board, pictures: str) -> None:
    outputs = {"digit": "digit", "parity": "odd"}
    losses = {"digit": "sparse_categorical_crossentropy", "parity": "binary_crossentropy"}
    compiled = definition_of("mlp")["compile"] | {"loss": {"outputs": losses}, "metrics": []}
    objective = {"name": "val_loss"}
    begun(page, board, pictures, model=MODEL | {"outputs": outputs}, compile=compiled, objective=objective)
    page.get_by_role("group", name="Output digit").last.get_by_role("button", name="+ Add a metric").click()
    picked(page, "SparseTopKCategoricalAccuracy")
    made = accepted(page, board)
    (metric,) = made["compile"]["metrics"]["outputs"]["digit"]
    assert "top_k" in str(metric).lower() or "TopK" in str(metric)
    assert list(made["compile"]["metrics"]["outputs"]) == ["digit"]

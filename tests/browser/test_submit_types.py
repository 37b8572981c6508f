"""A model of another type in the form: a small one that the service accepts, and the way back."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Board
from tests.browser.submit_desk import accepted, definition_of, document, field, labelled, opened, replace_text, text
from tests.tuners.trainer_doubles import dataset
from tuners.definitions import DataFacts, parse_definition
from tuners.planner.check import check
from tuners.planner.wire import ModelSize, Request
from tuners.templates import template_names

pytestmark = pytest.mark.browser
TYPES = ["sequential", "graph", "application", "sklearn"]
DIGITS = DataFacts.of(dataset(input_shape=(8, 8), num_classes=10, train_rows=1797, validation_rows=0))


def retyped(page: Page, name: str) -> None:
    page.get_by_label("Type", exact=True).first.select_option(value=name)
    page.get_by_role("dialog").get_by_role("button", name="Replace").click()
    expect(page.get_by_text(f"The model was replaced by a small one of type {name}.")).to_be_visible()


@pytest.mark.parametrize("name", TYPES)
def test_a_model_of_each_type_is_accepted_as_it_begins(page: Page, board: Board, name: str) -> None:
    opened(page, board)
    if name == "sequential":
        retyped(page, "graph")
    retyped(page, name)
    made = accepted(page, board)
    assert made["model"]["type"] == name
    labelled(page)
    # Nothing of the old model is left, and what is searched is used.
    assert "units_{i}" not in [one["name"] for one in made["hyperparameters"]]
    assert made["hyperparameters"]


@pytest.mark.keras
@pytest.mark.parametrize("name", TYPES)
def test_keras_and_scikit_learn_build_what_each_type_begins_with(page: Page, board: Board, name: str) -> None:
    opened(page, board, "template=residual" if name == "sequential" else "template=mlp")
    retyped(page, name)
    definition = parse_definition(document(page))
    answer = check(Request(definition=definition.to_json(), facts=DIGITS, max_parameters=10**8))
    assert isinstance(answer, ModelSize), answer


def test_every_template_can_be_turned_into_every_type(page: Page, board: Board) -> None:
    opened(page, board)
    turned = []
    for template in template_names():
        definition = definition_of(template) | {"dataset": {"name": "digits"}}
        if board.ada.post("/v1/searches/plan", json=definition).status_code != 200:
            continue  # for texts, or for rows in order
        for name in TYPES:
            if definition["model"]["type"] == name:
                continue
            replace_text(page, json.dumps(definition))
            retyped(page, name)
            answer = board.ada.post("/v1/searches/plan", json=document(page))
            assert answer.status_code == 200, (template, name, answer.text)
            turned.append(template)
    assert len(set(turned)) >= 4


def test_the_old_model_comes_back(page: Page, board: Board) -> None:
    opened(page, board)
    before = text(page)
    page.get_by_label("Type", exact=True).first.select_option(value="graph")
    page.get_by_role("dialog").get_by_role("button", name="No").click()
    assert text(page) == before
    expect(page.get_by_label("Type", exact=True).first).to_have_value("sequential")
    retyped(page, "sklearn")
    made = document(page)
    assert made["compile"] == {"metrics": ["accuracy"]}
    assert made["fit"] == {"validation_split": 0.2}
    assert made["tuner"]["type"] == "random"
    page.get_by_role("button", name="Bring the old one back").click()
    assert text(page) == before
    expect(page.get_by_text("The model was replaced")).to_have_count(0)
    retyped(page, "graph")
    page.get_by_role("button", name="Undo").click()
    assert text(page) == before


def test_rules_over_what_is_left_stay(page: Page, board: Board) -> None:
    opened(page, board)
    rules: list[dict[str, Any]] = [
        {"less": ["units_1", "units_0"]},
        {"product": ["batch_size", "learning_rate"], "max": 1},
        {"parameters": {"max": 5000000}},
    ]
    replace_text(page, json.dumps(definition_of("mlp") | {"constraints": rules}))
    retyped(page, "graph")
    assert accepted(page, board)["constraints"] == rules[1:]
    retyped(page, "sklearn")
    assert "constraints" not in accepted(page, board)


def test_only_what_the_service_offers_can_be_chosen(page: Page, board: Board) -> None:
    opened(page, board)
    offered = page.get_by_label("Type", exact=True).first.locator("option").all_inner_texts()
    assert [re.split(":", one)[0] for one in offered] == TYPES  # neither builders nor code here


def test_json_in_place_says_what_is_wrong_with_it(page: Page, board: Board) -> None:
    opened(page, board)
    definition = definition_of("mlp") | {"mystery": {"a": 1}}
    replace_text(page, json.dumps(definition))
    place = field(page, "/mystery")
    place.fill('{"a": 2')
    expect(page.get_by_text("Not JSON yet: a } is missing. The document keeps what it had.")).to_be_visible()
    assert document(page)["mystery"] == {"a": 1}
    place.fill('{"a": 3}')
    expect(page.get_by_text("Not JSON yet")).to_have_count(0)
    assert document(page)["mystery"] == {"a": 3}

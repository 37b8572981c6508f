"""The form of a new search: what is done in its fields stands in the document, what the service says at the field."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Board
from tests.browser.submit_desk import definition_of, document, field, labelled, layer, opened, text, write
from tuners.templates import template_names

pytestmark = pytest.mark.browser


def test_every_template_has_its_form_and_stays_the_same_document(page: Page, board: Board) -> None:
    for name in template_names():
        page.goto(f"{board.address}/#/new?template={name}")
        expect(page.get_by_label("Name", exact=True)).to_have_value(name)
        expect(page.get_by_label("Definition as JSON")).to_be_visible()
        assert document(page) == definition_of(name)
        expect(page.get_by_text("There are no fields for")).to_have_count(0)
        expect(page.locator(".space > li")).to_have_count(len(definition_of(name)["hyperparameters"]))


def test_a_value_is_tuned_and_fixed_again(page: Page, board: Board) -> None:
    opened(page, board)
    layer(page, 2).get_by_role("button", name="Dense", exact=False).first.click()
    page.get_by_role("switch", name="Tune activation of Dense").click()
    expect(page.get_by_role("switch", name="Tune activation of Dense")).to_be_focused()
    made = document(page)
    assert made["model"]["layers"][2]["activation"] == {"hp": "dense_activation"}
    assert made["hyperparameters"][-1] == {
        "name": "dense_activation",
        "type": "choice",
        "values": ["softmax", "relu", "tanh"],
    }
    field(page, "/hyperparameters/7/values").first.fill("softmax, sigmoid")
    assert document(page)["hyperparameters"][-1]["values"] == ["softmax", "sigmoid"]
    page.get_by_role("switch", name="Tune activation of Dense").click()
    assert document(page) == definition_of("mlp")


def test_a_number_stays_as_it_is_typed_and_an_emptied_one_goes(page: Page, board: Board) -> None:
    opened(page, board)
    trials = page.get_by_label("Max trials")
    trials.fill("12")
    assert '"max_trials": 12' in text(page)
    page.get_by_label("Validation split", exact=True).fill("0.30")
    assert '"validation_split": 0.30' in text(page)
    trials.fill("twelve")
    expect(page.locator(".form-place .fault").first).to_be_visible()
    expect(trials).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("button", name="Submit search")).to_be_disabled()
    trials.fill("")
    assert "limits" not in document(page) or document(page)["limits"] == {}
    expect(page.get_by_role("button", name="Submit search")).to_be_enabled()


def test_layers_are_added_moved_and_removed(page: Page, board: Board) -> None:
    opened(page, board)
    page.locator('[id="add/model/layers"]').click()
    page.get_by_role("combobox", name="Search").fill("gaussian")
    page.get_by_role("option", name="GaussianNoise").click()
    expect(layer(page, 3).get_by_role("button", name="GaussianNoise").first).to_be_focused()

    def names() -> list[str]:
        return [item.get("layer", "block") for item in document(page)["model"]["layers"]]

    assert names() == ["Flatten", "block", "Dense", "GaussianNoise"]
    field(page, "/model/layers/3/stddev").fill("0.25")
    page.get_by_role("button", name="Move up GaussianNoise").click()
    assert names() == ["Flatten", "block", "GaussianNoise", "Dense"]
    expect(page.get_by_role("button", name="Move up GaussianNoise")).to_be_focused()
    page.keyboard.press("Enter")  # into the repeat before it, and at its end
    assert names() == ["Flatten", "block", "Dense"]
    assert document(page)["model"]["layers"][1]["layers"][-1] == {"layer": "GaussianNoise", "stddev": 0.25}
    page.get_by_role("button", name="Duplicate GaussianNoise").click()
    page.get_by_role("button", name="Remove GaussianNoise").first.click()
    page.get_by_role("button", name="Remove Repeat").click()
    expect(layer(page, 1).get_by_role("button", name="Dense", exact=False).first).to_be_focused()
    kept = document(page)
    assert names() == ["Flatten", "Dense"]
    assert [one["name"] for one in kept["hyperparameters"]] == ["learning_rate", "batch_size"]


def test_a_layer_is_dragged_into_a_block(page: Page, board: Board) -> None:
    page.set_viewport_size({"width": 1280, "height": 1800})
    opened(page, board)
    grip = layer(page, 0).locator(".grip").first
    target = page.locator('[data-row="/model/layers/1/layers/2"]')
    grip.drag_to(target, target_position={"x": 60, "y": 4})
    layers = document(page)["model"]["layers"]
    assert [item.get("layer") for item in layers[0]["layers"]] == ["Dense", None, "Flatten", "Dropout"]


def test_the_tuner_is_changed_and_gets_limits(page: Page, board: Board) -> None:
    opened(page, board)
    page.get_by_role("radio", name="bayesian").check()
    assert document(page)["tuner"] == {"type": "bayesian"}
    expect(page.get_by_label("Max trials")).to_have_value("20")
    page.get_by_label("Beta").fill("1.5")
    assert document(page)["tuner"] == {"type": "bayesian", "beta": 1.5}
    expect(page.locator(".plan-facts")).to_contain_text("20trials")


def test_unknown_fields_and_the_writing_of_numbers_stay(page: Page, board: Board) -> None:
    opened(page, board)
    write(
        page,
        '"parallelism"' if '"parallelism"' in text(page) else '"max_retries_per_trial": 1',
        '"mystery": {"b": 1.0, "a": [1e-3]}',
    )
    expect(page.get_by_role("heading", name="Other fields")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("odd")
    assert '"mystery": {"b": 1.0, "a": [1e-3]}' in text(page)
    expect(field(page, "/mystery")).to_have_attribute("aria-invalid", "true")


def test_a_refusal_shows_at_the_field_in_the_editor_and_in_a_list_that_leads_to_both(page: Page, board: Board) -> None:
    opened(page, board)
    write(page, '"activation": "softmax"', '"activation": "softmaxx"')
    problem = page.locator(".faults li")
    expect(problem).to_have_count(1)
    expect(page.get_by_role("button", name="Submit search")).to_be_disabled()
    expect(layer(page, 2)).to_contain_text("1 fault")
    page.get_by_role("button", name="Show /model/layers/2/activation in the form").click()
    wrong = field(page, "/model/layers/2/activation")
    expect(wrong).to_be_focused()
    expect(wrong).to_have_attribute("aria-invalid", "true")
    described = str(wrong.get_attribute("aria-describedby")).split()
    assert any("relu" in page.locator(f'[id="{one}"]').inner_text() for one in described if one.endswith(":fault"))
    page.get_by_role("button", name="Show /model/layers/2/activation in the JSON").click()
    expect(page.locator(".cm-lintRange-error")).to_have_text('"softmaxx"')
    wrong.select_option(label="softmax")
    expect(problem).to_have_count(0)
    page.get_by_label("Name", exact=True).fill("cannot-be-built")
    expect(problem).to_contain_text("the shapes do not fit")
    expect(page.locator(".layer.block > .fault")).to_contain_text("the shapes do not fit")


def test_every_input_has_a_name(page: Page, board: Board) -> None:
    opened(page, board, "template=residual")
    labelled(page)

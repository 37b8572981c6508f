"""Hyperparameters whose values are lists of numbers, from the definition to the layers of a point."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import InvalidDefinition
from storage.records import Scalar
from tests.unit.test_definition_language import DIGITS, dense, document, layers_at
from tuners.definitions import parse_definition
from tuners.definitions.models.sequential import resolve_sequential
from tuners.list_values import held, is_list, items_of, shown

HIDDEN: dict[str, Any] = {"name": "hidden", "type": "choice", "values": [[18], [18, 36], [18, 18, 18]]}
THROUGH = {"repeat": {"hp": "hidden"}, "layers": [dense({"item": "hidden"})]}
OUTPUT = dense(10)


def units(definition: Any, **values: Scalar) -> list[int]:
    return [layer["units"] for layer in layers_at(definition, **values)]


def test_a_repeat_goes_through_the_items_of_a_list() -> None:
    definition = parse_definition(document([THROUGH, OUTPUT], [HIDDEN]))
    assert units(definition) == [18, 10]
    assert units(definition, hidden="[18, 36]") == [18, 36, 10]
    assert units(definition, hidden="[18, 18, 18]") == [18, 18, 18, 10]


def test_inside_it_is_one_ordered_choice_of_texts() -> None:
    space = parse_definition(document([THROUGH, OUTPUT], [HIDDEN])).space()
    hidden = space.by_name["hidden"]
    assert hidden.values == ("[18]", "[18, 36]", "[18, 18, 18]")
    assert (hidden.default, hidden.ordered, hidden.cardinality(), hidden.is_list) == ("[18]", True, 3, True)
    assert space.sample(random.Random(1))["hidden"] in hidden.values


def test_the_stored_document_shows_lists_and_reads_back() -> None:
    written = document(
        [
            THROUGH,
            {"if": {"hp": "hidden", "in": [[18]]}, "layers": [{"layer": "Dropout", "rate": {"hp": "rate"}}]},
            OUTPUT,
        ],
        [
            {**HIDDEN, "default": [18, 36]},
            {
                "name": "rate",
                "type": "float",
                "min_value": 0.1,
                "max_value": 0.5,
                "when": [{"hp": "hidden", "in": [[18]]}],
            },
        ],
    )
    definition = parse_definition(written)
    stored = definition.to_json()
    assert stored["hyperparameters"][0]["values"] == HIDDEN["values"]
    assert stored["hyperparameters"][0]["default"] == [18, 36]
    assert stored["hyperparameters"][1]["when"] == [{"hp": "hidden", "in": [[18]]}]
    assert parse_definition(stored).space() == definition.space()
    assert [layer["layer"] for layer in layers_at(definition, hidden="[18]", rate=0.2)] == ["Dense", "Dropout", "Dense"]
    assert [layer["layer"] for layer in layers_at(definition)] == ["Dense", "Dense", "Dense"]


def test_numbered_names_count_the_items() -> None:
    layers: list[dict[str, Any]] = [
        {
            "repeat": {"hp": "hidden"},
            "layers": [dense({"item": "hidden"}), {"layer": "Dropout", "rate": {"hp": "rate_{i}"}}],
        },
        OUTPUT,
    ]
    rate = {"name": "rate_{i}", "type": "float", "min_value": 0.1, "max_value": 0.5}
    space = parse_definition(document(layers, [HIDDEN, rate])).space()
    assert space.by_name["rate_0"].conditions == ()
    assert {condition.values for condition in space.by_name["rate_2"].conditions} == {("[18, 18, 18]",)}
    assert set(space.by_name["rate_1"].conditions[0].values) == {"[18, 36]", "[18, 18, 18]"}


def test_items_may_be_computed_with_and_be_parts_of_lists() -> None:
    kernels = {"name": "kernels", "type": "choice", "values": [[1], [3, 5]]}
    layers: list[dict[str, Any]] = [
        {"layer": "Reshape", "target_shape": [8, 8, 1]},
        {"repeat": {"hp": "kernels"}, "layers": [
            {"layer": "Conv2D", "filters": {"mul": [{"item": "kernels"}, 2]}, "kernel_size": [{"item": "kernels"}, 1]}
        ]},
        {"layer": "Flatten"},
        OUTPUT,
    ]  # fmt: skip
    model = parse_definition(document(layers, [kernels])).model
    found = resolve_sequential(model, {"kernels": "[3, 5]", "learning_rate": 0.01}, DIGITS).document["layers"]
    assert isinstance(found, list)
    assert [(layer["filters"], layer["kernel_size"]) for layer in found[1:3]] == [(6, [3, 1]), (10, [5, 1])]


def test_a_list_fills_an_argument_that_takes_one() -> None:
    size = {"name": "size", "type": "choice", "values": [[3, 3], [1, 5]]}
    layers: list[dict[str, Any]] = [
        {"layer": "Reshape", "target_shape": [8, 8, 1]},
        {"layer": "Conv2D", "filters": 4, "kernel_size": {"hp": "size"}}, {"layer": "Flatten"}, OUTPUT,
    ]  # fmt: skip
    definition = parse_definition(document(layers, [size]))
    assert layers_at(definition, size="[1, 5]")[1]["kernel_size"] == [1, 5]
    with pytest.raises(InvalidDefinition) as refused:
        parse_definition(document(layers, [{**size, "values": [[3, 3], [3]]}]))
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/model/layers/1/kernel_size", "out_of_range")
    ]


def test_an_item_that_does_not_fit_is_refused_at_its_place() -> None:
    with pytest.raises(InvalidDefinition) as refused:
        parse_definition(document([THROUGH, OUTPUT], [{**HIDDEN, "values": [[18], [18, 0]]}]))
    (fault,) = refused.value.faults
    assert (fault.pointer, fault.code) == ("/model/layers/0/layers/0/units", "out_of_range")
    assert "hidden" in fault.detail


def test_only_items_that_can_be_reached_count() -> None:
    # With two items the second is never 0.5: rates of lists with one item only are looked at in the first pass.
    rates = {"name": "rates", "type": "choice", "values": [[0.5], [0, 0.25]]}
    layers: list[dict[str, Any]] = [
        dense(4),
        {"repeat": {"hp": "rates"}, "layers": [{"layer": "Dropout", "rate": {"item": "rates"}}]},
        OUTPUT,
    ]
    definition = parse_definition(document(layers, [rates]))
    assert definition.space().by_name["rates"].values == ("[0.5]", "[0.0, 0.25]")
    assert [layer.get("rate") for layer in layers_at(definition, rates="[0.0, 0.25]")] == [None, 0.0, 0.25, None]


def test_constraints_refuse_lists_with_the_reason() -> None:
    with pytest.raises(InvalidDefinition) as refused:
        parse_definition(document([THROUGH, OUTPUT], [HIDDEN], constraints=[{"sum": ["hidden"], "max": 3}]))
    (fault,) = refused.value.faults
    assert (fault.pointer, fault.code) == ("/constraints/0/sum/0", "hyperparameter_type_mismatch")
    assert "list" in fault.detail


numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(st.lists(numbers, min_size=1, max_size=32))
def test_what_is_held_shows_the_same_numbers(items: list[int | float]) -> None:
    text = held(items)
    assert text is not None
    assert is_list(text)
    assert shown(text) == items_of(text) == items


@pytest.mark.parametrize(
    "value", [[], [None], ["a"], [True], [[1]], [float("nan")], [1.0, float("inf")], "x", 3, [1] * 33]
)
def test_other_things_are_not_held(value: object) -> None:
    assert held(value) is None

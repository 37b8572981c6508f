"""What the language means: holes, repeats, branches, conditions, and what a point resolves to."""

from __future__ import annotations

import copy
import dataclasses
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import InvalidDefinition
from tuners.catalogue import Entry, catalogue
from tuners.definitions import DataFacts, Definition, parse_definition, resolve
from tuners.space import Condition, Space
from tuners.templates import template, template_names

GOOD: dict[str, Any] = json.loads((Path(__file__).parent / "good_definition.json").read_text("utf-8"))
DIGITS = DataFacts("classification", (8, 8), 10, 1437, 0, 360, "float32", "int64")
TOKENS = dataclasses.replace(DIGITS, vocabulary_size=100)


def document(layers: list[dict[str, Any]], hyperparameters: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A small definition around these layers; `learning_rate` is declared and used so that the space is never empty."""
    rate = {"name": "learning_rate", "type": "float", "min_value": 1e-4, "max_value": 1e-2, "sampling": "log"}
    return {
        "name": "small",
        "dataset": {"name": "digits"},
        "model": {"type": "sequential", "layers": layers},
        "compile": {
            "optimizer": {"optimizer": "Adam", "learning_rate": {"hp": "learning_rate"}},
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
        },
        "fit": {"epochs": 3, "validation_split": 0.2},
        "hyperparameters": [*hyperparameters, rate],
        "objective": {"name": "val_accuracy"},
        "tuner": {"type": "random"},
        **more,
    }


def dense(units: object) -> dict[str, Any]:
    return {"layer": "Dense", "units": units}


def integer(name: str, low: int, high: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "int", "min_value": low, "max_value": high, **more}


def conditions(space: Space, name: str) -> dict[str, tuple[object, ...]]:
    return {each.hp: each.values for each in space.by_name[name].conditions}


def layers_at(definition: Definition, **values: Any) -> list[dict[str, Any]]:
    point = {**definition.space().defaults(), **values}
    assert definition.space().contains(point), point
    model: Any = resolve(definition, point, DIGITS)["model"]
    layers: list[dict[str, Any]] = model["layers"]
    return layers


def codes(bad: object) -> set[tuple[str, str]]:
    with pytest.raises(InvalidDefinition) as refused:
        parse_definition(bad)
    return {(fault.pointer, fault.code) for fault in refused.value.faults}


ALL = [pytest.param(GOOD, id="good"), *(pytest.param(template(name), id=name) for name in template_names())]


@pytest.mark.parametrize("written", ALL)
def test_the_canonical_document_gives_the_same_definition(written: dict[str, Any]) -> None:
    definition = parse_definition(written)
    canonical = definition.to_json()
    again = parse_definition(json.loads(json.dumps(canonical)))
    assert again == definition
    assert again.to_json() == canonical
    assert again.space() == definition.space()


@pytest.mark.parametrize("written", ALL)
@given(seed=st.integers())
def test_every_sampled_point_is_contained_and_resolves_without_holes(written: dict[str, Any], seed: int) -> None:
    definition = parse_definition(written)
    space = definition.space()
    point = space.sample(random.Random(seed))
    assert space.contains(point)
    resolved = resolve(definition, point, TOKENS)
    text = json.dumps(resolved)
    assert not any(f'"{hole}":' in text for hole in ("hp", "data", "repeat", "if", "mul", "div"))
    model: Any = resolved["model"]
    pointers: Any = resolved["layer_pointers"]
    layers = model["layers"] if "layers" in model else [node["layer"] for node in model.get("nodes", ())]
    for layer, pointer in zip(layers, pointers if layers else (), strict=True):
        written_there: Any = definition.to_json()
        for part in pointer.split("/")[1:]:
            written_there = written_there[int(part)] if isinstance(written_there, list) else written_there[part]
        assert written_there["layer"] == layer["layer"]
        assert all_allowed(catalogue().layers[layer["layer"]], layer, own="layer")


def all_allowed(entry: Entry, document: dict[str, Any], *, own: str) -> bool:
    """Whether the catalogue allows all arguments, also those of objects inside."""
    for name, value in document.items():
        if name == own:
            continue
        argument = entry.arguments[name]
        if isinstance(value, dict):
            kind = argument.object_kind or "layer"
            known = catalogue().layers if kind == "layer" else catalogue().objects(kind)
            if not all_allowed(known[value[kind]], value, own=kind):
                return False
        elif argument.fault(value) is not None:
            return False
    return True


def test_parsing_and_resolving_load_no_numeric_library() -> None:
    program = (
        "import sys, json; from tuners.definitions import *; from tuners.templates import *; import tuners.plan;"
        "parse_definition(template('mlp')).space();"
        "bad = {'keras','tensorflow','numpy','keras_tuner','sklearn','scipy','pandas','ray'} & set(sys.modules);"
        "sys.exit(repr(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_changing_the_document_later_does_not_change_the_definition() -> None:
    written = copy.deepcopy(GOOD)
    definition = parse_definition(written)
    written["model"]["layers"].clear()
    definition.to_json()["model"]["layers"].clear()
    assert len(definition.model["layers"]) == 3


def test_a_repeat_unrolls_with_one_name_for_each_pass() -> None:
    definition = parse_definition(GOOD)
    space = definition.space()
    assert [each.name for each in space.hyperparameters] == [
        "num_layers", "units_0", "units_1", "units_2", "batch_norm", "dropout", "learning_rate", "batch_size",
    ]  # fmt: skip
    assert conditions(space, "units_0") == {}
    assert conditions(space, "units_1") == {"num_layers": (2, 3)}
    assert conditions(space, "units_2") == {"num_layers": (3,)}
    layers = layers_at(definition, num_layers=2, units_0=64, units_1=32, batch_norm=True, dropout=0.3)
    assert [layer["layer"] for layer in layers] == [
        "Flatten", "Dense", "BatchNormalization", "Dropout", "Dense", "BatchNormalization", "Dropout", "Dense",
    ]  # fmt: skip
    assert [layer["units"] for layer in layers if "units" in layer] == [64, 32, 10]
    assert [layer["rate"] for layer in layers if "rate" in layer] == [0.3, 0.3]


def test_a_resolved_definition_is_complete() -> None:
    definition = parse_definition(GOOD)
    resolved = resolve(definition, definition.space().defaults(), DIGITS, seed=11)
    assert resolved["seed"] == 11
    assert resolve(definition, definition.space().defaults(), DIGITS)["seed"] == 7
    assert resolved["compile"] == {
        "optimizer": {"optimizer": "Adam", "learning_rate": 1e-4},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
    }
    assert resolved["fit"] == {
        "epochs": 30,
        "batch_size": 16,
        "validation_split": 0.2,
        "split_by": "rows",
        "shuffle": True,
        "sample_weight": True,
        "callbacks": [{"callback": "EarlyStopping", "monitor": "val_loss", "patience": 5}],
    }
    assert resolved["objective"] == {"name": "val_accuracy", "direction": "max"}
    assert resolved["dataset"] == {"name": "digits"}
    model: Any = resolved["model"]
    assert model["input_shape"] == [8, 8]


def test_a_repeat_from_zero_may_leave_nothing_and_makes_all_its_names_conditional() -> None:
    body = [{"repeat": {"hp": "n"}, "layers": [dense({"hp": "u_{i}"})]}, dense(10)]
    definition = parse_definition(document(body, [integer("n", 0, 2), integer("u_{i}", 1, 9)]))
    assert conditions(definition.space(), "u_0") == {"n": (1, 2)}
    assert layers_at(definition) == [dense(10)]


def test_a_repeat_over_a_choice_counts_its_largest_value() -> None:
    body = [{"repeat": {"hp": "n"}, "layers": [dense({"hp": "u_{i}"})]}, dense(10)]
    choice = {"name": "n", "type": "choice", "values": [1, 4]}
    space = parse_definition(document(body, [choice, integer("u_{i}", 1, 9)])).space()
    assert conditions(space, "u_0") == {}
    assert [conditions(space, f"u_{i}") for i in (1, 2, 3)] == [{"n": (4,)}] * 3


def test_a_fixed_repeat_has_no_conditions() -> None:
    body = [{"repeat": 2, "layers": [dense({"hp": "u_{i}"})]}, dense(10)]
    definition = parse_definition(document(body, [integer("u_{i}", 1, 9)]))
    assert [each.name for each in definition.space().hyperparameters] == ["u_0", "u_1", "learning_rate"]
    assert [layer["units"] for layer in layers_at(definition, u_0=3, u_1=4)] == [3, 4, 10]


def test_nested_repeats_count_the_innermost() -> None:
    inner = {"repeat": {"hp": "deep"}, "layers": [dense({"hp": "u_{i}"})]}
    body = [{"repeat": {"hp": "wide"}, "layers": [inner, {"layer": "Dropout", "rate": 0.1}]}, dense(10)]
    hyperparameters = [integer("wide", 1, 2), integer("deep", 1, 2), integer("u_{i}", 1, 9)]
    definition = parse_definition(document(body, hyperparameters))
    assert conditions(definition.space(), "u_0") == {}
    assert conditions(definition.space(), "u_1") == {"deep": (2,)}
    layers = layers_at(definition, wide=2, deep=2, u_0=3, u_1=4)
    assert [layer.get("units") for layer in layers] == [3, 4, None, 3, 4, None, 10]


def test_one_index_for_two_nested_repeats_is_refused() -> None:
    inner = {"repeat": 2, "layers": [dense({"hp": "u_{i}"})]}
    body = [{"repeat": 2, "layers": [dense({"hp": "u_{i}"}), inner]}, dense(10)]
    assert codes(document(body, [integer("u_{i}", 1, 9)])) >= {
        ("/model/layers/0/layers/1/layers/0/units/hp", "ambiguous_index")
    }


def test_one_name_in_two_repeats_with_counts_of_their_own_is_refused() -> None:
    body = [{"repeat": {"hp": name}, "layers": [dense({"hp": "u_{i}"})]} for name in ("a", "b")]
    hyperparameters = [integer("a", 0, 2), integer("b", 0, 2), integer("u_{i}", 1, 9)]
    assert {code for _, code in codes(document([*body, dense(10)], hyperparameters))} == {"ambiguous_index"}


def test_one_name_in_two_repeats_with_the_same_count_is_shared() -> None:
    body = [{"repeat": {"hp": "a"}, "layers": [dense({"hp": "u_{i}"})]} for _ in range(2)]
    definition = parse_definition(document([*body, dense(10)], [integer("a", 1, 2), integer("u_{i}", 1, 9)]))
    assert conditions(definition.space(), "u_1") == {"a": (2,)}


def test_conditions_declared_and_generated_are_joined() -> None:
    body = [
        {"if": {"hp": "kind", "in": ["deep"]}, "layers": [{"repeat": {"hp": "n"}, "layers": [dense({"hp": "u_{i}"})]}]},
        dense(10),
    ]
    hyperparameters = [
        integer("u_{i}", 1, 9),
        integer("n", 1, 3, when=[{"hp": "kind", "in": ["deep"]}]),
        {"name": "kind", "type": "choice", "values": ["flat", "deep"]},
    ]
    definition = parse_definition(document(body, hyperparameters))
    space = definition.space()
    # Parents come first although they were declared last.
    assert [each.name for each in space.hyperparameters] == ["kind", "n", "u_0", "u_1", "u_2", "learning_rate"]
    assert conditions(space, "u_1") == {"kind": ("deep",), "n": (2, 3)}
    assert space.defaults().keys() == {"kind", "learning_rate"}
    assert layers_at(definition) == [dense(10)]
    assert len(layers_at(definition, kind="deep", n=2, u_0=1, u_1=1)) == 3


def test_a_numbered_child_follows_its_numbered_parent() -> None:
    body = [
        {
            "repeat": {"hp": "n"},
            "layers": [
                dense(4),
                {"if": {"hp": "drop_{i}"}, "layers": [{"layer": "Dropout", "rate": {"hp": "rate_{i}"}}]},
            ],
        },
        dense(10),
    ]
    hyperparameters = [
        integer("n", 1, 2),
        {"name": "rate_{i}", "type": "float", "min_value": 0.1, "max_value": 0.5, "when": [{"hp": "drop_{i}"}]},
        {"name": "drop_{i}", "type": "boolean"},
    ]
    definition = parse_definition(document(body, hyperparameters))
    assert conditions(definition.space(), "rate_1") == {"n": (2,), "drop_1": (True,)}
    layers = layers_at(definition, n=2, drop_0=False, drop_1=True, rate_1=0.25)
    assert [layer["layer"] for layer in layers] == ["Dense", "Dense", "Dropout", "Dense"]


def test_a_parent_of_a_used_child_is_used() -> None:
    momentum = {"name": "momentum", "type": "float", "min_value": 0.5, "max_value": 0.9, "when": [{"hp": "heavy"}]}
    written = document([dense(10)], [{"name": "heavy", "type": "boolean"}, momentum])
    written["compile"]["optimizer"] = {
        "optimizer": "SGD", "learning_rate": {"hp": "learning_rate"}, "momentum": {"hp": "momentum"},
    }  # fmt: skip
    assert ("/compile/optimizer/momentum/hp", "invalid_condition") in codes(written)


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ({"mul": [{"hp": "u"}, 2]}, 14),
        ({"div": [{"hp": "u"}, 2]}, 3),
        ({"div": [{"hp": "u"}, 100]}, 1),
        ({"mul": [{"div": [{"hp": "u"}, 2]}, {"data": "num_classes"}]}, 30),
        ({"div": [{"data": "input_size"}, {"hp": "u"}]}, 9),
    ],
)
def test_products_and_quotients_are_integers_of_at_least_one(units: object, expected: int) -> None:
    definition = parse_definition(document([dense({"hp": "u"}), dense(units), dense(10)], [integer("u", 1, 9)]))
    assert [layer["units"] for layer in layers_at(definition, u=7)] == [7, expected, 10]


def test_doubling_filters_block_by_block() -> None:
    block = {"layer": "Conv2D", "filters": {"mul": [{"hp": "f"}, 2]}, "kernel_size": [{"hp": "k"}, 3]}
    definition = parse_definition(document([block, dense(10)], [integer("f", 4, 8), integer("k", 1, 3)]))
    assert layers_at(definition, f=8, k=2)[0] == {"layer": "Conv2D", "filters": 16, "kernel_size": [2, 3]}


@pytest.mark.parametrize(
    ("shape", "name", "value"),
    [
        ((8, 8), "image_shape", [8, 8, 1]),
        ((32, 32, 3), "image_shape", [32, 32, 3]),
        ((8, 8), "input_shape", [8, 8]),
    ],
)
def test_shapes_of_the_data(shape: tuple[int, ...], name: str, value: list[int]) -> None:
    facts = DataFacts("classification", shape, 10, 1437, 0, 360, "float32", "int64")
    definition = parse_definition(document([{"layer": "Reshape", "target_shape": {"data": name}}, dense(10)], []))
    model: Any = resolve(definition, definition.space().defaults(), facts)["model"]
    assert model["layers"][0]["target_shape"] == value


def optimizer_choice(**arguments: Any) -> dict[str, Any]:
    chooser = {"name": "optimizer", "type": "choice", "values": ["adam", "SGD"]}
    momentum = {
        "name": "momentum", "type": "float", "min_value": 0.0, "max_value": 0.9,
        "when": [{"hp": "optimizer", "in": ["SGD"]}],
    }  # fmt: skip
    written = document([dense(10)], [chooser, momentum])
    written["compile"]["optimizer"] = {
        "optimizer": {"hp": "optimizer"},
        "learning_rate": {"hp": "learning_rate"},
        "momentum": {"hp": "momentum"},
        **arguments,
    }
    return written


def test_the_optimizer_can_be_a_hyperparameter_with_arguments_of_its_own() -> None:
    definition = parse_definition(optimizer_choice())
    adam = resolve(definition, {"optimizer": "adam", "learning_rate": 1e-3}, DIGITS)
    sgd = resolve(definition, {"optimizer": "SGD", "learning_rate": 1e-3, "momentum": 0.5}, DIGITS)
    assert adam["compile"]["optimizer"] == {"optimizer": "Adam", "learning_rate": 1e-3}  # type: ignore[index]
    assert sgd["compile"]["optimizer"] == {  # type: ignore[index]
        "optimizer": "SGD",
        "learning_rate": 1e-3,
        "momentum": 0.5,
    }


def test_an_argument_that_not_every_optimizer_has_must_be_conditional() -> None:
    written = optimizer_choice(momentum=0.5)
    del written["hyperparameters"][1]
    assert codes(written) == {("/compile/optimizer/momentum", "unknown_argument")}


def test_the_optimizer_can_be_a_bare_hole_or_name() -> None:
    chooser = {"name": "optimizer", "type": "choice", "values": ["rmsprop", "Adam"]}
    written = document([dense(10)], [chooser])
    written["compile"]["optimizer"] = {"hp": "optimizer"}
    del written["hyperparameters"][1]
    definition = parse_definition(written)
    assert resolve(definition, {"optimizer": "rmsprop"}, DIGITS)["compile"]["optimizer"] == {  # type: ignore[index]
        "optimizer": "RMSprop"
    }


def test_numbers_of_fit_losses_and_callbacks_can_be_holes() -> None:
    smooth = {"name": "smooth", "type": "float", "min_value": 0.0, "max_value": 0.2, "step": 0.1}
    written = document([dense(10)], [integer("epochs", 1, 5), integer("patience", 0, 3), smooth])
    written["compile"]["loss"] = {"loss": "CategoricalCrossentropy", "label_smoothing": {"hp": "smooth"}}
    written["fit"] = {
        "epochs": {"mul": [{"hp": "epochs"}, 2]},
        "validation_split": 0.1,
        "callbacks": [{"callback": "EarlyStopping", "patience": {"hp": "patience"}}, {"callback": "TerminateOnNaN"}],
    }
    definition = parse_definition(written)
    resolved: Any = resolve(definition, {"epochs": 2, "patience": 3, "smooth": 0.1, "learning_rate": 1e-3}, DIGITS)
    assert resolved["fit"]["epochs"] == 4
    assert resolved["fit"]["callbacks"][0] == {"callback": "EarlyStopping", "patience": 3}
    assert resolved["compile"]["loss"]["label_smoothing"] == 0.1


@pytest.mark.parametrize(
    ("metrics", "name", "direction"),
    [
        (["accuracy"], "val_accuracy", "max"),
        ([], "val_loss", "min"),
        (["mse"], "mse", "min"),
        ([{"metric": "AUC"}], "val_auc", "max"),
        ([{"metric": "MeanAbsoluteError", "name": "off_by"}], "val_off_by", "min"),
    ],
)
def test_the_direction_follows_from_the_metric(metrics: list[Any], name: str, direction: str) -> None:
    written = document([dense(10)], [], objective={"name": name})
    written["compile"]["metrics"] = metrics
    definition = parse_definition(written)
    assert definition.objective.direction == direction
    assert name in definition.metric_names()
    assert parse_definition({**written, "objective": {"name": name, "direction": "min"}}).objective.direction == "min"


def test_defaults_are_filled_in() -> None:
    definition = parse_definition(document([dense(10)], []))
    assert definition.limits.max_trials == 10
    assert definition.limits.to_record().max_trials == 10
    assert definition.parallelism == 1
    assert definition.fit.batch_size == 32
    assert definition.seed is None
    hyperparameter = definition.to_json()["hyperparameters"][0]
    assert hyperparameter["default"] == 1e-4
    ended = document([dense(10)], [], limits={"max_seconds": 60})
    assert parse_definition(ended).limits.max_trials is None


def test_hyperband_and_fit_lend_each_other_their_epochs() -> None:
    written = document([dense(10)], [], tuner={"type": "hyperband"})
    definition = parse_definition(written)
    assert definition.tuner.max_epochs == 3  # type: ignore[union-attr]
    written = document([dense(10)], [], tuner={"type": "hyperband", "max_epochs": 9}, fit={"validation_split": 0.1})
    assert parse_definition(written).fit.epochs == 9


def test_constraints_join_the_space() -> None:
    rules = [
        {"product": ["a", "b"], "max": 20},
        {"less": ["a", "b"]},
        {"parameters": {"max": 5000}},
        {"parameters": {"max": 4000}},
    ]
    body = [dense({"hp": "a"}), dense({"hp": "b"}), dense(10)]
    space = parse_definition(document(body, [integer("a", 1, 9), integer("b", 1, 9)], constraints=rules)).space()
    assert space.max_parameters == 4000
    assert space.satisfies({"a": 4, "b": 5})
    assert space.broken_constraints({"a": 5, "b": 5}) == ("a * b <= 20", "a < b")
    assert Space.from_json(json.loads(json.dumps(space.to_json()))) == space


def test_a_condition_on_all_values_of_an_unconditional_parent_always_holds() -> None:
    both = [{"hp": "flag", "in": [True, False]}]
    body = [dense({"hp": "u"}), {"if": {"hp": "flag"}, "layers": [dense(3)]}, dense(10)]
    definition = parse_definition(document(body, [{"name": "flag", "type": "boolean"}, integer("u", 1, 9, when=both)]))
    assert definition.space().by_name["u"].conditions == (Condition("flag", (True, False)),)


def test_being_inside_a_branch_implies_the_conditions_of_what_it_branches_on() -> None:
    body = [
        {
            "if": {"hp": "kind", "in": ["b"]},
            "layers": [{"if": {"hp": "flag"}, "layers": [dense({"hp": "u"})]}],
        },
        dense(10),
    ]
    kind = {"name": "kind", "type": "choice", "values": ["a", "b"]}
    flag = {"name": "flag", "type": "boolean", "when": [{"hp": "kind", "in": ["b"]}]}
    u = integer("u", 1, 9, when=[{"hp": "flag"}, {"hp": "kind", "in": ["b"]}])
    definition = parse_definition(document(body, [kind, flag, u]))
    assert [layer["units"] for layer in layers_at(definition, kind="b", flag=True, u=4)] == [4, 10]

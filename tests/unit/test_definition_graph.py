"""Graphs without Keras: how nodes hang together, what a point chooses of them, outputs against targets."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from storage.datasets import DatasetTarget
from storage.errors import InvalidDefinition
from tuners.definitions import DataFacts, check_against_data, parse_definition, resolve

Document = dict[str, Any]

GOOD: Document = json.loads((Path(__file__).parent / "graph_definition.json").read_text("utf-8"))
PICTURES = DataFacts(
    task="classification", input_shape=(8, 8), num_classes=10, train_rows=64, validation_rows=0, test_rows=0,
    x_dtype="float32", y_dtype="int32", inputs={"image": (8, 8), "table": (3,)}, features=("age", "size", "weight"),
    targets=(DatasetTarget("digit", "classification", 10), DatasetTarget("parity", "classification", 2)),
)  # fmt: skip
DIGITS = DataFacts("classification", (8, 8), 10, 64, 0, 0, "float32", "int32")

SMALL: Document = {
    "name": "small",
    "dataset": {"name": "digits"},
    "model": {
        "type": "graph",
        "nodes": [
            {"name": "flat", "layer": "Flatten", "inputs": ["x"]},
            {"name": "a", "layer": "Dense", "units": {"hp": "units"}, "inputs": ["flat"]},
            {"name": "b", "layer": "Dense", "units": {"hp": "units"}, "inputs": ["flat"]},
            {"name": "sum", "layer": "Add", "inputs": ["a", "b"]},
            {"name": "out", "layer": "Dense", "units": 10, "activation": "softmax", "inputs": ["sum"]},
        ],
        "outputs": ["out"],
    },
    "compile": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
    "fit": {"epochs": 1, "validation_split": 0.2},
    "hyperparameters": [{"name": "units", "type": "int", "min_value": 4, "max_value": 8}],
    "objective": {"name": "val_accuracy"},
    "tuner": {"type": "random"},
}


def changed(document: Document, change: Callable[[Document], object]) -> Document:
    edited = copy.deepcopy(document)
    change(edited)
    return edited


def faults(document: Document, data: DataFacts | None = None) -> dict[tuple[str, str], str]:
    if data is None:
        with pytest.raises(InvalidDefinition) as refused:
            parse_definition(document)
    else:
        definition = parse_definition(document)
        with pytest.raises(InvalidDefinition) as refused:
            check_against_data(definition, data)
    return {(fault.pointer, fault.code): fault.detail for fault in refused.value.faults}


def nodes(document: Document) -> list[Document]:
    found: list[Document] = document["model"]["nodes"]
    return found


def point(**values: Any) -> Document:
    definition = parse_definition(GOOD)
    space = definition.space()
    given = space.active({**{each.name: each.default for each in space.hyperparameters}, **values})
    found: Document = resolve(definition, given, PICTURES)
    return found


def shape(resolved: Document) -> dict[str, list[str]]:
    return {node["name"]: node["inputs"] for node in resolved["model"]["nodes"]}


def test_the_good_ones_are_good() -> None:
    check_against_data(parse_definition(GOOD), PICTURES)
    check_against_data(parse_definition(SMALL), DIGITS)


def test_the_names_in_the_log_are_keras_names() -> None:
    definition = parse_definition(GOOD)
    assert definition.metrics() == {
        "loss": "min", "digit_loss": "min", "digit_accuracy": "max",
        "parity_loss": "min", "parity_accuracy": "max", "parity_auc": "max",
    }  # fmt: skip
    assert definition.objective.direction == "max"


def test_a_point_is_a_flat_list_of_layers_under_names_of_their_own() -> None:
    resolved = point(blocks=2, norm=True, skip=True, drop="some", activation_1="tanh")
    assert shape(resolved) == {
        "flat": ["image"],
        "stem": ["flat"],
        "deep-0-inner-0": ["stem"],
        "deep-0-inner-1": ["deep-0-inner-0"],
        "deep-0-sum": ["deep-0-inner-1", "stem"],
        "deep-1-inner-0": ["deep-0-sum"],
        "deep-1-inner-1": ["deep-1-inner-0"],
        "deep-1-sum": ["deep-1-inner-1", "deep-0-sum"],
        "narrow": ["table"],
        "mixed": ["deep-1-sum", "narrow", "wide"],
        "calm": ["mixed"],
        "digit": ["calm"],
        "head-0": ["calm"],
    }
    layers = {node["name"]: node["layer"] for node in resolved["model"]["nodes"]}
    assert layers["deep-1-inner-0"] == {"layer": "Dense", "units": 4, "activation": "tanh"}
    assert layers["narrow"]["kernel_regularizer"] == {"regularizer": "L2", "l2": 1e-5}
    assert resolved["model"]["inputs"] == [{"name": "image", "shape": [8, 8]}, {"name": "table", "shape": [3]}]
    assert resolved["model"]["slices"] == [{"name": "wide", "of": "table", "columns": [0, 2]}]
    assert resolved["model"]["outputs"] == {"digit": "digit", "parity": "head-0"}
    assert resolved["layer_pointers"][-1] == "/model/nodes/7/layers/0"
    assert resolved["compile"]["loss_weights"] == {"digit": 1.0, "parity": 0.5}


def test_what_is_absent_passes_its_first_input_on() -> None:
    found = shape(point(blocks=1, norm=False, skip=False, drop="none"))
    assert found["mixed"] == ["deep-0-inner-0", "narrow", "wide"]
    assert found["digit"] == ["mixed"]
    assert not {"deep-0-sum", "calm"} & set(found)


def test_no_pass_at_all_leaves_the_chain_out() -> None:
    assert shape(point(blocks=0))["mixed"] == ["stem", "narrow", "wide"]


def test_a_numbered_name_inside_a_group_is_active_with_its_pass() -> None:
    space = parse_definition(GOOD).space()
    assert {name for name in space.by_name if name.startswith("activation")} == {"activation_0", "activation_1"}
    assert "activation_1" not in space.active({**space.defaults(), "blocks": 1})


def test_what_no_output_needs_at_a_point_is_not_built() -> None:
    def optional(document: Document) -> None:
        nodes(document)[3]["if"] = {"hp": "both"}
        document["hyperparameters"].append({"name": "both", "type": "boolean"})

    definition = parse_definition(changed(SMALL, optional))
    assert set(shape(resolve(definition, {"units": 4, "both": False}, DIGITS))) == {"flat", "a", "out"}
    assert set(shape(resolve(definition, {"units": 4, "both": True}, DIGITS))) == {"flat", "a", "b", "sum", "out"}


@pytest.mark.parametrize(
    ("change", "pointer", "code", "says"),
    [
        pytest.param(
            lambda d: nodes(d)[1].update(inputs=["out"]), "/model/nodes/1/inputs", "invalid_graph", "cycle", id="cycle",
        ),
        pytest.param(
            lambda d: nodes(d)[1].update(inputs=["a"]), "/model/nodes/1/inputs/0", "invalid_graph", "own", id="loop",
        ),
        pytest.param(
            lambda d: nodes(d)[4].update(inputs=["summ"]) or d["model"].update(inputs=["x"]),
            "/model/nodes/4/inputs/0", "invalid_graph", "`sum`", id="unknown node",
        ),
        pytest.param(
            lambda d: nodes(d)[2].update(name="a"), "/model/nodes/2/name", "invalid_graph", "another node", id="twins",
        ),
        pytest.param(
            lambda d: nodes(d)[2].update(name="x"), "/model/nodes/2/name", "invalid_graph", "input", id="input's name",
        ),
        pytest.param(
            lambda d: nodes(d).append({"name": "c", "layer": "Flatten", "inputs": ["x"]}), "/model/nodes/5",
            "invalid_graph", "no output", id="unused node",
        ),
        pytest.param(
            lambda d: d["model"].update(outputs=[]), "/model/outputs", "invalid_graph", "1 to", id="no outputs",
        ),
        pytest.param(lambda d: d["model"].pop("outputs"), "/model/outputs", "missing_field", "", id="outputs missing"),
        pytest.param(
            lambda d: d["model"].update(outputs=["end"]), "/model/outputs/0", "invalid_graph", "no node", id="unknown",
        ),
        pytest.param(
            lambda d: d["model"].update(outputs="out"), "/model/outputs", "invalid_type", "list", id="outputs as text",
        ),
        pytest.param(
            lambda d: nodes(d)[3].update(inputs=["a"]), "/model/nodes/3/inputs", "invalid_graph", "2 to 64",
            id="merge of one",
        ),
        pytest.param(
            lambda d: nodes(d)[4].update(inputs=["a", "b"]), "/model/nodes/4/inputs", "invalid_graph", "1 input",
            id="dense of two",
        ),
        pytest.param(
            lambda d: nodes(d)[4].update(inputs=[]), "/model/nodes/4/inputs", "invalid_graph", "1 input", id="of none",
        ),
        pytest.param(
            lambda d: nodes(d)[4].pop("inputs"), "/model/nodes/4/inputs", "missing_field", "list", id="no inputs",
        ),
        pytest.param(
            lambda d: nodes(d)[3].update(repeat=2), "/model/nodes/3/inputs", "invalid_graph", "group", id="merge chain",
        ),
        pytest.param(
            lambda d: nodes(d)[0].update(name="../x"), "/model/nodes/0/name", "invalid_name", "letter", id="C24 path",
        ),
        pytest.param(
            lambda d: nodes(d)[0].update(name="<img onerror=x>"), "/model/nodes/0/name", "invalid_name", "",
            id="C24 markup",
        ),
        pytest.param(
            lambda d: nodes(d)[0].update(name="{{7*7}}"), "/model/nodes/0/name", "invalid_name", "", id="C18 name",
        ),
        pytest.param(
            lambda d: nodes(d)[0].update(name="n" * 65), "/model/nodes/0/name", "invalid_name", "64", id="long name",
        ),
        pytest.param(
            lambda d: nodes(d)[0].pop("name"), "/model/nodes/0/name", "missing_field", "letter", id="no name",
        ),
        pytest.param(
            lambda d: nodes(d)[0].update(layers=[]), "/model/nodes/0", "invalid_graph", "one of", id="two bodies",
        ),
        pytest.param(lambda d: nodes(d)[0].pop("layer"), "/model/nodes/0", "missing_field", "one of", id="no body"),
        pytest.param(
            lambda d: nodes(d)[1].update(layer="Lambda"), "/model/nodes/1/layer", "layer_not_allowed", "", id="C01",
        ),
        pytest.param(
            lambda d: nodes(d)[1].update(module="os"), "/model/nodes/1/module", "unknown_field", "", id="C02",
        ),
        pytest.param(
            lambda d: nodes(d)[1].update(outputs=["a"]), "/model/nodes/1/outputs", "unknown_field", "group",
            id="outputs of a layer",
        ),
        pytest.param(
            lambda d: d["model"].update(inputs=["x", "y"]), "/model/inputs/1", "invalid_graph", "no node",
            id="unused input",
        ),
        pytest.param(
            lambda d: d["model"].update(inputs=["x", "x"]), "/model/inputs/1", "invalid_graph", "another", id="x twice",
        ),
        pytest.param(
            lambda d: d["model"].update(layers=[]), "/model/layers", "unknown_field", "`nodes`", id="layers in a graph",
        ),
        pytest.param(lambda d: d["model"].pop("nodes"), "/model/nodes", "missing_field", "", id="no nodes"),
        pytest.param(
            lambda d: d["model"].update(nodes=[]), "/model/nodes", "invalid_graph", "", id="empty list of nodes",
        ),
        pytest.param(
            lambda d: d["model"].update(nodes=[{"name": f"n{i}", "layer": "Flatten", "inputs": ["x"]}
                                               for i in range(501)]),
            "/model/nodes", "too_many", "500", id="C10 501 nodes",
        ),
        pytest.param(
            lambda d: d["compile"].update(loss={"outputs": {"out": "mse"}}), "/compile/loss/outputs", "unknown_field",
            "one output", id="loss by name for one output",
        ),
        pytest.param(
            lambda d: d["compile"].update(loss_weights={"out": 1.0}), "/compile/loss_weights", "unknown_field",
            "several", id="weights for one output",
        ),
    ],
)  # fmt: skip
def test_a_graph_that_does_not_hang_together_is_refused_at_its_place(
    change: Callable[[Document], object], pointer: str, code: str, says: str
) -> None:
    found = faults(changed(SMALL, change))
    assert says in found[pointer, code]
    assert len(found) <= 4


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        pytest.param(
            lambda d: nodes(d)[2]["nodes"][0].update(inputs=["stem"]), "/model/nodes/2/nodes/0/inputs/0",
            "invalid_graph", id="a group sees nothing outside",
        ),
        pytest.param(
            lambda d: nodes(d)[2].update(outputs=["sum", "inner"]), "/model/nodes/2/outputs", "invalid_graph",
            id="a group with two outputs",
        ),
        pytest.param(
            lambda d: nodes(d)[2].update(units=3), "/model/nodes/2/units", "unknown_field", id="argument of a group",
        ),
        pytest.param(
            lambda d: nodes(d)[6].update(name="parity") or d["model"]["outputs"].update(digit="parity"),
            "/model/outputs/parity", "invalid_graph", id="an output named like another's node",
        ),
        pytest.param(
            lambda d: d["model"]["outputs"].update({"a/b": "head"}), "/model/outputs/a~1b", "invalid_name",
            id="C24 output",
        ),
        pytest.param(
            lambda d: d["compile"].update(loss="mse"), "/compile/loss", "invalid_type", id="one loss for two outputs",
        ),
        pytest.param(
            lambda d: d["compile"]["loss"]["outputs"].pop("parity"), "/compile/loss/outputs/parity", "missing_field",
            id="a loss is missing",
        ),
        pytest.param(
            lambda d: d["compile"]["metrics"]["outputs"].update(digits=["accuracy"]),
            "/compile/metrics/outputs/digits", "unknown_field", id="metrics of no output",
        ),
        pytest.param(
            lambda d: d["compile"]["metrics"]["outputs"].update(digit=["accuracy", "f1"]),
            "/compile/metrics/outputs/digit/1", "unknown_metric", id="unknown metric",
        ),
        pytest.param(
            lambda d: d["compile"]["loss"]["outputs"].update(digit="os.system"), "/compile/loss/outputs/digit",
            "invalid_enum", id="C17 loss",
        ),
        pytest.param(
            lambda d: d["compile"]["loss_weights"].update(parity=-1), "/compile/loss_weights/parity", "out_of_range",
            id="negative weight",
        ),
        pytest.param(
            lambda d: d.update(objective={"name": "val_accuracy"}), "/objective/name", "unknown_metric",
            id="objective without its output",
        ),
        pytest.param(
            lambda d: d["model"]["inputs"][1].update(columns=[]), "/model/inputs/1/columns", "invalid_graph",
            id="a slice of nothing",
        ),
        pytest.param(
            lambda d: d["model"]["inputs"][1].update(columns=[True]), "/model/inputs/1/columns", "invalid_type",
            id="a column that is none",
        ),
    ],
)  # fmt: skip
def test_groups_outputs_and_slices_are_checked_too(
    change: Callable[[Document], object], pointer: str, code: str
) -> None:
    assert (pointer, code) in faults(changed(GOOD, change))


@pytest.mark.parametrize(
    ("change", "data", "pointer", "code"),
    [
        pytest.param(
            lambda d: None, replace(PICTURES, targets=()), "/model/outputs", "task_mismatch", id="one target only",
        ),
        pytest.param(
            lambda d: None, replace(PICTURES, targets=(*PICTURES.targets, DatasetTarget("size", "regression"))),
            "/model/outputs", "task_mismatch", id="a target without an output",
        ),
        pytest.param(
            lambda d: None, replace(PICTURES, features=("size", "weight", "width")), "/model/inputs/1/columns/0",
            "unknown_column", id="a column the table does not have",
        ),
        pytest.param(
            lambda d: d["model"]["inputs"][1].update(columns=[3]), PICTURES, "/model/inputs/1/columns/0",
            "unknown_column", id="a number beyond the last column",
        ),
        pytest.param(
            lambda d: None, replace(PICTURES, inputs={"picture": (8, 8), "table": (3,)}), "/model/inputs/0",
            "invalid_graph", id="an input the data set does not have",
        ),
        pytest.param(
            lambda d: d["model"]["inputs"][1].update(of="tabel"), PICTURES, "/model/inputs/1/of", "invalid_graph",
            id="a slice of no input",
        ),
        pytest.param(
            lambda d: nodes(d)[6].update(units=9), PICTURES, "/model/nodes/6/units", "shape_mismatch", id="nine units",
        ),
        pytest.param(
            lambda d: d["compile"]["loss"]["outputs"].update(parity="sparse_categorical_crossentropy"), PICTURES,
            "/model/nodes/7/layers/0/units", "shape_mismatch", id="one unit for two classes by number",
        ),
        pytest.param(
            lambda d: d["compile"]["metrics"]["outputs"].update(digit=["accuracy", "categorical_accuracy"]), PICTURES,
            "/compile/metrics/outputs/digit/1", "task_mismatch", id="a metric that one of the losses does not suit",
        ),
        pytest.param(
            lambda d: d["fit"].update(class_weight="balanced"), PICTURES, "/fit/class_weight", "task_mismatch",
            id="class weights of two targets",
        ),
    ],
)  # fmt: skip
def test_outputs_and_inputs_must_suit_the_data(
    change: Callable[[Document], object], data: DataFacts, pointer: str, code: str
) -> None:
    assert (pointer, code) in faults(changed(GOOD, change), data)


def test_a_category_given_one_hot_is_one_column_by_name() -> None:
    table = replace(
        PICTURES, inputs={}, targets=(), input_shape=(4,), num_classes=2,
        features=("age", "colour=red", "colour=blue", "size"), columns={"age": "number", "colour": "category"},
    )  # fmt: skip

    def sliced(document: Document) -> None:
        document["model"]["inputs"] = ["x", {"name": "wide", "columns": ["colour", "size"]}]
        nodes(document)[0]["inputs"] = ["wide"]
        nodes(document)[1]["inputs"] = ["x"]
        nodes(document)[2]["inputs"] = ["flat"]
        nodes(document)[4]["units"] = 2

    definition = parse_definition(changed(SMALL, sliced))
    check_against_data(definition, table)
    model: Any = resolve(definition, {"units": 4}, table)["model"]
    assert model["slices"] == [{"name": "wide", "of": "x", "columns": [1, 2, 3]}]


def test_several_inputs_or_targets_need_a_graph() -> None:
    document = changed(SMALL, lambda d: d["model"].update(type="sequential", layers=[
        {"layer": "Flatten"}, {"layer": "Dense", "units": {"hp": "units"}}, {"layer": "Dense", "units": 10},
    ]))  # fmt: skip
    document["model"].pop("nodes")
    document["model"].pop("outputs")
    detail = faults(document, replace(PICTURES, targets=()))["/model/type", "task_mismatch"]
    assert "`image`" in detail
    assert "graph" in detail
    assert ("/model/type", "task_mismatch") in faults(document, replace(PICTURES, inputs={}))

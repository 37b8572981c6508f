"""Graphs with real Keras: built, planned, trained on several inputs and targets, exported, and written as Python."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from storage.datasets import DatasetInput, DatasetTarget, TableColumn
from storage.errors import InvalidDefinition
from tests.tuners.stored_datasets import stored_dataset
from tests.tuners.test_codegen import DIGITS, run, without_names
from tests.tuners.test_codegen import point as digits_point
from tests.tuners.trainer_doubles import Line, dataset, job, resume_from
from tuners.catalogue import catalogue
from tuners.codegen import keras_code
from tuners.codegen_model import model_code
from tuners.datasets.arrays import load_arrays
from tuners.definitions import DataFacts, parse_definition, resolve
from tuners.failures import BuildFault, ModelTooLarge
from tuners.planner.check import check
from tuners.planner.wire import ModelSize, Request
from tuners.templates import template
from tuners.trainer import checkpoints
from tuners.trainer.builder import build_model
from tuners.trainer.export import export
from tuners.trainer.making import ShapeMismatch
from tuners.trainer.protocol import EpochDone, Saved, Started
from tuners.trainer.runner import Runner
from tuners.trainer.targets import one_hot_targets

pytestmark = pytest.mark.keras

Document = dict[str, Any]

GOOD: Document = json.loads((Path(__file__).parents[1] / "unit" / "graph_definition.json").read_text("utf-8"))
PICTURES = dataset(
    name="pictures", input_shape=(8, 8), num_classes=10, train_rows=64, validation_rows=32,
    inputs=(DatasetInput("image", (8, 8), "float32"), DatasetInput("table", (3,), "float32")),
    targets=(DatasetTarget("digit", "classification", 10), DatasetTarget("parity", "classification", 2)),
    columns=tuple(TableColumn(name, "number") for name in ("age", "size", "weight")),
)  # fmt: skip
FACTS = replace(DataFacts.of(PICTURES), features=("age", "size", "weight"))


def point(**values: Any) -> Document:
    definition = parse_definition(GOOD)
    space = definition.space()
    given = space.active({**{each.name: each.default for each in space.hyperparameters}, **values})
    found: Document = resolve(definition, given, FACTS)
    return found


@dataclass
class Arrays:
    x_train: Any
    y_train: Any
    x_val: Any
    y_val: Any
    w_train: Any = None
    w_val: Any = None


def arrays(*, one_hot: Any = ()) -> Arrays:
    """96 pictures whose brightest column is the digit, and whose table says whether it is odd."""
    rng = np.random.default_rng(3)
    digits = rng.integers(0, 8, 96)
    image = rng.normal(size=(96, 8, 8)).astype("float32") * 0.1
    image[np.arange(96), :, digits] += 1
    table = np.stack([digits % 2, rng.normal(size=96), digits % 2 - 0.5], axis=1).astype("float32")
    targets = {
        "digit": np.eye(10, dtype="float32")[digits] if "digit" in one_hot else digits.astype("int32"),
        "parity": (digits % 2).astype("int32"),
    }
    x = {"image": image, "table": table}
    return Arrays(
        {name: each[:64] for name, each in x.items()}, {name: each[:64] for name, each in targets.items()},
        {name: each[64:] for name, each in x.items()}, {name: each[64:] for name, each in targets.items()},
    )  # fmt: skip


def stored(folder: Path) -> Any:
    """The same on disk, as data sets are kept."""
    data = arrays()
    parts = {"train": (data.x_train, data.y_train), "validation": (data.x_val, data.y_val)}
    files = {f"x.{name}_{part}": each for part, (x, _) in parts.items() for name, each in x.items()}
    files |= {f"y.{name}_{part}": each for part, (_, y) in parts.items() for name, each in y.items()}
    return stored_dataset(
        folder, files, input_shape=(8, 8), num_classes=10, inputs=PICTURES.inputs, targets=PICTURES.targets
    )


def graph(nodes: list[Document], outputs: Any, *, shape: tuple[int, ...] = (6, 4), **compiled: Any) -> Document:
    """A resolved definition with one input."""
    return {
        "model": {
            "type": "graph", "inputs": [{"name": "x", "shape": list(shape)}], "slices": [], "nodes": nodes,
            "outputs": outputs,
        },
        "compile": {"optimizer": {"optimizer": "Adam"}, "loss": "mse", "metrics": [], **compiled},
    }  # fmt: skip


def node(name: str, inputs: list[str], layer: str, **arguments: Any) -> Document:
    return {"name": name, "layer": {"layer": layer, **arguments}, "inputs": inputs}


def test_layers_and_variables_are_named_after_nodes_in_every_model_alike() -> None:
    resolved = point(blocks=2, norm=True, skip=True, drop="some")
    names = []
    for _ in range(2):
        model = build_model(resolved)
        names.append([each.path for each in model.variables if "seed_generator" not in each.path])
        assert {layer.name for layer in model.layers} >= {"stem", "deep-0-inner-0", "deep-1-sum", "mixed", "parity"}
    assert names[0] == names[1]
    assert model.output_names == ["digit", "parity"]
    assert set(model.input) == {"image", "table"}
    keras.utils.clear_session()


def test_what_is_logged_is_what_the_definition_promises() -> None:
    for loss in ("sparse_categorical_crossentropy", "categorical_crossentropy"):
        resolved = point(loss=loss)
        model = build_model(resolved)
        wanted = one_hot_targets(resolved, model, PICTURES)
        assert wanted == (frozenset() if loss.startswith("sparse") else frozenset({"digit"}))
        data = arrays(one_hot=wanted)
        logs = model.train_on_batch(data.x_train, data.y_train, return_dict=True)
        told = parse_definition(GOOD).metrics()
        assert told is not None
        assert set(logs) == set(told)
    keras.utils.clear_session()


@pytest.mark.parametrize("name", sorted(name for name, entry in catalogue().layers.items() if entry.inputs[1] > 1))
def test_every_layer_of_several_inputs_can_be_built_and_run(name: str) -> None:
    entry = catalogue().layers[name]
    several: dict[str, Document] = {
        "Dot": {"axes": 2},
        "MultiHeadAttention": {"num_heads": 2, "key_dim": 3, "use_causal_mask": True},
        "GroupQueryAttention": {"num_query_heads": 4, "num_key_value_heads": 2, "head_dim": 3},
        "AdditiveAttention": {"use_causal_mask": True},
    }
    arguments = several.get(name, {})
    for count in range(entry.inputs[0], min(entry.inputs[1], 3) + 1):
        others = [node(letter, ["x"], "Dense", units=4) for letter in "abc"[:count]]
        taken = list("abc"[:count])
        model = build_model(graph([*others, node("end", taken, name, **arguments)], "end"))
        result = model(np.full((2, 6, 4), 0.5, dtype="float32"), training=True)
        assert tuple(result.shape)[1:] == tuple(model.output_shape)[1:]
    keras.utils.clear_session()


def test_attention_in_a_list_of_layers_attends_to_itself() -> None:
    layers = [
        {"layer": "MultiHeadAttention", "num_heads": 2, "key_dim": 3, "use_causal_mask": True},
        {"layer": "Attention"},
        {"layer": "Flatten"},
        {"layer": "Dense", "units": 1},
    ]
    resolved = graph([], "x") | {"model": {"type": "sequential", "input_shape": [6, 4], "layers": layers}}
    model = build_model(resolved)
    assert [layer.name for layer in model.layers][1:] == [
        "multi_head_attention_0", "attention_1", "flatten_2", "dense_3",
    ]  # fmt: skip
    early, late = np.zeros((1, 6, 4), "float32"), np.zeros((1, 6, 4), "float32")
    late[0, 5] = 1
    seen = keras.Model(model.input, model.layers[1].output)
    np.testing.assert_allclose(seen(early)[0, :5], seen(late)[0, :5], atol=1e-6)
    keras.utils.clear_session()


@pytest.mark.parametrize(
    ("nodes", "fault", "number"),
    [
        ([node("a", ["x"], "Dense", units=3), node("sum", ["a", "x"], "Add")], ShapeMismatch, 1),
        ([node("a", ["x"], "Flatten"), node("both", ["a", "x"], "Concatenate")], ShapeMismatch, 1),
        ([node("a", ["x"], "Dense", units=1_000_000)], ModelTooLarge, 0),
        ([node("a", ["x"], "RepeatVector", n=3)], ShapeMismatch, 0),
        ([node("a", ["x"], "Conv1D", filters=4, kernel_size=3, groups=3)], BuildFault, 0),
        ([node("a", ["x"], "Conv1D", filters=4, kernel_size=3, strides=2, dilation_rate=2)], BuildFault, 0),
        ([node("a", ["x"], "UpSampling1D", size=256), node("b", ["a"], "UpSampling1D", size=256),
          node("c", ["b"], "UpSampling1D", size=256)], ModelTooLarge, 2),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_refused_at_its_node(
    nodes: list[Document], fault: type[BuildFault], number: int
) -> None:
    resolved = graph(nodes, nodes[-1]["name"])
    resolved["layer_pointers"] = [f"/model/nodes/{index}" for index in range(len(nodes))]
    with pytest.raises(fault) as caught:
        build_model(resolved, max_parameters=1_000_000, allocate=False)
    assert caught.value.pointer == f"/model/nodes/{number}"
    keras.utils.clear_session()


def plan(change: Callable[[Document], object] | None = None, facts: DataFacts = FACTS) -> ModelSize:
    document = copy.deepcopy(GOOD)
    if change is not None:
        change(document)
    definition = parse_definition(document).to_json()
    # As the planner's child gets it.
    request = Request(definition=definition, facts=facts, max_parameters=1_000_000).model_dump_json()
    return check(Request.model_validate_json(request))


def nodes_of(document: Document) -> list[Document]:
    found: list[Document] = document["model"]["nodes"]
    return found


def test_the_planner_builds_a_graph_all_over_its_space() -> None:
    size = plan()
    # The smallest: a stem of 4, no block, what is joined of 4 + 4 + 2, and both ends.
    assert size.min_parameters == (64 + 1) * 4 + (3 + 1) * 4 + (10 + 1) * 10 + (10 + 1)
    assert size.max_parameters is not None
    assert size.max_parameters > size.min_parameters


@pytest.mark.parametrize(
    ("change", "pointer", "code", "says"),
    [
        (lambda d: nodes_of(d)[2]["nodes"][0]["layers"][0].update(units=5), "/model/nodes/2/nodes/1",
         "shape_mismatch", "width="),
        (lambda d: nodes_of(d)[0].update(layer="Identity"), "/model/nodes/3", "shape_mismatch", "blocks="),
        (lambda d: nodes_of(d)[1].update(units=100_000), "/model/nodes/1", "model_too_large", ""),
        (lambda d: nodes_of(d)[7].update(layers=[{"layer": "Reshape", "target_shape": [2, -1]}]),
         "/compile/loss/outputs/parity", "shape_mismatch", "`parity`"),
        (lambda d: d["compile"]["metrics"]["outputs"].update(
            digit=[{"metric": "MeanSquaredError", "name": "accuracy"}]),
         "/compile/metrics/outputs/digit/0", "shape_mismatch", "loss=sparse"),
    ],
)  # fmt: skip
def test_the_planner_names_the_node_and_the_point(
    change: Callable[[Document], object], pointer: str, code: str, says: str
) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        plan(change)
    (fault,) = caught.value.faults
    assert (fault.pointer, fault.code) == (pointer, code)
    assert says in fault.detail


def test_an_embedding_needs_a_vector_for_every_token() -> None:
    def reading(document: Document) -> None:
        nodes_of(document)[0] = {"name": "flat", "inputs": ["image"], "layers": [
            {"layer": "Flatten"}, {"layer": "Embedding", "input_dim": 99, "output_dim": 2}, {"layer": "Flatten"},
        ]}  # fmt: skip

    with pytest.raises(InvalidDefinition) as caught:
        plan(reading, replace(FACTS, vocabulary_size=100))
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [
        ("/model/nodes/0/layers/1/input_dim", "label_out_of_range")
    ]
    assert (plan(reading, replace(FACTS, vocabulary_size=99)).min_parameters or 0) > 99 * 2


def test_a_graph_of_two_inputs_and_two_targets_is_trained_resumed_and_exported(tmp_path: Path) -> None:
    resolved = point(blocks=1, loss="categorical_crossentropy", width=16)
    del resolved["fit"]["validation_split"]  # The data have a validation part of their own.
    folder = tmp_path / "data"
    order = {"resolved": resolved, "dataset": stored(folder), "data_folder": str(folder)}
    line = Line()
    assert Runner(load_arrays, build_model).run(job(tmp_path, **order), line.control) == "completed"
    assert line.epochs() == [(0, 0), (0, 1), (0, 2), (0, 3)]
    promised = parse_definition(GOOD).metric_names()
    assert set(line.of(EpochDone)[0].metrics) == set(promised)
    losses = [message.metrics["loss"] for message in line.of(EpochDone)]
    assert losses[-1] < losses[0]
    (started,) = line.of(Started)

    first = Line(orders=lambda message, control: control.end("release", None) if _is_epoch(message, 1) else None)
    assert Runner(load_arrays, build_model).run(job(tmp_path, **order), first.control) == "released"
    second = Line()
    resumed = job(tmp_path, **order, attempt=2, resume=resume_from(first.last()))
    assert Runner(load_arrays, build_model).run(resumed, second.control) == "completed"
    assert second.epochs() == [(0, 2), (0, 3)]

    best = Path([saved.path for saved in line.of(Saved) if saved.kind == "best"][-1])
    out = tmp_path / "model.keras"
    export(resolved, best, out)
    model = keras.models.load_model(out)
    assert model.count_params() == started.parameters
    saved = [each for each in checkpoints.read(best).of_role("model") if each.name != checkpoints.SEED_STATE]
    assert [weight.tobytes() for weight in model.get_weights()] == [each.value.tobytes() for each in saved]
    given = model.predict(arrays().x_val, verbose=0)
    assert {name: each.shape for name, each in given.items()} == {"digit": (32, 10), "parity": (32, 1)}
    keras.utils.clear_session()


def _is_epoch(message: object, epoch: int) -> bool:
    return isinstance(message, EpochDone) and message.epoch == epoch


@pytest.mark.parametrize(
    "values",
    [{"blocks": 2, "norm": True, "drop": "some"}, {"blocks": 0}, {"skip": False, "loss": "categorical_crossentropy"}],
)
def test_the_python_of_a_graph_makes_the_same_model(values: Document) -> None:
    resolved = point(**values)
    namespace: Document = {"keras": keras}
    exec(compile(model_code(resolved["model"]), "model.py", "exec"), namespace)
    ours, theirs = build_model(resolved), namespace["model"]
    assert theirs.output_names == ours.output_names
    assert [weight.shape for weight in theirs.weights] == [weight.shape for weight in ours.weights]
    theirs.set_weights(ours.get_weights())
    given = arrays().x_val
    for name, expected in ours.predict(given, verbose=0).items():
        np.testing.assert_allclose(theirs.predict(given, verbose=0)[name], expected, rtol=1e-5)
    keras.utils.clear_session()


@pytest.mark.parametrize(
    ("name", "values", "shape"),
    [
        ("text", {"reader": "lstm"}, (200,)),
        ("text", {"reader": "average"}, (200,)),
        ("tabular", {"num_layers": 2}, (4,)),
        ("sequence", {"deep": True, "smooth": True}, (24, 4)),
    ],
)
def test_the_python_of_wrappers_and_objects_makes_the_same_model(
    name: str, values: Document, shape: tuple[int, ...]
) -> None:
    definition = parse_definition(template(name))
    space = definition.space()
    given = space.active({**{each.name: each.default for each in space.hyperparameters}, **values})
    facts = DataFacts("classification", shape, 3, 64, 0, 0, "float32", "int32", vocabulary_size=10_000)
    resolved: Document = resolve(definition, given, facts)
    namespace: Document = {"keras": keras}
    exec(compile(model_code(resolved["model"]), "model.py", "exec"), namespace)
    ours = [layer.get_config() for layer in build_model(resolved).layers]
    assert without_names([layer.get_config() for layer in namespace["model"].layers]) == without_names(ours)
    keras.utils.clear_session()


def test_the_program_of_a_residual_network_runs_as_it_stands(tmp_path: Path) -> None:
    resolved = digits_point("residual", DIGITS)
    told, left = run(keras_code(resolved, DIGITS, split_seed=3), tmp_path)
    assert len(told["loss"]) == 1
    assert left["y_train"].shape == (len(left["x_train"]), 10)
    assert [layer["name"] for layer in told["layers"]].count("x") == 1


def test_nodes_called_like_words_of_python_are_written_as_other_names() -> None:
    nodes = [
        node("class", ["x"], "Dense", units=2), node("keras", ["x"], "Dense", units=2),
        node("b-0", ["x"], "Dense", units=2), node("b_0", ["x"], "Dense", units=2),
        node("sum", ["class", "keras", "b-0", "b_0"], "Average"),
    ]  # fmt: skip
    namespace: Document = {"keras": keras}
    exec(compile(model_code(graph(nodes, "sum")["model"]), "model.py", "exec"), namespace)
    assert namespace["model"].count_params() == 4 * 10
    keras.utils.clear_session()

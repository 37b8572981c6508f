"""Real Keras models from resolved definitions: what is allowed can be built, and nothing else can."""

from __future__ import annotations

import re
import threading
from typing import Any

import keras
import numpy as np
import pytest

from tuners.catalogue import Argument, catalogue
from tuners.failures import BuildFault, ModelTooLarge
from tuners.trainer.builder import build_model
from tuners.trainer.compiling import compiled_outputs
from tuners.trainer.limits import ParameterLimitExceeded, parameter_limit
from tuners.trainer.making import ShapeMismatch

pytestmark = pytest.mark.keras

Layer = dict[str, Any]

MLP: list[Layer] = [
    {"layer": "Flatten"},
    {"layer": "Dense", "units": 16, "activation": "relu"},
    {"layer": "BatchNormalization"},
    {"layer": "Dropout", "rate": 0.2},
    {"layer": "Dense", "units": 10, "activation": "softmax"},
]


def resolved(
    layers: list[Layer], *, shape: tuple[int, ...] = (8, 8), pointers: list[str] | None = None, **compiled: Any
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "model": {"type": "sequential", "input_shape": list(shape), "layers": layers},
        "compile": {
            "optimizer": {"optimizer": "Adam", "learning_rate": 0.01},
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
            **compiled,
        },
    }
    if pointers is not None:
        document["layer_pointers"] = pointers
    return document


def test_a_model_is_built_compiled_and_trains_under_the_promised_names() -> None:
    metrics = ["acc", {"metric": "SparseTopKCategoricalAccuracy", "k": 2}, {"metric": "Accuracy", "name": "hits"}]
    for _ in range(2):
        model = build_model(resolved(MLP, metrics=metrics))
        assert [layer.name for layer in model.layers] == [
            "flatten_0", "dense_1", "batch_normalization_2", "dropout_3", "dense_4",
        ]  # fmt: skip
        assert float(model.optimizer.learning_rate) == pytest.approx(0.01)
    logs = model.train_on_batch(np.zeros((4, 8, 8), "float32"), np.array([0, 1, 2, 9]), return_dict=True)
    assert set(logs) == {"loss", "acc", "sparse_top_k_categorical_accuracy", "hits"}
    assert logs["acc"] == logs["hits"]


def test_the_logged_name_of_a_second_auc_is_still_auc() -> None:
    layers = [{"layer": "Dense", "units": 1, "activation": "sigmoid"}]
    compiled: dict[str, Any] = {
        "loss": "binary_crossentropy",
        "metrics": ["accuracy", "AUC", {"metric": "AUC", "curve": "PR", "name": "auc_pr"}],
    }
    for _ in range(2):
        model = build_model(resolved(layers, shape=(3,), **compiled))
        logs = model.train_on_batch(np.zeros((4, 3), "float32"), np.array([0, 1, 1, 0]), return_dict=True)
        assert set(logs) == {"loss", "accuracy", "auc", "auc_pr"}


@pytest.mark.parametrize("kind", ["losses", "optimizers"])
def test_every_loss_and_optimizer_can_be_compiled(kind: str) -> None:
    for name, entry in getattr(catalogue(), kind).items():
        for word in (name, *entry.aliases):
            own = "loss" if kind == "losses" else "optimizer"
            model = build_model(resolved([{"layer": "Dense", "units": 2}], shape=(3,), metrics=[], **{own: word}))
            made = model.loss if own == "loss" else model.optimizer
            assert type(made).__name__ == name


def test_every_metric_gives_one_number_under_its_logged_name() -> None:
    by_number, rows = np.array([0, 1, 2, 0]), np.eye(4, 3, dtype="float32")
    for name, entry in catalogue().metrics.items():
        if name == "Accuracy":
            continue  # Made as one of its relatives, which are here too.
        metric = {"metric": name, **_required(entry.arguments)}
        model = build_model(resolved([{"layer": "Dense", "units": 3}], shape=(2,), metrics=[]))
        (output,) = compiled_outputs({"loss": "mse", "metrics": [metric]}, model)
        (made,) = output.make_metrics()
        made.update_state(by_number if name.startswith("Sparse") else rows, np.full((4, 3), 0.3, dtype="float32"))
        assert np.shape(made.result()) == ()
        assert made.name == entry.logged_as


@pytest.mark.parametrize("name", sorted(name for name, entry in catalogue().layers.items() if entry.inputs[0] == 1))
def test_every_layer_can_be_built_and_run_in_training(name: str) -> None:
    entry = catalogue().layers[name]
    layer = {"layer": name, **_required(entry.arguments), **_SPECIAL.get(name, {})}
    shape = _input_shape(name, entry.group)
    model = build_model(resolved([layer], shape=shape, loss="mse", metrics=[]))
    given = np.full((2, *shape), 0.5, dtype="float32")
    result = model(given, training=True)
    assert tuple(result.shape)[1:] == tuple(model.output_shape)[1:]


_SPECIAL: dict[str, Layer] = {
    "Reshape": {"target_shape": [4, 8]},
    "Permute": {"dims": [2, 1]},
    "GroupNormalization": {"groups": 1},
    "RandomCrop": {"height": 4, "width": 4},
    "CenterCrop": {"height": 4, "width": 4},
}


def _input_shape(name: str, group: str) -> tuple[int, ...]:
    rank = re.search(r"(\d)D", name)
    if name in ("RepeatVector", "CategoryEncoding"):
        return (4,)
    if group in ("preprocessing", "augmentation"):
        return (8, 8, 3)
    if rank is None:
        return (8, 4)
    spatial = (6,) * int(rank[1])
    return (3, *spatial, 2) if name.startswith("ConvLSTM") else (*spatial, 2)


def _required(arguments: Any) -> Layer:
    return {name: _value(argument) for name, argument in arguments.items() if argument.required}


def _value(argument: Argument) -> Any:
    if "layer" in argument.kinds:
        assert argument.choices
        return {"layer": argument.choices[0], **_required(catalogue().layers[argument.choices[0]].arguments)}
    if argument.choices:
        return argument.choices[0]
    if "int" in argument.kinds:
        return max(2, int(argument.minimum or 0))
    if "float" in argument.kinds:
        return 0.5
    return [1] * argument.min_items


@pytest.mark.parametrize(
    ("layers", "shape", "fault", "number"),
    [
        ([{"layer": "Conv2D", "filters": 4, "kernel_size": 3}], (8, 8), ShapeMismatch, 0),
        ([{"layer": "Flatten"}, {"layer": "MaxPooling2D"}], (8, 8, 1), ShapeMismatch, 1),
        (
            [{"layer": "Conv2D", "filters": 4, "kernel_size": 3}, {"layer": "MaxPooling2D", "pool_size": 7}],
            (8, 8, 1), ShapeMismatch, 1,
        ),
        ([{"layer": "Reshape", "target_shape": [5, 5]}], (8, 8), ShapeMismatch, 0),
        ([{"layer": "Cropping1D", "cropping": 4}], (8, 2), ShapeMismatch, 0),
        ([{"layer": "Conv2D", "filters": 8, "kernel_size": 3, "groups": 3}], (8, 8, 3), BuildFault, 0),
        ([{"layer": "Dense", "units": 10**6}, {"layer": "Dense", "units": 10**6}], (8,), ModelTooLarge, 0),
        ([{"layer": "Flatten"}, {"layer": "RepeatVector", "n": 10**5}, {"layer": "Flatten"},
          {"layer": "RepeatVector", "n": 10**5}], (8, 8), ModelTooLarge, 3),
        ([{"layer": "UpSampling2D", "size": 256}] * 3, (8, 8, 1), ModelTooLarge, 1),
        ([{"layer": "Embedding", "input_dim": 10**7, "output_dim": 65_536}], (8,), ModelTooLarge, 0),
        ([{"layer": "Identity"}] * 501, (8,), ModelTooLarge, None),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_refused_at_its_layer(
    layers: list[Layer], shape: tuple[int, ...], fault: type[BuildFault], number: int | None
) -> None:
    pointers = [f"/model/layers/0/layers/{index}" for index in range(len(layers))]
    with pytest.raises(fault) as caught:
        build_model(resolved(layers, shape=shape, pointers=pointers), max_parameters=1_000_000)
    assert caught.value.pointer == ("/model/layers" if number is None else pointers[number])
    assert "\x1b" not in caught.value.message
    assert "\n" not in caught.value.message
    assert 10 < len(caught.value.message) < 500


@pytest.mark.parametrize(
    ("layer", "pointer"),
    [
        ({"layer": "Lambda", "function": "x"}, "/model/layers/0/layer"),
        ({"layer": "TFSMLayer", "filepath": "/etc"}, "/model/layers/0/layer"),
        ({"layer": "__class__"}, "/model/layers/0/layer"),
        ({"layer": "Dense", "units": 4, "module": "os"}, "/model/layers/0/module"),
        ({"layer": "Dense", "units": 4, "name": "../x"}, "/model/layers/0/name"),
        ({"layer": "Dense", "units": 4, "activation": {"class_name": "Lambda"}}, "/model/layers/0/activation"),
        ({"layer": "Dense", "units": 4, "kernel_initializer": "keras.utils.get_file"},
         "/model/layers/0/kernel_initializer"),
        ({"layer": "Embedding", "input_dim": 3, "output_dim": 2, "weights": "/x.h5"}, "/model/layers/0/weights"),
        ({"layer": "Dense"}, "/model/layers/0"),
    ],
)  # fmt: skip
def test_what_the_catalogue_does_not_have_is_refused_here_too(layer: Layer, pointer: str) -> None:
    with pytest.raises(BuildFault) as caught:
        build_model(resolved([layer]))
    assert caught.value.pointer == pointer


@pytest.mark.parametrize(
    ("compiled", "pointer"),
    [
        ({"loss": "os.system"}, "/compile/loss"),
        ({"loss": {"loss": "Huber", "delta": -1}}, "/compile/loss/delta"),
        ({"optimizer": {"optimizer": "Adam", "learning_rate": "inf"}}, "/compile/optimizer/learning_rate"),
        ({"optimizer": "MultiOptimizer"}, "/compile/optimizer"),
        ({"metrics": ["accuracy", "MeanMetricWrapper"]}, "/compile/metrics/1"),
        ({"metrics": ["F1Score"]}, "/compile/metrics/0"),
    ],
)
def test_compile_takes_from_the_catalogue_only(compiled: dict[str, Any], pointer: str) -> None:
    with pytest.raises(BuildFault) as caught:
        build_model(resolved(MLP, **compiled))
    assert caught.value.pointer == pointer


def test_a_model_to_look_at_has_no_weights_in_memory() -> None:
    wide = [{"layer": "Dense", "units": 100_000}, {"layer": "Dense", "units": 100_000}]
    model = build_model(resolved(wide, shape=(8,)), allocate=False)
    assert model.count_params() == 9 * 100_000 + 100_001 * 100_000
    assert all(weight._value is None for weight in model.weights)
    keras.utils.clear_session(free_memory=False)
    small = build_model(resolved(MLP))
    assert all(weight._value is not None for weight in small.weights)


def test_the_limit_counts_each_thread_for_itself_and_goes_away() -> None:
    before = keras.layers.Layer.add_weight
    inside, done = threading.Event(), threading.Event()
    other: list[object] = []

    def small_limit() -> None:
        with parameter_limit(10):
            inside.set()
            done.wait(30)
            try:
                keras.layers.Dense(4).build((None, 4))
            except ParameterLimitExceeded as error:
                other.append(error)

    thread = threading.Thread(target=small_limit)
    thread.start()
    assert inside.wait(30)
    keras.layers.Dense(100).build((None, 100))
    with parameter_limit(20_000):
        keras.layers.Dense(100).build((None, 100))
        done.set()
        thread.join(30)
        with pytest.raises(ParameterLimitExceeded):
            keras.layers.Dense(100).build((None, 100))
    assert len(other) == 1
    assert keras.layers.Layer.add_weight is before

"""Backbones for real, as small as there are: built, frozen, trained, saved, and given weights from elsewhere."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from storage.datasets import Dataset
from tests.tuners.trainer_doubles import Line, TinyArrays, dataset, job
from tuners.catalogue.applications import applications
from tuners.codegen_model import model_code
from tuners.failures import BuildFault, TrialFault
from tuners.trainer.applications import BACKBONE
from tuners.trainer.builder import build_model
from tuners.trainer.export import export
from tuners.trainer.protocol import RunTrial, Saved
from tuners.trainer.runner import Runner

pytestmark = pytest.mark.keras

SMALL = {"alpha": 0.35}


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    keras.utils.clear_session()
    keras.utils.set_random_seed(3)
    yield
    keras.utils.clear_session()


def resolved(**model: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "type": "application",
        "input_shape": [32, 32, 3],
        "application": "MobileNetV2",
        "arguments": SMALL,
        "weights": None,
        "trainable": True,
        "pooling": "avg",
        "preprocess": True,
        "in_front": 0,
        "layers": [{"layer": "Dense", "units": 2, "activation": "softmax"}],
        **model,
    }
    return {
        "model": document,
        "compile": {
            "optimizer": {"optimizer": "Adam", "learning_rate": 0.001},
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
        },
        "fit": {"epochs": 1, "batch_size": 8, "shuffle": True, "callbacks": []},
        "objective": {"name": "val_accuracy", "direction": "max"},
        "seed": 7,
    }


def images(folder: Path, dataset: Dataset, **_: object) -> TinyArrays:
    """16 + 8 images: dark ones and light ones."""
    y = np.arange(24) % 2
    x = np.random.default_rng(3).uniform(0, 60, size=(24, 32, 32, 3)) + 150 * y[:, None, None, None]
    x = x.astype(np.float32)
    return TinyArrays(x[:16], y[:16], x[16:], y[16:])


def image_job(scratch: Path, definition: dict[str, Any]) -> RunTrial:
    return job(
        scratch, resolved=definition, dataset=dataset(input_shape=(32, 32, 3)), target_epochs=1, max_parameters=10**7
    )


def weights_of(model: keras.Model) -> list[NDArray[Any]]:
    return [np.array(each) for each in model.get_layer(BACKBONE).get_weights()]


def same(left: list[NDArray[Any]], right: list[NDArray[Any]]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize(
    ("trainable", "trained"),
    [(True, 52 * 3), (False, 0), ({"last": 0}, 0), ({"last": 4}, 3), ({"last": 5000}, 52 * 3), ({"from": "Conv_1"}, 3)],
)
def test_only_what_is_to_be_trained_is_trainable(trainable: Any, trained: int) -> None:
    model = build_model(resolved(trainable=trainable))
    assert len(model.get_layer(BACKBONE).trainable_variables) == trained
    # The head always is.
    assert len(model.trainable_variables) == trained + 2


def test_a_frozen_backbone_stays_as_it_is_and_the_head_learns() -> None:
    model = build_model(resolved(trainable=False))
    before, head = weights_of(model), model.layers[-1].get_weights()
    arrays = images(Path(), dataset())
    model.fit(arrays.x_train, arrays.y_train, verbose=0)
    assert same(weights_of(model), before)
    assert not same(model.layers[-1].get_weights(), head)


def test_statistics_that_belong_to_given_weights_are_kept_when_they_are_trained() -> None:
    """Keras' guides: BatchNormalization stays in inference mode when a pretrained backbone is unfrozen."""
    arrays = images(Path(), dataset())
    for weights, moves in ((None, True), ({"trial": "t_1"}, False)):
        # Its end alone, as in Keras' guide: the whole backbone takes ten times as long to be traced.
        model = build_model(resolved(weights=weights, trainable={"last": 4}))
        layers = [model.get_layer(BACKBONE).get_layer(name) for name in ("Conv_1_bn", "Conv_1")]
        before = [layer.get_weights() for layer in layers]
        model.fit(arrays.x_train, arrays.y_train, verbose=0)
        assert [not same(layer.get_weights(), old) for layer, old in zip(layers, before, strict=True)] == [moves, True]


def test_a_layer_of_no_such_name_is_a_build_error() -> None:
    with pytest.raises(BuildFault) as raised:
        build_model(resolved(trainable={"from": "block99"}))
    assert raised.value.pointer == "/model/trainable/from"


@pytest.mark.parametrize("shape", [[20, 20], [20, 20, 1], [20, 20, 3]])
def test_grey_images_and_those_of_another_size_are_made_to_fit(shape: list[int]) -> None:
    model = build_model(resolved(input_shape=shape, image_size=[32, 40]))
    assert model.get_layer(BACKBONE).input_shape == (None, 32, 40, 3)
    inner = keras.Model(model.input, model.get_layer("preprocess").output)
    x = np.full((1, *shape), 255.0, dtype="float32")
    np.testing.assert_allclose(inner(x), np.ones((1, 32, 40, 3)), atol=1e-6)


def test_images_that_are_too_small_are_refused_with_their_place() -> None:
    for more, place in (({}, "/model/application"), ({"image_size": [31, 64]}, "/model/image_size")):
        with pytest.raises(BuildFault) as raised:
            build_model(resolved(input_shape=[8, 8], **more))
        assert raised.value.pointer == place
        assert "at least 32 x 32" in raised.value.message


def test_images_that_no_memory_holds_are_refused() -> None:
    with pytest.raises(BuildFault) as raised:
        build_model(resolved(application="VGG16", arguments={}, image_size=[2048, 2048]), allocate=False)
    assert (raised.value.code, raised.value.pointer) == ("model_too_large", "/model/image_size")


@pytest.mark.parametrize(
    ("name", "module"), [("VGG16", "vgg16"), ("DenseNet121", "densenet"), ("MobileNetV2", "mobilenet_v2")]
)
def test_preprocessing_is_that_of_the_application(name: str, module: str) -> None:
    model = build_model(resolved(application=name, arguments={}), allocate=False)
    inner = keras.Model(model.input, model.get_layer("preprocess").output)
    x = np.random.default_rng(1).uniform(0, 255, size=(2, 32, 32, 3)).astype("float32")
    theirs = getattr(keras.applications, module).preprocess_input(x.copy())
    np.testing.assert_allclose(inner(x), theirs, atol=1e-5)


def test_preprocessing_inside_a_backbone_can_be_left_out() -> None:
    """MobileNetV3 scales by itself unless it is told not to."""
    for preprocess, layers in ((True, 1), (False, 0)):
        document = resolved(application="MobileNetV3Small", arguments={"minimalistic": True}, preprocess=preprocess)
        backbone = build_model(document, allocate=False).get_layer(BACKBONE)
        assert sum(isinstance(layer, keras.layers.Rescaling) for layer in backbone.layers) == layers
        assert all(layer.name != "preprocess" for layer in backbone.layers)


AUGMENTED = {
    "in_front": 2,
    "layers": [
        {"layer": "RandomFlip", "mode": "horizontal"},
        {"layer": "RandomRotation", "factor": 0.25},
        {"layer": "Dropout", "rate": 0.2},
        {"layer": "Dense", "units": 2, "activation": "softmax"},
    ],
}


def test_augmentation_is_for_training_only_and_the_saved_file_needs_no_code(tmp_path: Path) -> None:
    model = build_model(resolved(**AUGMENTED))
    x = images(tmp_path, dataset()).x_train
    image = keras.Model(model.input, model.get_layer("random_rotation_1").output)
    np.testing.assert_array_equal(image(x, training=False), x)
    assert not np.array_equal(image(x, training=True), x)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-5)


def test_the_limit_on_parameters_names_what_goes_over_it() -> None:
    with pytest.raises(BuildFault) as raised:
        build_model(resolved(), max_parameters=100_000, allocate=False)
    assert (raised.value.code, raised.value.pointer) == ("model_too_large", "/model/application")


def given(kind: str, path: Path) -> dict[str, Any]:
    return {"weights": {"trial": "t_1"}, "weights_file": {"kind": kind, "path": str(path)}, "trainable": False}


def test_a_backbone_goes_on_with_what_an_earlier_trial_has_learnt(tmp_path: Path) -> None:
    line = Line()
    runner = Runner(images, build_model)
    first = resolved(**AUGMENTED, trainable={"last": 4})
    assert runner.run(image_job(tmp_path, first), line.control) == "completed"
    (best,) = [saved for saved in line.of(Saved) if saved.kind == "best"]
    out = tmp_path / "trained.keras"
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        export(first, Path(best.path), out)
        trained = keras.saving.load_model(out)
    learnt = weights_of(trained)
    for kind, path in (("checkpoint", Path(best.path)), ("model", out)):
        # Another head, other augmentation, other sizes: only the backbone is taken.
        later = resolved(**given(kind, path), input_shape=[40, 40])
        assert same(weights_of(build_model(later)), learnt)
        other = resolved(**given(kind, path), arguments={"alpha": 0.5})
        with pytest.raises(BuildFault) as raised:
            build_model(other)
        assert raised.value.pointer == "/model/weights"
    second = Line()
    later = resolved(**given("checkpoint", Path(best.path)))
    assert runner.run(image_job(tmp_path, later), second.control) == "completed"


@pytest.mark.parametrize("ending", [".weights.h5", ".h5"])
def test_uploaded_weights_come_back_in_both_formats(ending: str, tmp_path: Path) -> None:
    options = {"include_top": False, "weights": None, "input_shape": (32, 32, 3)}
    theirs = keras.applications.MobileNetV2(alpha=0.35, **options)
    path = tmp_path / f"backbone{ending}"
    if ending == ".h5":
        with warnings.catch_warnings(action="ignore"):
            theirs.save(path)
    else:
        theirs.save_weights(path)
    kept = [np.array(each) for each in theirs.get_weights()]
    keras.utils.clear_session()
    assert same(weights_of(build_model(resolved(**given("file", path)))), kept)


def test_weights_of_unnamed_layers_are_put_in_their_order(tmp_path: Path) -> None:
    """Xception's shortcuts have no names of their own: another session numbers them otherwise."""
    options = {"include_top": False, "weights": None, "input_shape": (71, 71, 3)}
    keras.applications.Xception(**options)
    theirs = keras.applications.Xception(**options)
    with warnings.catch_warnings(action="ignore"):
        theirs.save(tmp_path / "x.h5")
    kept = [np.array(each) for each in theirs.get_weights()]
    keras.utils.clear_session()
    document = resolved(application="Xception", arguments={}, input_shape=[71, 71, 3])
    document["model"] |= given("file", tmp_path / "x.h5")
    assert same(weights_of(build_model(document)), kept)


def test_weights_of_another_model_are_a_build_error_with_the_reason(tmp_path: Path) -> None:
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    other.save_weights(tmp_path / "other.weights.h5")
    wider = keras.applications.MobileNetV2(alpha=0.5, include_top=False, weights=None, input_shape=(32, 32, 3))
    wider.save_weights(tmp_path / "wider.weights.h5")
    with warnings.catch_warnings(action="ignore"):
        wider.save(tmp_path / "wider.h5")
    for name in ("other.weights.h5", "wider.weights.h5", "wider.h5"):
        with pytest.raises(BuildFault) as raised:
            build_model(resolved(**given("file", tmp_path / name)))
        assert raised.value.pointer == "/model/weights"
        assert raised.value.message.startswith("the file does not fit the backbone: ")
        assert str(tmp_path) not in raised.value.message


def test_imagenets_weights_that_are_not_here_are_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    document = resolved(weights="imagenet", weights_file={"kind": "imagenet", "download": False})
    with pytest.raises(TrialFault) as raised:
        build_model(document)
    assert raised.value.code == "weights_unavailable"
    assert "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5" in raised.value.message


@pytest.mark.parametrize(
    "model",
    [
        {**AUGMENTED, "input_shape": [20, 20], "image_size": [32, 32], "trainable": {"last": 4}},
        {"application": "VGG16", "arguments": {}, "trainable": {"from": "block5_conv1"}},
        {"application": "MobileNet", "arguments": {"alpha": 0.25}, "pooling": "max", "trainable": False},
        {"application": "MobileNetV3Small", "arguments": {"minimalistic": True}, "preprocess": False},
    ],
    ids=lambda model: model.get("application", "MobileNetV2"),
)
def test_generated_programs_build_the_same_model(model: dict[str, Any]) -> None:
    document = resolved(**model)
    ours = build_model(document)
    space: dict[str, Any] = {"keras": keras, "np": np}
    exec(model_code(document["model"]).removesuffix("model.summary()"), space)  # Our own text.
    theirs = space["model"]
    theirs.set_weights(ours.get_weights())
    x = np.random.default_rng(1).uniform(0, 255, size=(2, *document["model"]["input_shape"])).astype("float32")
    np.testing.assert_allclose(theirs.predict(x, verbose=0), ours.predict(x, verbose=0), atol=1e-5)
    shapes = [[tuple(each.shape) for each in one.trainable_variables] for one in (ours, theirs)]
    assert shapes[0] == shapes[1]


def test_generated_programs_begin_with_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    earlier = build_model(resolved())
    earlier.save(tmp_path / "t_1.keras")
    earlier.get_layer(BACKBONE).save_weights(tmp_path / "w8_1.weights.h5")
    kept = weights_of(earlier)
    for weights in ({"weights": "w8_1"}, {"trial": "t_1"}):
        space: dict[str, Any] = {"keras": keras, "np": np}
        code = model_code(resolved(weights=weights)["model"])
        exec(code.removesuffix("model.summary()"), space)  # Our own text.
        assert same(weights_of(space["model"]), kept)
        frozen = 52 * 2
        assert len(space["model"].trainable_variables) == 52 * 3 - frozen + 2


def test_the_catalogue_tells_what_keras_has() -> None:
    from tuners.catalogue.generate_applications import _application

    for name in ("VGG16", "MobileNetV3Small"):
        entry, known = _application(getattr(keras.applications, name)), applications()[name]
        assert entry["weighted"].split() == list(known.weighted)
        assert (entry["minimum"], entry["preprocessing"], entry["raw"], entry["files"], entry["parameters"]) == (
            known.minimum, known.preprocessing, known.raw, dict(known.files), known.parameters,
        )  # fmt: skip

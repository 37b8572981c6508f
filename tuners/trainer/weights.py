"""Puts weights from a file on this machine, from an earlier trial or from ImageNet into a backbone.

Which file that is, the worker has found out: a definition names an uploaded file or a trial by its id, never a path.
Files are read by h5py and numpy; nothing in them is ever run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import keras

from tuners.catalogue.applications import Application
from tuners.failures import BuildFault, TrialFault
from tuners.trainer import checkpoints
from tuners.trainer.checkpoints import CheckpointDamaged, Tensor
from tuners.trainer.making import reason

_PLACE = "/model/weights"
_OTHER = "the earlier trial's model has no backbone of this kind: name the same application and arguments"

DEVIATION = (0.229, 0.224, 0.225)
"""Of ImageNet's values from 0 to 1, in the order RGB."""


def load_weights(backbone: keras.Model, document: Mapping[str, Any], application: Application) -> None:
    """Load what `document["weights_file"]` names: `{"kind": "file" | "checkpoint" | "model" | "imagenet", ...}`.

    Raises:
        BuildFault: The weights are of another model.
        TrialFault: `weights_unavailable`: they are not here and cannot be fetched.
    """
    source = document["weights_file"]
    if source["kind"] == "imagenet":
        _load_imagenet(backbone, document, application, download=source["download"])
    elif source["kind"] == "checkpoint":
        _load_checkpoint(backbone, Path(source["path"]))
    elif source["kind"] == "model":
        _load_model(backbone, Path(source["path"]))
    else:
        _load_file(backbone, Path(source["path"]))
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.Normalization):
            # It goes on with what it has read from its variables before.
            layer.finalize_state()


def _load_file(backbone: keras.Model, path: Path) -> None:
    """A `.weights.h5` of Keras 3, or weights (or a whole model, of which only the weights are read) as a `.h5`."""
    try:
        with h5py.File(path, "r") as file:
            group = file.get("model_weights", file)
            names = [_text(name) for name in group.attrs.get("layer_names", ())]
        if names:
            _load_by_name(backbone, path, names)
        else:
            backbone.load_weights(path)
    except BuildFault:
        raise
    except Exception as error:
        raise BuildFault(_PLACE, f"the file does not fit the backbone: {reason(error)}") from error


def _load_by_name(backbone: keras.Model, path: Path, names: Sequence[str]) -> None:
    """The older format: layers by their names where the file has all of them, else in their order.

    By name so that a file with a top, or of a larger model, will do as well; in order because unnamed layers have
    other numbers there. Keras itself refuses shapes that differ.
    """
    wanted = [layer.name for layer in backbone.layers if layer.weights]
    by_name = set(wanted) <= set(names)
    backbone.load_weights(path, by_name=True) if by_name else backbone.load_weights(path)


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def _load_checkpoint(backbone: keras.Model, path: Path) -> None:
    """The backbone's part of an earlier trial's checkpoint."""
    try:
        saved = checkpoints.read(path).of_role("model")
    except CheckpointDamaged as error:
        raise TrialFault("weights_unavailable", f"The earlier trial's weights cannot be read: {error}.") from error
    mine = list(backbone.variables)
    part = _part(mine, saved)
    if part is None:
        raise BuildFault(_PLACE, _OTHER)
    checkpoints.assign(mine, part, keep_seeds=True)


def _load_model(backbone: keras.Model, path: Path) -> None:
    """The backbone of a `.keras` file that a trainer of ours has made."""
    earlier = keras.saving.load_model(path, compile=False)
    found = [layer for layer in earlier.layers if layer.name == backbone.name]
    theirs = found[0].weights if found else []
    if [tuple(item.shape) for item in theirs] != [tuple(item.shape) for item in backbone.weights]:
        raise BuildFault(_PLACE, _OTHER)
    for item, other in zip(backbone.weights, theirs, strict=True):
        item.assign(other)


def _part(mine: Sequence[Any], saved: Sequence[Tensor]) -> Sequence[Tensor] | None:
    """The run of saved variables with the names and shapes of `mine`; a model's variables lie layer by layer."""
    wanted = [(str(item.name), tuple(item.shape)) for item in mine]
    found = [(tensor.name, tensor.value.shape) for tensor in saved]
    for start in range(len(found) - len(wanted) + 1):
        if found[start : start + len(wanted)] == wanted:
            return saved[start : start + len(wanted)]
    return None


def _load_imagenet(
    backbone: keras.Model, document: Mapping[str, Any], application: Application, *, download: bool
) -> None:
    shape = tuple(int(size) for size in backbone.input_shape[1:])
    name = application.files.get(application.file_key(document["arguments"], (shape[0], shape[1])))
    if name is None:
        raise BuildFault(_PLACE, f"there are no weights of ImageNet for {application.name} with these arguments")
    if not download and not Path(_keras_home(), "models", name).is_file():
        message = f"The file {name} is not in Keras' cache on the worker, and downloads are switched off."
        raise TrialFault("weights_unavailable", message)
    options = {key: value for key, value in document["arguments"].items() if key != "depth_multiplier"}
    if application.preprocessing == "inside" and application.raw:
        options["include_preprocessing"] = document["preprocess"]
    make = getattr(keras.applications, application.name)
    try:
        # Keras downloads the file, compares its hash and knows how to read it.
        theirs = make(include_top=False, weights="imagenet", input_shape=shape, pooling=document["pooling"], **options)
    except Exception as error:
        message = f"Keras could not fetch {name}: {reason(error)}"
        raise TrialFault("weights_unavailable", message) from error
    for item, other in zip(backbone.weights, theirs.weights, strict=True):
        item.assign(other)
    if not application.raw:
        _correct_normalization(backbone)


def _correct_normalization(backbone: keras.Model) -> None:
    """EfficientNet's file has deviations where Keras' Normalization wants variances.

    Keras adds a layer that divides by the roots of ImageNet's deviations when it is asked for these weights. Here their
    variances take them in, which is the same, so that the model has the same layers whatever its weights are.
    """
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.adapt_variance.assign(layer.adapt_variance * keras.ops.array(DEVIATION, dtype="float32"))


def _keras_home() -> str:
    return os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")

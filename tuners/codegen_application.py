"""The part of generated programs that builds a model around a backbone of Keras Applications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuners.catalogue.applications import Application, applications
from tuners.codegen_objects import applied_code
from tuners.codegen_text import call, literal


def application_lines(model: Mapping[str, Any]) -> list[str]:
    """The body of a function that returns the model of a resolved `model` part."""
    application = applications()[model["application"]]
    layers, in_front = model["layers"], model["in_front"]
    lines = [f"inputs = x = keras.Input({literal(model['input_shape'])})"]
    shape = list(model["input_shape"])
    if len(shape) == 2:
        shape = [*shape, 1]
        lines.append(f"x = keras.layers.Reshape({literal(shape)})(x)")
    if shape[2] == 1:
        lines.append("x = keras.layers.Concatenate()([x, x, x])  # grey to RGB")
    size = model.get("image_size")
    if size is not None and list(size) != shape[:2]:
        lines.append(f"x = keras.layers.Resizing({size[0]}, {size[1]})(x)")
    lines += [f"x = {applied_code(each, ['x'])}" for each in layers[:in_front]]
    if model["preprocess"]:
        lines += _PREPROCESSING[application.preprocessing]
    lines += _backbone(model, application)
    lines += ["x = backbone(x)", *(f"x = {applied_code(each, ['x'])}" for each in layers[in_front:])]
    return [*lines, "return keras.Model(inputs, x)"]


_PREPROCESSING: Mapping[str, list[str]] = {
    "tf": ["x = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(x)"],
    "torch": [
        "mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])",
        "scale, offset = (1 / (255 * deviation)).tolist(), (-mean / deviation).tolist()",
        "x = keras.layers.Rescaling(scale, offset=offset)(x)",
    ],
    "caffe": [
        "x = keras.ops.flip(x, axis=-1)  # RGB to BGR",
        "x = keras.layers.Rescaling(1.0, offset=[-103.939, -116.779, -123.68])(x)",
    ],
    "inside": [],
}
"""What `preprocess_input` of the application's module does, as layers."""


def _backbone(model: Mapping[str, Any], application: Application) -> list[str]:
    weights = model["weights"]
    arguments = ["include_top=False", f"weights={literal(weights if isinstance(weights, str) else None)}"]
    arguments += ["input_shape=tuple(x.shape[1:])", f"pooling={literal(model['pooling'])}"]
    arguments += [f"{name}={literal(value)}" for name, value in model["arguments"].items()]
    if application.preprocessing == "inside" and application.raw and not model["preprocess"]:
        arguments.append("include_preprocessing=False")
    lines = [f"backbone = {call(f'keras.applications.{application.name}', arguments, indent=4)}"]
    if isinstance(weights, Mapping) and "weights" in weights:
        lines.append(f"backbone.load_weights({literal(weights['weights'] + '.weights.h5')})  # the file you uploaded")
    elif isinstance(weights, Mapping):
        lines += [
            f"earlier = keras.saving.load_model({literal(weights['trial'] + '.keras')}, compile=False)",
            'backbone.set_weights(earlier.get_layer("backbone").get_weights())',
        ]
    return [*lines, 'backbone.name = "backbone"', *_freezing(model)]


def _freezing(model: Mapping[str, Any]) -> list[str]:
    trainable = model["trainable"]
    if trainable is False:
        return ["backbone.trainable = False"]
    lines = []
    if isinstance(trainable, Mapping):
        if "last" in trainable:
            lines.append(f"first = max(len(backbone.layers) - {int(trainable['last'])}, 0)")
        else:
            lines.append(f"first = [layer.name for layer in backbone.layers].index({literal(trainable['from'])})")
        lines += ["for layer in backbone.layers[:first]:", "    layer.trainable = False"]
    if model["weights"] is not None:
        lines += [
            "for layer in backbone.layers:",
            "    if isinstance(layer, keras.layers.BatchNormalization):",
            "        layer.trainable = False  # its statistics belong to the weights",
        ]
    return lines

"""Builds models of type `application`: image -> augmentation -> preprocessing -> backbone -> head.

Everything is made of Keras' own layers and operations, so that the saved `.keras` file needs no code of ours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras

from tuners.catalogue.applications import Application, applications
from tuners.failures import BuildFault, ModelTooLarge
from tuners.trainer.graphs import called
from tuners.trainer.limits import ParameterLimitExceeded, parameter_limit
from tuners.trainer.making import MAX_OUTPUT, ShapeMismatch, layer_pointer, make_layer, reason
from tuners.trainer.weights import DEVIATION, load_weights

BACKBONE = "backbone"

# Of ImageNet, for values from 0 to 1, in the order RGB (Keras' `imagenet_utils`, modes "torch" and "caffe").
_MEAN = (0.485, 0.456, 0.406)
_CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)


def build_application(resolved: Mapping[str, Any], max_parameters: int | None) -> keras.Model:
    """The model; its backbone has the weights that `model.weights_file` names, else random ones.

    The backbone is one layer, `backbone`. A stand-in (`model.stand_in`, the shape of its output) takes its place where
    only the other layers matter.

    Raises:
        BuildFault: Images too small (ShapeMismatch), too many weights (ModelTooLarge), weights that do not fit, or a
            layer that Keras refuses; with the place in the definition.
        TrialFault: `weights_unavailable`.
    """
    document = resolved["model"]
    inputs = keras.Input(tuple(document["input_shape"]))
    with parameter_limit(max_parameters):
        features = _features(document, _image(resolved, inputs, max_parameters))
        head = range(document["in_front"], len(document["layers"]))
        outputs = _applied(resolved, features, head, max_parameters)
    return keras.Model(inputs, outputs, name="model")


def image_shape(resolved: Mapping[str, Any]) -> tuple[int, int]:
    """Height and width of the images that the backbone gets.

    Raises:
        BuildFault: As `build_application`.
    """
    image = _image(resolved, keras.Input(tuple(resolved["model"]["input_shape"])), None)
    return int(image.shape[1]), int(image.shape[2])


def build_backbone(document: Mapping[str, Any], shape: tuple[int, int]) -> keras.Model:
    """The backbone of a resolved `model`, with random weights, for images of this height and width.

    Raises:
        BuildFault: As `build_application`.
    """
    application = _application(document)
    if min(shape) < application.minimum:
        place = "/model/image_size" if "image_size" in document else "/model/application"
        smallest = f"{application.minimum} x {application.minimum}"
        raise ShapeMismatch(place, f"{application.name} takes images of at least {smallest}, not {_shown(shape)}")
    options: dict[str, Any] = dict(document["arguments"])
    if application.preprocessing == "inside" and application.raw:
        options["include_preprocessing"] = document["preprocess"]
    make = getattr(keras.applications, application.name)
    try:
        backbone = make(
            include_top=False, weights=None, input_shape=(*shape, 3), pooling=document["pooling"], **options
        )
    except ParameterLimitExceeded as error:
        raise ModelTooLarge("/model/application", f"{application.name} has more parameters than are allowed") from error
    except Exception as error:
        raise BuildFault("/model/application", reason(error)) from error
    for layer in backbone.layers:
        if math.prod(size or 1 for size in layer.output.shape[1:]) > MAX_OUTPUT:
            detail = f"inside {application.name}, one example has more than {MAX_OUTPUT} numbers: take smaller images"
            raise ModelTooLarge("/model/image_size" if "image_size" in document else "/model/application", detail)
    # Keras' own name tells arguments and sizes, and some layers are named after it: only now it may be changed.
    backbone.name = BACKBONE
    return backbone


def _application(document: Mapping[str, Any]) -> Application:
    application = applications().get(document["application"])
    if application is None:
        raise BuildFault("/model/application", "no application of the catalogue")
    for name, value in document["arguments"].items():
        argument = application.arguments.get(name)
        fault = ("", "no such argument") if argument is None else argument.fault(value)
        if fault is not None:
            raise BuildFault(f"/model/{name}", f"{application.name}: {fault[1]}")
    return application


def _with_channels(image: Any) -> Any:
    """Height x width x 3: a grey image has its values in all three."""
    if len(image.shape) == 3:
        image = keras.layers.Reshape((*image.shape[1:], 1), name="channel")(image)
    if image.shape[-1] == 1:
        image = keras.layers.Concatenate(name="grey_to_rgb")([image, image, image])
    if len(image.shape) != 4 or image.shape[-1] != 3:
        raise ShapeMismatch("/model/application", "an application takes images with 1 or 3 channels")
    return image


def _sized(image: Any, size: Any) -> Any:
    if size is None or tuple(size) == tuple(image.shape[1:3]):
        return image
    return keras.layers.Resizing(int(size[0]), int(size[1]), name="resizing")(image)


def _image(resolved: Mapping[str, Any], inputs: Any, max_parameters: int | None) -> Any:
    """What the backbone gets, before its preprocessing."""
    last = resolved["model"]["in_front"]
    image = _sized(_with_channels(inputs), resolved["model"].get("image_size"))
    augmented = _applied(resolved, image, range(last), max_parameters)
    if len(augmented.shape) != 4 or augmented.shape[-1] != 3:
        raise ShapeMismatch(layer_pointer(resolved, last - 1), "the backbone takes height x width x 3 channels")
    return augmented


def _applied(resolved: Mapping[str, Any], tensor: Any, numbers: range, max_parameters: int | None) -> Any:
    for number in numbers:
        tensor = called(make_layer(resolved, number), (tensor,), layer_pointer(resolved, number), max_parameters)
    return tensor


def _features(document: Mapping[str, Any], image: Any) -> Any:
    shape = (int(image.shape[1]), int(image.shape[2]))
    application = _application(document)
    if document["preprocess"]:
        image = _preprocessed(image, application)
    if "stand_in" in document:
        return _stand_in(image, document["stand_in"])
    backbone = build_backbone(document, shape)
    if "weights_file" in document:
        load_weights(backbone, document, application)
    _freeze(backbone, document, application)
    return backbone(image)


def _preprocessed(image: Any, application: Application) -> Any:
    """What `preprocess_input` of the application's module does, as layers."""
    if application.preprocessing == "tf":
        return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="preprocess")(image)
    if application.preprocessing == "torch":
        scale = [1 / (255 * deviation) for deviation in DEVIATION]
        offset = [-mean / deviation for mean, deviation in zip(_MEAN, DEVIATION, strict=True)]
        return keras.layers.Rescaling(scale, offset=offset, name="preprocess")(image)
    if application.preprocessing == "caffe":
        offset = [-mean for mean in _CAFFE_MEAN_BGR]
        return keras.layers.Rescaling(1.0, offset=offset, name="preprocess")(keras.ops.flip(image, axis=-1))
    return image


def _freeze(backbone: keras.Model, document: Mapping[str, Any], application: Application) -> None:
    """Leave trainable what `trainable` says.

    With weights from elsewhere BatchNormalization is always frozen, which in Keras means that it runs in inference mode
    also in training: else it would replace the statistics that belong to these weights by those of a few batches
    (Keras' guides on transfer learning and on fine-tuning EfficientNet). Calling the backbone with `training=False`, as
    the first of them does, has no such effect inside a functional model: Keras 3 passes its own `training` on.
    """
    trainable = document["trainable"]
    if trainable is False:
        backbone.trainable = False
        return
    if isinstance(trainable, Mapping):
        for layer in backbone.layers[: _first_trained(backbone, trainable, application)]:
            layer.trainable = False
    if document["weights"] is not None:
        for layer in backbone.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False


def _first_trained(backbone: keras.Model, trainable: Mapping[str, Any], application: Application) -> int:
    """The number of the first layer that is trained."""
    if "last" in trainable:
        return max(len(backbone.layers) - int(trainable["last"]), 0)
    name = trainable["from"]
    weighted = [number for number, layer in enumerate(backbone.layers) if layer.weights]
    if len(weighted) == len(application.weighted) and name in application.weighted:
        # By place: unnamed layers are numbered through the life of the process.
        return weighted[application.weighted.index(name)]
    for number in weighted:
        if backbone.layers[number].name == name:
            return number
    raise BuildFault("/model/trainable/from", f"{application.name} has no layer of this name with these arguments")


def _stand_in(image: Any, shape: Any) -> Any:
    """A tensor of the backbone's output shape that depends on the image."""
    features = keras.layers.GlobalAveragePooling2D(name=BACKBONE)(image)
    size = math.prod(shape)
    repeated = keras.ops.tile(features, (1, math.ceil(size / 3)))[:, :size]
    return keras.layers.Reshape(tuple(shape), name="stand_in")(repeated)


def _shown(shape: tuple[int, int]) -> str:
    return f"{shape[0]} x {shape[1]}"

"""Models of type `application`: a backbone of Keras Applications between augmentation and a head of layers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from storage.records import Scalar
from tuners.catalogue import Argument
from tuners.catalogue import catalogue as layer_catalogue
from tuners.catalogue.applications import Application, applications
from tuners.definitions import bounds
from tuners.definitions.arguments import check_shared_argument, possible_classes
from tuners.definitions.facts import DataFacts
from tuners.definitions.faults import Faults, child, listed, suggestion
from tuners.definitions.filling import Inactive, filled
from tuners.definitions.models.base import ResolvedModel
from tuners.definitions.models.layers import check_layers, resolve_layers
from tuners.definitions.walking import Scope, Walk

IMAGENET = "imagenet"

_FIELDS = (
    "type", "application", "weights", "trainable", "pooling", "image_size", "preprocess", "augmentation", "head",
)  # fmt: skip
_IN_FRONT = ("augmentation", "preprocessing", "regularization")
"""Groups of layers that leave an image an image, and have no weights."""

_TRIAL_ID = re.compile(r"t_[0-9a-f]{32}")
_TRAINABLE = Argument("trainable", ("bool",))
_LAST = Argument("last", ("int",), minimum=0, maximum=5000)
_POOLING = Argument("pooling", ("enum", "null"), choices=("avg", "max"))
_IMAGE_SIZE = Argument("image_size", ("int_list",), minimum=1, maximum=2048, min_items=2, max_items=2)
_WEIGHTS = (
    'must be null, "imagenet", {"weights": id or name of an uploaded file} or {"trial": id of an earlier trial}; '
    "never a path or an address"
)


def check_application(model: Mapping[str, object], walk: Walk) -> None:
    """Adds a fault for everything wrong with the model, and notes the hyperparameters it uses."""
    possible: Mapping[str, Application] = {}
    if "application" not in model:
        detail = f"must be the name of a backbone: {listed(applications(), limit=6)}; docs/catalogue.md lists them"
        walk.faults.add("/model/application", "missing_field", detail)
    else:
        possible = (
            possible_classes(
                model["application"], "/model/application", Scope(), walk,
                known=applications(), find=applications().get, what="application",
            )
            or {}
        )  # fmt: skip
    _check_arguments(model, possible, walk)
    _check_weights(model, possible, walk)
    _check_trainable(model.get("trainable"), possible, walk)
    if "pooling" in model:
        walk.check(model["pooling"], _POOLING, "/model/pooling", Scope())
    _check_size(model, possible, walk)
    _check_preprocess(model.get("preprocess", True), possible, walk)
    if "head" not in model:
        detail = "an application needs a list of layers that end in what is to be predicted"
        walk.faults.add("/model/head", "missing_field", detail)
    # In the order in which they are built.
    if model.get("augmentation") != []:
        _check_augmentation(model, walk)
    if "head" in model:
        check_layers(model["head"], "/model/head", Scope(), walk)


def _check_arguments(model: Mapping[str, object], possible: Mapping[str, Application], walk: Walk) -> None:
    hole = model.get("application")
    chooser = str(hole.get("hp")) if isinstance(hole, dict) else ""
    for key, value in model.items():
        if key in _FIELDS:
            continue
        known = sorted({*_FIELDS, *(name for each in possible.values() for name in each.arguments)})
        if possible and any(key in each.arguments for each in applications().values()):
            check_shared_argument(key, value, chooser, possible, child("/model", key), walk)
        elif possible:
            detail = f"an application has no such field{suggestion(key, known)}"
            if key == "layers":
                detail = "an application has a `head` of layers, and `augmentation` in front of the backbone"
            elif key == "input_shape":
                detail = "the data set gives the input shape, `image_size` may change it: leave it out"
            walk.faults.add(child("/model", key), "unknown_field", detail)


def _check_weights(model: Mapping[str, object], possible: Mapping[str, Application], walk: Walk) -> None:
    weights, pointer = model.get("weights"), "/model/weights"
    if weights is None:
        return
    if weights == IMAGENET:
        _check_imagenet(model, possible, walk)
        return
    if not isinstance(weights, dict) or len(weights) != 1 or next(iter(weights)) not in ("weights", "trial"):
        walk.faults.add(pointer, "weights_not_allowed", _WEIGHTS)
        return
    ((key, name),) = weights.items()
    place = child(pointer, key)
    if not isinstance(name, str) or not 1 <= len(name) <= bounds.MAX_NAME:
        walk.faults.add(place, "invalid_type", f"must be a text of 1 to {bounds.MAX_NAME} characters")
    elif key == "trial" and not _TRIAL_ID.fullmatch(name):
        walk.faults.add(place, "invalid_id", "must be the id of a trial, `t_` and 32 digits")
    elif len(possible) > 1:
        detail = "weights from a file fit one backbone: name it instead of leaving a hole"
        walk.faults.add("/model/application", "unsupported_combination", detail)


def _check_imagenet(model: Mapping[str, object], possible: Mapping[str, Application], walk: Walk) -> None:
    """ImageNet's weights exist for some widths only."""
    for application in possible.values():
        if "alpha" not in application.arguments:
            continue
        alphas = sorted({float(key.split("/")[0]) for key in application.files})
        for alpha in _values(model.get("alpha", 1.0), walk):
            if alpha not in alphas:
                detail = f"`{application.name}` has weights of ImageNet for {', '.join(map(str, alphas))} only"
                walk.faults.add("/model/alpha", "out_of_range", detail)
        for multiplier in _values(model.get("depth_multiplier", 1), walk):
            if multiplier != 1:
                walk.faults.add("/model/depth_multiplier", "out_of_range", "must be 1 for weights of ImageNet")


def _values(value: object, walk: Walk) -> Iterator[object]:
    """What a number or a hole can become; for a range its ends."""
    if not isinstance(value, dict):
        yield value
        return
    declared = walk.declarations.find(str(value.get("hp")))
    if declared is not None:
        prototype = declared.prototype
        yield from prototype.values or (prototype.lowest, prototype.highest)


def _check_trainable(value: object, possible: Mapping[str, Application], walk: Walk) -> None:
    pointer = "/model/trainable"
    if value is None or not isinstance(value, dict) or not value.keys() & {"last", "from"}:
        if value is not None:
            walk.check(value, _TRAINABLE, pointer, Scope())
        return
    if len(value) > 1:
        detail = 'must be true, false, {"last": number of layers} or {"from": name of a layer}'
        walk.faults.add(pointer, "invalid_type", detail)
    elif "last" in value:
        walk.check(value["last"], _LAST, child(pointer, "last"), Scope())
    else:
        place = child(pointer, "from")
        for application in possible.values():
            slot = Argument("from", ("enum",), choices=application.weighted)
            before = len(walk.faults)
            _check_layer_name(value["from"], slot, application, place, walk)
            if len(walk.faults) > before:
                return


def _check_layer_name(value: object, slot: Argument, application: Application, pointer: str, walk: Walk) -> None:
    if isinstance(value, dict):
        walk.check(value, slot, pointer, Scope())
    elif not isinstance(value, str):
        walk.faults.add(pointer, "invalid_type", "must be the name of a layer of the backbone")
    elif value not in application.weighted:
        shown = application.weighted
        detail = (
            f"`{application.name}` has no layer with weights of this name{suggestion(value, shown)}; "
            f"it goes from `{shown[0]}` to `{shown[-1]}`"
        )
        walk.faults.add(pointer, "invalid_enum", detail)


def _check_size(model: Mapping[str, object], possible: Mapping[str, Application], walk: Walk) -> None:
    """The size of the images, as far as it is known without building anything."""
    size = model.get("image_size")
    before = len(walk.faults)
    if "image_size" in model:
        walk.check(size, _IMAGE_SIZE, "/model/image_size", Scope())
    if walk.facts is not None:
        _check_images(walk.facts, walk.faults)
    if len(walk.faults) > before or not possible:
        return
    largest = max(possible.values(), key=lambda each: each.minimum)
    needed = f"`{largest.name}` takes images of at least {largest.minimum} x {largest.minimum} pixels"
    if isinstance(size, list):
        smallest = min(each for item in size for each in _values(item, walk) if isinstance(each, int))
        if smallest < largest.minimum:
            walk.faults.add("/model/image_size", "out_of_range", f"{needed}, and this can be {smallest}")
    elif size is None and walk.facts is not None:
        height, width = walk.facts.input_shape[:2]
        if min(height, width) < largest.minimum:
            detail = f"{needed}, and those of the data set have {height} x {width}: say how large with `image_size`"
            walk.faults.add("/model/image_size", "missing_field", detail)


def _check_images(facts: DataFacts, faults: Faults) -> None:
    shape = facts.input_shape
    if facts.inputs:
        detail = "the data set's examples have several inputs, and an application takes one image"
    elif len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (1, 3)):
        shown = " x ".join(str(size) for size in shape) or "nothing"
        detail = f"an application takes images: height x width, and 1 or 3 channels; the examples have {shown}"
    else:
        return
    faults.add("/model/application", "task_mismatch", detail)


def _check_preprocess(value: object, possible: Mapping[str, Application], walk: Walk) -> None:
    if not isinstance(value, bool):
        walk.faults.add("/model/preprocess", "invalid_type", "must be true or false")
    elif not value:
        for application in possible.values():
            if not application.raw:
                detail = f"`{application.name}` has its preprocessing inside and cannot be without it: leave this out"
                walk.faults.add("/model/preprocess", "unsupported_combination", detail)
                return


def _check_augmentation(model: Mapping[str, object], walk: Walk) -> None:
    if "augmentation" not in model:
        return
    before = len(walk.faults)
    check_layers(model["augmentation"], "/model/augmentation", Scope(), walk)
    if len(walk.faults) > before:
        return
    known = layer_catalogue().layers
    for pointer, name in _named(model["augmentation"], "/model/augmentation"):
        if known[name].group not in _IN_FRONT:
            detail = f"must be a layer of augmentation, preprocessing or regularization, and `{name}` is none: see head"
            walk.faults.add(child(pointer, "layer"), "layer_not_allowed", detail)


def _named(items: object, pointer: str) -> Iterator[tuple[str, str]]:
    """Place and name of every layer in a list that has been checked."""
    assert isinstance(items, list)
    for index, item in enumerate(items):
        place = child(pointer, index)
        if "layer" in item:
            yield place, item["layer"]
        else:
            yield from _named(item["layers"], child(place, "layers"))


def completed_scale(document: Mapping[str, object]) -> str | None:
    """The `dataset.scale` that an application's own preprocessing asks for, where the definition does not say one."""
    model, dataset = document.get("model"), document.get("dataset")
    if not isinstance(dataset, dict) or "scale" in dataset:
        return None
    return "none" if _takes_pixels(model) else None


def check_scale(document: Mapping[str, object], faults: Faults) -> None:
    """Adds a fault where the data would be scaled, and then once more by the application's own preprocessing."""
    dataset = document.get("dataset")
    if _takes_pixels(document.get("model")) and isinstance(dataset, dict) and dataset.get("scale", "none") != "none":
        detail = (
            "the application's own preprocessing takes pixel values from 0 to 255: leave this out, or write "
            '"preprocess": false in the model'
        )
        faults.add("/dataset/scale", "unsupported_combination", detail)


def _takes_pixels(model: object) -> bool:
    return isinstance(model, dict) and model.get("type") == "application" and model.get("preprocess", True) is True


def resolve_application(model: Mapping[str, object], values: Mapping[str, Scalar], facts: DataFacts) -> ResolvedModel:
    """The backbone and the layers that these values choose.

    Of the resolved `layers` the first `in_front` stand in front of the backbone, the others are its head. `trainable`
    is by default whether the backbone begins with random weights.
    """
    application = applications()[str(filled(model["application"], values, facts))]
    arguments: dict[str, object] = {}
    for key in application.arguments:
        try:
            if key in model:
                arguments[key] = filled(model[key], values, facts)
        except Inactive:
            continue  # Left to Keras' default.
    weights, trainable = model.get("weights"), model.get("trainable")
    if isinstance(trainable, dict) and trainable.keys() & {"last", "from"}:
        trainable = {key: filled(value, values, facts) for key, value in trainable.items()}
    else:
        trainable = weights is None if trainable is None else filled(trainable, values, facts)
    front = resolve_layers(model.get("augmentation", []), "/model/augmentation", values, facts)
    head = resolve_layers(model["head"], "/model/head", values, facts)
    document: dict[str, object] = {
        "input_shape": list(facts.input_shape),
        "application": application.name,
        "arguments": arguments,
        "weights": weights,
        "trainable": trainable,
        "pooling": filled(model.get("pooling", "avg"), values, facts),
        "preprocess": model.get("preprocess", True),
        "in_front": len(front.layers),
        "layers": [*front.layers, *head.layers],
    }
    if "image_size" in model:
        document["image_size"] = filled(model["image_size"], values, facts)
    return ResolvedModel(document, [*front.pointers, *head.pointers])

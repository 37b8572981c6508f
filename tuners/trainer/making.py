"""Makes the single objects of Keras that a resolved definition names: layers, regularizers, losses, optimizers, ...

Classes are looked up by their catalogue names only, arguments are checked against the catalogue once more, and nothing
is handed to Keras' own deserializer: its deny-lists have been got round before (CVE-2025-1550, CVE-2025-9906).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from tuners.catalogue import Argument, Entry, catalogue
from tuners.failures import BuildFault, ModelTooLarge, without_paths

MAX_OUTPUT = 200_000_000
"""Numbers one layer may give for one example: above it, no batch fits any device we know."""

_REASON_LENGTH = 400


class ShapeMismatch(BuildFault):
    """A layer does not fit the output of the one before it."""


def layer_pointer(resolved: Mapping[str, Any], number: int) -> str:
    """The place in the definition of the layer with this number."""
    pointers: Sequence[str] = resolved.get("layer_pointers") or ()
    return pointers[number] if number < len(pointers) else f"/model/layers/{number}"


def reason(error: BaseException) -> str:
    """What Keras or its backend says is wrong, in one short line without the machinery around it."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    text = re.sub(r"Exception encountered when calling [\w.]+\(\)\.", "", text)
    text = re.sub(r"\{\{.*?\}\}\s*", "", text)
    text = re.split(r"\n\s*(?:Arguments received|Call arguments received)|Full shape received|\[Op:", text)[0]
    axes = re.search(r"incompatible with the layer: expected (min_|max_)?ndim=(\d+), found ndim=(\d+)", text)
    if axes is not None:
        bound = {"min_": "at least ", "max_": "at most "}.get(axes[1] or "", "")
        return f"the layer takes {bound}{axes[2]} axes, the batch included, and gets {axes[3]}"
    text = re.sub(r"\s*\(?(?:full error|Traceback).*", "", text, flags=re.S)
    text = " ".join(without_paths(text).split()).strip()
    if not text:
        return "Keras gave no reason"
    return text if len(text) <= _REASON_LENGTH else text[:_REASON_LENGTH].rsplit(" ", 1)[0] + " ..."


@dataclass(frozen=True)
class Step:
    """A layer, and how it is called on what it takes."""

    layer: keras.layers.Layer
    entry: Entry
    at_call: Mapping[str, Any]

    def __call__(self, *tensors: Any) -> Any:
        """The layer's output; attention with one input attends to itself."""
        if self.entry.group == "attention":
            several = tensors * 2 if len(tensors) == 1 else tensors
            if self.entry.name in _ATTENTION_BY_LIST:
                return self.layer(list(several), **self.at_call)
            return self.layer(*several, **self.at_call)
        if self.entry.inputs[1] > 1:
            return self.layer(list(tensors), **self.at_call)
        (tensor,) = tensors
        return self.layer(tensor, **self.at_call)


_ATTENTION_BY_LIST = frozenset({"Attention", "AdditiveAttention"})


def make_layer(resolved: Mapping[str, Any], number: int) -> Step:
    """The layer with this number of `resolved["model"]["layers"]`.

    Raises:
        BuildFault: It is not in the catalogue, or Keras refuses its arguments.
    """
    document = resolved["model"]["layers"][number]
    # Keras' own numbering goes on through the life of the process; ours is the same in each model.
    return make_step(document, f"{small_name(str(document.get('layer')))}_{number}", layer_pointer(resolved, number))


def make_step(document: Mapping[str, Any], name: str, pointer: str) -> Step:
    """The layer of a document such as `{"layer": "Dense", "units": 8}`, under this name.

    Raises:
        BuildFault: It is not in the catalogue, or Keras refuses its arguments.
    """
    entry = catalogue().layers.get(document.get("layer", ""))
    if entry is None:
        raise BuildFault(f"{pointer}/layer", "no layer of the catalogue")
    arguments = checked_arguments(entry, document, key="layer", pointer=pointer)
    at_call = {key: arguments.pop(key) for key in list(arguments) if entry.arguments[key].at_call}
    if "of" in arguments:
        arguments["layer"] = arguments.pop("of")
    layer = made(getattr(keras.layers, entry.name), {**arguments, "name": name}, pointer)
    return Step(layer, entry, at_call)


def small_name(name: str) -> str:
    """Keras' snake case for a class: `batch_normalization`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", "_", name).lower()


def check_output(pointer: str, shape: Any) -> None:
    """Raises ShapeMismatch or ModelTooLarge when a layer's output is empty or too large for any memory."""
    sizes = [int(size) for size in tuple(shape)[1:] if size is not None]
    if any(size < 1 for size in sizes):
        raise ShapeMismatch(pointer, "nothing is left of its input: the output is empty")
    if math.prod(sizes) > MAX_OUTPUT:
        raise ModelTooLarge(pointer, f"its output has more than {MAX_OUTPUT} numbers for one example")


def checked_arguments(entry: Entry, document: Mapping[str, Any], *, key: str, pointer: str) -> dict[str, Any]:
    """The arguments beside `key`, held against the catalogue.

    Raises:
        BuildFault: One is unknown, wrong or missing.
    """
    arguments: dict[str, Any] = {}
    for name, value in document.items():
        if name == key:
            continue
        argument = entry.arguments.get(name)
        if argument is None:
            raise BuildFault(f"{pointer}/{name}", f"{entry.name} has no such argument")
        arguments[name] = _checked(argument, value, f"{pointer}/{name}")
    missing = [name for name, argument in entry.arguments.items() if argument.required and name not in arguments]
    if missing:
        raise BuildFault(pointer, f"{entry.name} needs {', '.join(missing)}")
    return arguments


def _checked(argument: Argument, value: Any, pointer: str) -> Any:
    """The value as Keras takes it: objects made, lists as tuples."""
    if isinstance(value, Mapping):
        kind = argument.object_kind
        if kind is not None and kind in value:
            entry = catalogue().objects(kind).get(value[kind])
            if entry is None:
                raise BuildFault(f"{pointer}/{kind}", f"no {kind} of the catalogue")
            module = getattr(keras, f"{kind}s")
            return made(
                getattr(module, entry.name), checked_arguments(entry, value, key=kind, pointer=pointer), pointer
            )
        if "layer" in argument.kinds and value.get("layer") in (argument.choices or ()):
            return make_step(value, small_name(str(value["layer"])), pointer).layer
    fault = argument.fault(value)
    if fault is not None:
        raise BuildFault(pointer, fault[1])
    return tuple(value) if isinstance(value, list) else value


def made(cls: Any, arguments: dict[str, Any], pointer: str) -> Any:
    """An object of the class; raises BuildFault with Keras' reason when it refuses the arguments."""
    try:
        return cls(**arguments)
    except Exception as error:
        raise BuildFault(pointer, reason(error)) from error

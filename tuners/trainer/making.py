"""Makes the single objects of Keras that a resolved definition names: layers, losses, metrics, optimizers.

Classes are looked up by their catalogue names only, arguments are checked against the catalogue once more, and nothing
is handed to Keras' own deserializer: its deny-lists have been got round before (CVE-2025-1550, CVE-2025-9906).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from tuners.catalogue import Entry, catalogue
from tuners.failures import BuildFault, ModelTooLarge, without_paths

_MAX_OUTPUT = 200_000_000
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


def make_layer(resolved: Mapping[str, Any], number: int) -> keras.layers.Layer:
    """The layer with this number of `resolved["model"]["layers"]`.

    Raises:
        BuildFault: It is not in the catalogue, or Keras refuses its arguments.
    """
    document = resolved["model"]["layers"][number]
    pointer = layer_pointer(resolved, number)
    entry = catalogue().layers.get(document.get("layer"))
    if entry is None:
        raise BuildFault(f"{pointer}/layer", "no layer of the catalogue")
    arguments = checked_arguments(entry, document, key="layer", pointer=pointer)
    # Keras' own numbering goes on through the life of the process; ours is the same in each model.
    name = f"{re.sub(r'(?<=[a-z])(?=[A-Z][a-z])', '_', entry.name).lower()}_{number}"
    return made(getattr(keras.layers, entry.name), {**arguments, "name": name}, pointer)


def check_output(resolved: Mapping[str, Any], number: int, shape: Any) -> None:
    """Raises ShapeMismatch or ModelTooLarge when the layer's output is empty or too large for any memory."""
    sizes = [int(size) for size in tuple(shape)[1:] if size is not None]
    if any(size < 1 for size in sizes):
        raise ShapeMismatch(layer_pointer(resolved, number), "nothing is left of its input: the output is empty")
    if math.prod(sizes) > _MAX_OUTPUT:
        raise ModelTooLarge(
            layer_pointer(resolved, number),
            f"its output has more than {_MAX_OUTPUT} numbers for one example",
        )


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
        fault = argument.fault(value)
        if fault is not None:
            raise BuildFault(f"{pointer}/{name}", fault[1])
        arguments[name] = tuple(value) if isinstance(value, list) else value
    missing = [name for name, argument in entry.arguments.items() if argument.required and name not in arguments]
    if missing:
        raise BuildFault(pointer, f"{entry.name} needs {', '.join(missing)}")
    return arguments


def made(cls: Any, arguments: dict[str, Any], pointer: str) -> Any:
    """An object of the class; raises BuildFault with Keras' reason when it refuses the arguments."""
    try:
        return cls(**arguments)
    except Exception as error:
        raise BuildFault(pointer, reason(error)) from error

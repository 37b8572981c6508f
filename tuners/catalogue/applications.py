"""The backbones of Keras Applications that a definition may name, with what the API must know of them without Keras.

The data lies in `applications.json`, generated from Keras itself by `python -m tuners.catalogue.generate_applications`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from tuners.catalogue import Entry, read_entry

Preprocessing = Literal["caffe", "tf", "torch", "inside"]


@dataclass(frozen=True)
class Application(Entry):
    """One backbone.

    Attributes:
        minimum: Fewest pixels of each side of an image.
        preprocessing: What it does with pixel values from 0 to 255. "tf": scales them to -1 to 1. "torch": scales to
            0 to 1, subtracts ImageNet's means and divides by its deviations. "caffe": turns RGB into BGR and subtracts
            the means. "inside": the backbone has layers of its own for it.
        raw: Whether it can be built without the preprocessing it has inside.
        weighted: Names of the layers that have weights, from input to output, as a fresh Keras names them.
        files: Names of the files with ImageNet's weights in Keras' cache, by `file_key`.
        parameters: Weights of the backbone with default arguments.
    """

    minimum: int = 32
    preprocessing: Preprocessing = "inside"
    raw: bool = True
    weighted: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    parameters: int = 0

    def file_key(self, arguments: Mapping[str, object], shape: tuple[int, int]) -> str:
        """The key of `files` for a backbone with these arguments on images of this height and width.

        The key is none of `files` when there are no such weights.
        """
        if "alpha" not in self.arguments:
            return ""
        sides = {int(key.split("/")[1]) for key in self.files}
        side = shape[0] if shape[0] == shape[1] and shape[0] in sides else 224
        alpha = arguments.get("alpha", 1.0)
        key = f"{float(alpha) if isinstance(alpha, int | float) else alpha}/{side}"
        return f"{key}/minimalistic" if arguments.get("minimalistic") else key


@cache
def applications() -> Mapping[str, Application]:
    """All backbones by Keras' name; read once per process, without Keras. Safe for threads."""
    document = json.loads((Path(__file__).parent / "applications.json").read_text("utf-8"))
    return MappingProxyType({name: _application(name, raw) for name, raw in document["applications"].items()})


def _application(name: str, raw: Mapping[str, Any]) -> Application:
    entry = read_entry(name, raw, {})
    return Application(
        name=entry.name,
        group=entry.group,
        arguments=entry.arguments,
        help=entry.help,
        minimum=raw["minimum"],
        preprocessing=raw["preprocessing"],
        raw=raw["raw"],
        weighted=tuple(raw["weighted"].split()),
        files=MappingProxyType(raw["files"]),
        parameters=raw["parameters"],
    )

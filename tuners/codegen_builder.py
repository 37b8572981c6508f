"""The part of generated programs that has a builder make the model: imported where it is registered, or in full."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuners.codegen_text import call

_FUTURE = re.compile(r"^from __future__ import .*\n", re.MULTILINE)


@dataclass(frozen=True)
class BuilderCode:
    """Text for a program.

    Attributes:
        future: Imports that Python wants before all others.
        imports: Further imports.
        blocks: What leaves the model in `model`, and its hyperparameters in `hp`.
        fit: What is called to train it.
        given: The first arguments of that call.
        overrides: Arguments of `fit` that the builder gives itself.
    """

    future: list[str]
    imports: list[str]
    blocks: list[str]
    fit: str
    given: list[str]
    overrides: frozenset[str]


def builder_code(model: Mapping[str, Any]) -> BuilderCode:
    """How the model of a resolved `model` part is made."""
    found = model.get("found") or {}
    future, imports, blocks = [], ["import keras_tuner"], []
    if "code" in model:
        future = [line.rstrip("\n") for line in _FUTURE.findall(model["code"])]
        blocks.append(_FUTURE.sub("", model["code"]).strip("\n"))
        name = str(model["entry"])
    else:
        module, _, name = str(found.get("target") or f"the_module_of:{model['builder']}").partition(":")
        imports.append(f"from {module} import {name}")
    kind = found.get("kind", "function")
    arguments = [f"{key}={value!r}" for key, value in (model.get("arguments") or {}).items()]
    lines = ["hp = keras_tuner.HyperParameters()", f"hp.values = {_dictionary(model.get('values') or {})}"]
    owner = name
    if kind in ("makes_function", "makes_hypermodel"):
        owner = "build" if kind == "makes_function" else "hypermodel"
        lines.append(f"{owner} = {call(name, arguments)}")
        arguments = []
    builds = owner if kind in ("function", "makes_function") else f"{owner}.build"
    lines += [f"model = {call(builds, ['hp', *arguments])}", "model.summary()"]
    blocks.append("\n".join(lines))
    own = bool(found.get("fit"))
    return BuilderCode(
        future,
        imports,
        blocks,
        fit=f"{owner}.fit" if own else "model.fit",
        given=["hp", "model"] if own else [],
        overrides=frozenset(found.get("overrides") or ()) if own else frozenset(),
    )


def _dictionary(values: Mapping[str, Any]) -> str:
    items = "".join(f"    {name!r}: {value!r},\n" for name, value in values.items())
    return f"{{\n{items}}}" if items else "{}"

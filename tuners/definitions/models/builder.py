"""Models of type `builder`: a Keras Tuner build function or HyperModel makes and compiles them.

What it asks for its hyperparameters, and what its models log, only running it can tell. That is done once, when a
definition is submitted; what was found is kept in the definition as `found`, and the hyperparameters among its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from storage.records import Scalar
from tuners.definitions import bounds
from tuners.definitions.facts import DataFacts
from tuners.definitions.faults import child, suggestion
from tuners.definitions.models.base import ResolvedModel
from tuners.definitions.walking import Scope, Use, Walk

_FIELDS = ("type", "builder", "code", "entry", "arguments", "found")
_NAME = re.compile(r"[a-z0-9_.-]{1,64}")
_IDENTIFIER = re.compile(r"[^\W\d]\w{0,127}")


class Found(BaseModel):
    """What looking at a builder has shown. Written by the service; what a client sends is replaced.

    Attributes:
        metrics: What its models log on the training part, each with its better direction where that is known; None
            when only training can tell.
        fit: Whether it trains its models by a `fit` of its own.
        overrides: Arguments of Keras' `fit` that its own `fit` gives itself.
        names: Our name of a hyperparameter to the builder's, where these differ.
        one_hot: Whether its loss compares the outputs with one-hot rows.
        kind: What is named: a function `build(hp)`, a HyperModel, or what makes one of these when called.
        target: The registered `module:attribute`; None for code from a client.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    metrics: dict[str, Literal["min", "max"] | None] | None = None
    fit: bool = False
    overrides: list[str] = []
    names: dict[str, str] = {}
    one_hot: bool = False
    kind: Literal["function", "hypermodel", "makes_function", "makes_hypermodel"] = "function"
    target: str | None = None


def check_builder(model: Mapping[str, object], walk: Walk) -> None:
    """Adds a fault for everything wrong with the model that can be known without running its builder."""
    for key in model:
        if key not in _FIELDS:
            detail = f"a builder model has `builder` and `arguments`{suggestion(key, _FIELDS[:-1])}"
            walk.faults.add(child("/model", key), "unknown_field", detail)
    if "code" in model:
        _check_code(model, walk)
    else:
        _check_name(model, walk)
    arguments = model.get("arguments", {})
    if not isinstance(arguments, dict):
        walk.faults.add("/model/arguments", "invalid_type", "must be an object of keyword arguments")
    else:
        for name in arguments:
            if not _IDENTIFIER.fullmatch(name):
                place = child("/model/arguments", name)
                walk.faults.add(place, "unknown_argument", "must be the name of an argument")
    if "found" in model and found_in(model) is None:
        walk.faults.add("/model/found", "invalid_type", "is written by the service: leave it out")
    # Which of them the builder asks for is known only after looking at it; that no other is declared is seen then.
    for declared in walk.declarations.sound.values():
        if not declared.numbered:
            walk.uses.append(Use(declared.name, declared.name, Scope(), declared.pointer, optional=True))


def _check_name(model: Mapping[str, object], walk: Walk) -> None:
    place = "/model/builder"
    name = model.get("builder")
    if "builder" not in model:
        walk.faults.add(place, "missing_field", "must be the name of a registered builder; GET /v1/catalog lists them")
    elif not isinstance(name, str):
        walk.faults.add(place, "invalid_type", "must be the name of a registered builder")
    elif not _NAME.fullmatch(name):
        detail = "must be the name of a registered builder, and never a path of a module; GET /v1/catalog lists them"
        walk.faults.add(place, "unknown_builder", detail)
    if "entry" in model:
        walk.faults.add("/model/entry", "unknown_field", "belongs to `code`: a registered builder needs none")


def _check_code(model: Mapping[str, object], walk: Walk) -> None:
    code, entry = model["code"], model.get("entry")
    if "builder" in model:
        walk.faults.add("/model/builder", "unknown_field", "give either `builder` or `code`")
    if not isinstance(code, str):
        walk.faults.add("/model/code", "invalid_type", "must be Python source as text")
    elif not code.strip():
        walk.faults.add("/model/code", "too_short", "must be Python source")
    elif len(code.encode()) > bounds.MAX_CODE:
        walk.faults.add("/model/code", "too_long", f"must have at most {bounds.MAX_CODE} bytes")
    if entry is None:
        walk.faults.add("/model/entry", "missing_field", "must be the name of the function or class in the code")
    elif not isinstance(entry, str) or not _IDENTIFIER.fullmatch(entry):
        walk.faults.add("/model/entry", "invalid_name", "must be the name of a function or class in the code")


def resolve_builder(model: Mapping[str, object], values: Mapping[str, Scalar], facts: DataFacts) -> ResolvedModel:
    """What is built, the values under the builder's own names, and the shape of the data."""
    found = found_in(model) or Found()
    document: dict[str, object] = {key: model[key] for key in _FIELDS[1:] if key in model}
    document["values"] = {found.names.get(name, name): value for name, value in values.items()}
    document["input_shape"] = list(facts.input_shape)
    document["x_dtype"] = facts.x_dtype
    if facts.inputs:
        document["inputs"] = {name: list(shape) for name, shape in facts.inputs.items()}
    return ResolvedModel(document, [])


def found_in(model: object) -> Found | None:
    """What was found when the builder was looked at; None when it has not been, or the document is none of ours."""
    given = model.get("found") if isinstance(model, Mapping) else None
    if given is None:
        return None
    try:
        return Found.model_validate(given)
    except ValidationError:
        return None

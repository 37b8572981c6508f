"""Models of type `sequential`: one list of layers."""

from __future__ import annotations

from collections.abc import Mapping

from storage.records import Scalar
from tuners.definitions.facts import DataFacts
from tuners.definitions.faults import child, suggestion
from tuners.definitions.models.base import ResolvedModel
from tuners.definitions.models.layers import check_layers, resolve_layers
from tuners.definitions.walking import Scope, Walk


def check_sequential(model: Mapping[str, object], walk: Walk) -> None:
    """Adds a fault for everything wrong with the model, and notes the hyperparameters it uses."""
    for key in model:
        if key not in ("type", "layers"):
            detail = f"a sequential model has `type` and `layers`{suggestion(key, ('type', 'layers'))}"
            if key == "input_shape":
                detail = "the data set gives the input shape: leave it out"
            walk.faults.add(child("/model", key), "unknown_field", detail)
    if "layers" not in model:
        walk.faults.add("/model/layers", "missing_field", "a sequential model needs a list of layers")
        return
    check_layers(model["layers"], "/model/layers", Scope(), walk)


def resolve_sequential(model: Mapping[str, object], values: Mapping[str, Scalar], facts: DataFacts) -> ResolvedModel:
    """The layers that these values choose."""
    found = resolve_layers(model["layers"], "/model/layers", values, facts)
    return ResolvedModel({"input_shape": list(facts.input_shape), "layers": found.layers}, found.pointers)

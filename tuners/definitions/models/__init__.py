"""The types of model a definition can ask for: one module each, and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from tuners.definitions.models.application import check_application, resolve_application
from tuners.definitions.models.base import ModelType
from tuners.definitions.models.builder import check_builder, resolve_builder
from tuners.definitions.models.graph import check_graph, graph_outputs, resolve_graph
from tuners.definitions.models.sequential import check_sequential, resolve_sequential
from tuners.definitions.models.sklearn import check_sklearn, resolve_sklearn

MODEL_TYPES: Mapping[str, ModelType] = {
    "sequential": ModelType(check_sequential, resolve_sequential),
    "application": ModelType(check_application, resolve_application),
    "builder": ModelType(check_builder, resolve_builder, compiled=False, several=True, discovered=True),
    "graph": ModelType(check_graph, resolve_graph, several=True, outputs=graph_outputs),
    "sklearn": ModelType(check_sklearn, resolve_sklearn, compiled=False, in_epochs=False),
}


def is_undiscovered(model: object) -> bool:
    """Whether the hyperparameters of a `model` part are still to be found."""
    kind = model_type(model)
    return kind is not None and kind.discovered and isinstance(model, Mapping) and "found" not in model


def model_type(model: object) -> ModelType | None:
    """The type of a definition's `model` part; None when it has none, or one that there is not."""
    kind = model.get("type") if isinstance(model, Mapping) else None
    return MODEL_TYPES.get(kind) if isinstance(kind, str) else None

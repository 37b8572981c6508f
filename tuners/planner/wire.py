"""What the API and its planner child say to each other: one JSON object a line, on standard input and output."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from storage.errors import FieldFault
from tuners.definitions import DataFacts

LINE_LIMIT = 8 * 1024 * 1024

READY = b"ready\n"
"""The child's first line, once Keras is loaded."""


class Request(BaseModel):
    """Check this definition (canonical JSON) against data like these.

    With `explore_s` its hyperparameters are yet to be found by looking at its builder for at most so many seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    definition: dict[str, Any]
    facts: DataFacts
    max_parameters: int
    explore_s: float | None = None


class ModelSize(BaseModel):
    """Parameter counts over the points that were built; None for models that have no count of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_parameters: int | None
    max_parameters: int | None
    default_parameters: int | None


class Discovery(BaseModel):
    """What looking at a builder has shown.

    Attributes:
        hyperparameters: All of the definition's, as it would declare them.
        found: The `found` of its `model` part.
        epochs: Its `fit.epochs`, as given, or as the builder's own `fit` has it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    hyperparameters: list[dict[str, Any]]
    found: dict[str, Any]
    epochs: int | dict[str, Any] | None
    size: ModelSize


class Reply(BaseModel):
    """One of: the size, what was discovered, what is wrong with the definition, what went wrong in the child itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: ModelSize | None = None
    discovery: Discovery | None = None
    faults: tuple[FieldFault, ...] = ()
    error: str = ""

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
    """Check this definition (canonical JSON) against data like these."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    definition: dict[str, Any]
    facts: DataFacts
    max_parameters: int


class ModelSize(BaseModel):
    """Parameter counts over the points that were built."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_parameters: int
    max_parameters: int
    default_parameters: int


class Reply(BaseModel):
    """Exactly one of: the size, what is wrong with the definition, or what went wrong in the child itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: ModelSize | None = None
    faults: tuple[FieldFault, ...] = ()
    error: str = ""

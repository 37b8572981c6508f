"""JSON bodies of a fixed form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from service.errors import InvalidRequest
from service.problems import pydantic_faults

M = TypeVar("M", bound=BaseModel)


def parsed(model: type[M], body: Mapping[str, object]) -> M:
    """The body as its model. Raises InvalidRequest with every wrong place."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        found = [dict(item) for item in error.errors(include_url=False, include_input=False)]
        faults = pydantic_faults(found)
        message = "1 problem found" if len(faults) == 1 else f"{len(faults)} problems found"
        raise InvalidRequest(message, faults) from error

"""What all schemas share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

T = TypeVar("T")


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


# RFC 3339, always in UTC and written with Z.
Time = Annotated[datetime, AfterValidator(_utc)]
Scalar = bool | int | float | str
Value = Scalar | list[int | float]
"""A value of a hyperparameter; lists of numbers are values too."""


class Schema(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Page(Schema, Generic[T]):
    """One page of a list. Pass `next_page_token` as `page_token` for the next; it is null on the last."""

    items: list[T]
    next_page_token: str | None = Field(description="Opaque; null at the end.")


class ReasonOut(Schema):
    """A stable word for programs and a sentence for people."""

    code: str
    message: str


class WarningOut(Schema):
    """Something odd but allowed."""

    code: str
    pointer: str = Field(description="Place in the definition.")
    message: str


class ObjectiveOut(Schema):
    name: str
    direction: str = Field(description="`min` or `max`.")


class FaultOut(Schema):
    """One wrong place."""

    pointer: str = Field(
        description="JSON pointer (RFC 6901) into the body; `query:name`, `header:name` or `form:name` for the others."
    )
    code: str = Field(description="Stable word.")
    detail: str = Field(description="What would be right.")


class Problem(Schema):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str = Field(description="Also in the X-Request-Id header and in the service's log.")
    code: str = Field(description="Stable word, listed in docs/errors.md.")
    retryable: bool = Field(description="Whether the same request may succeed later unchanged.")
    errors: list[FaultOut]


def finite(value: float | None) -> float | None:
    """The number, or None when JSON has no way to write it."""
    return None if value is None or not math.isfinite(value) else value


def finite_metrics(metrics: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: finite(value) for name, value in metrics.items()}

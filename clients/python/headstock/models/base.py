"""What all answers have in common."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, RootModel

Scalar = bool | int | float | str
Value = Scalar | list[int | float]
"""A value of a hyperparameter; a choice may be between lists of numbers."""
T = TypeVar("T")


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from headstock.notebook.views import html_of

        return html_of(self)


class Document(RootModel[dict[str, Any]]):
    """An answer whose keys are data: a definition, the catalog."""


class Page(Model, Generic[T]):
    """One page of a list; `next_page_token` is None on the last."""

    items: list[T]
    next_page_token: str | None = None


class Objective(Model):
    name: str
    direction: Literal["min", "max"]


class Reason(Model):
    """Why something ended or waits: a stable word and a sentence."""

    code: str
    message: str


class Remark(Reason):
    """What is odd in a definition, but allowed. `pointer` is a JSON pointer (RFC 6901) to the place."""

    pointer: str = ""

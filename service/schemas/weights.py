"""Uploaded weights."""

from __future__ import annotations

from pydantic import Field

from service.schemas.base import Schema, Time
from storage.files import Weights


class WeightsOut(Schema):
    """A file of pretrained weights kept by the service."""

    id: str
    name: str = Field(description="What definitions call it, in place of the id.")
    format: str = Field(
        description="How the weights lie in the file: `.weights.h5` (Keras 3) or `.h5` (older, layer by layer)."
    )
    size_bytes: int
    sha256: str
    created_at: Time

    @classmethod
    def of(cls, weights: Weights) -> WeightsOut:
        return cls(
            id=weights.id,
            name=weights.name,
            format="".join(weights.key.rpartition("/")[2].partition(".")[1:]),
            size_bytes=weights.size_bytes,
            sha256=weights.sha256,
            created_at=weights.created_at,
        )

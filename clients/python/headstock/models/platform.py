"""What else the service tells."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from headstock.models.base import Model


class Event(Model):
    """One change, as it was told. `seq` grows; it is what a later stream can go on after."""

    seq: int
    kind: str
    search_id: str | None = None
    trial_id: str | None = None
    payload: dict[str, Any] = Field(default_factory=dict)
    recorded_at: datetime | None = None


class TemplateName(Model):
    name: str


class LoginCode(Model):
    path: str
    expires_at: datetime | None = None

"""Large answers written straight to JSON.

Ten thousand points through pydantic cost more than finding them. The schema stays in the OpenAPI document, and tests
hold these answers to it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import Response
from pydantic_core import to_json


def written(document: object) -> Response:
    """The document as a JSON answer; numbers that are not finite become null, as everywhere in the API."""
    return Response(to_json(document, inf_nan_mode="null"), media_type="application/json")


def written_time(moment: datetime) -> str:
    """RFC 3339, in UTC, with Z."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return f"{moment.isoformat()[:-6]}Z"

"""Large answers written straight to JSON.

Ten thousand points through pydantic cost more than finding them. The schema stays in the OpenAPI document, and tests
hold these answers to it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from fastapi import Response


def written(document: object) -> Response:
    """The document as a JSON answer. Values that are not finite are a fault of the caller's."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text, media_type="application/json")


def written_time(moment: datetime) -> str:
    """RFC 3339, in UTC, with Z."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return f"{moment.isoformat()[:-6]}Z"

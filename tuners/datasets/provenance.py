"""Where a data set came from, and what was said of its columns, as the one line of text that its record keeps.

Whoever writes a program that reads the uploaded file again has to know which column was what.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

_UPLOAD = "upload: "
ROLES = ("target", "text", "part", "group", "time", "weight")
"""What may be said of columns and cannot be told from the rest of the record."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """`filename` of an upload, without folders; `roles`: what was said of its columns."""

    filename: str
    roles: Mapping[str, str]


def upload_source(filename: str, said: Mapping[str, str | None]) -> str:
    """The line for an upload: `upload: houses.csv {"target": "price"}`."""
    roles = {role: value for role in ROLES if (value := said.get(role)) is not None}
    return f"{_UPLOAD}{filename}" + (f" {json.dumps(roles, ensure_ascii=False)}" if roles else "")


def read_source(source: str) -> Provenance | None:
    """What such a line says; None when it is not of an upload."""
    if not source.startswith(_UPLOAD):
        return None
    text = source.removeprefix(_UPLOAD)
    start = text.find(" {")
    while start >= 0:
        try:
            roles = json.loads(text[start:])
        except ValueError:
            start = text.find(" {", start + 1)
            continue
        known = isinstance(roles, dict) and all(key in ROLES and isinstance(roles[key], str) for key in roles)
        return Provenance(text[:start], roles) if known else Provenance(text, {})
    return Provenance(text, {})

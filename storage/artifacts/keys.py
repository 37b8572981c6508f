"""What a key may look like. Keys are made by us; this check is the second wall, not the first."""

from __future__ import annotations

import re

# No leading dot: that is how our temporary files are told from stored ones, and it rules out `.` and `..` as well.
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.=-]{0,199}")
_MAX_LENGTH = 900
TEMPORARY_PREFIX = ".tmp-"


def split_key(key: str) -> tuple[str, ...]:
    """The folders and the name of a key.

    Raises:
        ValueError: It is empty, absolute, too long, or a part is empty, begins with a dot, or has other characters than
            ASCII letters, digits and `_.=-`.
    """
    parts = tuple(key.split("/"))
    if len(key) > _MAX_LENGTH or not all(_SEGMENT.fullmatch(part) for part in parts):
        raise ValueError(f"{key[:200]!r} is not an artifact key: relative, parts of letters, digits and _.=- only")
    return parts


def split_prefix(prefix: str) -> tuple[str, ...]:
    """The folders of a prefix, with or without a slash at its end; none for the empty prefix. Raises ValueError."""
    trimmed = prefix[:-1] if prefix.endswith("/") else prefix
    return split_key(trimmed) if trimmed else ()

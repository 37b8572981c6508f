"""Values that are lists of numbers, such as `[18, 18]` hidden layers.

Everything inside (spaces, hashes, the database, Keras Tuner's types) knows single values only, so a list is held as its
canonical JSON text; it is a list again wherever people and programs see it. No other text value begins with `[`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from storage.records import Scalar

Numbers = list[int] | list[float]
Shown = Scalar | Numbers
"""A value as a client reads and writes it."""

MAX_ITEMS = 32


def is_list(value: object) -> bool:
    """Whether a value held inside stands for a list."""
    return isinstance(value, str) and value.startswith("[")


def shown(value: Scalar) -> Shown:
    """The value as the API shows it: a list where it stands for one."""
    if isinstance(value, str) and value.startswith("["):
        items: Numbers = json.loads(value)
        return items
    return value


def all_shown(values: Mapping[str, Scalar]) -> dict[str, Shown]:
    return {name: shown(value) for name, value in values.items()}


def items_of(value: Scalar) -> Numbers:
    """The items of a value that stands for a list; none of any other value."""
    found = shown(value)
    return found if isinstance(found, list) else []


def held(items: object, *, real: bool | None = None) -> str | None:
    """A client's list as it is held inside; None when it is no list of 1 to 32 finite numbers.

    Args:
        real: Whether the numbers are written as floats; None: they are when one of them is.
    """
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_ITEMS:
        return None
    if any(isinstance(item, bool) or not isinstance(item, int | float) for item in items):
        return None
    if any(isinstance(item, float) and not math.isfinite(item) for item in items):
        return None
    if real or (real is None and any(isinstance(item, float) for item in items)):
        # `+ 0.0` turns the negative zero into the positive one.
        return json.dumps([float(item) + 0.0 for item in items])
    return json.dumps(items)

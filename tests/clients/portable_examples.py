"""What people hand to `client.tune`: good and bad, for the tests of its source."""

from __future__ import annotations

import functools
import json
import math as maths
from pathlib import Path
from typing import Any

SIZES = {"small": [8, 16], "large": (32, None, 1.5, True)}
SCALE = 0.5
TABLE = [object()]
HERE = Path(__file__)


def helper(value: float) -> float:
    return maths.sqrt(value) * SCALE


def even(value: int) -> bool:
    return value == 0 or odd(value - 1)


def odd(value: int) -> bool:
    return value != 0 and even(value - 1)


alias = helper


def good(hp: Any) -> Any:
    """Uses an import, a constant, and functions that use more."""
    layers = json.dumps(SIZES)
    return [layers, helper(hp), alias(hp), even(4), sorted([2, 1])]


def plain(hp: Path) -> int:
    TABLE = 5  # its own, and not the one above
    return hp.TABLE + TABLE  # type: ignore[attr-defined, no-any-return]


def uses_object(hp: Any) -> Any:
    return TABLE[0]


def uses_path(hp: Any) -> Any:
    return HERE


class Base:
    kind = "base"

    def scale(self) -> float:
        return SCALE


class Model(Base):
    sizes = SIZES
    twice = tuple(2 * each for each in (1, 2))

    @functools.cached_property
    def root(self) -> float:
        return maths.sqrt(4)

    def build(self, hp: Any) -> Any:
        return [super().scale(), self.root, helper(hp), self.sizes, self.twice]


def closure(width: int, module: Any, thing: Any) -> Any:
    def build(hp: Any) -> Any:
        return module.sqrt(width)

    def bad(hp: Any) -> Any:
        return thing

    return build, bad


nameless = lambda hp: hp  # noqa: E731
part = functools.partial(good, 3)

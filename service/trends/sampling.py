"""Fewer points of a long curve, without bending it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def down_sampled(rows: Sequence[T], *, most: int) -> list[T]:
    """At most `most` of the rows, evenly spread, with the first and the last among them.

    Rows are chosen, never averaged: every point shown was measured.
    """
    if most >= len(rows):
        return list(rows)
    if most == 1:
        return [rows[-1]]
    last = len(rows) - 1
    return [rows[round(index * last / (most - 1))] for index in range(most)]

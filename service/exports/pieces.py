"""Files that leave while they are made."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from service.gate import Gate


def begun(pieces: Iterator[bytes], gate: Gate) -> Iterator[bytes]:
    """The pieces, holding a place of the gate until the last; the first is made before this returns, so that what fails
    at once can still be answered with a status.

    Raises:
        TooManyRequests: No place got free in time.
    """
    found = _within(gate, pieces)
    first = next(found)
    return itertools.chain((first,), found)


def _within(gate: Gate, pieces: Iterator[bytes]) -> Iterator[bytes]:
    with gate.entered():
        yield from pieces

"""Columns of a table that say something of its rows: part, group, time and weight."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tuners.datasets.cells import Cells, Source, first_without_number
from tuners.datasets.npy import Array
from tuners.datasets.wire import PARTS

_PART_NAMES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
}
_NO_VALUE = "has no value"
_NO_WEIGHT = "must be a number, 0 or more"


class PartColumn:
    """To which part each row belongs."""

    def __init__(self, source: Source, index: int) -> None:
        self._source = source
        self._index = index
        self._codes: list[Array] = []

    def add(self, block: Mapping[int, Cells], row: int) -> dict[str, NDArray[np.bool_]]:
        """Which of the block's rows belong to which part."""
        codes = np.empty(len(block[self._index]), dtype=np.int8)
        for at, text in enumerate(block[self._index].texts()):
            part = _PART_NAMES.get((text or "").lower())
            if part is None:
                raise self._source.refused(row + at, self._index, "must say train, validation or test")
            codes[at] = PARTS.index(part)
        self._codes.append(codes)
        return {part: codes == code for code, part in enumerate(PARTS)}

    def rows(self, part: str) -> NDArray[np.bool_]:
        """Which of all rows belong to the part."""
        return np.asarray(np.concatenate(self._codes) == PARTS.index(part))


class GroupColumn:
    """Codes of the groups, in the order of their names."""

    def __init__(self, source: Source, index: int) -> None:
        self._source = source
        self._index = index
        self._known: dict[str, int] = {}
        self._codes: list[Array] = []

    def add(self, block: Mapping[int, Cells], row: int) -> None:
        known = self._known
        texts = block[self._index].texts()
        for at, text in enumerate(texts):
            if text is None:
                raise self._source.refused(row + at, self._index, f"{_NO_VALUE}: to which group does the row belong?")
        self._codes.append(np.array([known.setdefault(str(text), len(known)) for text in texts], dtype=np.int32))

    def array(self) -> Array:
        place = {name: index for index, name in enumerate(sorted(self._known))}
        places = np.array([place[name] for name in self._known], dtype=np.int32)
        return np.asarray(places[np.concatenate(self._codes)])


class TimeColumn:
    """Numbers that order the rows: whole ones as they are, dates as microseconds, others as floats."""

    def __init__(self, source: Source, index: int) -> None:
        self._source = source
        self._index = index
        self._blocks: list[Array] = []
        self._are_dates: bool | None = None

    def add(self, block: Mapping[int, Cells], row: int) -> None:
        cells = block[self._index]
        values = cells.whole()
        if values is None:
            values = cells.numbers(truths=False)
        are_dates = values is None
        if values is None:
            values = cells.moments()
        if values is None or self._are_dates not in (None, are_dates):
            at = next((at for at, text in enumerate(cells.texts()) if text is None), 0)
            problem = "must be a number or a date as in 2026-01-31 or 2026-01-31T12:00:00Z, in all rows the same"
            raise self._source.refused(row + at, self._index, problem)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            at = int(np.flatnonzero(~np.isfinite(values))[0])
            raise self._source.refused(row + at, self._index, f"{_NO_VALUE}: when was it?")
        self._are_dates = are_dates
        self._blocks.append(values)

    def array(self) -> Array:
        return np.concatenate(self._blocks)


class WeightColumn:
    """Sample weights."""

    def __init__(self, source: Source, index: int) -> None:
        self._source = source
        self._index = index
        self._blocks: list[Array] = []

    def add(self, block: Mapping[int, Cells], row: int) -> None:
        cells = block[self._index]
        values = cells.numbers(truths=False)
        if values is None:
            raise self._source.refused(row + first_without_number(cells), self._index, _NO_WEIGHT)
        good = np.isfinite(values) & (values >= 0)
        if not good.all():
            at = int(np.flatnonzero(~good)[0])
            raise self._source.refused(row + at, self._index, _NO_WEIGHT)
        self._blocks.append(values)

    def array(self) -> Array:
        return np.concatenate(self._blocks)

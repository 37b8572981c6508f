"""The columns of a table that are to be predicted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from storage.errors import InvalidDataset
from tuners.datasets.cells import Cells, Source
from tuners.datasets.npy import Array
from tuners.datasets.wire import rejection

_MAX_TEXT_CLASSES = 10_000


class TargetColumns:
    """One column of numbers or texts, or several of numbers.

    Attributes:
        are_text: Whether the targets are texts; `array` then holds their places among `names()`.
    """

    def __init__(self, source: Source, places: tuple[int, ...]) -> None:
        self._source = source
        self._places = places
        self._columns = [_NumberColumn(source, place) for place in places] if len(places) > 1 else []
        self._only = None if self._columns else _LabelColumn(source, places[0])

    @property
    def are_text(self) -> bool:
        return self._only is not None and not self._only.numeric

    def add(self, block: Mapping[int, Cells], row: int) -> None:
        if self._only is not None:
            self._only.add(block[self._places[0]], row)
        for place, column in zip(self._places, self._columns, strict=bool(self._columns)):
            column.add(block[place], row)

    def array(self) -> Array:
        """Shape (rows,), or (rows, k) for several columns."""
        if self._only is not None:
            return self._only.array()
        return np.column_stack([column.array() for column in self._columns])

    def names(self) -> tuple[str, ...] | None:
        """The labels in order when they are texts, or the names of several columns, else None."""
        if self._only is not None:
            return self._only.names()
        return tuple(self._source.names[place] for place in self._places)


def _check_all_there(source: Source, cells: Cells, place: int, row: int) -> list[str | None]:
    texts = cells.texts()
    if None in texts:
        problem = "has no value. Remove rows without a target before uploading"
        raise source.refused(row + texts.index(None), place, problem)
    return texts


class _NumberColumn:
    """Whole numbers and booleans as int64, others as float64."""

    def __init__(self, source: Source, place: int) -> None:
        self._source = source
        self._place = place
        self._blocks: list[Array] = []

    def add(self, cells: Cells, row: int) -> None:
        values = cells.numbers(truths=True)
        if values is None:
            raise rejection(
                "task_mismatch",
                f"The column {self._source.names[self._place]!r} is not numbers, as several targets must be.",
                pointer="/target",
            )
        if np.isnan(values).any():
            _check_all_there(self._source, cells, self._place, row)
        whole = cells.whole()
        if whole is None and cells.are_truths():
            whole = values.astype(np.int64)
        self._blocks.append(values if whole is None else whole)

    def array(self) -> Array:
        return np.concatenate(self._blocks)


class _LabelColumn:
    """Whole numbers, then floats, then texts, as soon as one cell asks for it."""

    def __init__(self, source: Source, place: int) -> None:
        self.numeric = True
        self._source = source
        self._place = place
        self._whole: list[Array] = []
        self._floats: list[Array] = []
        self._codes: dict[str, int] = {}
        self._coded: list[Array] = []

    def add(self, cells: Cells, row: int) -> None:
        texts = _check_all_there(self._source, cells, self._place, row)
        if self.numeric:
            numbers = cells.numbers(truths=False)
            if numbers is None:
                self.numeric = False
                self._floats.clear()
                self._whole.clear()
            else:
                self._floats.append(numbers)
        if self.numeric and len(self._whole) == len(self._floats) - 1:
            whole = cells.whole()
            if whole is None:
                self._whole.clear()
            else:
                self._whole.append(whole)
        if len(self._codes) <= _MAX_TEXT_CLASSES:
            codes = self._codes
            self._coded.append(np.array([codes.setdefault(str(text), len(codes)) for text in texts], dtype=np.int32))
        elif not self.numeric:
            raise self._too_many()

    def array(self) -> Array:
        if self.numeric:
            return np.concatenate(self._whole if len(self._whole) == len(self._floats) else self._floats)
        if len(self._codes) > _MAX_TEXT_CLASSES:
            raise self._too_many()
        place = {name: index for index, name in enumerate(sorted(self._codes))}
        places = np.array([place[name] for name in self._codes], dtype=np.int32)
        return np.asarray(places[np.concatenate(self._coded)])

    def names(self) -> tuple[str, ...] | None:
        return None if self.numeric else tuple(sorted(self._codes))

    @staticmethod
    def _too_many() -> InvalidDataset:
        return rejection("too_many", f"The target column is text with more than {_MAX_TEXT_CLASSES} values.")

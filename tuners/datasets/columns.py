"""A column of a table that is learnt from: numbers, or categories."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from storage.datasets import TableColumn
from storage.errors import InvalidDataset
from tuners.datasets.cells import Cells, Source, is_number
from tuners.datasets.npy import Array
from tuners.datasets.wire import rejection

MAX_CATEGORIES = 1000
MAX_CATEGORY = 128
_LARGEST_FLOAT32 = float(np.finfo(np.float32).max)
# A column of numbers with a few texts among them is more likely a mistake than a column of categories: fewer than one
# row in a hundred, or of more than so many different values fewer than one in ten.
_RARE_ROWS = 0.01
_SURELY_CATEGORIES = 20
_RARE_NAMES = 0.1
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?|\d{1,2}([./-])\d{1,2}\2\d{2,4}([T ].*)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
TRUTHS = ("false", "true")


class FeatureColumn:
    """Takes the column's cells block by block and makes numbers of them.

    Args:
        source: The table, for messages.
        index: The column's place in it.
        category: Take it as categories from the first row on.

    Attributes:
        is_category: Whether it holds categories, by what was seen so far.
        changed: Whether rows were taken as numbers before a cell was none: their codes are wrong then.
    """

    def __init__(self, source: Source, index: int, *, category: bool = False) -> None:
        self.index = index
        self.is_category = category
        self.changed = False
        self._source = source
        self._name = source.names[index]
        self._codes: dict[str, int] = {}
        self._counts: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._truths = True
        self._any = False
        self._missing = 0
        self._first_row: int | None = None
        self._first_text: tuple[int, str] | None = None

    def add(self, cells: Cells, row: int, train: NDArray[np.bool_]) -> Array:
        """The block's values as float64: numbers, or codes in order of appearance; NaN where missing.

        Args:
            cells: Of this column.
            row: Number of the block's first row.
            train: Which rows are training rows.
        """
        if not self.is_category:
            numbers = cells.numbers(truths=True)
            if numbers is not None:
                return self._numbers(cells, numbers, row, train)
            self.is_category = True
            self.changed = self._any
        texts = cells.texts()
        codes = self._codes
        values = np.array(
            [np.nan if text is None else codes.setdefault(text, len(codes)) for text in texts], dtype=np.float64
        )
        self._count(values, row, train)
        counts = np.bincount(values[~np.isnan(values)].astype(np.int64), minlength=len(codes))
        counts[: len(self._counts)] += self._counts
        self._counts = counts
        if self._first_text is None:
            found = next((at for at, text in enumerate(texts) if text is not None and not is_number(text)), None)
            if found is not None:
                self._first_text = (row + found, texts[found] or "")
        if len(codes) > MAX_CATEGORIES:
            raise self._too_many()
        return values

    def described(self, train_rows: int) -> TableColumn:
        """What the column is.

        Args:
            train_rows: Rows of the training part.

        Raises:
            InvalidDataset: It has no values, or what it holds is neither a number nor a category.
        """
        if self._missing == train_rows:
            raise self._source.refused(0, self.index, "has no value in any training row. Leave it out with `ignore`")
        if self.is_category:
            self._check_categories()
            return TableColumn(self._name, "category", tuple(sorted(self._codes)), self._missing)
        if self._truths:
            return TableColumn(self._name, "category", TRUTHS, self._missing)
        return TableColumn(self._name, "number", (), self._missing)

    def order(self) -> NDArray[np.float64] | None:
        """For each code given by `add` the place of its category among all, sorted; None when nothing moves."""
        if not self.is_category:
            return None
        place = {name: index for index, name in enumerate(sorted(self._codes))}
        order = np.array([place[name] for name in self._codes], dtype=np.float64)
        return None if (order == np.arange(len(order))).all() else order

    def _numbers(self, cells: Cells, numbers: Array, row: int, train: NDArray[np.bool_]) -> Array:
        self._truths = self._truths and cells.are_truths()
        self._count(numbers, row, train)
        # NaN is missing here; infinity, and what 32-bit training would make infinite, is not.
        wrong = np.abs(numbers) > _LARGEST_FLOAT32
        if wrong.any():
            at = row + int(np.flatnonzero(wrong)[0])
            problem = "is not finite, or too large for 32-bit floats"
            raise self._source.refused(at, self.index, problem, code="not_finite")
        return numbers

    def _count(self, values: Array, row: int, train: NDArray[np.bool_]) -> None:
        missing = np.isnan(values)
        self._missing += int((missing & train).sum())
        if not self._any and not missing.all():
            self._any = True
            self._first_row = row + int(np.flatnonzero(~missing)[0])

    def _check_categories(self) -> None:
        names = list(self._codes)
        self._check_dates(names)
        self._check_mostly_numbers(names)
        longest = max(names, key=len)
        if len(longest) > MAX_CATEGORY:
            raise self._at_first_row(
                f"has a text of more than {MAX_CATEGORY} characters. Leave it out with `ignore`, or name it as `text` "
                "to learn from it alone"
            )

    def _too_many(self) -> InvalidDataset:
        names = list(self._codes)
        self._check_dates(names)
        self._check_mostly_numbers(names)
        return rejection(
            "too_many",
            f"The column {self._name!r} holds more than {MAX_CATEGORIES} different texts. Leave it out with `ignore`, "
            "or name it as `text` to learn from it alone.",
        )

    def _check_dates(self, names: Sequence[str]) -> None:
        if all(_DATE.fullmatch(name) for name in names):
            raise self._at_first_row(
                "holds dates. Name it as `time` to split in its order, leave it out with `ignore`, or turn it into "
                "numbers first, for example days since the first"
            )
        if all(_DECIMAL_COMMA.fullmatch(name) or is_number(name) for name in names):
            raise self._at_first_row("is not a number (decimals are written with a point)")

    def _check_mostly_numbers(self, names: Sequence[str]) -> None:
        others = np.array([not is_number(name) for name in names])
        if self._first_text is None or not others.any():
            return
        few_rows = self._counts[others].sum() < _RARE_ROWS * self._counts.sum()
        few_names = len(names) > _SURELY_CATEGORIES and others.sum() < _RARE_NAMES * len(names)
        if few_rows or few_names:
            row, text = self._first_text
            raise self._source.refused(
                row,
                self.index,
                f"is not a number but {text[:40]!r}, while nearly all others are numbers. A missing value is an empty "
                "cell, NA, NaN, null or ?",
            )

    def _at_first_row(self, problem: str) -> InvalidDataset:
        return self._source.refused(self._first_row or 0, self.index, problem)

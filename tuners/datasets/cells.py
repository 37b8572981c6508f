"""The cells of one column in one block of rows, whatever file they come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from storage.errors import InvalidDataset
from tuners.datasets.npy import Array

MAX_COLUMNS = 10_000
MAX_COLUMN_NAME = 128
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Cells(Protocol):
    """Each method answers for all cells of the block at once."""

    def __len__(self) -> int: ...

    def numbers(self, *, truths: bool) -> Array | None:
        """float64, NaN for missing ones; None when a cell is no number. With `truths` true is 1 and false 0."""
        ...

    def whole(self) -> Array | None:
        """int64; None when a cell is missing, or is not written as a whole number."""
        ...

    def texts(self) -> list[str | None]:
        """What each says; None for missing ones."""
        ...

    def are_truths(self) -> bool:
        """Whether all that are there say true or false."""
        ...

    def moments(self) -> Array | None:
        """Dates as int64 microseconds since 1970 (without a zone: UTC); None when a cell is no date."""
        ...


class Source(Protocol):
    """A table that can be read several times, a block of rows at a time.

    Attributes:
        names: Of the columns; checked, unique.
    """

    names: tuple[str, ...]

    def blocks(self, columns: Sequence[int], *, time: int | None = None) -> Iterator[Mapping[int, Cells]]:
        """All rows from the first, in blocks: the cells of the wanted columns by their places.

        Only the column at `time` may be of a type for dates, where the format has types.
        """
        ...

    def refused(self, row: int, column: int, problem: str, *, code: str | None = None) -> InvalidDataset:
        """The error for a cell; rows count from 0. `code` None takes the format's own."""
        ...


def name_fault(names: Sequence[str]) -> str | None:
    """What is wrong with the columns' names, as the end of a sentence that begins with where they stand."""
    for position, name in enumerate(names, start=1):
        if not name or len(name) > MAX_COLUMN_NAME or not name.isprintable():
            return (
                f"names column {position} with nothing, with unprintable or with more than {MAX_COLUMN_NAME} characters"
            )
    twice, times = max(Counter(names).items(), key=lambda item: item[1])
    return f"names two columns {twice!r}" if times > 1 else None


def is_number(text: str) -> bool:
    """Whether a cell says a number. Python's own `1_000` is not one that other programs read."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def moment(text: str) -> int:
    """Microseconds since 1970 of an ISO 8601 date; without a zone it is UTC. Raises ValueError."""
    when = datetime.fromisoformat(text)
    aware = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1)


def first_without_number(cells: Cells) -> int:
    """Place of the first cell that is missing or no number; 0 when all are."""
    return next((at for at, text in enumerate(cells.texts()) if text is None or not is_number(text)), 0)

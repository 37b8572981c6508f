"""What parsers and libraries' loaders hand to `prepare`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from storage.datasets import TableColumn
from tuners.datasets.npy import Array


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts one after another: `data` are their bytes (uint8, UTF-8), `offsets` where each begins (int64, rows + 1)."""

    data: Array
    offsets: Array

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True, slots=True)
class Part:
    """Examples and their targets, row by row; usually mapped from files.

    Attributes:
        x: One array, or several by name, or texts.
        y: One array, or several by name.
        weights: Of each row; None when all count the same.
        groups: Numbers or texts: rows with equal ones belong together. Of the training part only.
        times: Numbers by which the rows are ordered. Of the training part only.
    """

    x: Array | Texts | Mapping[str, Array]
    y: Array | Mapping[str, Array]
    weights: Array | None = None
    groups: Array | None = None
    times: Array | None = None


@dataclass(frozen=True, slots=True)
class RawData:
    """What a parser or a library's loader found.

    Attributes:
        parts: "train", and perhaps "validation" and "test".
        class_names: Of the labels in order, or for each label from 0; of the columns of several numbers or labels; None
            when nobody said.
        labels_are_text: The targets stand for texts, though they are numbers here.
        columns: Of a table whose `x` holds NaN for missing values and codes for categories; empty for other data.
    """

    parts: Mapping[str, Part]
    class_names: tuple[str, ...] | None = None
    feature_names: tuple[str, ...] = ()
    labels_are_text: bool = False
    columns: tuple[TableColumn, ...] = ()

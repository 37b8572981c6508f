"""From the blocks of a table, whatever its format, to examples, targets and what else the columns hold."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tuners.datasets.cells import Cells, Source
from tuners.datasets.columns import FeatureColumn
from tuners.datasets.extras import GroupColumn, PartColumn, TimeColumn, WeightColumn
from tuners.datasets.npy import Array, blocks
from tuners.datasets.raw import Part, RawData, Texts
from tuners.datasets.roles import Roles, assign_roles
from tuners.datasets.target_columns import TargetColumns
from tuners.datasets.texts import TextWriter
from tuners.datasets.wire import PARTS, UploadRequest, rejection


def read_table(source: Source, scratch: Path, request: UploadRequest) -> RawData:
    """The table's columns as float64 examples (NaN: missing; codes of categories) or texts, and their targets.

    A column counts as numbers until a cell is none. When that happens only after rows of it were written as numbers,
    the table is read a second time, all such columns known.

    Args:
        source: The table.
        scratch: Folder for the examples.
        request: What each column is for; `max_bytes` limits the examples' size.

    Raises:
        InvalidDataset: As `assign_roles` says; the format's own code for a cell that cannot be what its column is;
            `not_finite`, `too_many` categories or classes, `too_large`, `empty_dataset`, `task_mismatch`.
    """
    roles = assign_roles(source.names, request)
    columns = [FeatureColumn(source, index) for index in roles.features]
    reading = _Reading(source, roles, columns, scratch / "first", request.max_bytes)
    if any(column.changed for column in columns):
        shutil.rmtree(scratch / "first")
        columns = [FeatureColumn(source, column.index, category=column.is_category) for column in columns]
        reading = _Reading(source, roles, columns, scratch / "second", request.max_bytes)
    return reading.result()


class _Reading:
    """One reading of the whole table; `result` is good when no column has changed under way."""

    def __init__(
        self, source: Source, roles: Roles, columns: list[FeatureColumn], folder: Path, max_bytes: int
    ) -> None:
        self._source = source
        self._roles = roles
        self._columns = columns
        self._folder = folder
        self._max_bytes = max_bytes
        self._rows = dict.fromkeys(PARTS, 0)
        self._targets = TargetColumns(source, roles.targets)
        self._part = None if roles.part is None else PartColumn(source, roles.part)
        self._group = None if roles.group is None else GroupColumn(source, roles.group)
        self._time = None if roles.time is None else TimeColumn(source, roles.time)
        self._weight = None if roles.weight is None else WeightColumn(source, roles.weight)
        self._texts: dict[str, Texts] = {}
        others = (roles.text, roles.part, roles.group, roles.time, roles.weight)
        self._wanted = (*roles.targets, *roles.features, *(place for place in others if place is not None))
        folder.mkdir()
        if roles.text is None:
            self._read_features()
        else:
            self._read_texts(roles.text)

    def _read_features(self) -> None:
        with ExitStack() as stack:
            files = {part: stack.enter_context((self._folder / f"x_{part}.raw").open("xb")) for part in PARTS}
            row = 0
            for block in self._source.blocks(self._wanted, time=self._roles.time):
                chosen = self._others(block, row)
                values = np.empty((len(chosen["train"]), len(self._columns)))
                for place, column in enumerate(self._columns):
                    values[:, place] = column.add(block[column.index], row, chosen["train"])
                self._write(values, chosen, files)
                row += len(values)

    def _read_texts(self, column: int) -> None:
        with ExitStack() as stack:
            writers = {part: stack.enter_context(TextWriter(self._folder / f"x_{part}.raw")) for part in PARTS}
            row = 0
            for block in self._source.blocks(self._wanted, time=self._roles.time):
                texts = block[column].texts()
                for part, mask in self._others(block, row).items():
                    writers[part].add([text or "" for text, here in zip(texts, mask, strict=True) if here])
                row += len(texts)
            for part in PARTS:
                if writers[part].size_bytes > self._max_bytes:
                    raise rejection("too_large", f"The texts are larger than the {self._max_bytes} bytes allowed.")
        self._texts = {part: writers[part].texts() for part in PARTS if self._rows[part]}

    def _others(self, block: Mapping[int, Cells], row: int) -> dict[str, NDArray[np.bool_]]:
        """Take what is no example; answers which rows belong to which part."""
        count = len(block[self._roles.targets[0]])
        if self._part is None:
            chosen = {part: np.full(count, part == "train") for part in PARTS}
        else:
            chosen = self._part.add(block, row)
        for part, mask in chosen.items():
            self._rows[part] += int(mask.sum())
        self._targets.add(block, row)
        for column in (self._group, self._time, self._weight):
            if column is not None:
                column.add(block, row)
        return chosen

    def _write(self, values: Array, chosen: dict[str, NDArray[np.bool_]], files: Mapping[str, BinaryIO]) -> None:
        if sum(self._rows.values()) * values.shape[1] * 8 > self._max_bytes:
            raise rejection("too_large", f"The table is larger than the {self._max_bytes} bytes allowed, as numbers.")
        for part, mask in chosen.items():
            if mask.any():
                files[part].write(np.ascontiguousarray(values if mask.all() else values[mask]).data.cast("B"))

    def result(self) -> RawData:
        """What was read, mapped from files."""
        if not any(self._rows.values()):
            raise rejection("empty_dataset", "The table has columns, but no rows.")
        if not self._rows["train"]:
            raise rejection("empty_dataset", "No row belongs to the training part.", pointer="/part")
        described = tuple(column.described(self._rows["train"]) for column in self._columns)
        targets = self._targets.array()
        parts: dict[str, Part] = {}
        for part in PARTS:
            if not self._rows[part]:
                continue
            mask = slice(None) if self._part is None else self._part.rows(part)
            parts[part] = Part(
                x=self._texts[part] if self._texts else self._examples(part),
                y=targets[mask],
                weights=None if self._weight is None else self._weight.array()[mask],
                groups=None if self._group is None else self._group.array()[mask],
                times=None if self._time is None else self._time.array()[mask],
            )
        return RawData(
            parts=parts,
            class_names=self._targets.names(),
            feature_names=tuple(column.name for column in described),
            labels_are_text=self._targets.are_text,
            columns=described,
        )

    def _examples(self, part: str) -> Array:
        """The part's rows; codes of categories, given in order of appearance, brought into the order of names."""
        path = self._folder / f"x_{part}.raw"
        shape = (self._rows[part], len(self._columns))
        orders = {place: order for place, each in enumerate(self._columns) if (order := each.order()) is not None}
        if orders:
            values = np.memmap(path, dtype=np.float64, mode="r+", shape=shape)
            for _, block in blocks(values):
                for place, order in orders.items():
                    there = ~np.isnan(block[:, place])
                    block[there, place] = order[block[there, place].astype(np.int64)]
            values.flush()
        return np.memmap(path, dtype=np.float64, mode="r", shape=shape)

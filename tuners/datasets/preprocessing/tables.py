"""Tables: gaps filled, numbers scaled, categories encoded, by what the training rows tell.

Needs numpy alone, and no other module of ours: its text becomes part of programs that people take home.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]


def fit_table(plan: Sequence[Mapping[str, Any]], x: NDArray[Any]) -> list[dict[str, Any]]:
    """The plan (`layout.table_plan`) with the numbers that the training rows give, as JSON.

    A number column gains `fill` (what stands for missing values), `offset` and `divisor`; a category column `fill` (a
    code, or None) and `seen` (the codes that occur).

    Args:
        x: Training rows, shape (rows, columns of the data set); NaN where missing, codes for categories.

    Raises:
        ValueError: A column that must have no gaps has one.
    """
    numbers = [column for column in plan if column["kind"] == "number"]
    filled = np.ascontiguousarray(x[:, [column["index"] for column in numbers]], dtype=np.float64)
    fills = [_fill(column, filled[:, place]) for place, column in enumerate(numbers)]
    for place, fill in enumerate(fills):
        values = filled[:, place]
        values[np.isnan(values)] = fill
    scales = {kind: _scale(kind, filled) for kind in {column["scale"] for column in numbers}}
    fitted: list[dict[str, Any]] = []
    more: dict[str, Any]
    for column in plan:
        if column["kind"] == "number":
            place = numbers.index(column)
            offset, divisor = scales[column["scale"]]
            more = {"fill": fills[place], "offset": float(offset[place]), "divisor": float(divisor[place])}
        else:
            codes = np.asarray(x[:, column["index"]], dtype=np.float64)
            found, counts = np.unique(codes[~np.isnan(codes)].astype(np.int64), return_counts=True)
            common = int(found[counts.argmax()]) if len(found) else None
            more = {"fill": common if column["missing"] == "most_frequent" else None, "seen": found.tolist()}
        fitted.append({**column, **more})
    return fitted


def _fill(column: Mapping[str, Any], values: Table) -> float:
    present = values[~np.isnan(values)]
    if column["missing"] == "refuse" and len(present) < len(values):
        raise ValueError(f"the column {column['name']!r} has missing values, and the definition allows none")
    if column["missing"] in ("zero", "refuse") or not len(present):
        return 0.0
    return float(np.median(present) if column["missing"] == "median" else present.mean())


def _scale(kind: str, filled: Table) -> tuple[Table, Table]:
    """Offset and divisor of each column."""
    if kind == "none" or not filled.size:
        return np.zeros(filled.shape[1]), np.ones(filled.shape[1])
    if kind == "0-1":
        offset = filled.min(axis=0)
        divisor = filled.max(axis=0) - offset
    else:
        offset = filled.mean(axis=0)
        # In pieces of 8 MiB, as other arrays are scaled: in another order the sums would differ in the last digit.
        step = max(1, (8 << 20) // (8 * filled.shape[1]))
        total = np.zeros(filled.shape[1])
        for start in range(0, len(filled), step):
            total = total + np.square(filled[start : start + step] - offset).sum(axis=0)
        divisor = np.sqrt(total / len(filled))
    return offset, np.where(divisor == 0, 1.0, divisor)


def apply_table(fitted: Sequence[Mapping[str, Any]], x: NDArray[Any]) -> NDArray[np.float32]:
    """The rows as a model sees them: float32, shape (rows, columns that come out).

    Args:
        fitted: What `fit_table` gave.
        x: Rows as for `fit_table`. A code that is no category's, or that no training row had, becomes zeros.

    Raises:
        ValueError: As `fit_table`.
    """
    table = np.zeros((len(x), sum(_width(column) for column in fitted)), dtype=np.float32)
    place = 0
    for column in fitted:
        values = np.array(x[:, column["index"]], dtype=np.float64)
        missing = np.isnan(values)
        if missing.any() and column["fill"] is not None:
            if column["missing"] == "refuse":
                raise ValueError(f"the column {column['name']!r} has missing values, and the definition allows none")
            values[missing] = column["fill"]
        if column["kind"] == "number":
            table[:, place] = (values - column["offset"]) / column["divisor"]
            if column["indicator"]:
                table[:, place + 1] = missing
        elif column["encode"] == "ordinal":
            known = (values >= 0) & (values < len(column["categories"]))
            table[:, place] = np.where(known, values, -1)
            if column["gap"]:
                table[missing, place] = len(column["categories"])
        else:
            (rows,) = np.nonzero(np.isin(values, column["seen"]))
            table[rows, place + values[rows].astype(np.int64)] = 1
            if column["gap"]:
                table[missing, place + len(column["categories"])] = 1
        place += _width(column)
    return table


def _width(column: Mapping[str, Any]) -> int:
    """How many columns come out of one."""
    if column["kind"] == "number":
        return 2 if column["indicator"] else 1
    return 1 if column["encode"] == "ordinal" else len(column["categories"]) + bool(column["gap"])


def table_codes(fitted: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> Table:
    """Rows as people have them, as `apply_table` wants them.

    Args:
        rows: One mapping a row, from column names to numbers or texts; absent, None, NaN and "" are missing.
    """
    width = 1 + max((column["index"] for column in fitted), default=0)
    table = np.full((len(rows), width), np.nan)
    for column in fitted:
        codes = {category: code for code, category in enumerate(column.get("categories", ()))}
        for place, row in enumerate(rows):
            value = row.get(column["name"])
            if value is None or value == "" or value != value:
                continue
            table[place, column["index"]] = codes.get(str(value), -1) if column["kind"] == "category" else float(value)
    return table

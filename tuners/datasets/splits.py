"""Setting some training rows aside for validation: the same rows wherever, and whenever, it is asked for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def validation_rows(rows: int, validation_split: float) -> int:
    """How many of `rows` rows are set aside: `ceil(rows * validation_split)`, at least 1, leaving at least 1.

    Of 1,797 rows 0.2 sets 360 aside and leaves 1,437, as Keras' own `validation_split` and scikit-learn do.

    Raises:
        ValueError: The split is not between 0 and 1 (exclusive), or there are fewer than two rows.
    """
    if not 0.0 < validation_split < 1.0 or rows < 2:
        raise ValueError(f"cannot set aside {validation_split} of {rows} rows")
    # Without the small step down, 0.1 of 10 rows would be 1.0000000000000002 and thus 2.
    return min(max(1, math.ceil(rows * validation_split - 1e-9)), rows - 1)


def split_rows(y: NDArray[Any], *, validation_split: float, seed: int, stratified: bool) -> tuple[Indices, Indices]:
    """Row numbers for training and for validation, both ascending; together each row once.

    All rows are shuffled by `numpy.random.default_rng(seed).permutation`. Without stratification the first
    `validation_rows` of them are set aside. With it, each class gives its share, `count * validation / rows`: rounded
    down first, the rows still missing from the classes with the largest remainders (the lower class first); the rows
    of a class are those that come first in the shuffled order. Stratification needs two rows of every class; when a
    class has one, the split is the plain one.

    Args:
        y: Targets, shape (rows,); for stratification integers from 0.
        validation_split: Share of the rows, between 0 and 1.
        seed: At least 0. One seed gives the same rows in every trial of a search.
        stratified: Whether the shares of classes should be kept.

    Raises:
        ValueError: As `validation_rows`; a seed below 0.
    """
    rows = len(y)
    wanted = validation_rows(rows, validation_split)
    order = np.random.default_rng(seed).permutation(rows)
    aside = np.zeros(rows, dtype=bool)
    counts = np.bincount(y) if stratified else np.zeros(0, dtype=np.int64)
    if not stratified or (counts[counts > 0] < 2).any():
        aside[order[:wanted]] = True
    else:
        shares = _shares(counts, wanted, rows)
        shuffled = np.asarray(y)[order]
        # A stable sort by class keeps the shuffled order inside each class.
        by_class = order[np.argsort(shuffled, kind="stable")]
        starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
        for start, share in zip(starts, shares, strict=True):
            aside[by_class[start : start + share]] = True
    return np.flatnonzero(~aside), np.flatnonzero(aside)


def _shares(counts: Indices, wanted: int, rows: int) -> Indices:
    """Rows each class gives, by largest remainder, in whole numbers so that no rounding differs between machines."""
    exact = counts.astype(np.int64) * wanted
    shares: Indices = exact // rows
    remainders = exact % rows
    # One row of every class stays in training; a class that has none to give is passed over.
    spare = np.maximum(counts - 1, 0) - shares
    missing = min(wanted - int(shares.sum()), int(spare.sum()))
    order = np.argsort(-remainders, kind="stable")
    while missing > 0:
        givers = order[spare[order] > 0][:missing]
        shares[givers] += 1
        spare[givers] -= 1
        missing -= len(givers)
    return shares

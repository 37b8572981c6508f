"""Setting some training rows aside for validation: the same rows wherever, and whenever, it is asked for.

Needs numpy alone, and no other module of ours: its text becomes part of programs that people take home.
"""

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


def fold_rows(y: NDArray[Any], *, folds: int, fold: int, seed: int, stratified: bool) -> tuple[Indices, Indices]:
    """Row numbers for training and for validation in one fold of a k-fold cross-validation.

    The rows are shuffled as in `split_rows`, with stratification then sorted by class, and dealt out to the folds in
    turn: each row validates in exactly one fold, folds differ by one row at most, and so do the rows that each class
    gives to them.

    Raises:
        ValueError: There are fewer rows than folds.
    """
    if len(y) < folds:
        raise ValueError(f"{len(y)} rows cannot make {folds} folds")
    order = np.random.default_rng(seed).permutation(len(y))
    if stratified:
        order = order[np.argsort(np.asarray(y)[order], kind="stable")]
    aside = np.zeros(len(y), dtype=bool)
    aside[order[fold::folds]] = True
    return np.flatnonzero(~aside), np.flatnonzero(aside)


def dealt_groups(groups: NDArray[Any], classes: NDArray[Any] | None, *, shares: list[float], seed: int) -> Indices:
    """To which of `len(shares)` sides each row goes, so that no group is on two sides.

    The largest groups are dealt first (of equally large ones, in an order made from the seed), each to the side that
    lacks most of what the group holds: that lowers the sum over sides and classes of the squared differences between
    the share a side has of a class and the share it should have. No side stays empty.

    Args:
        groups: Shape (rows,).
        classes: Integers from 0, shape (rows,), whose shares are kept as far as possible; None: only rows count.
        shares: What each side should have; their sum is 1.

    Raises:
        ValueError: There are fewer groups than sides.

    Source: the greedy of scikit-learn's GroupKFold and StratifiedGroupKFold, here for sides of any share.
    """
    found, member = np.unique(groups, return_inverse=True)
    sides = len(shares)
    if len(found) < sides:
        raise ValueError(f"{len(found)} groups cannot be on {sides} sides")
    labels = np.zeros(len(groups), dtype=np.int64) if classes is None else np.asarray(classes, dtype=np.int64)
    held = np.zeros((len(found), int(labels.max()) + 1))
    np.add.at(held, (member, labels), 1)
    sizes = held.sum(axis=1)
    held = held / np.maximum(held.sum(axis=0), 1)
    order = np.random.default_rng(seed).permutation(len(found))
    order = order[np.argsort(-sizes[order], kind="stable")]
    lacking = np.outer(shares, np.ones(held.shape[1]))
    room = np.array(shares) * len(groups)
    side_of = np.zeros(len(found), dtype=np.int64)
    for group in order:
        gain = lacking @ held[group]
        best = np.flatnonzero(gain >= gain.max() - 1e-12)
        side = best[room[best].argmax()]
        side_of[group] = side
        lacking[side] -= held[group]
        room[side] -= sizes[group]
    for side in range(sides):
        if not (side_of == side).any():
            # From the side with the most groups, the last one dealt: the smallest.
            fullest = np.bincount(side_of, minlength=sides).argmax()
            side_of[order[side_of[order] == fullest][-1]] = side
    dealt: Indices = side_of[member]
    return dealt


def time_borders(times: NDArray[Any], starts: list[int]) -> list[int]:
    """Where to cut rows in time order, so that no two rows of one time are on two sides of a cut.

    Args:
        times: Ascending, shape (rows,).
        starts: The cuts wanted, ascending, each the number of the first row after it. A cut inside equal times moves
            back to the first of them, or, when that is the first row of all, behind the last of them.

    Raises:
        ValueError: There are too few different times.
    """
    borders = []
    for start in starts:
        border = int(np.searchsorted(times, times[start], side="left"))
        borders.append(border or int(np.searchsorted(times, times[start], side="right")))
    if any(first >= second for first, second in zip([0, *borders], [*borders, len(times)], strict=True)):
        raise ValueError(f"{len(np.unique(times))} different times cannot be cut into {len(starts) + 1} parts")
    return borders


def split_times(times: NDArray[Any], *, validation_split: float) -> tuple[Indices, Indices]:
    """The past for training and the last share for validation, row numbers ascending."""
    order = np.argsort(times, kind="stable")
    (border,) = time_borders(times[order], [len(times) - validation_rows(len(times), validation_split)])
    return np.sort(order[:border]), np.sort(order[border:])


def fold_times(times: NDArray[Any], *, folds: int, fold: int) -> tuple[Indices, Indices]:
    """One fold of a cross-validation that never looks ahead: the more folds, the longer the past that trains.

    The rows in time order are cut into `folds + 1` parts, of which each but the first is validated by a model that was
    trained on all parts before it.

    Raises:
        ValueError: There are too few rows, or too few different times.

    Source: scikit-learn's TimeSeriesSplit; rows of one time stay together here.
    """
    size = len(times) // (folds + 1)
    if size < 1:
        raise ValueError(f"{len(times)} rows cannot make {folds} folds over time")
    order = np.argsort(times, kind="stable")
    borders = time_borders(times[order], [len(times) - size * number for number in range(folds, 0, -1)])
    stop = [*borders, len(times)][fold + 1]
    return np.sort(order[: borders[fold]]), np.sort(order[borders[fold] : stop])


def split(
    rows: int,
    *,
    by: str,
    validation_split: float | None,
    folds: int | None,
    fold: int,
    seed: int,
    classes: NDArray[Any] | None,
    groups: NDArray[Any] | None,
    times: NDArray[Any] | None,
) -> tuple[Indices, Indices]:
    """Row numbers for training and for validation, both ascending.

    Args:
        by: "rows" (`split_rows`, `fold_rows`), "group" (`dealt_groups`) or "time" (`split_times`, `fold_times`).
        validation_split: Share to set aside; None with `folds`.
        folds: Of which number `fold` validates; None with `validation_split`.
        classes: To stratify by, shape (rows,); None for none.

    Raises:
        ValueError: One side would be empty; there are no groups or times to split by.
    """
    if by == "time":
        if times is None:
            raise ValueError("the rows have no times to split by")
        if folds is not None:
            return fold_times(times, folds=folds, fold=fold)
        assert validation_split is not None
        return split_times(times, validation_split=validation_split)
    if by == "group":
        if groups is None:
            raise ValueError("the rows have no groups to split by")
        shares = [1 / folds] * folds if folds is not None else [validation_split or 0.0, 1 - (validation_split or 0.0)]
        aside = dealt_groups(groups, classes, shares=shares, seed=seed) == fold
        return np.flatnonzero(~aside), np.flatnonzero(aside)
    stratified = classes is not None
    y = np.zeros(rows, dtype=np.int64) if classes is None else classes
    if folds is not None:
        return fold_rows(y, folds=folds, fold=fold, seed=seed, stratified=stratified)
    assert validation_split is not None
    return split_rows(y, validation_split=validation_split, seed=seed, stratified=stratified)

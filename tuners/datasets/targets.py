"""What is to be learnt: classes, several yes/no labels, or numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.datasets import Task
from tuners.datasets.npy import Array, blocks
from tuners.datasets.wire import rejection

_MAX_CLASSES = 10_000
_MAX_OUTPUTS = 10_000
_MAX_NAME = 128
_LARGEST_FLOAT32 = float(np.finfo(np.float32).max)
# Integer targets with this few values are classes; with more, each must occur often before they count as classes.
_SURELY_CLASSES = 20
_PERHAPS_CLASSES = 1_000
_ROWS_PER_CLASS = 20


@dataclass(frozen=True, slots=True)
class LearntTargets:
    """Targets in their final form.

    Attributes:
        values: By part. Classes: int32 (rows,) from 0 without gaps. Labels: uint8 (rows, k) of 0 and 1. Numbers:
            float64 (rows,) or (rows, k).
        class_names: Of the classes or labels; empty for numbers, and for labels that nobody named.
        shape: () or (k,).
        names: Of the k labels or numbers; empty when nobody named them.
    """

    task: Task
    values: Mapping[str, Array]
    class_names: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def num_classes(self) -> int | None:
        if self.task == "regression":
            return None
        return self.shape[0] if self.shape else len(self.class_names)


def learn_targets(
    parts: Mapping[str, Array],
    *,
    task: Task | None = None,
    names: tuple[str, ...] | None = None,
    labels_are_text: bool = False,
    called: str = "y",
) -> LearntTargets:
    """What the targets are.

    One column: text and booleans are classes; whole numbers too when there are few different ones; other numbers are
    regression. Several columns: exactly one 1 in each row is one class, one-hot; whole or boolean 0 and 1 otherwise are
    labels; everything else is regression with several outputs.

    Args:
        parts: By part, shape (rows,), (rows, 1) or (rows, k).
        task: Overrides what the targets look like.
        names: Of the classes in order (or for each label from 0), or of the k columns.
        labels_are_text: The targets stand for texts, though they are numbers here.
        called: What the arrays are called in messages, before `_PART`.

    Raises:
        InvalidDataset: `shape_mismatch`, `dtype_not_allowed`, `not_finite`, `single_class`, `too_many` classes or
            columns, `task_mismatch`.
    """
    for part, y in parts.items():
        check_finite(f"{called}_{part}", y)
    columns = {part: y.reshape(-1) if y.ndim == 2 and y.shape[1] == 1 else y for part, y in parts.items()}
    widths = {y.shape[1:] for y in columns.values()}
    width = next(iter(widths))
    if len(widths) > 1 or len(width) > 1:
        listed = ", ".join(f"{called}_{part} {y.shape}" for part, y in parts.items())
        raise rejection(
            "shape_mismatch", f"Targets are one for each row, or the same number of columns in all parts, not {listed}."
        )
    if width:
        if not width[0]:
            raise rejection("empty_dataset", f"{called}_train has no columns.")
        if task in (None, "classification") and _everywhere(columns, _is_one_hot):
            columns = {part: np.asarray(y.argmax(axis=1)) for part, y in columns.items()}
        else:
            return _several(columns, width[0], task=task, names=names, called=called)
    if task == "multilabel":
        raise rejection(
            "task_mismatch", "Labels are several columns of 0 and 1; the targets are one column.", pointer="/task"
        )
    return _one(columns, task=task, names=names, labels_are_text=labels_are_text)


def check_finite(name: str, array: Array, *, missing_allowed: bool = False) -> None:
    """Refuse NaN (unless it stands for missing values), the infinities, and numbers that 32-bit floats cannot hold."""
    if array.dtype.kind != "f":
        return
    for start, block in blocks(array):
        values = np.asarray(block, dtype=np.float64)
        # NaN compares false, so one comparison finds all three.
        good: NDArray[np.bool_] = np.abs(values) <= _LARGEST_FLOAT32
        if missing_allowed:
            good |= np.isnan(values)
        if not good.all():
            row = start + int(np.argwhere(~good)[0][0])
            raise rejection(
                "not_finite",
                f"{name} holds NaN, infinity, or a number too large for 32-bit floats, first in row {row} "
                "(counted from 0).",
            )


def _several(
    columns: Mapping[str, Array], width: int, *, task: Task | None, names: tuple[str, ...] | None, called: str
) -> LearntTargets:
    if any(y.dtype.kind not in "biuf" for y in columns.values()):
        raise rejection("dtype_not_allowed", f"Several columns of targets must be numbers; {called} is text.")
    if width > _MAX_OUTPUTS:
        raise rejection("too_many", f"The targets have {width} columns; at most {_MAX_OUTPUTS} are allowed.")
    if names is not None and len(names) != width:
        raise rejection("shape_mismatch", f"There are {len(names)} names for {width} columns of targets.")
    kept = tuple(name[:_MAX_NAME] for name in names or ())
    zero_one = task != "regression" and _everywhere(columns, _is_zero_one)
    if task == "multilabel" and not zero_one:
        raise rejection("task_mismatch", "The targets hold more than 0 and 1: they cannot be labels.", pointer="/task")
    if task == "classification":
        raise rejection(
            "task_mismatch",
            "Several columns are classes only when exactly one of them is 1 in each row. For labels say multilabel.",
            pointer="/task",
        )
    if task == "multilabel" or (zero_one and all(y.dtype.kind in "biu" for y in columns.values())):
        _check_labels_vary(columns)
        values = {part: np.asarray(y, dtype=np.uint8) for part, y in columns.items()}
        return LearntTargets("multilabel", values, class_names=kept, shape=(width,), names=kept)
    numbers = {part: np.asarray(y, dtype=np.float64) for part, y in columns.items()}
    return LearntTargets("regression", numbers, shape=(width,), names=kept)


def _one(
    columns: Mapping[str, Array], *, task: Task | None, names: tuple[str, ...] | None, labels_are_text: bool
) -> LearntTargets:
    values = {part: _whole_numbers(y) if task == "classification" else _signed(y) for part, y in columns.items()}
    kinds = {y.dtype.kind for y in values.values()}
    if "U" in kinds and len(kinds) > 1:
        raise rejection("dtype_not_allowed", "Some parts' labels are text, others numbers.")
    if task == "regression" or (task is None and "f" in kinds):
        if "U" in kinds or labels_are_text:
            raise rejection("task_mismatch", "The targets are text: they can be classes only.", pointer="/task")
        return LearntTargets("regression", {part: np.asarray(y, dtype=np.float64) for part, y in values.items()})
    if "f" in kinds:
        raise rejection("task_mismatch", "The targets are not whole numbers: they cannot be classes.", pointer="/task")
    distinct = np.unique(np.concatenate([np.unique(y) for y in values.values()]))
    rows = len(values["train"])
    if task is None and not labels_are_text and not _look_like_classes(distinct, rows):
        return LearntTargets("regression", {part: np.asarray(y, dtype=np.float64) for part, y in values.items()})
    if len(distinct) > _MAX_CLASSES:
        raise rejection("too_many", f"The targets have {len(distinct)} classes; at most {_MAX_CLASSES} are allowed.")
    if len(distinct) < 2:
        raise rejection("single_class", "All targets are the same class: there is nothing to learn.")
    coded = {part: np.searchsorted(distinct, y).astype(np.int32) for part, y in values.items()}
    return LearntTargets("classification", coded, class_names=_class_names(distinct, names))


def _everywhere(columns: Mapping[str, Array], holds: Callable[[Array], bool]) -> bool:
    return all(y.dtype.kind in "biuf" and all(holds(block) for _, block in blocks(y)) for y in columns.values())


def _is_zero_one(block: Array) -> bool:
    return bool(((block == 0) | (block == 1)).all())


def _is_one_hot(block: Array) -> bool:
    return _is_zero_one(block) and bool((np.count_nonzero(block, axis=1) == 1).all())


def _check_labels_vary(columns: Mapping[str, Array]) -> None:
    y = columns["train"]
    if all((block == y[0]).all() for _, block in blocks(y)):
        raise rejection("single_class", "All rows have the same labels: there is nothing to learn.")


def _whole_numbers(y: Array) -> Array:
    """Float targets as integers where all of them are whole, else as they are."""
    if y.dtype.kind != "f":
        return _signed(y)
    if not (np.mod(y, 1) == 0).all() or np.abs(y).max() > 2**53:
        return y
    return np.asarray(y, dtype=np.int64)


def _signed(y: Array) -> Array:
    """uint64 as int64 where it fits: of the two together numpy makes floats."""
    return np.asarray(y, dtype=np.int64) if y.dtype == np.uint64 and y.max() < 2**63 else y


def _look_like_classes(distinct: Array, rows: int) -> bool:
    count = len(distinct)
    if distinct.dtype.kind in "Ub" or count <= _SURELY_CLASSES:
        return True
    return count <= _PERHAPS_CLASSES and rows >= _ROWS_PER_CLASS * count


def _class_names(distinct: Array, given: tuple[str, ...] | None) -> tuple[str, ...]:
    """The given names where they fit: one for each class, or one for each label from 0."""
    if given is None:
        if distinct.dtype.kind == "b":
            return tuple("true" if label else "false" for label in distinct)
        return tuple(str(label)[:_MAX_NAME] for label in distinct)
    if len(given) == len(distinct):
        return tuple(name[:_MAX_NAME] for name in given)
    if distinct.dtype.kind in "biu" and int(distinct[0]) >= 0 and int(distinct[-1]) < len(given):
        return tuple(given[int(label)][:_MAX_NAME] for label in distinct)
    raise rejection("shape_mismatch", f"class_names has {len(given)} names for {len(distinct)} classes.")

"""From raw arrays to a data set: what is learnt, of which shape, and is all of it usable?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.records import Task
from tuners.datasets.builtin_names import Scale
from tuners.datasets.npy import Array, blocks, write_npy
from tuners.datasets.wire import PARTS, ArrayFacts, Meta, rejection

_MAX_EXAMPLE_AXES = 5
_MAX_CLASSES = 10_000
_MAX_FEATURE_NAMES = 10_000
_MAX_NAME = 128
_LARGEST_FLOAT32 = float(np.finfo(np.float32).max)
# Integer targets with this few values are classes; with more, each must occur often before they count as classes.
_SURELY_CLASSES = 20
_PERHAPS_CLASSES = 1_000
_ROWS_PER_CLASS = 20


@dataclass(frozen=True, slots=True)
class Part:
    """Examples and their targets, row by row; usually mapped from files."""

    x: Array
    y: Array


@dataclass(frozen=True, slots=True)
class RawData:
    """What a parser or a library's loader found.

    Attributes:
        parts: "train", and perhaps "validation" and "test".
        class_names: Of the labels in order, or for each label from 0; None when nobody said.
        labels_are_text: The targets stand for texts, though they are numbers here.
    """

    parts: Mapping[str, Part]
    class_names: tuple[str, ...] | None = None
    feature_names: tuple[str, ...] = ()
    labels_are_text: bool = False


@dataclass(frozen=True, slots=True)
class _Targets:
    task: Task
    values: Mapping[str, Array]
    class_names: tuple[str, ...]


def prepare(raw: RawData, folder: Path, *, task: Task | None = None, scale: Scale | None = None) -> Meta:
    """Write the arrays into `folder` in their final form and tell what they are.

    Examples keep their dtype (booleans become uint8, float16 becomes float32). Classes become int32 from 0 without
    gaps, other targets float64.

    Args:
        raw: At least the training part.
        folder: Where `x_train.npy`, `y_train.npy`, ... go.
        task: Overrides what the targets look like.
        scale: Overrides the default: "0-1" for uint8, "standard" for tables of floats, else "none".

    Raises:
        InvalidDataset: `row_mismatch`, `shape_mismatch`, `dtype_not_allowed`, `empty_dataset`, `not_finite`,
            `single_class`, `too_many` classes, `task_mismatch`.
    """
    examples = {part: _examples(part, raw.parts[part]) for part in PARTS if part in raw.parts}
    dtype = _common_dtype(examples)
    shapes = {part: x.shape[1:] for part, x in examples.items()}
    if len(set(shapes.values())) > 1:
        listed = ", ".join(f"x_{part} {shape}" for part, shape in shapes.items())
        raise rejection("shape_mismatch", f"The parts' examples differ in shape: {listed}.")
    input_shape = shapes["train"]
    targets = _targets({part: _one_per_row(part, raw.parts[part]) for part in examples}, raw, task)
    arrays: dict[str, ArrayFacts] = {}
    for part, x in examples.items():
        _check_finite(f"x_{part}", x)
        y = targets.values[part]
        arrays[f"x_{part}"] = write_npy(folder / f"x_{part}.npy", x, dtype, shape=x.shape)
        arrays[f"y_{part}"] = write_npy(folder / f"y_{part}.npy", y, y.dtype, shape=y.shape)
    return Meta.model_validate(
        {
            "task": targets.task,
            "input_shape": input_shape,
            "num_classes": len(targets.class_names) if targets.task == "classification" else None,
            "class_names": targets.class_names,
            "feature_names": _feature_names(raw.feature_names, input_shape),
            "scale": scale or _default_scale(examples["train"].dtype, input_shape),
            "arrays": arrays,
        }
    )


def _examples(part: str, data: Part) -> Array:
    x = data.x
    if x.dtype.kind not in "biuf":
        raise rejection("dtype_not_allowed", f"x_{part} must be numbers.")
    if x.ndim == 1:
        x = x.reshape(-1, 1)
    if not 2 <= x.ndim <= 1 + _MAX_EXAMPLE_AXES:
        raise rejection(
            "shape_mismatch", f"x_{part} has {x.ndim} axes; rows and 1 to {_MAX_EXAMPLE_AXES} more are read."
        )
    if 0 in x.shape:
        raise rejection("empty_dataset", f"x_{part} has no rows, or rows without values.")
    if len(x) != len(data.y):
        raise rejection("row_mismatch", f"x_{part} has {len(x)} rows, y_{part} has {len(data.y)}.")
    return x


def _common_dtype(examples: Mapping[str, Array]) -> np.dtype[Any]:
    dtype = np.result_type(*(x.dtype for x in examples.values()))
    if dtype.kind == "b":
        return np.dtype("uint8")
    return np.dtype("float32") if dtype == np.float16 else dtype


def _one_per_row(part: str, data: Part) -> Array:
    y = data.y
    if y.ndim == 2 and y.shape[1] == 1:
        return y.reshape(-1)
    if y.ndim == 2 and y.dtype.kind in "biuf" and _is_one_hot(y):
        return np.asarray(y.argmax(axis=1))
    if y.ndim != 1:
        raise rejection(
            "shape_mismatch", f"y_{part} has shape {y.shape}; one target for each row is read, or one-hot classes."
        )
    return y


def _is_one_hot(y: Array) -> bool:
    return all(
        bool(((block == 0) | (block == 1)).all() and (np.count_nonzero(block, axis=1) == 1).all())
        for _, block in blocks(y)
    )


def _targets(columns: Mapping[str, Array], raw: RawData, task: Task | None) -> _Targets:
    for part, y in columns.items():
        if y.dtype.kind == "f":
            _check_finite(f"y_{part}", y)
    values = {part: _whole_numbers(y) if task == "classification" else _signed(y) for part, y in columns.items()}
    kinds = {y.dtype.kind for y in values.values()}
    if "U" in kinds and len(kinds) > 1:
        raise rejection("dtype_not_allowed", "Some parts' labels are text, others numbers.")
    if task == "regression" or (task is None and "f" in kinds):
        if "U" in kinds or raw.labels_are_text:
            raise rejection("task_mismatch", "The targets are text: they can be classes only.", pointer="/task")
        return _Targets("regression", {part: np.asarray(y, dtype=np.float64) for part, y in values.items()}, ())
    if "f" in kinds:
        raise rejection("task_mismatch", "The targets are not whole numbers: they cannot be classes.", pointer="/task")
    distinct = np.unique(np.concatenate([np.unique(y) for y in values.values()]))
    rows = len(values["train"])
    if task is None and not raw.labels_are_text and not _look_like_classes(distinct, rows):
        return _Targets("regression", {part: np.asarray(y, dtype=np.float64) for part, y in values.items()}, ())
    if len(distinct) > _MAX_CLASSES:
        raise rejection("too_many", f"The targets have {len(distinct)} classes; at most {_MAX_CLASSES} are allowed.")
    if len(distinct) < 2:
        raise rejection("single_class", "All targets are the same class: there is nothing to learn.")
    coded = {part: np.searchsorted(distinct, y).astype(np.int32) for part, y in values.items()}
    return _Targets("classification", coded, _class_names(distinct, raw.class_names))


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


def _feature_names(names: tuple[str, ...], input_shape: tuple[int, ...]) -> tuple[str, ...]:
    if not names:
        return ()
    if len(input_shape) != 1 or len(names) != input_shape[0] or len(names) > _MAX_FEATURE_NAMES:
        raise rejection("shape_mismatch", f"feature_names has {len(names)} names for examples of shape {input_shape}.")
    return tuple(name[:_MAX_NAME] for name in names)


def _check_finite(name: str, array: Array) -> None:
    """Refuse NaN, the infinities, and numbers that 32-bit training would turn into one."""
    if array.dtype.kind != "f":
        return
    for start, block in blocks(array):
        # NaN compares false, so one comparison finds all three.
        good: NDArray[np.bool_] = np.abs(np.asarray(block, dtype=np.float64)) <= _LARGEST_FLOAT32
        if not good.all():
            row = start + int(np.argwhere(~good)[0][0])
            raise rejection(
                "not_finite",
                f"{name} holds NaN, infinity, or a number too large for 32-bit floats, first in row {row} "
                "(counted from 0).",
            )


def _default_scale(dtype: np.dtype[Any], input_shape: tuple[int, ...]) -> Scale:
    if dtype == np.uint8:
        return "0-1"
    return "standard" if dtype.kind == "f" and len(input_shape) == 1 else "none"

"""From raw arrays to a data set: what is learnt, of which shape, and is all of it usable?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from storage.datasets import DatasetInput, DatasetKind, DatasetTarget, Task
from tuners.datasets.builtin_names import Scale
from tuners.datasets.npy import Array, blocks, write_npy
from tuners.datasets.raw import Part, RawData, Texts
from tuners.datasets.targets import LearntTargets, check_finite, learn_targets
from tuners.datasets.wire import PARTS, ArrayFacts, Meta, array_name, rejection

_MAX_EXAMPLE_AXES = 5
_MAX_FEATURE_NAMES = 10_000
_MAX_NAME = 128
_CHANNELS = (1, 3, 4)

# Examples or targets: by the name of one of several (None for the only one), then by part.
_ByName = Mapping[str | None, Mapping[str, Array]]


def prepare(raw: RawData, folder: Path, *, task: Task | None = None, scale: Scale | None = None) -> Meta:
    """Write the arrays into `folder` in their final form and tell what they are.

    Examples keep their dtype (booleans become uint8, float16 becomes float32). Classes become int32 from 0 without
    gaps, labels uint8, other targets float64.

    Args:
        raw: At least the training part.
        folder: Where `x_train.npy`, `y_train.npy`, ... go.
        task: Overrides what the targets look like.
        scale: Overrides the default: "0-1" for uint8, "standard" for tables of floats, else "none".

    Raises:
        InvalidDataset: As `learn_targets`, and `row_mismatch`, `shape_mismatch`, `dtype_not_allowed`, `empty_dataset`,
            `not_finite`, `invalid_weight`, `single_group`, `missing_array`, `task_mismatch`, `not_applicable`.
    """
    parts = [part for part in PARTS if part in raw.parts]
    texts = isinstance(raw.parts["train"].x, Texts)
    if texts and scale not in (None, "none"):
        raise rejection("not_applicable", "Texts are not scaled.", pointer="/scale")
    targets = _targets({part: raw.parts[part].y for part in parts}, raw, task)
    arrays: dict[str, ArrayFacts] = {}
    if texts:
        described = _write_texts({part: raw.parts[part].x for part in parts}, folder, arrays)
    else:
        described = _write_examples(raw, parts, scale, folder, arrays)
    for name, learnt in targets.items():
        for part, y in learnt.values.items():
            _check_rows(raw.parts[part], part, y, array_name("y", part, name))
            file = array_name("y", part, name)
            arrays[file] = write_npy(folder / f"{file}.npy", y, y.dtype, shape=y.shape)
    for part in parts:
        _write_extras(raw.parts[part], part, folder, arrays)
    first = next(iter(targets.values()))
    return Meta.model_validate(
        {
            "task": first.task,
            "num_classes": first.num_classes,
            "class_names": first.class_names,
            "target_shape": first.shape,
            "target_names": first.names,
            "targets": tuple(_target(name, learnt) for name, learnt in targets.items() if name is not None),
            "arrays": arrays,
            **described,
        }
    )


def _write_examples(
    raw: RawData, parts: list[str], scale: Scale | None, folder: Path, arrays: dict[str, ArrayFacts]
) -> dict[str, Any]:
    """Write all inputs; answers the fields of `Meta` that describe them."""
    inputs: list[DatasetInput] = []
    scales: set[Scale] = set()
    max_tokens: list[int | None] = []
    for name, by_part in _by_name({part: raw.parts[part].x for part in parts}, "x").items():
        examples = {part: _examples(array_name("x", part, name), x) for part, x in by_part.items()}
        dtype = _common_dtype(examples)
        shapes = {part: x.shape[1:] for part, x in examples.items()}
        if len(set(shapes.values())) > 1:
            listed = ", ".join(f"{array_name('x', part, name)} {shape}" for part, shape in shapes.items())
            raise rejection("shape_mismatch", f"The parts' examples differ in shape: {listed}.")
        for part, x in examples.items():
            file = array_name("x", part, name)
            _check_rows(raw.parts[part], part, x, file)
            check_finite(file, x, missing_allowed=bool(raw.columns))
            arrays[file] = write_npy(folder / f"{file}.npy", x, dtype, shape=x.shape)
        scales.add(_default_scale(examples["train"].dtype, shapes["train"]))
        max_tokens.append(_max_token(examples))
        inputs.append(DatasetInput(name or "", tuple(shapes["train"]), arrays[array_name("x", "train", name)].dtype))
    first = inputs[0]
    return {
        "kind": _kind(raw, first, several=bool(first.name)),
        "input_shape": first.shape,
        "feature_names": _feature_names(raw.feature_names, first.shape),
        # Several inputs share one scale only where the same suits all of them.
        "scale": scale or (scales.pop() if len(scales) == 1 else "none"),
        "columns": raw.columns,
        "inputs": tuple(inputs) if first.name else (),
        "max_token": max((token for token in max_tokens if token is not None), default=None),
    }


def _write_texts(parts: Mapping[str, Any], folder: Path, arrays: dict[str, ArrayFacts]) -> dict[str, Any]:
    for part, texts in parts.items():
        if not isinstance(texts, Texts):
            raise rejection("dtype_not_allowed", f"x_{part} must be texts, as x_train is.")
        if not len(texts) or not texts.data.size:
            raise rejection("empty_dataset", f"x_{part} has no texts, or only empty ones.")
        for name, array in ((f"x_{part}", texts.data), (f"offsets_{part}", texts.offsets)):
            arrays[name] = write_npy(folder / f"{name}.npy", array, array.dtype, shape=array.shape)
    return {"kind": "text", "input_shape": (), "feature_names": (), "scale": "none"}


def _write_extras(part: Part, name: str, folder: Path, arrays: dict[str, ArrayFacts]) -> None:
    rows = next(iter(part.y.values())) if isinstance(part.y, Mapping) else part.y
    found: dict[str, Array] = {}
    if part.weights is not None:
        found[f"w_{name}"] = _weights(f"w_{name}", part.weights)
    if name == "train" and part.groups is not None:
        found["g_train"] = _groups(part.groups)
    if name == "train" and part.times is not None:
        found["t_train"] = _times(part.times)
    for file, array in found.items():
        if len(array) != len(rows):
            raise rejection("row_mismatch", f"{file} has {len(array)} rows, y_{name} has {len(rows)}.")
        arrays[file] = write_npy(folder / f"{file}.npy", array, array.dtype, shape=array.shape)


def _targets(
    parts: Mapping[str, Array | Mapping[str, Array]], raw: RawData, task: Task | None
) -> dict[str | None, LearntTargets]:
    several = _by_name(parts, "y")
    if None not in several and raw.class_names is not None:
        raise rejection("unexpected_array", "class_names cannot say which target it is for: use texts as labels.")
    if None not in several and task is not None:
        raise rejection("not_applicable", "Several named targets each have a task of their own.", pointer="/task")
    return {
        name: learn_targets(
            by_part,
            task=task,
            names=raw.class_names,
            labels_are_text=raw.labels_are_text,
            called="y" if name is None else f"y.{name}",
        )
        for name, by_part in several.items()
    }


def _target(name: str, learnt: LearntTargets) -> DatasetTarget:
    return DatasetTarget(name, learnt.task, learnt.num_classes, learnt.class_names, learnt.shape)


def _by_name(parts: Mapping[str, Any], axis: str) -> _ByName:
    """One mapping for the only array and for several named ones. Raises InvalidDataset where parts differ in names."""
    train = parts["train"]
    names = tuple(train) if isinstance(train, Mapping) else (None,)
    for part, arrays in parts.items():
        found = tuple(arrays) if isinstance(arrays, Mapping) else (None,)
        if set(found) != set(names) or isinstance(arrays, Texts):
            raise rejection(
                "missing_array", f"The {part} part's {axis} does not consist of the arrays of the training part."
            )
    return {name: {part: arrays if name is None else arrays[name] for part, arrays in parts.items()} for name in names}


def _check_rows(part: Part, name: str, array: Array, file: str) -> None:
    """All arrays of a part have as many rows as its first one."""
    called, first = next(iter(part.x.items())) if isinstance(part.x, Mapping) else (None, part.x)
    if len(array) != len(first):
        first_file = array_name("x", name, called)
        raise rejection("row_mismatch", f"{first_file} has {len(first)} rows, {file} has {len(array)}.")


def _examples(name: str, x: Array) -> Array:
    if x.dtype.kind not in "biuf":
        raise rejection("dtype_not_allowed", f"{name} must be numbers.")
    if x.ndim == 1:
        x = x.reshape(-1, 1)
    if not 2 <= x.ndim <= 1 + _MAX_EXAMPLE_AXES:
        raise rejection("shape_mismatch", f"{name} has {x.ndim} axes; rows and 1 to {_MAX_EXAMPLE_AXES} more are read.")
    if 0 in x.shape:
        raise rejection("empty_dataset", f"{name} has no rows, or rows without values.")
    return x


def _common_dtype(examples: Mapping[str, Array]) -> np.dtype[Any]:
    dtype = np.result_type(*(x.dtype for x in examples.values()))
    if dtype.kind == "b":
        return np.dtype("uint8")
    return np.dtype("float32") if dtype == np.float16 else dtype


def _kind(raw: RawData, first: DatasetInput, *, several: bool) -> DatasetKind:
    if raw.columns:
        return "table"
    image = first.dtype == "uint8" and len(first.shape) == 3 and first.shape[2] in _CHANNELS
    return "image" if image and not several else "array"


def _max_token(examples: Mapping[str, Array]) -> int | None:
    """The largest of integers that may be tokens or codes: rows of them, none negative, wider than a pixel."""
    largest = 0
    for x in examples.values():
        if x.ndim != 2 or x.dtype.kind not in "iu" or x.dtype == np.uint8:
            return None
        for _, block in blocks(x):
            if block.min() < 0:
                return None
            largest = max(largest, int(block.max()))
    return largest


def _weights(name: str, weights: Array) -> Array:
    if weights.dtype.kind not in "biuf" or weights.ndim not in (1, 2) or weights.size != len(weights):
        raise rejection("shape_mismatch", f"{name} must be one number for each row.")
    check_finite(name, weights)
    flat = np.asarray(weights, dtype=np.float64).reshape(-1)
    if (flat < 0).any() or not flat.any():
        raise rejection("invalid_weight", f"{name} must be 0 or more, and more than 0 somewhere.")
    return flat


def _groups(groups: Array) -> Array:
    if groups.dtype.kind not in "biuU" or groups.ndim not in (1, 2) or groups.size != len(groups):
        raise rejection("shape_mismatch", "g_train must be one whole number or text for each row.")
    distinct, codes = np.unique(groups, return_inverse=True)
    if len(distinct) < 2:
        raise rejection("single_group", "All rows belong to one group: there is nothing to keep apart.")
    return np.asarray(codes, dtype=np.int32).reshape(-1)


def _times(times: Array) -> Array:
    if times.dtype.kind not in "iuf" or times.ndim not in (1, 2) or times.size != len(times):
        raise rejection("shape_mismatch", "t_train must be one number for each row.")
    flat = times.reshape(-1)
    if flat.dtype.kind == "f":
        if not np.isfinite(flat).all():
            raise rejection("not_finite", "t_train holds NaN or infinity.")
        # Only the order matters; ranks keep it where whole numbers would lose the fractions.
        flat = np.unique(flat, return_inverse=True)[1]
    elif flat.dtype == np.uint64 and flat.max() >= 2**63:
        raise rejection("dtype_not_allowed", "t_train holds numbers beyond 64 bits with a sign.")
    return np.asarray(flat, dtype=np.int64)


def _feature_names(names: tuple[str, ...], input_shape: tuple[int, ...]) -> tuple[str, ...]:
    if not names:
        return ()
    if len(input_shape) != 1 or len(names) != input_shape[0] or len(names) > _MAX_FEATURE_NAMES:
        raise rejection("shape_mismatch", f"feature_names has {len(names)} names for examples of shape {input_shape}.")
    return tuple(name[:_MAX_NAME] for name in names)


def _default_scale(dtype: np.dtype[Any], input_shape: tuple[int, ...]) -> Scale:
    if dtype == np.uint8:
        return "0-1"
    return "standard" if dtype.kind == "f" and len(input_shape) == 1 else "none"

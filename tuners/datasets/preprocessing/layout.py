"""What comes out of the preprocessing, told from the data set's record alone: shapes, types, names of columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from storage.datasets import Dataset, DatasetInput, TableColumn
from tuners.datasets.builtin_names import Scale
from tuners.datasets.preprocessing.options import Categories, Column, Numbers, Preprocessing, Text
from tuners.datasets.scaling_rule import ScaleAxis, default_scale, scale_axis

Plan = list[dict[str, Any]]
Way = Literal["table", "text", "sequence", "tokens", "scale"]


@dataclass(frozen=True, slots=True)
class InputLayout:
    """One array of examples as a model sees it.

    Attributes:
        way: Which module makes it.
        shape: Of one example; of one row, where rows become windows.
        features: Names of the columns of a table, in the order of the last axis; empty where there are none.
        vocabulary_size: One more than the largest integer that can occur in token sequences; else None.
        scale: Under "scale": which.
        axis: Under "scale": over what.
    """

    way: Way
    shape: tuple[int, ...]
    dtype: Literal["float32", "int32"]
    features: tuple[str, ...] = ()
    vocabulary_size: int | None = None
    scale: Scale = "none"
    axis: ScaleAxis = "all"


def layouts(dataset: Dataset, options: Preprocessing, scale: Scale | None) -> dict[str, InputLayout]:
    """For each array of examples: by name, or under "" when there is one only. Windows are not counted in.

    Args:
        scale: The definition's own; None for the data set's.
    """
    if not dataset.inputs:
        return {"": _single(dataset, options, scale)}
    return {each.name: _one_of_several(each, dataset, scale) for each in dataset.inputs}


def _one_of_several(each: DatasetInput, dataset: Dataset, scale: Scale | None) -> InputLayout:
    """What one scale is meant for are pixels and floats; integers are tokens or codes.

    The record has a scale only where the same suits all inputs.
    """
    if _is_integer(each.dtype) and each.dtype != "uint8":
        return _array(each.shape, each.dtype, "none", dataset.max_token, ())
    recorded = default_scale(each.dtype, each.shape) if dataset.scale == "none" else dataset.scale
    return _array(each.shape, each.dtype, scale or recorded, None, ())


def _single(dataset: Dataset, options: Preprocessing, scale: Scale | None) -> InputLayout:
    if dataset.kind == "text":
        text = options.text or Text()
        if text.output == "int":
            return InputLayout("text", (text.sequence_length,), "int32", vocabulary_size=text.max_tokens)
        return InputLayout("text", (text.max_tokens,), "float32", vocabulary_size=text.max_tokens)
    if dataset.kind == "table" and dataset.columns:
        features = tuple(plan_features(table_plan(dataset.columns, options, scale or dataset.scale)))
        return InputLayout("table", (len(features),), "float32", features)
    if options.sequence is not None and is_sequence(dataset):
        vocabulary = None if dataset.max_token is None else dataset.max_token + 1
        return InputLayout("sequence", (options.sequence.length,), "int32", vocabulary_size=vocabulary)
    return _array(
        dataset.input_shape, dataset.x_dtype, scale or dataset.scale, dataset.max_token, dataset.feature_names
    )


def _array(
    shape: tuple[int, ...], dtype: str, scale: Scale, max_token: int | None, features: tuple[str, ...]
) -> InputLayout:
    # Embeddings want integers; whoever asks for a scale wants numbers.
    if scale == "none" and max_token is not None and max_token < 2**31 and dtype != "uint8" and _is_integer(dtype):
        return InputLayout("tokens", shape, "int32", features, max_token + 1)
    return InputLayout("scale", shape, "float32", features, scale=scale, axis=scale_axis(shape, dtype))


def _is_integer(dtype: str) -> bool:
    return "int" in dtype


def is_sequence(dataset: Dataset) -> bool:
    """Whether examples are single rows of integers, which can be padded and cut."""
    return (
        dataset.kind == "array"
        and not dataset.inputs
        and len(dataset.input_shape) == 1
        and _is_integer(dataset.x_dtype)
    )


def can_be_windows(dataset: Dataset) -> bool:
    """Whether examples are rows of a table, which can become windows."""
    return dataset.kind in ("table", "array") and not dataset.inputs and len(dataset.input_shape) == 1


def window_count(rows: int, *, length: int, horizon: int, stride: int) -> int:
    """Windows in so many neighbouring rows: each needs `length` rows, and a target `horizon` steps later."""
    return max(0, (rows - length - horizon) // stride + 1)


def table_plan(columns: Sequence[TableColumn], options: Preprocessing, scale: Scale) -> Plan:
    """What is to become of each column that is kept: `tables.fit_table` fits it.

    Each is `{"name", "index", "kind": "number", "missing", "scale", "indicator"}` or `{"name", "index", "kind":
    "category", "categories", "missing", "encode", "gap"}`, where `gap` says that missing values have a place of their
    own.
    """
    numbers, categories = options.numbers or Numbers(), options.categories or Categories()
    plan: Plan = []
    for index, column in enumerate(columns):
        own = options.columns.get(column.name, Column())
        if isinstance(own, str):
            continue
        if column.kind == "number":
            indicator = numbers.indicator if own.indicator is None else own.indicator
            plan.append({
                "name": column.name,
                "index": index,
                "kind": "number",
                "missing": own.missing or numbers.missing,
                "scale": own.scale or numbers.scale or scale,
                "indicator": indicator and column.missing > 0,
            })  # fmt: skip
            continue
        missing = own.missing or categories.missing
        plan.append({
            "name": column.name,
            "index": index,
            "kind": "category",
            "categories": list(column.categories),
            "missing": missing,
            "encode": own.encode or categories.encode,
            "gap": missing == "category" and column.missing > 0,
        })  # fmt: skip
    return plan


def plan_features(plan: Plan) -> list[str]:
    """The names of the columns that come out, in order."""
    names: list[str] = []
    for column in plan:
        name = column["name"]
        if column["kind"] == "number":
            names += [name, f"{name}=missing"] if column["indicator"] else [name]
        elif column["encode"] == "ordinal":
            names.append(name)
        else:
            names += [f"{name}={category}" for category in column["categories"]]
            names += [f"{name}=missing"] if column["gap"] else []
    return names


def example_bytes(shape: tuple[int, ...], rows: int) -> int:
    """Bytes of so many examples in memory."""
    return 4 * rows * math.prod(shape)

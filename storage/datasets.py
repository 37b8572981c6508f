"""Records of data sets: what is known of data that is kept once and read by many trials. Frozen value objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from storage.ids import DatasetId

Task = Literal["classification", "regression", "multilabel"]
ColumnKind = Literal["number", "category"]


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column of a table.

    Attributes:
        categories: Of a category column, in the order of their codes 0, 1, ...; empty for numbers.
        missing: Training rows without a value.
    """

    name: str
    kind: ColumnKind
    categories: tuple[str, ...] = ()
    missing: int = 0


@dataclass(frozen=True, slots=True)
class DatasetInput:
    """One named array of examples. `shape` is that of one example, `dtype` NumPy's name."""

    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class DatasetTarget:
    """One named target: what `Dataset.task`, `num_classes`, `class_names` and `target_shape` say of the only one."""

    name: str
    task: Task
    num_classes: int | None = None
    class_names: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()


DatasetKind = Literal["array", "image", "table", "text"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Data kept once, as memory-mappable arrays under `key` in the artifact store.

    Attributes:
        task: "classification", "regression" or "multilabel" (several yes/no labels for each example).
        input_shape: Shape of one example, without the batch axis.
        num_classes: Classes of a classification task, labels of a multilabel one; None for regression.
        scale: "0-1", "standard" or "none": applied by trainers, fitted on the training part only.
        fingerprint: sha256 over the arrays.
        builtin: True for sets that came by name (scikit-learn's, Keras').
        kind: "table": `x` holds one number per column, NaN where missing, category codes for categories, and `columns`
            says which is which. "text": each example is one text (`input_shape` is empty, `x_dtype` "str"). "image":
            unsigned bytes, height x width x channels. "array": anything else.
        target_shape: Shape of one example's target: () for one number or class, (k,) for k labels or numbers.
        target_names: Of the k labels or numbers; empty when nobody named them.
        columns: Of a table, in the order of `input_shape`.
        inputs: When examples consist of several arrays: all of them, by name; empty for the usual single one. The
            fields above then tell of the first.
        targets: When there are several named targets: all of them; empty for the usual single one, likewise.
        max_token: Largest integer of a set of token sequences or codes; None for others.
        weighted: Whether each training row has a sample weight.
        grouped: Whether each training row belongs to a group that splits must not tear apart.
        timed: Whether each training row has a time, so that splits can keep the past before the future.
    """

    id: DatasetId
    owner: str
    name: str
    task: Task
    input_shape: tuple[int, ...]
    num_classes: int | None
    class_names: tuple[str, ...]
    feature_names: tuple[str, ...]
    train_rows: int
    validation_rows: int
    test_rows: int
    x_dtype: str
    y_dtype: str
    scale: Literal["0-1", "standard", "none"]
    source: str
    builtin: bool
    key: str
    size_bytes: int
    fingerprint: str
    created_at: datetime
    kind: DatasetKind = "array"
    target_shape: tuple[int, ...] = ()
    target_names: tuple[str, ...] = ()
    columns: tuple[TableColumn, ...] = ()
    inputs: tuple[DatasetInput, ...] = ()
    targets: tuple[DatasetTarget, ...] = ()
    max_token: int | None = None
    weighted: bool = False
    grouped: bool = False
    timed: bool = False

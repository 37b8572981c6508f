"""What a definition may ask of its data set."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from storage.datasets import Dataset, DatasetKind, DatasetTarget, Task
from tuners.datasets.preprocessing.layout import can_be_windows, is_sequence, layouts, window_count
from tuners.datasets.preprocessing.options import Preprocessing

if TYPE_CHECKING:
    from tuners.definitions.document import DatasetReference

DATA_HOLES: Mapping[str, str] = {
    "num_classes": "the number of classes of a classification data set, or of labels of a multilabel one",
    "target_size": "the numbers that a model must give for one example: classes, labels, or numbers to predict",
    "input_shape": "the shape of one example",
    "image_shape": "the shape of one example with a channel axis: 8 x 8 becomes 8 x 8 x 1",
    "input_size": "the number of values in one example",
    "train_rows": "the number of training examples",
    "vocabulary_size": "one more than the largest token of a data set of texts or token sequences",
}
"""The names of `{"data": name}`, and what each stands for."""

LIST_HOLES = frozenset({"input_shape", "image_shape"})


@dataclass(frozen=True)
class DataFacts:
    """What is known about a data set without opening it: as a model sees it, after the preprocessing.

    Attributes:
        task: Of several targets: the first one's, as `num_classes` and `target_shape`.
        input_shape: Shape of one example, without the batch axis; of several inputs the first one's.
        num_classes: Labels of a multilabel task; None for regression.
        train_rows: Examples. With windows the most there can be; fewer where the rows are grouped.
        validation_rows: 0 when the data set has no validation part of its own.
        x_dtype: NumPy's name: "float32", or "int32" for tokens.
        y_dtype: Of the stored targets.
        target_shape: Shape of one example's target: () for one number or class, (k,) for k labels or numbers.
        inputs: Of several inputs: the shape of each, by name; empty for the usual single one.
        targets: Of several targets: all of them; empty for the usual single one.
        vocabulary_size: None when the examples are no tokens.
        features: Names of the columns of the preprocessed table; empty when the examples have none.
        kind: Of the data set as it is stored.
        columns: Of the table as it is stored: by name, "number" or "category".
        gaps: Those of them that have missing values in their training rows.
        sequences: Whether stored examples are rows of integers, and `sequence` suits them.
        rows_of_numbers: Whether stored examples are rows, of which windows can be made.
        weighted: Whether each training row has a sample weight.
        grouped: Whether each training row belongs to a group.
        timed: Whether each training row has a time.
        tested: Whether the data set has a test part of its own.
    """

    task: Task
    input_shape: tuple[int, ...]
    num_classes: int | None
    train_rows: int
    validation_rows: int
    test_rows: int
    x_dtype: str
    y_dtype: str
    target_shape: tuple[int, ...] = ()
    inputs: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    targets: tuple[DatasetTarget, ...] = ()
    vocabulary_size: int | None = None
    features: tuple[str, ...] = ()
    kind: DatasetKind = "array"
    columns: Mapping[str, str] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()
    sequences: bool = False
    rows_of_numbers: bool = False
    weighted: bool = False
    grouped: bool = False
    timed: bool = False
    tested: bool = False

    @classmethod
    def of(cls, dataset: Dataset, reference: DatasetReference | None = None) -> DataFacts:
        """The facts of a data set under a definition's `dataset` part; None: with nothing but defaults.

        Preprocessing that does not suit the data set is passed over here; `check_against_data` refuses it.
        """
        options = (reference.preprocessing if reference is not None else None) or Preprocessing()
        found = layouts(dataset, options, None if reference is None else reference.scale)
        first = next(iter(found.values()))
        shape = first.shape
        rows = {"train": dataset.train_rows, "validation": dataset.validation_rows, "test": dataset.test_rows}
        if reference is not None and reference.test_split is not None and not dataset.test_rows:
            rows["test"] = _set_aside(dataset.train_rows, reference.test_split)
            rows["train"] -= rows["test"]
        if options.window is not None and can_be_windows(dataset):
            shape = (options.window.length, *shape)
            rows = {part: window_count(count, **options.window.model_dump()) for part, count in rows.items()}
        return cls(
            task=dataset.task,
            input_shape=shape,
            num_classes=dataset.num_classes,
            train_rows=rows["train"],
            validation_rows=rows["validation"],
            test_rows=rows["test"],
            x_dtype=first.dtype,
            y_dtype=dataset.y_dtype,
            target_shape=tuple(dataset.target_shape),
            inputs={name: layout.shape for name, layout in found.items()} if dataset.inputs else {},
            targets=tuple(dataset.targets),
            vocabulary_size=max((size for each in found.values() if (size := each.vocabulary_size)), default=None),
            features=first.features,
            kind=dataset.kind,
            columns={column.name: column.kind for column in dataset.columns},
            gaps=tuple(column.name for column in dataset.columns if column.missing),
            sequences=is_sequence(dataset),
            rows_of_numbers=can_be_windows(dataset),
            weighted=dataset.weighted,
            grouped=dataset.grouped,
            timed=dataset.timed,
            tested=dataset.test_rows > 0,
        )

    def target(self, name: str = "") -> DatasetTarget:
        """What is known of one of several targets, or, without a name, of the only or the first one.

        Raises:
            KeyError: There is no target of that name.
        """
        if not name:
            return DatasetTarget("", self.task, self.num_classes, (), self.target_shape)
        return {each.name: each for each in self.targets}[name]

    @property
    def target_size(self) -> int:
        """Numbers that a model must give for one example: classes, labels, or numbers to predict."""
        if self.task == "regression":
            return math.prod(self.target_shape)
        return self.num_classes or 1

    def value(self, name: str) -> int | list[int]:
        """What `{"data": name}` stands for.

        Raises:
            LookupError: This data set has no such thing; the message says why.
        """
        if name == "num_classes":
            if self.num_classes is None:
                raise LookupError('the data set is for regression and has no classes: write {"data": "target_size"}')
            return self.num_classes
        if name == "target_size":
            return self.target_size
        if name == "input_shape":
            return list(self.input_shape)
        if name == "image_shape":
            if len(self.input_shape) == 2:
                return [*self.input_shape, 1]
            if len(self.input_shape) != 3:
                raise LookupError(f"the data set's examples have {len(self.input_shape)} axes: images have 2 or 3")
            return list(self.input_shape)
        if name == "input_size":
            return math.prod(self.input_shape)
        if name == "train_rows":
            return self.train_rows
        if self.vocabulary_size is None:
            raise LookupError("the data set holds no tokens, so it has no vocabulary")
        return self.vocabulary_size


def _set_aside(rows: int, share: float) -> int:
    """As `datasets.splits.validation_rows`, which needs numpy; by groups or times it may be a few rows more or less."""
    return min(max(1, math.ceil(rows * share - 1e-9)), rows - 1)

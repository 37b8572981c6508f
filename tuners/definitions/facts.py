"""What a definition may ask of its data set."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from storage.records import Dataset, Task

DATA_HOLES: Mapping[str, str] = {
    "num_classes": "the number of classes of a classification data set",
    "input_shape": "the shape of one example",
    "image_shape": "the shape of one example with a channel axis: 8 x 8 becomes 8 x 8 x 1",
    "input_size": "the number of values in one example",
    "train_rows": "the number of training examples",
    "vocabulary_size": "one more than the largest token of a text data set",
}
"""The names of `{"data": name}`, and what each stands for."""

LIST_HOLES = frozenset({"input_shape", "image_shape"})


@dataclass(frozen=True)
class DataFacts:
    """What is known about a data set without opening it.

    Attributes:
        input_shape: Shape of one example, without the batch axis.
        num_classes: None for regression.
        validation_rows: 0 when the data set has no validation part of its own.
        x_dtype: NumPy's name, such as "float32".
    """

    task: Task
    input_shape: tuple[int, ...]
    num_classes: int | None
    train_rows: int
    validation_rows: int
    test_rows: int
    x_dtype: str
    y_dtype: str

    @classmethod
    def of(cls, dataset: Dataset) -> DataFacts:
        return cls(
            task=dataset.task,
            input_shape=tuple(dataset.input_shape),
            num_classes=dataset.num_classes,
            train_rows=dataset.train_rows,
            validation_rows=dataset.validation_rows,
            test_rows=dataset.test_rows,
            x_dtype=dataset.x_dtype,
            y_dtype=dataset.y_dtype,
        )

    def value(self, name: str) -> int | list[int]:
        """What `{"data": name}` stands for.

        Raises:
            LookupError: This data set has no such thing; the message says why.
        """
        if name == "num_classes":
            if self.num_classes is None:
                raise LookupError("the data set is for regression and has no classes: write the number of units")
            return self.num_classes
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
        raise LookupError("the data set holds no tokens, so it has no vocabulary")

"""Data sets, and weights, which are uploaded as they are."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from headstock.models.base import Model


class Column(Model):
    """One column of a table that is learnt from.

    Attributes:
        kind: "number" or "category".
        categories: The first of them, in order; `num_categories` says how many there are.
        missing: Training rows without a value.
    """

    name: str
    kind: str
    categories: list[str] = Field(default_factory=list)
    num_categories: int = 0
    missing: int = 0


class DatasetInput(Model):
    """One of several named arrays of examples."""

    name: str
    shape: list[int]
    dtype: str


class DatasetTarget(Model):
    """One of several named targets."""

    name: str
    task: str
    num_classes: int | None = None
    class_names: list[str] = Field(default_factory=list)
    shape: list[int] = Field(default_factory=list)


class Dataset(Model):
    """Data kept by the service.

    Attributes:
        kind: "array", "image", "table" or "text".
        task: "classification", "regression" or "multilabel".
        input_shape: Shape of one example, without the batch axis; empty for texts.
        target_shape: Shape of one example's target: empty for one number or class.
        target_names: Of several numbers or labels, where they were named.
        columns: Of a table, in the order of `input_shape`.
        inputs: When an example consists of several arrays: all of them.
        targets: When there are several named targets: all of them.
        max_token: Largest of rows of whole numbers, none negative: tokens or codes.
        weighted: Whether rows have sample weights.
        grouped: Whether rows belong to groups that a split can keep whole.
        timed: Whether rows have times that a split can keep in order.
        scale: "0-1", "standard" or "none"; applied by the service, fitted on the training part only.
        builtin: Whether it came by name and not by upload.
    """

    id: str
    name: str
    kind: str = "array"
    task: str
    input_shape: list[int]
    num_classes: int | None = None
    class_names: list[str] = Field(default_factory=list)
    target_shape: list[int] = Field(default_factory=list)
    target_names: list[str] = Field(default_factory=list)
    feature_names: list[str] = Field(default_factory=list)
    columns: list[Column] = Field(default_factory=list)
    inputs: list[DatasetInput] = Field(default_factory=list)
    targets: list[DatasetTarget] = Field(default_factory=list)
    max_token: int | None = None
    weighted: bool = False
    grouped: bool = False
    timed: bool = False
    train_rows: int = 0
    validation_rows: int = 0
    test_rows: int = 0
    x_dtype: str | None = None
    y_dtype: str | None = None
    scale: str | None = None
    source: str | None = None
    builtin: bool = False
    size_bytes: int | None = None
    fingerprint: str | None = None
    created_at: datetime | None = None


class BuiltinDataset(Model):
    """A data set that a definition can name without an upload; prepared when a search first does.

    Attributes:
        needs_network: Whether the first use fetches files from the internet.
    """

    name: str
    description: str = ""
    library: str | None = None
    task: str | None = None
    input_shape: list[int] = Field(default_factory=list)
    num_classes: int | None = None
    target_shape: list[int] = Field(default_factory=list)
    train_rows: int = 0
    test_rows: int = 0
    scale: str | None = None
    needs_network: bool = False


class Weights(Model):
    """Pretrained weights kept by the service.

    Attributes:
        format: ".weights.h5" (Keras 3) or ".h5" (older, layer by layer).
    """

    id: str
    name: str
    format: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    created_at: datetime | None = None

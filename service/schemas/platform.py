"""Data sets, templates, sign-in and health."""

from __future__ import annotations

from pydantic import Field

from service.schemas.base import Schema, Time
from storage.datasets import Dataset, TableColumn

_MOST_CATEGORIES = 20


class ColumnOut(Schema):
    """One column of a table that is learnt from."""

    name: str
    kind: str = Field(description="`number` or `category`.")
    categories: list[str] = Field(description=f"Of a category column: the first {_MOST_CATEGORIES}, in order.")
    num_categories: int = Field(description="How many there are; 0 for numbers.")
    missing: int = Field(description="Training rows without a value.")

    @classmethod
    def of(cls, column: TableColumn) -> ColumnOut:
        return cls(
            name=column.name,
            kind=column.kind,
            categories=list(column.categories[:_MOST_CATEGORIES]),
            num_categories=len(column.categories),
            missing=column.missing,
        )


class InputOut(Schema):
    """One of several named arrays of examples."""

    name: str
    shape: list[int] = Field(description="Of one example.")
    dtype: str


class TargetOut(Schema):
    """One of several named targets."""

    name: str
    task: str
    num_classes: int | None
    class_names: list[str]
    shape: list[int] = Field(description="Of one example's target: empty for one number or class.")


class DatasetOut(Schema):
    """Data kept by the service, with the task and shapes that were inferred."""

    id: str
    name: str
    kind: str = Field(description="`array`, `image`, `table` or `text`.")
    task: str = Field(description="`classification`, `regression` or `multilabel`.")
    input_shape: list[int] = Field(
        description="Of one example, without the batch axis; empty for texts. Of several inputs: the first's."
    )
    num_classes: int | None = Field(description="Classes, or labels of `multilabel`; null for regression.")
    class_names: list[str]
    target_shape: list[int] = Field(description="Of one example's target: empty for one number or class.")
    target_names: list[str] = Field(description="Of several numbers or labels, where they were named.")
    feature_names: list[str]
    columns: list[ColumnOut] = Field(description="Of a table, in the order of `input_shape`; empty for other kinds.")
    inputs: list[InputOut] = Field(description="When an example consists of several arrays: all of them.")
    targets: list[TargetOut] = Field(description="When there are several named targets: all of them.")
    max_token: int | None = Field(description="Largest of rows of whole numbers, none negative: tokens or codes.")
    weighted: bool = Field(description="Whether rows have sample weights.")
    grouped: bool = Field(description="Whether rows belong to groups that a split can keep whole.")
    timed: bool = Field(description="Whether rows have times that a split can keep in order.")
    train_rows: int
    validation_rows: int
    test_rows: int
    x_dtype: str
    y_dtype: str
    scale: str = Field(
        description="`0-1`, `standard` or `none`; applied by trainers, fitted on the training part only."
    )
    source: str
    builtin: bool
    size_bytes: int
    fingerprint: str = Field(description="sha256 over the arrays.")
    created_at: Time

    @classmethod
    def of(cls, dataset: Dataset) -> DatasetOut:
        return cls(
            id=dataset.id,
            name=dataset.name,
            kind=dataset.kind,
            task=dataset.task,
            input_shape=list(dataset.input_shape),
            num_classes=dataset.num_classes,
            class_names=list(dataset.class_names),
            target_shape=list(dataset.target_shape),
            target_names=list(dataset.target_names),
            feature_names=list(dataset.feature_names),
            columns=[ColumnOut.of(column) for column in dataset.columns],
            inputs=[InputOut(name=each.name, shape=list(each.shape), dtype=each.dtype) for each in dataset.inputs],
            targets=[
                TargetOut(
                    name=each.name,
                    task=each.task,
                    num_classes=each.num_classes,
                    class_names=list(each.class_names),
                    shape=list(each.shape),
                )
                for each in dataset.targets
            ],
            max_token=dataset.max_token,
            weighted=dataset.weighted,
            grouped=dataset.grouped,
            timed=dataset.timed,
            train_rows=dataset.train_rows,
            validation_rows=dataset.validation_rows,
            test_rows=dataset.test_rows,
            x_dtype=dataset.x_dtype,
            y_dtype=dataset.y_dtype,
            scale=dataset.scale,
            source=dataset.source,
            builtin=dataset.builtin,
            size_bytes=dataset.size_bytes,
            fingerprint=dataset.fingerprint,
            created_at=dataset.created_at,
        )


class BuiltinOut(Schema):
    """A data set that can be named in a definition without being uploaded."""

    name: str
    description: str
    library: str = Field(description="`scikit-learn` (bundled) or `keras`.")
    task: str
    input_shape: list[int]
    num_classes: int | None
    target_shape: list[int] = Field(description="Of one example's target: empty for one number or class.")
    train_rows: int
    test_rows: int
    scale: str
    needs_network: bool = Field(description="Whether the first use fetches files from the internet.")


class TemplateNameOut(Schema):
    name: str


class LoginCodeOut(Schema):
    """A one-time link into the dashboard."""

    path: str = Field(description="Open it in a browser, below the service's address. It works once.")
    expires_at: Time


class HealthOut(Schema):
    status: str

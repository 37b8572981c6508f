"""Looks into data sets."""

from __future__ import annotations

from pydantic import Field

from headstock.models.base import Model


class ClassCount(Model):
    """Rows of one class, or with one label."""

    name: str
    count: int


class Feature(Model):
    """One column, or all values of an array together; figures are over its finite values.

    Attributes:
        kind: "number", or "category", which has no minimum, maximum and mean.
        missing: Values that are not there.
    """

    name: str
    kind: str = "number"
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    missing: int = 0


class PreviewInput(Model):
    """One array of examples.

    Attributes:
        name: Empty when there is only one.
        kind: "table", "image", "text" or "values".
        features: The first 64 columns of a table or flat array; one for all values of other arrays.
        looked_at: Rows that the figures are over.
    """

    name: str
    kind: str
    shape: list[int]
    features: list[Feature] = Field(default_factory=list)
    looked_at: int = 0


class PreviewTarget(Model):
    """What is to be learnt: rows of each class or label, or figures of each number."""

    name: str
    task: str
    classes: list[ClassCount] = Field(default_factory=list)
    numbers: list[Feature] = Field(default_factory=list)


class PreviewCell(Model):
    """What one row holds of one input.

    Attributes:
        values: The first 64 numbers and names of categories, None where missing.
        text: The first 400 characters.
        image: PNG in base64, at most 64 pixels on the longer side.
        shortened: Whether there is more than is shown.
    """

    values: list[float | str | None] | None = None
    text: str | None = None
    image: str | None = None
    shortened: bool = False


class PreviewRow(Model):
    """One row.

    Attributes:
        row: Counted from 0 within the part.
        targets: Of each target: a class's name, a number, names of labels, or several numbers.
    """

    row: int
    inputs: list[PreviewCell]
    targets: list[float | str | list[float | None] | list[str] | None]


class DatasetPreview(Model):
    """A look into a data set: a few rows, and figures over the part they are from."""

    dataset_id: str
    part: str
    rows_in_part: int
    inputs: list[PreviewInput]
    targets: list[PreviewTarget]
    rows: list[PreviewRow]

"""What a data set looks like: a few rows, and figures over a part."""

from __future__ import annotations

from pydantic import Field

from service.schemas.base import Schema


class ClassCountOut(Schema):
    name: str
    count: int = Field(description="Rows of this class, or with this label.")


class FeatureOut(Schema):
    """One column, or all values of an array together; figures are over its finite values."""

    name: str
    kind: str = Field(description="`number`, or `category`, of which minimum, maximum and mean are null.")
    minimum: float | None
    maximum: float | None
    mean: float | None
    missing: int = Field(description="Values that are not there.")


class PreviewInputOut(Schema):
    """One array of examples."""

    name: str = Field(description="Empty when there is only one.")
    kind: str = Field(description="`table`, `image`, `text` or `values`: which member of a row's `inputs` is set.")
    shape: list[int] = Field(description="Of one example.")
    features: list[FeatureOut] = Field(
        description="The first 64 columns of a table or flat array; one entry for all values of other arrays."
    )
    looked_at: int = Field(description="Rows the figures are over: all, or evenly chosen ones of a large part.")


class PreviewTargetOut(Schema):
    name: str = Field(description="Empty when there is only one.")
    task: str
    classes: list[ClassCountOut] = Field(description="Of classes and labels; empty for numbers.")
    numbers: list[FeatureOut] = Field(description="Of a regression's numbers.")


class CellOut(Schema):
    """What one row holds of one input; the other members are null."""

    values: list[float | str | None] | None = Field(
        description="The first 64: numbers, names of categories, null where missing."
    )
    text: str | None = Field(description="The first 400 characters.")
    image: str | None = Field(description="PNG in base64, at most 64 pixels on the longer side.")
    shortened: bool = Field(description="Whether there is more than is shown.")


class PreviewRowOut(Schema):
    row: int = Field(description="Counted from 0 within the part.")
    inputs: list[CellOut]
    targets: list[float | str | list[float | None] | list[str] | None] = Field(
        description="Of each target: a class's name, a number, the names of labels, or several numbers."
    )


class PreviewOut(Schema):
    """A look into a data set."""

    dataset_id: str
    part: str
    rows_in_part: int
    inputs: list[PreviewInputOut]
    targets: list[PreviewTargetOut]
    rows: list[PreviewRowOut]

"""What the API process and the child that looks into stored data sets say to each other, a line of JSON each way.

The child knows arrays, not names: what a code or a column is called is in the record, which the asker has.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from storage.datasets import Task

READY = b"ready\n"
LINE_LIMIT = 8 << 20
MAX_ROWS = 50
MAX_VALUES = 64
MAX_TEXT = 400
IMAGE_PX = 64

Part = Literal["train", "validation", "test"]
Sample = Literal["first", "random"]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InputQuestion(_Message):
    """One array of examples.

    Attributes:
        name: Of its file, without the part's ending; empty for the single one.
        image: Whether it may be shown as a picture if its shape allows.
    """

    name: str = ""
    text: bool = False
    image: bool = True


class TargetQuestion(_Message):
    name: str = ""
    task: Task
    num_classes: int | None


class PreviewQuestion(_Message):
    """Some rows of one part, and figures over the whole part.

    Attributes:
        folder: Where the arrays of the part lie.
        seed: Of the choice of random rows.
    """

    folder: str
    part: Part
    rows: Annotated[int, Field(ge=1, le=MAX_ROWS)]
    sample: Sample
    seed: int
    inputs: tuple[InputQuestion, ...]
    targets: tuple[TargetQuestion, ...]


class Figures(_Message):
    """Of one feature, or of a whole array: over its finite values; None when it has none."""

    minimum: float | None
    maximum: float | None
    mean: float | None
    missing: int


class InputFigures(_Message):
    """
    Attributes:
        features: One for each of the first features of a flat array, else one for all values; empty for texts.
        flat: Which of the two.
        looked_at: Rows the figures are about; evenly chosen when the array is large.
    """

    features: tuple[Figures, ...]
    flat: bool
    looked_at: int


class TargetFigures(_Message):
    """Rows of each class (or with each label), or figures of each number."""

    counts: tuple[int, ...] | None = None
    numbers: tuple[Figures, ...] = ()


class Cell(_Message):
    """What one row holds of one input: the first values, a text, or a picture as PNG in base64."""

    values: tuple[float | None, ...] | None = None
    text: str | None = None
    image: str | None = None
    shortened: bool = False


class PreviewRow(_Message):
    """`targets` has the numbers of each: one of a class or a number, several of labels or numbers."""

    row: int
    inputs: tuple[Cell, ...]
    targets: tuple[tuple[float | None, ...], ...]


class Preview(_Message):
    rows_in_part: int
    rows: tuple[PreviewRow, ...]
    inputs: tuple[InputFigures, ...]
    targets: tuple[TargetFigures, ...]


class PreviewReply(_Message):
    """Exactly one of the three."""

    preview: Preview | None = None
    damaged: str | None = None
    error: str | None = None

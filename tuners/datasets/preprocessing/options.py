"""What a definition may ask of the preprocessing, with defaults. Everything is a plain value."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from tuners.datasets.builtin_names import Scale

MAX_TOKENS = 200_000
MAX_LENGTH = 100_000

NumberMissing = Literal["median", "mean", "zero", "refuse"]
CategoryMissing = Literal["category", "most_frequent"]
Encode = Literal["one_hot", "ordinal"]
TextOutput = Literal["int", "multi_hot", "count", "tf_idf"]


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Numbers(_Options):
    """Number columns of a table.

    Attributes:
        missing: What stands where there is no value: the training rows' median or mean, 0, or nothing (the data set
            must then be without gaps).
        scale: None for the data set's, or the one beside `preprocessing`.
        indicator: Whether each column with gaps in its training rows gets a second one: 1 where the value is missing.
    """

    missing: NumberMissing = "median"
    scale: Scale | None = None
    indicator: bool = False


class Categories(_Options):
    """Category columns of a table.

    Attributes:
        encode: "one_hot": one column a category; one that no training row has becomes all zeros. "ordinal": its number
            in the order of the data set's list, from 0; an unknown one is -1.
        missing: A category of its own (where training rows have gaps), or the training rows' most frequent one.
    """

    encode: Encode = "one_hot"
    missing: CategoryMissing = "category"


class Column(_Options):
    """Overrides for one column of a table; those that do not suit its kind are refused."""

    missing: NumberMissing | CategoryMissing | None = None
    scale: Scale | None = None
    indicator: bool | None = None
    encode: Encode | None = None


class Text(_Options):
    """Texts, by the rules of Keras' TextVectorization.

    Attributes:
        max_tokens: Size of the vocabulary, the numbers for padding and unknown words included.
        sequence_length: Numbers per text under "int"; longer texts are cut, shorter ones padded with 0.
        output: Word numbers in order, or one value a word: does it occur, how often, weighed by its rarity.
        lowercase: Whether capitals are lowered. Punctuation is dropped in any case.
        ngrams: Up to so many neighbouring words count as one more word.
    """

    max_tokens: Annotated[int, Field(ge=3, le=MAX_TOKENS)] = 10_000
    sequence_length: Annotated[int, Field(ge=1, le=MAX_LENGTH)] = 200
    output: TextOutput = "int"
    lowercase: bool = True
    ngrams: Annotated[int, Field(ge=1, le=3)] = 1


class Window(_Options):
    """Neighbouring rows of a table as one example.

    Attributes:
        length: Rows of one example.
        horizon: The target is that of the row so many steps after the window's last one.
        stride: Rows between the beginnings of two windows.
    """

    length: Annotated[int, Field(ge=1, le=MAX_LENGTH)]
    horizon: Annotated[int, Field(ge=1, le=MAX_LENGTH)] = 1
    stride: Annotated[int, Field(ge=1, le=MAX_LENGTH)] = 1


class Sequence(_Options):
    """Sequences of integers: padded with 0 at the end, or cut, to so many."""

    length: Annotated[int, Field(ge=1, le=MAX_LENGTH)]


def _column_kind(value: object) -> str:
    return "drop" if isinstance(value, str) else "options"


ColumnChoice = Annotated[
    Annotated[Column, Tag("options")] | Annotated[Literal["drop"], Tag("drop")], Discriminator(_column_kind)
]


class Preprocessing(_Options):
    """`dataset.preprocessing`. Parts that are None take their defaults where they suit the data."""

    numbers: Numbers | None = None
    categories: Categories | None = None
    columns: dict[str, ColumnChoice] = {}
    text: Text | None = None
    sequence: Sequence | None = None
    window: Window | None = None

    def to_json(self) -> dict[str, Any]:
        """Defaults of the given parts filled in, absent parts left out."""
        document = self.model_dump(exclude_none=True)
        if not self.columns:
            document.pop("columns")
        return document

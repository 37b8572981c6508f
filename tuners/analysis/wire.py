"""Questions to the analysing child and its answers, as plain data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Number = Annotated[float, Field(allow_inf_nan=False)]
Method = Literal["fanova", "ped_anova"]

READY = b"ready\n"
LINE_LIMIT = 64 * 1024 * 1024
# How sums are split among threads shows in the last digits of a share only.
DIGITS = 12


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Part):
    """One hyperparameter over all trials.

    Attributes:
        kind: "range": places on its sampling scale, 0 to 1; "steps": indices of evenly spaced values; "choices":
            indices of values without an order.
        count: How many values "steps" and "choices" have.
        places: One for each trial; None where it is inactive.
    """

    name: str
    kind: Literal["range", "steps", "choices"]
    count: int = 0
    places: list[Number | None]


class ImportanceQuestion(_Part):
    """Which columns matter to the scores. `lower_is_better` matters to PED-ANOVA only."""

    about: Literal["importance"] = "importance"
    method: Method
    columns: list[Column]
    scores: list[Number]
    lower_is_better: bool
    seed: int


class Effect(_Part):
    """What one column explains.

    Attributes:
        share: Of fANOVA, the share of the variance of all scores; of PED-ANOVA, the share of all divergences.
        share_where_active: Of the variance among the trials in which it is active; fANOVA only.
        trials: How many trials it was judged by.
    """

    name: str
    share: float
    share_where_active: float | None = None
    trials: int


class PairEffect(_Part):
    """What two columns explain together beyond what each explains alone; shares as in `Effect`."""

    names: tuple[str, str]
    share: float
    share_where_active: float
    trials: int


class Importance(_Part):
    """Largest shares first."""

    effects: list[Effect]
    pairs: list[PairEffect] = []


class SurfaceAxis(_Part):
    """One axis of a surface: places of the points, and the places at which the surface is wanted.

    Attributes:
        choices: Whether its places are those of values without an order, so that nothing lies between them.
    """

    places: list[Number]
    wanted: list[Number]
    choices: bool = False


class SurfaceQuestion(_Part):
    """The scores between points that were measured."""

    about: Literal["surface"] = "surface"
    x: SurfaceAxis
    y: SurfaceAxis
    scores: list[Number]


class Surface(_Part):
    """`grid[row][column]`: the score at the row's y and the column's x; None where nothing was measured around it."""

    grid: list[list[Number | None]]


class Question(_Part):
    question: Annotated[ImportanceQuestion | SurfaceQuestion, Field(discriminator="about")]


class Reply(_Part):
    """One of the two answers, or what went wrong."""

    importance: Importance | None = None
    surface: Surface | None = None
    error: str = ""

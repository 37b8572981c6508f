"""What is said to the child that makes event files: an experiment, then runs, each with its scalars and its end.

Times are seconds since 1970.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Status = Literal["success", "failure", "unknown"]
Row = tuple[int, float, list[float | None]]
"""Step, time, and a value for each name; None where there is none."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hyperparameter(_Message):
    """One column of the HParams table: an interval, or the values there are (all of one type)."""

    name: str
    description: str = ""
    interval: tuple[int, int] | tuple[float, float] | None = None
    values: list[bool] | list[int] | list[float] | list[str] = []


class Experiment(_Message):
    """The first message: what varies and what is measured."""

    kind: Literal["experiment"] = "experiment"
    created: float
    hyperparameters: list[Hyperparameter]
    metrics: list[str]


class Run(_Message):
    """A run's folder begins. Runs of the same `group` are one line of the HParams table."""

    kind: Literal["run"] = "run"
    folder: str
    group: str
    started: float
    values: dict[str, bool | int | float | str]


class Scalars(_Message):
    kind: Literal["scalars"] = "scalars"
    names: list[str]
    rows: list[Row]


class RunEnd(_Message):
    """The run's folder is complete. `ended` is None while the trial goes on."""

    kind: Literal["run_end"] = "run_end"
    status: Status
    ended: float | None


class End(_Message):
    kind: Literal["end"] = "end"


Message = Annotated[Experiment | Run | Scalars | RunEnd | End, Field(discriminator="kind")]
MESSAGE: TypeAdapter[Experiment | Run | Scalars | RunEnd | End] = TypeAdapter(Message)

"""What the child that reads results says: a header, a line for each trial, and the end; or why it refuses."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ENDINGS = (".csv", ".json", ".jsonl", ".zip", ".db", ".sqlite", ".sqlite3")
MAX_BYTES = 256 * 1024**2
MAX_TRIALS = 10_000
MAX_EPOCHS = 200_000
MAX_HYPERPARAMETERS = 200
MAX_METRICS = 200
MAX_NAME = 200
LINE_LIMIT = 32 * 1024**2
CPU_S = 120
Source = Literal["table", "keras-tuner", "optuna"]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ImportOptions(_Message):
    """What the client said of the file; empty where it said nothing.

    Attributes:
        objective: The metric that is the score.
        direction: "min" or "max"; empty: as the metric's name, or the file, tells.
        hyperparameters: Of a table: the columns that are hyperparameters, separated by commas.
        metrics: Of a table: the columns that are metrics, likewise.
        trial: Of a table with several rows for each trial: the column that says which trial a row is of.
        epoch: Of such a table: the column with the epoch.
        study: Of a file with several Optuna studies: the name of the one to take.
    """

    objective: str = ""
    direction: Literal["", "min", "max"] = ""
    hyperparameters: str = ""
    metrics: str = ""
    trial: str = ""
    epoch: str = ""
    study: str = ""


OPTIONS = tuple(ImportOptions.model_fields)


class Request(_Message):
    """On the child's command line, as JSON."""

    path: str
    ending: str
    options: ImportOptions


class Header(_Message):
    """What all trials share; `hyperparameters` as `tuners.space.Space` reads them."""

    source: Source
    objective: str = Field(min_length=1, max_length=MAX_NAME)
    direction: Literal["min", "max"]
    hyperparameters: list[dict[str, object]] = Field(max_length=MAX_HYPERPARAMETERS)
    left_out: int = Field(ge=0)


class EpochLine(_Message):
    epoch: int = Field(ge=0, le=10**9)
    metrics: dict[str, float] = Field(max_length=MAX_METRICS)
    seconds: float = 0.0


class TrialLine(_Message):
    state: Literal["COMPLETED", "STOPPED", "FAILED", "CANCELLED"] = "COMPLETED"
    message: str = Field("", max_length=1000)
    values: dict[str, bool | int | float | str] = Field(max_length=MAX_HYPERPARAMETERS)
    epochs: list[EpochLine]
    seconds: float = 0.0
    started_at: datetime | None = None
    ended_at: datetime | None = None


class Fault(_Message):
    pointer: str
    code: str
    detail: str


class Refusal(_Message):
    faults: list[Fault]


class Reply(_Message):
    """One line: exactly one of these; `end` closes the list of trials."""

    header: Header | None = None
    trial: TrialLine | None = None
    refusal: Refusal | None = None
    end: bool = False


class Refused(Exception):
    """The file holds no results that can be used."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(faults[0].detail)
        self.faults = faults


def refused(code: str, detail: str, *, pointer: str = "/file") -> Refused:
    return Refused(Fault(pointer=pointer, code=code, detail=detail))

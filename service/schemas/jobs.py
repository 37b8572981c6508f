"""Jobs: final trainings and learning-rate range tests."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.schemas.base import ObjectiveOut, ReasonOut, Schema, Time, Value
from service.schemas.trials import FailureOut
from storage.states import SearchState
from tuners.definitions import bounds

Seed = Annotated[int, Field(ge=0, le=bounds.MAX_INTEGER)]
Rate = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FinalRequest(_Body):
    """What to retrain; everything may be left out."""

    trial_id: str | None = Field(default=None, description="A scored trial of the search; the best by default.")
    epochs: Annotated[int, Field(ge=1, le=bounds.MAX_EPOCHS)] | None = Field(
        default=None, description="The trial's best epoch and all before it by default."
    )
    seed: Seed | None = Field(default=None, description="Of weights and order; the search's by default.")


class RangeTestRequest(_Body):
    """A definition, the point of its space to test (the defaults unless given), and the rates to try."""

    definition: dict[str, Any]
    values: dict[str, Any] | None = Field(
        default=None, description="Values of some hyperparameters; the others have their defaults."
    )
    min_rate: Rate = 1e-7
    max_rate: Rate = 10.0
    steps: Annotated[int, Field(ge=10, le=10_000)] = Field(default=100, description="Batches.")
    smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.98, description="Share of the old value in the running mean of the losses."
    )
    divergence: Annotated[float, Field(gt=1, le=1e6)] = Field(
        default=4.0, description="It ends when the smoothed loss is so many times the least one."
    )


class JobOut(Schema):
    """A training that is no search of its own, with everything of one: events, cancelling, deleting.

    Its id is a search id, too.
    """

    id: str
    name: str
    state: SearchState
    state_reason: ReasonOut | None
    hyperparameters: dict[str, Value]
    seed: int
    dataset_id: str
    trial_id: str | None = Field(description="The one trial of the job, once it exists: its epochs, attempts and logs.")
    progress: float | None = Field(description="0 to 1.")
    elapsed_seconds: float
    remaining_seconds: float | None
    failure: FailureOut | None
    created_at: Time
    started_at: Time | None
    ended_at: Time | None
    links: dict[str, str] = Field(description="Addresses of what there is of it.")


class SourceOut(Schema):
    """The trial that a final training retrains, as it was when the job was made."""

    search_id: str
    search_name: str
    trial_id: str
    trial_number: int
    objective: ObjectiveOut
    score: float | None
    best_epoch: int | None
    executions: int = Field(description="Trainings behind the score: repeats and folds.")
    metrics: dict[str, float | None]


class FinalOut(JobOut):
    """A final training: the trial's values on all training rows, tested once on the test part."""

    source: SourceOut
    epochs: int | None = Field(description="Epochs to train; null for models without epochs.")
    report: dict[str, Any] | None = Field(description="Null until it has ended well; docs/rest.md lists its fields.")


class SuggestionOut(Schema):
    """A range of learning rates to search in."""

    min_rate: float
    max_rate: float
    steepest: float = Field(description="Where the smoothed loss falls fastest.")
    minimum: float = Field(description="Where the smoothed loss is least.")
    method: dict[str, str]


class RangeTestOut(JobOut):
    """A learning-rate range test: the losses of a few batches with an ever greater learning rate."""

    min_rate: float
    max_rate: float
    steps: int
    smoothing: float
    divergence: float


class RangeTestDetailOut(RangeTestOut):
    """A range test with what it found; lists are empty until it has ended well."""

    batch_size: int | None
    diverged: bool | None = Field(description="Whether it ended because the loss grew without end.")
    rates: list[float]
    losses: list[float] = Field(description="Of single batches.")
    smoothed: list[float]
    suggestion: SuggestionOut | None = Field(description="Null when the loss never fell.")


JobKind = Literal["finalize", "lr_range_test"]

"""Searches, their plans and the changes they take."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from service.progress import Progress
from service.schemas.base import ObjectiveOut, ReasonOut, Schema, Time, WarningOut, finite
from storage.records import Search
from storage.states import SearchState

Seconds = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]
TagKey = Annotated[str, Field(min_length=1, max_length=64)]
TagValue = Annotated[str, Field(max_length=256)]


class LimitsOut(Schema):
    """The search ends at the first of these; null means no such limit."""

    max_trials: int | None
    max_seconds: float | None
    max_epochs: int | None
    max_device_seconds: float | None
    target: float | None
    patience_trials: int | None


class TrialCountsOut(Schema):
    queued: int
    running: int
    completed: int
    stopped: int
    failed: int
    cancelled: int


class BestScoreOut(Schema):
    trial_id: str
    score: float


class SearchOut(Schema):
    """One hunt for good hyperparameters."""

    id: str
    name: str
    state: SearchState
    state_reason: ReasonOut | None = Field(description="Why it ended or waits, when there is something to say.")
    objective: ObjectiveOut
    tuner: str = Field(description="The tuner's type.")
    dataset_id: str = Field(description="Empty for imported results, which have no data set here.")
    limits: LimitsOut
    parallelism: int
    executions_per_trial: int
    max_retries_per_trial: int
    priority: int
    seed: int
    tags: dict[str, str]
    trials: TrialCountsOut
    best: BestScoreOut | None
    planned_trials: int | None = Field(description="Trials if nothing ends it early; null when open-ended.")
    planned_epochs: int | None = Field(description="Epochs over all trials and executions likewise.")
    epochs_recorded: int
    device_seconds: float
    progress: float | None = Field(description="0 to 1, from the plan and the limits; null when open-ended.")
    elapsed_seconds: float = Field(description="Seconds spent RUNNING; pauses are left out.")
    remaining_seconds: float | None = Field(description="Estimate from what was measured so far; null while unknown.")
    workers_busy: int = Field(description="Workers that train trials of it now.")
    created_at: Time
    started_at: Time | None
    ended_at: Time | None

    @classmethod
    def of(cls, search: Search, *, progress: Progress, workers_busy: int) -> SearchOut:
        return cls(**_fields(search, progress, workers_busy))


class SearchDetailOut(SearchOut):
    """One search with its definition."""

    definition: dict[str, Any] = Field(description="As submitted, with defaults filled in.")
    versions: dict[str, str] = Field(description="Libraries it was submitted under.")
    warnings: list[WarningOut] = Field(description="What the plan found odd but allowed; only told at submission.")

    @classmethod
    def of(
        cls, search: Search, *, progress: Progress, workers_busy: int, warnings: tuple[WarningOut, ...] = ()
    ) -> SearchDetailOut:
        return cls(
            **_fields(search, progress, workers_busy),
            definition=dict(search.definition),
            versions=dict(search.versions),
            warnings=list(warnings),
        )


class SearchCountsOut(Schema):
    """How many searches there are."""

    states: dict[SearchState, int]
    total: int


def _fields(search: Search, progress: Progress, workers_busy: int) -> dict[str, Any]:
    counts, limits, reason, best = search.counts, search.limits, search.state_reason, search.best
    return {
        "id": search.id,
        "name": search.name,
        "state": search.state,
        "state_reason": ReasonOut(code=reason.code, message=reason.message) if reason else None,
        "objective": ObjectiveOut(name=search.objective.name, direction=search.objective.direction),
        "tuner": search.tuner,
        "dataset_id": search.dataset_id,
        "limits": LimitsOut(
            max_trials=limits.max_trials,
            max_seconds=limits.max_seconds,
            max_epochs=limits.max_epochs,
            max_device_seconds=limits.max_device_seconds,
            target=limits.target,
            patience_trials=limits.patience_trials,
        ),
        "parallelism": search.parallelism,
        "executions_per_trial": search.executions_per_trial,
        "max_retries_per_trial": search.max_retries_per_trial,
        "priority": search.priority,
        "seed": search.seed,
        "tags": dict(search.tags),
        "trials": TrialCountsOut(
            queued=counts.queued,
            running=counts.running,
            completed=counts.completed,
            stopped=counts.stopped,
            failed=counts.failed,
            cancelled=counts.cancelled,
        ),
        "best": BestScoreOut(trial_id=best.trial_id, score=best.score) if best else None,
        "planned_trials": search.planned_trials,
        "planned_epochs": search.planned_epochs,
        "epochs_recorded": search.epochs_recorded,
        "device_seconds": search.device_seconds,
        "progress": progress.fraction,
        "elapsed_seconds": search.active_seconds,
        "remaining_seconds": finite(progress.remaining_seconds),
        "workers_busy": workers_busy,
        "created_at": search.created_at,
        "started_at": search.started_at,
        "ended_at": search.ended_at,
    }


class Patch(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LimitsPatch(Patch):
    """Limits to set; those left out stay, null removes one."""

    max_trials: Annotated[int, Field(ge=1, le=10_000)] | None = None
    max_seconds: Seconds | None = None
    max_epochs: Annotated[int, Field(ge=1, le=10**9)] | None = None
    max_device_seconds: Seconds | None = None
    target: Annotated[float, Field(allow_inf_nan=False)] | None = None
    patience_trials: Annotated[int, Field(ge=1, le=10_000)] | None = None


class SearchPatch(Patch):
    """What may change while a search has not ended; fields left out stay as they are."""

    limits: LimitsPatch | None = None
    parallelism: Annotated[int, Field(ge=1, le=1024)] | None = None
    priority: Annotated[int, Field(ge=-1000, le=1000)] | None = None
    tags: Annotated[dict[TagKey, TagValue], Field(max_length=50)] | None = None


class RungOut(Schema):
    """One round of a bracket."""

    round: int
    trials: int
    epochs: int = Field(description="Epochs each of its trials has been trained for when it ends.")


class BracketOut(Schema):
    """One of Hyperband's groups."""

    bracket: int
    rounds: list[RungOut]


class ParametersOut(Schema):
    """Parameter counts of the models in the space; null where the model could not say."""

    min: int | None
    max: int | None
    default: int | None


class SecondsOut(Schema):
    """Estimated wall-clock seconds with the asked parallelism, from epochs measured on the same data set."""

    estimate: float
    low: float = Field(description="With the seconds per epoch of the fastest tenth of like trials.")
    high: float = Field(description="With those of the slowest tenth.")
    measured_trials: int


class PlanOut(Schema):
    """What a definition would cost. Nothing has been stored."""

    trials: int | None = Field(description="Null when only time or the score ends the search.")
    epochs: int | None = Field(description="Over all trials and executions, if no trial stops early.")
    space_size: int | None = Field(description="Distinct points; null when a range is continuous.")
    brackets: list[BracketOut]
    parameters: ParametersOut
    disk_bytes: int | None = Field(description="Checkpoints of all trials at the largest model: an upper bound.")
    seconds: SecondsOut | None = Field(description="Null until like trials have been measured.")
    warnings: list[WarningOut]

"""What becomes experiments and runs, wherever it was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedSearch:
    """What an experiment says of its search; `tuner` is None where it is about a job that belongs to no search."""

    id: str
    name: str
    objective: str
    direction: str
    tuner: str | None
    tags: Mapping[str, str] = field(default_factory=dict)


class Result(NamedTuple):
    """One figure that a job found; None stands for a value that was not finite."""

    name: str
    value: float | None
    step: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedJob:
    """What the run of a job says that none of a trial does.

    Attributes:
        id: Also its id as a search.
        kind: One of the API's words.
        settings: What it was asked for beside the values, and what else is fixed.
        source_trial_id: Of a final training: the trial that it retrains; and that one's number.
        results: What it found; empty until it has ended well.
    """

    id: str
    kind: Literal["finalize", "lr_range_test"]
    settings: Mapping[str, object]
    source_trial_id: str | None = None
    source_trial_number: int | None = None
    results: Sequence[Result] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedTrial:
    """What a run says of its trial. `values` are as the API shows them; `state` is one of the API's words.

    Attributes:
        executions: Trainings of it; each fold of a cross-validation is one of them.
        job: The job whose one trial this is; None for trials of searches.
    """

    id: str
    number: int
    state: str
    values: Mapping[str, object]
    executions: int
    score: float | None
    best_epoch: int | None
    metrics: Mapping[str, float | None]
    attempts: int
    seconds: float
    parameters: int | None
    device: str | None
    parent_trial_id: str | None
    failure_code: str | None
    failure_message: str | None
    started_at: datetime | None
    ended_at: datetime | None
    job: TrackedJob | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedEpoch:
    """One recorded epoch; None stands for a value that was not finite."""

    execution: int
    fold: int | None
    epoch: int
    metrics: Mapping[str, float | None]
    recorded_at: datetime


def searched_from(source: Mapping[str, Any], *, tuner: str | None, tags: Mapping[str, str]) -> TrackedSearch:
    """The search that a final training came from, which may have been deleted meanwhile.

    Args:
        source: As the API shows it of the job.
        tuner: That of the job's definition, which is the search's; `tags` likewise.
    """
    return TrackedSearch(
        id=source["search_id"],
        name=source["search_name"],
        objective=source["objective"]["name"],
        direction=source["objective"]["direction"],
        tuner=tuner,
        tags=tags,
    )


def final_training(
    job_id: str, *, source: Mapping[str, Any], epochs: int | None, seed: int, report: Mapping[str, Any] | None
) -> TrackedJob:
    """A final training.

    Args:
        source: As the API shows it.
        epochs: None for models without epochs.
        report: What it left; None until it has ended well.
    """
    tested = (report or {}).get("test") or {}
    return TrackedJob(
        id=job_id,
        kind="finalize",
        settings={"final/seed": seed} | ({} if epochs is None else {"final/epochs": epochs}),
        source_trial_id=source["trial_id"],
        source_trial_number=source["trial_number"],
        results=[Result(f"test/{name}", value) for name, value in tested.get("metrics", {}).items()],
    )


def range_test(job_id: str, *, asked: Mapping[str, Any], seed: int, report: Mapping[str, Any] | None) -> TrackedJob:
    """A learning-rate range test.

    Args:
        asked: Its options, as the API shows them.
        report: Its points and suggestion, as the API shows them; None until it has ended well.
    """
    settings = {f"range/{name}": asked[name] for name in ("min_rate", "max_rate", "steps", "smoothing", "divergence")}
    results: list[Result] = []
    if report is not None:
        settings["range/batch_size"] = report["batch_size"]
        points = zip(report["rates"], report["losses"], report["smoothed"], strict=True)
        for step, (rate, loss, smoothed) in enumerate(points):
            results.append(Result("range/learning_rate", rate, step))
            results.append(Result("range/loss", loss, step))
            results.append(Result("range/smoothed_loss", smoothed, step))
        found = report["suggestion"] or {}
        names = ("min_rate", "max_rate", "steepest", "minimum")
        results += [Result(f"suggestion/{name}", found[name]) for name in names if name in found]
    return TrackedJob(id=job_id, kind="lr_range_test", settings={"range/seed": seed} | settings, results=results)

"""Records as what the client library writes to MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstock.mlflow.tracked import (
    TrackedEpoch,
    TrackedJob,
    TrackedSearch,
    TrackedTrial,
    final_training,
    range_test,
    searched_from,
)

from storage.epochs import StoredEpoch
from storage.records import Search, Trial
from tuners.definitions.models import MODEL_TYPES
from tuners.list_values import all_shown


def tracked_search(search: Search) -> TrackedSearch:
    """What the experiment is about: the search; of a final training the search that it came from."""
    definition: Any = search.definition
    if search.kind == "finalize":
        source: Any = search.options["source"]
        return searched_from(source, tuner=definition["tuner"]["type"], tags=search.tags)
    return TrackedSearch(
        id=search.id,
        name=search.name,
        objective=search.objective.name,
        direction=search.objective.direction,
        tuner=search.tuner if search.kind == "search" else None,
        tags=search.tags,
    )


def tracked_trial(search: Search, trial: Trial, report: Mapping[str, Any] | None) -> TrackedTrial:
    """A trial with its search; `report` is what it left if it is a job's."""
    return TrackedTrial(
        id=trial.id,
        number=trial.number,
        state=trial.state.value,
        values=all_shown(trial.values),
        executions=search.executions_per_trial,
        score=trial.score,
        best_epoch=trial.best_epoch,
        metrics=trial.metrics,
        attempts=trial.attempt,
        seconds=trial.seconds,
        parameters=trial.parameters,
        device=trial.device,
        parent_trial_id=trial.parent_trial_id,
        failure_code=trial.failure.code if trial.failure else None,
        failure_message=trial.failure.message if trial.failure else None,
        started_at=trial.started_at,
        ended_at=trial.ended_at,
        job=_tracked_job(search, report),
    )


def tracked_epoch(epoch: StoredEpoch) -> TrackedEpoch:
    return TrackedEpoch(
        execution=epoch.execution,
        fold=epoch.fold,
        epoch=epoch.epoch,
        metrics=epoch.metrics,
        recorded_at=epoch.recorded_at,
    )


def _tracked_job(job: Search, report: Mapping[str, Any] | None) -> TrackedJob | None:
    if job.kind == "search":
        return None
    options: Any = job.options
    if job.kind == "lr_range_test":
        return range_test(job.id, asked=options, seed=job.seed, report=report)
    model: Any = job.definition["model"]
    epochs = options["epochs"] if MODEL_TYPES[model["type"]].in_epochs else None
    return final_training(job.id, source=options["source"], epochs=epochs, seed=job.seed, report=report)

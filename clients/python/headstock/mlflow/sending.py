"""Searches and jobs of the past, read through the API, as runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from headstock import _pages
from headstock._http import Http
from headstock._wire import segment
from headstock.errors import NotFound
from headstock.jobs import FinalJob, RangeTest
from headstock.mlflow.server import MlflowServer
from headstock.mlflow.tracked import (
    TrackedEpoch,
    TrackedJob,
    TrackedSearch,
    TrackedTrial,
    final_training,
    range_test,
    searched_from,
)
from headstock.mlflow.writer import RunWriter
from headstock.models import Epoch, FinalRecord, Page, RangeTestRecord, SearchRecord, TrialRecord
from headstock.trials import Trial

if TYPE_CHECKING:
    from headstock.searches import Search

# What the service calls the tuner of jobs, which are searches of one trial.
_JOBS_TUNER = "fixed"


def send_search(search: Search, uri: str) -> int:
    """Write all trials of a search that have begun as MLflow runs, and the final trainings of them; how many.

    It may be repeated, also while it runs. The handle may be of a job, by its id as a search: then that is written.

    Args:
        uri: The tracking server's address.

    Raises:
        MlflowError: The server did not take them; what it has taken stays.
        HeadstockError: The search could not be read.
    """
    http = search._http
    if search.record.tuner == _JOBS_TUNER:
        return int(send_job(_job(http, search.id), uri))
    server = MlflowServer(uri)
    try:
        writer = RunWriter(server)
        about = _tracked_search(search.record)
        writer.load(about)
        count = 0
        for trial in search.trials():
            mine = _tracked_trial(trial.record, executions=search.record.executions_per_trial)
            count += writer.write(about, mine, map(_tracked_epoch, trial.epochs()))
        for job in _finals(http, search.id):
            count += _write_job(writer, about, job)
        return count
    finally:
        server.close()


def send_job(job: FinalJob | RangeTest, uri: str) -> bool:
    """Write a final training or a range test as an MLflow run; False when it has not begun. It may be repeated.

    A final training belongs to the experiment of its search, a range test has one of its own.

    Args:
        uri: The tracking server's address.

    Raises:
        MlflowError: The server did not take it; what it has taken stays.
        HeadstockError: The job could not be read.
    """
    server = MlflowServer(uri)
    try:
        job.refresh()
        record = job._http.get(f"/v1/searches/{segment(job.id)}", SearchRecord)
        about = _tracked_search(record, tuner=None)
        if isinstance(job, FinalJob):
            tuner = (record.definition or {}).get("tuner", {}).get("type")
            about = searched_from(job.record.source.model_dump(), tuner=tuner, tags=record.tags)
        return _write_job(RunWriter(server), about, job)
    finally:
        server.close()


def _job(http: Http, job_id: str) -> FinalJob | RangeTest:
    try:
        return FinalJob(http, http.get(f"/v1/final/{segment(job_id)}", FinalRecord))
    except NotFound:
        return RangeTest(http, http.get(f"/v1/lr-range-tests/{segment(job_id)}", RangeTestRecord))


def _finals(http: Http, search_id: str) -> Iterator[FinalJob]:
    for record in _pages.items(http, "/v1/final", Page[FinalRecord]):
        if record.source.search_id == search_id:
            yield FinalJob(http, record)


def _write_job(writer: RunWriter, about: TrackedSearch, job: FinalJob | RangeTest) -> bool:
    if job.record.trial_id is None:
        return False
    trial = Trial(job._http, job._http.get(f"/v1/trials/{segment(job.record.trial_id)}", TrialRecord))
    # After the trial: what has ended there has its report here. Lists have none.
    job.refresh()
    mine = _tracked_trial(trial.record, executions=1, job=_tracked_job(job))
    return writer.write(about, mine, map(_tracked_epoch, trial.epochs()))


def _tracked_job(job: FinalJob | RangeTest) -> TrackedJob:
    if isinstance(job, FinalJob):
        final = job.record
        return final_training(
            final.id, source=final.source.model_dump(), epochs=final.epochs, seed=final.seed, report=final.report
        )
    test = job.record.model_dump()
    return range_test(job.id, asked=test, seed=job.record.seed, report=test if job.rates else None)


def _tracked_search(record: SearchRecord, **changes: Any) -> TrackedSearch:
    told: Mapping[str, Any] = {
        "id": record.id,
        "name": record.name,
        "objective": record.objective.name,
        "direction": record.objective.direction,
        "tuner": record.tuner,
        "tags": record.tags,
    }
    return TrackedSearch(**{**told, **changes})


def _tracked_trial(record: TrialRecord, *, executions: int, job: TrackedJob | None = None) -> TrackedTrial:
    return TrackedTrial(
        id=record.id,
        number=record.number,
        state=str(record.state),
        values=record.hyperparameters,
        executions=executions,
        score=record.score,
        best_epoch=record.best_epoch,
        metrics=record.metrics,
        attempts=record.attempts,
        seconds=record.seconds or 0.0,
        parameters=record.parameters,
        device=record.device,
        parent_trial_id=record.parent_trial_id,
        failure_code=record.failure.code if record.failure else None,
        failure_message=record.failure.message if record.failure else None,
        started_at=record.started_at,
        ended_at=record.ended_at,
        job=job,
    )


def _tracked_epoch(record: Epoch) -> TrackedEpoch:
    return TrackedEpoch(
        execution=record.execution,
        fold=record.fold,
        epoch=record.epoch,
        metrics=record.metrics,
        recorded_at=record.recorded_at,
    )

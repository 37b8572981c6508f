"""Jobs as the API shows them, from their records."""

from __future__ import annotations

from typing import Any

from service.progress import Progress
from service.schemas.base import ReasonOut, finite
from service.schemas.trials import FailureOut
from storage.records import Search, Trial
from tuners.definitions.models import MODEL_TYPES
from tuners.list_values import all_shown


def final_fields(job: Search, trial: Trial | None, *, progress: Progress, ready: bool) -> dict[str, Any]:
    """The keys of `FinalOut`, without the report. `ready`: whether its files are there."""
    address = f"/v1/final/{job.id}"
    files = {name: f"{address}/{name}" for name in ("report", "card", "model", "bundle")} if ready else {}
    model: Any = job.definition["model"]
    return {
        **_job_fields(job, trial, progress),
        "source": job.options["source"],
        "epochs": job.options["epochs"] if MODEL_TYPES[model["type"]].in_epochs else None,
        "links": {"self": address, **_links(job, trial), **files},
    }


def range_test_fields(job: Search, trial: Trial | None, *, progress: Progress) -> dict[str, Any]:
    """The keys of `RangeTestOut`."""
    settings = {name: job.options[name] for name in ("min_rate", "max_rate", "steps", "smoothing", "divergence")}
    return {
        **_job_fields(job, trial, progress),
        **settings,
        "links": {"self": f"/v1/lr-range-tests/{job.id}", **_links(job, trial)},
    }


def _job_fields(job: Search, trial: Trial | None, progress: Progress) -> dict[str, Any]:
    reason, values = job.state_reason, job.options["values"]
    assert isinstance(values, dict)
    return {
        "id": job.id,
        "name": job.name,
        "state": job.state,
        "state_reason": ReasonOut(code=reason.code, message=reason.message) if reason else None,
        "hyperparameters": all_shown(values),
        "seed": job.seed,
        "dataset_id": job.dataset_id,
        "trial_id": None if trial is None else trial.id,
        "progress": progress.fraction,
        "elapsed_seconds": job.active_seconds,
        "remaining_seconds": finite(progress.remaining_seconds),
        "failure": None if trial is None else FailureOut.of(trial.failure),
        "created_at": job.created_at,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
    }


def _links(job: Search, trial: Trial | None) -> dict[str, str]:
    address = f"/v1/searches/{job.id}"
    found = {"search": address, "events": f"{address}/events", "cancel": f"{address}/cancel"}
    if trial is not None:
        found |= {"trial": f"/v1/trials/{trial.id}", "epochs": f"/v1/trials/{trial.id}/epochs"}
    return found

"""What experiments and runs are told: names, tags, parameters and metrics, in MLflow's letters and words."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from headstock.mlflow.server import milliseconds
from headstock.mlflow.tracked import TrackedEpoch, TrackedSearch, TrackedTrial

SEARCH_ID, TRIAL_ID = "headstock.search_id", "headstock.trial_id"
STATE, SENT, RESULTS_SENT = "headstock.state", "headstock.sent", "headstock.results_sent"
SCORE, SECONDS, PARAMETERS = "trial/score", "trial/seconds", "trial/parameters"
"""Metrics that belong to the trial and not to an epoch; no metric of a model has such a name."""
STATUSES = {
    "QUEUED": "SCHEDULED",
    "RUNNING": "RUNNING",
    "COMPLETED": "FINISHED",
    "STOPPED": "FINISHED",
    "FAILED": "FAILED",
    "CANCELLED": "KILLED",
}
ENDED = frozenset({"FINISHED", "FAILED", "KILLED"})
MOST_METRICS = 800
MOST_PARAMS = 100
"""What one call may carry (MLflow's own limits are 1000 metrics, 100 parameters, 100 tags, 1000 together)."""
_MOST_CHARACTERS = 5000
_NOT_IN_NAMES = re.compile(r"[^\w.\- :]")

Metric = dict[str, object]


# Experiments


def experiment_name(search: TrackedSearch) -> str:
    return f"{search.name} ({search.id})"


def experiment_tags(search: TrackedSearch) -> dict[str, str]:
    return {
        SEARCH_ID: search.id,
        "headstock.objective": f"{search.objective} ({search.direction})",
        **({"headstock.tuner": search.tuner} if search.tuner is not None else {}),
        **{f"headstock.tag.{_name(key)}": value for key, value in search.tags.items()},
    }


# Runs


def run_name(trial: TrackedTrial) -> str:
    if trial.job is None:
        return f"trial-{trial.number:04d}"
    if trial.job.source_trial_number is None:
        return "lr-range-test"
    return f"final-{trial.job.source_trial_number:04d}"


def lasting_tags(search: TrackedSearch, trial: TrackedTrial) -> dict[str, str]:
    """Those that a run is made with."""
    job = trial.job
    told: dict[str, object] = {
        TRIAL_ID: trial.id,
        SEARCH_ID: search.id,
        "headstock.kind": "trial" if job is None else job.kind,
        "mlflow.source.name": "headstock",
    }
    if job is None:
        told |= {"headstock.trial_number": trial.number, "headstock.parent_trial_id": trial.parent_trial_id}
    else:
        told |= {
            "headstock.job_id": job.id,
            "headstock.source_trial_id": job.source_trial_id,
            "headstock.source_trial_number": job.source_trial_number,
        }
    return {name: str(value) for name, value in told.items() if value is not None}


def changing_tags(trial: TrackedTrial) -> dict[str, str]:
    """Those that say how the trial is now."""
    told = {
        STATE: trial.state,
        "headstock.attempts": str(trial.attempts),
        "headstock.device": trial.device,
        "headstock.best_epoch": None if trial.best_epoch is None else str(trial.best_epoch),
        "headstock.failure_code": trial.failure_code,
        "headstock.failure_message": trial.failure_message,
    }
    return {name: value[:_MOST_CHARACTERS] for name, value in told.items() if value is not None}


def params_of(trial: TrackedTrial) -> dict[str, str]:
    """Values under their own names, in which no slash is left, and what a job was asked for."""
    settings = {} if trial.job is None else trial.job.settings
    told = {_name(name): value for name, value in trial.values.items()} | dict(settings)
    return {
        name: (value if isinstance(value, str) else json.dumps(value))[:_MOST_CHARACTERS]
        for name, value in told.items()
    }


# Metrics


def own_metrics(trial: TrackedTrial) -> list[Metric]:
    """Those of a trial that has ended with a score.

    A job's score is none to set beside those of trials: it was measured on the rows trained on.
    """
    if trial.score is None or trial.ended_at is None or trial.best_epoch is None:
        return []
    own: dict[str, float | None] = {SECONDS: trial.seconds}
    if trial.job is None:
        own[SCORE] = trial.score
    if trial.parameters is not None:
        own[PARAMETERS] = trial.parameters
    if trial.executions != 1:
        # The runs' table shows plain names: of several executions, what the trial is judged by.
        own |= {_name(name): value for name, value in trial.metrics.items() if value is not None}
    return [_metric(name, value, at=trial.ended_at, step=trial.best_epoch) for name, value in own.items()]


def unsent_epochs(
    epochs: Iterable[TrackedEpoch], sent: str | None, *, executions: int
) -> Iterator[tuple[list[Metric], dict[str, str]]]:
    """Metrics of whole epochs, as many as one call takes, and the tag that says how far they go.

    Args:
        epochs: By execution, then epoch.
        sent: What the run's tag says.
    """
    metrics: list[Metric] = []
    last: TrackedEpoch | None = None
    latest: datetime | None = None
    for each in _unsent(epochs, sent):
        own = _metrics_of(each, executions=executions)
        if metrics and len(metrics) + len(own) > MOST_METRICS and last is not None and latest is not None:
            yield metrics, _sent_tag(last, latest)
            metrics = []
        while len(own) > MOST_METRICS:
            yield own[:MOST_METRICS], {}
            own = own[MOST_METRICS:]
        metrics += own
        last, latest = each, each.recorded_at if latest is None else max(latest, each.recorded_at)
    if last is not None and latest is not None:
        yield metrics, _sent_tag(last, latest)


def unsent_results(trial: TrackedTrial, sent: str | None) -> Iterator[tuple[list[Metric], dict[str, str]]]:
    """A job's results, as many as one call takes, and the tag that says how many have been sent."""
    if trial.job is None or trial.ended_at is None:
        return
    results = trial.job.results
    first = int(sent) if sent is not None and sent.isdecimal() else 0
    for start in range(first, len(results), MOST_METRICS):
        some = results[start : start + MOST_METRICS]
        metrics = [_metric(_result_name(each.name), each.value, at=trial.ended_at, step=each.step) for each in some]
        yield metrics, {RESULTS_SENT: str(start + len(some))}


def _unsent(epochs: Iterable[TrackedEpoch], sent: str | None) -> Iterator[TrackedEpoch]:
    """What was recorded after the last epoch that was sent: beyond its place, or, by a later attempt, at an earlier one
    anew (MLflow forgets nothing, so that it then has two values at a step)."""
    place = _sent_place(sent)
    for each in epochs:
        if place is None or (each.execution, each.epoch) > place[0] or each.recorded_at > place[1]:
            yield each


def _sent_place(sent: str | None) -> tuple[tuple[int, int], datetime] | None:
    try:
        execution, epoch, recorded_at = json.loads(sent or "null")
        return (int(execution), int(epoch)), datetime.fromisoformat(recorded_at)
    except (TypeError, ValueError):
        return None


def _sent_tag(last: TrackedEpoch, latest: datetime) -> dict[str, str]:
    return {SENT: json.dumps([last.execution, last.epoch, latest.astimezone(UTC).isoformat()])}


def _metrics_of(epoch: TrackedEpoch, *, executions: int) -> list[Metric]:
    prefix = "" if executions == 1 else f"execution-{epoch.execution}/"
    if executions != 1 and epoch.fold is not None:
        prefix = f"execution-{epoch.execution}-fold-{epoch.fold}/"
    return [
        _metric(prefix + _name(name), value, at=epoch.recorded_at, step=epoch.epoch)
        for name, value in epoch.metrics.items()
    ]


def _metric(name: str, value: float | None, *, at: datetime, step: int) -> Metric:
    shown: object = value
    if value is None or math.isnan(value):
        shown = "NaN"
    elif math.isinf(value):
        shown = "Infinity" if value > 0 else "-Infinity"
    return {"key": name, "value": shown, "timestamp": milliseconds(at), "step": step}


def _result_name(name: str) -> str:
    """The part before the slash is ours."""
    group, _, own = name.partition("/")
    return f"{group}/{_name(own)}"


def _name(name: str) -> str:
    """The name in letters that MLflow takes; slashes are ours."""
    return _NOT_IN_NAMES.sub("_", name)[:200] or "_"

"""What the curves of stored trials show, as the API tells it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from service.schemas.base import finite
from service.trends.curves import curves_of
from service.trends.diagnosis import Diagnosis, diagnosis_of
from service.trends.selection import directions_of
from storage.records import Search, Trial
from storage.repository import TrialReads

Document = dict[str, Any]


def diagnosed(trials: Sequence[Trial], search: Search, reads: TrialReads) -> Iterator[Document]:
    """The diagnosis of each of these trials of the search, in their order."""
    best = reads.best_trials(search.id, count=2)
    directions = directions_of(search, (name for trial in trials for name in trial.metrics))
    for trial, curves in zip(trials, curves_of(reads, trials, objective=search.objective.name), strict=True):
        base = "loss" if "loss" in {*curves.by_metric, *curves.broken} else search.objective.name.removeprefix("val_")
        peer = next((each for each in best if each.id != trial.id), None)
        diagnosis = diagnosis_of(
            curves,
            objective=search.objective,
            directions=directions,
            best_training=peer.metrics.get(base) if peer else None,
        )
        yield _document(diagnosis, trial, executions=curves.executions)


def _document(found: Diagnosis, trial: Trial, *, executions: int) -> Document:
    """`service.schemas.analysis.DiagnosisOut`, as plain JSON."""
    return {
        "trial_id": trial.id,
        "number": trial.number,
        "state": trial.state.value,
        "verdict": found.verdict,
        "metric": {"name": found.metric, "direction": found.direction},
        "validation_metric": found.validation_metric,
        "epochs": found.epochs,
        "executions": executions,
        "findings": [
            {
                "code": each.code,
                "statement": each.statement,
                "evidence": {name: finite(value) for name, value in each.evidence.items()},
                "try_next": each.try_next,
            }
            for each in found.findings
        ],
        "note": found.note,
    }

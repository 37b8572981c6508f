"""A search as TensorBoard's event files: a run for each trial, and the table of the HParams plugin."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime

from service.exports.columns import every_epoch, every_trial, type_of
from service.exports.pieces import begun
from service.gate import Gate
from storage.clock import Clock
from storage.epochs import StoredEpoch
from storage.records import Scalar, Search, Trial
from storage.repository import TrialReads
from storage.states import TrialState
from tuners.event_files.client import event_file_bytes
from tuners.event_files.wire import Experiment, Hyperparameter, Run, RunEnd, Scalars, Status
from tuners.space import Hyperparameter as SpaceHyperparameter
from tuners.space import Space
from tuners.tables.wire import ColumnType

SCORE, SECONDS, PARAMETERS = "trial/score", "trial/seconds", "trial/parameters"
"""What belongs to the trial and not to an epoch; no metric has such a name."""
_BATCH_ROWS = 1000
_STATUSES: dict[TrialState, Status] = {
    TrialState.COMPLETED: "success",
    TrialState.STOPPED: "success",
    TrialState.FAILED: "failure",
}


def event_file_pieces(trials: TrialReads, search: Search, *, gate: Gate, clock: Clock) -> Iterator[bytes]:
    """A zip of event files piece by piece, the first of which is made before this returns.

    Raises:
        TooManyRequests: No place got free in time.
        FileFailed: The child took too long or too much memory, or ended; what was yielded is no whole file.
    """
    space = Space.from_json({"hyperparameters": [], **search.space})
    metrics = sorted(trials.scored_columns(search.id).metrics)
    experiment = Experiment(
        created=search.created_at.timestamp(),
        hyperparameters=[_described(each) for each in space.hyperparameters],
        metrics=[SCORE, *metrics, SECONDS, PARAMETERS],
    )
    types = {each.name: type_of(each) for each in space.hyperparameters}
    return begun(event_file_bytes(experiment, _runs(trials, search, types), clock=clock), gate)


def folder_of(number: int, row: StoredEpoch | None, *, executions: int) -> str:
    """A trial's folder; where trials are trained several times, one in it for each execution."""
    name = f"trial-{number:04d}"
    if row is None or executions == 1:
        return name
    return f"{name}/execution-{row.execution}" + ("" if row.fold is None else f"-fold-{row.fold}")


def _runs(trials: TrialReads, search: Search, types: dict[str, ColumnType]) -> Iterator[Run | Scalars | RunEnd]:
    by_trial = itertools.groupby(every_epoch(trials, search.id), key=lambda each: each[0])
    waiting = next(by_trial, None)
    for trial in every_trial(trials, search.id):
        # Both come by number; a trial that was proposed since the list was read has no place in it.
        while waiting is not None and waiting[0] < trial.number:
            waiting = next(by_trial, None)
        rows: Iterator[StoredEpoch] = iter(())
        if waiting is not None and waiting[0] == trial.number:
            rows = (row for _, row in waiting[1])
        yield from _runs_of(trial, rows, search, types)


def _runs_of(
    trial: Trial, rows: Iterator[StoredEpoch], search: Search, types: dict[str, ColumnType]
) -> Iterator[Run | Scalars | RunEnd]:
    first = next(rows, None)
    if first is None:
        if trial.started_at is not None:
            yield _start(trial, None, search, types)
            yield from _end(trial)
        return
    for _, execution in itertools.groupby(itertools.chain((first,), rows), key=lambda row: row.execution):
        head = next(execution)
        yield _start(trial, head, search, types)
        names: list[str] = []
        for batch in _batches(itertools.chain((head,), execution)):
            # Callbacks may report what the first epoch has not.
            names = list(dict.fromkeys([*names, *(name for row in batch for name in row.metrics)]))
            yield Scalars(
                names=names,
                rows=[
                    (row.epoch, row.recorded_at.timestamp(), [row.metrics.get(name) for name in names]) for row in batch
                ],
            )
        yield from _end(trial)


def _start(trial: Trial, row: StoredEpoch | None, search: Search, types: dict[str, ColumnType]) -> Run:
    begun_at = trial.started_at or (trial.created_at if row is None else row.recorded_at)
    return Run(
        folder=folder_of(trial.number, row, executions=search.executions_per_trial),
        group=f"trial-{trial.number:04d}",
        started=begun_at.timestamp(),
        values={name: _value(value, types.get(name)) for name, value in trial.values.items()},
    )


def _end(trial: Trial) -> Iterator[Scalars | RunEnd]:
    ended = _seconds(trial.ended_at)
    if trial.score is not None and trial.best_epoch is not None and ended is not None:
        own: dict[str, float | None] = {SCORE: trial.score, SECONDS: trial.seconds, PARAMETERS: trial.parameters}
        yield Scalars(names=list(own), rows=[(trial.best_epoch, ended, list(own.values()))])
    yield RunEnd(status=_STATUSES.get(trial.state, "unknown"), ended=ended)


def _batches(rows: Iterator[StoredEpoch]) -> Iterator[list[StoredEpoch]]:
    return iter(lambda: list(itertools.islice(rows, _BATCH_ROWS)), [])


def _described(hyperparameter: SpaceHyperparameter) -> Hyperparameter:
    name, type = hyperparameter.name, type_of(hyperparameter)
    words = [] if hyperparameter.sampling == "linear" else [f"sampled on a {hyperparameter.sampling} scale"]
    words += ["active under conditions"] if hyperparameter.conditions else []
    description = ", ".join(words)
    if hyperparameter.type in ("int", "float"):
        low, high = hyperparameter.min_value, hyperparameter.max_value
        assert low is not None
        assert high is not None
        interval = (int(low), int(high)) if type == "int" else (float(low), float(high))
        return Hyperparameter(name=name, description=description, interval=interval)
    values = (False, True) if hyperparameter.type == "boolean" else hyperparameter.values
    listed = [_value(value, type) for value in values]
    return Hyperparameter.model_validate({"name": name, "description": description, "values": listed})


def _value(value: Scalar, type: ColumnType | None) -> Scalar:
    """The value as the plugin can hold it: one type for each hyperparameter, lists as their text."""
    if type == "float" and not isinstance(value, str):
        return float(value)
    if type in ("bool", "int", "float") or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _seconds(time: datetime | None) -> float | None:
    return None if time is None else time.timestamp()

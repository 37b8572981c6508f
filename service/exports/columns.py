"""Trials and epochs as tables of typed columns, whatever the format they leave in."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from service.trends.sweeps import swept_in
from storage.epochs import StoredEpoch
from storage.ids import SearchId, TrialId
from storage.records import Page, Scalar, Search, Trial
from storage.repository import TrialReads
from tuners.list_values import items_of
from tuners.space import Hyperparameter, Space
from tuners.tables.wire import Column, ColumnType

T = TypeVar("T")
Cell = Scalar | datetime | None
_PAGE = 500
_MOST_INT = 2**63 - 1

_TRIAL_COLUMNS: dict[str, ColumnType] = {
    "number": "int", "id": "text", "state": "text", "score": "float", "best_epoch": "int", "epochs": "int",
    "attempts": "int", "seconds": "float", "parameters": "int", "device": "text", "parent_trial_id": "text",
    "bracket": "int", "round": "int", "start_epoch": "int", "target_epochs": "int", "failure_code": "text",
    "started_at": "time", "ended_at": "time", "elapsed_seconds": "float", "swept": "text", "ended_seq": "int",
}  # fmt: skip
_EPOCH_COLUMNS: dict[str, ColumnType] = {
    "trial_number": "int", "trial_id": "text", "execution": "int", "fold": "int", "epoch": "int", "seconds": "float",
    "recorded_at": "time",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """Columns, and rows that have one cell for each; the rows can be read once.

    Cells are numbers (NaN and infinities as reported), texts, aware times or None; a list of numbers is its JSON text,
    as everywhere inside (`tuners.list_values`).
    """

    columns: tuple[Column, ...]
    rows: Iterator[list[Cell]]


def trial_table(trials: TrialReads, search: Search) -> Table:
    """All trials by number: fixed columns, one `hp:<name>` for each hyperparameter, and one `metric:<name>` for each
    metric, at the trial's best epoch.
    """
    hyperparameters = Space.from_json({"hyperparameters": [], **search.space}).hyperparameters
    metrics = sorted(trials.scored_columns(search.id).metrics)
    columns = (
        *(Column(name=name, type=type) for name, type in _TRIAL_COLUMNS.items()),
        *(Column(name=f"hp:{each.name}", type=type_of(each)) for each in hyperparameters),
        *(Column(name=f"metric:{name}", type="float") for name in metrics),
    )
    return Table(columns, _trial_rows(trials, search, [each.name for each in hyperparameters], metrics))


def epoch_table(trials: TrialReads, search_id: SearchId) -> Table:
    """All epochs by trial number, execution, epoch: fixed columns and one `metric:<name>` for each metric."""
    rows = every_epoch(trials, search_id)
    first = next(rows, None)
    # All trials of a search are compiled alike, so that the first epoch has every name; a trial's best metrics add
    # those that callbacks report later.
    named = set(trials.scored_columns(search_id).metrics)
    metrics = sorted(named | set(first[1].metrics if first else ()))
    columns = (
        *(Column(name=name, type=type) for name, type in _EPOCH_COLUMNS.items()),
        *(Column(name=f"metric:{name}", type="float") for name in metrics),
    )
    return Table(columns, _epoch_rows(first, rows, metrics))


def type_of(hyperparameter: Hyperparameter) -> ColumnType:
    """The type of a hyperparameter's column. Values of several kinds, as in [1, "auto"], become texts."""
    if hyperparameter.type == "int":
        # Larger ones fit no column of integers.
        bounds = (hyperparameter.min_value, hyperparameter.max_value)
        return "int" if all(bound is not None and abs(bound) <= _MOST_INT for bound in bounds) else "float"
    if hyperparameter.type in ("float", "boolean"):
        return "float" if hyperparameter.type == "float" else "bool"
    values = hyperparameter.values
    if hyperparameter.is_list:
        whole = all(isinstance(item, int) for value in values for item in items_of(value))
        return "ints" if whole else "floats"
    if all(isinstance(value, bool) for value in values):
        return "bool"
    if any(isinstance(value, bool | str) for value in values):
        return "text"
    if all(isinstance(value, int) and abs(value) <= _MOST_INT for value in values):
        return "int"
    return "float"


def every_trial(trials: TrialReads, search_id: SearchId) -> Iterator[Trial]:
    return _pages(lambda token: trials.list_trials(search_id, limit=_PAGE, page_token=token))


def every_epoch(trials: TrialReads, search_id: SearchId) -> Iterator[tuple[int, StoredEpoch]]:
    """Each epoch with its trial's number."""
    numbers: dict[TrialId, int] = {}
    for row in _pages(lambda token: trials.search_epochs(search_id, limit=_PAGE, page_token=token)):
        if row.trial_id not in numbers:
            # Rows come trial by trial: only the present one's number is needed.
            numbers = {row.trial_id: trials.get_trial(row.trial_id).number}
        yield numbers[row.trial_id], row


def _trial_rows(
    trials: TrialReads, search: Search, hyperparameters: Sequence[str], metrics: Sequence[str]
) -> Iterator[list[Cell]]:
    swept = swept_in(search)
    for trial in every_trial(trials, search.id):
        yield [
            trial.number, trial.id, trial.state.value, trial.score, trial.best_epoch, trial.epochs, trial.attempt,
            trial.seconds, trial.parameters, trial.device, trial.parent_trial_id, trial.bracket, trial.round,
            trial.start_epoch, trial.target_epochs, trial.failure.code if trial.failure else None,
            trial.started_at, trial.ended_at, _elapsed(search, trial), swept(trial), trial.ended_seq,
            *(trial.values.get(name) for name in hyperparameters),
            *(trial.metrics.get(name) for name in metrics),
        ]  # fmt: skip


def _elapsed(search: Search, trial: Trial) -> float | None:
    """Seconds from the search's start to the trial's end; None where either is not known."""
    if search.started_at is None or trial.ended_at is None:
        return None
    return max(0.0, (trial.ended_at - search.started_at).total_seconds())


def _epoch_rows(
    first: tuple[int, StoredEpoch] | None, rest: Iterator[tuple[int, StoredEpoch]], metrics: Sequence[str]
) -> Iterator[list[Cell]]:
    found = first
    while found is not None:
        number, row = found
        yield [
            number, row.trial_id, row.execution, row.fold, row.epoch, row.seconds, row.recorded_at,
            *(row.metrics.get(name) for name in metrics),
        ]  # fmt: skip
        found = next(rest, None)


def _pages(fetch: Callable[[str | None], Page[T]]) -> Iterator[T]:
    token: str | None = None
    while True:
        page = fetch(token)
        yield from page.items
        token = page.next_page_token
        if token is None:
            return


def finite_cell(value: Cell) -> Cell:
    """The cell where the format has no word for NaN and infinities: None in their place."""
    return None if isinstance(value, float) and not math.isfinite(value) else value

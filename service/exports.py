"""Tables of a search as CSV or JSON lines, written piece by piece."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from service.schemas.trials import EpochOut, TrialOut
from service.trends.sweeps import swept_in
from service.written import written_time
from storage.ids import SearchId, TrialId
from storage.records import Page, Search, StoredEpoch, Trial
from storage.repository import TrialReads

T = TypeVar("T")
Cell = str | int | float | bool | None
_PAGE = 500
# What spreadsheets take for a formula when a cell begins with it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

TRIAL_COLUMNS = (
    "number", "id", "state", "score", "best_epoch", "epochs", "attempts", "seconds", "parameters", "device",
    "parent_trial_id", "bracket", "round", "start_epoch", "target_epochs", "failure_code", "started_at", "ended_at",
    "swept",
)  # fmt: skip
EPOCH_COLUMNS = ("trial_number", "trial_id", "execution", "fold", "epoch", "seconds", "recorded_at")


def safe_cell(value: Cell) -> Cell:
    """The value as a cell no spreadsheet runs as a formula; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value


def trials_csv(trials: TrialReads, search: Search, *, hyperparameters: Sequence[str]) -> Iterator[str]:
    """All trials: fixed columns, one `hp:<name>` per hyperparameter, one `metric:<name>` per metric at the best
    epoch. Lists are written as JSON text, `[18, 18]`.
    """
    swept = swept_in(search)
    metrics = sorted({name for trial in trials.scored_trials(search.id) for name in trial.metrics})
    yield _line([*TRIAL_COLUMNS, *(f"hp:{name}" for name in hyperparameters), *(f"metric:{name}" for name in metrics)])
    for trial in _every_trial(trials, search.id):
        fixed: list[Cell] = [
            trial.number, trial.id, trial.state.value, _number(trial.score), trial.best_epoch, trial.epochs,
            trial.attempt, trial.seconds, trial.parameters, trial.device, trial.parent_trial_id, trial.bracket,
            trial.round, trial.start_epoch, trial.target_epochs, trial.failure.code if trial.failure else None,
            _time(trial.started_at), _time(trial.ended_at), swept(trial),
        ]  # fmt: skip
        values = [trial.values.get(name) for name in hyperparameters]
        yield _line([*fixed, *values, *(_number(trial.metrics.get(name)) for name in metrics)])


def trials_jsonl(trials: TrialReads, search: Search) -> Iterator[str]:
    """All trials, as `GET /v1/trials/{id}` shows them."""
    swept = swept_in(search)
    for trial in _every_trial(trials, search.id):
        yield TrialOut.of(trial, swept=swept(trial)).model_dump_json() + "\n"


def epochs_csv(trials: TrialReads, search_id: SearchId) -> Iterator[str]:
    """All epochs: fixed columns and one `metric:<name>` per metric. Values that were not finite are empty."""
    rows = _every_epoch(trials, search_id)
    first = next(rows, None)
    # All trials of a search are compiled alike, so that the first epoch has every name; a trial's best metrics add
    # those that callbacks report later.
    named = {name for trial in trials.scored_trials(search_id) for name in trial.metrics}
    metrics = sorted(named | set(first[1].metrics if first else ()))
    yield _line([*EPOCH_COLUMNS, *(f"metric:{name}" for name in metrics)])
    while first is not None:
        number, row = first
        fixed: list[Cell] = [
            number, row.trial_id, row.execution, row.fold, row.epoch, row.seconds, _time(row.recorded_at),
        ]  # fmt: skip
        yield _line([*fixed, *(_number(row.metrics.get(name)) for name in metrics)])
        first = next(rows, None)


def epochs_jsonl(trials: TrialReads, search_id: SearchId) -> Iterator[str]:
    """All epochs, as `GET /v1/searches/{id}/epochs` shows them."""
    for number, row in _every_epoch(trials, search_id):
        yield EpochOut.of(row, metrics=None, trial_number=number).model_dump_json() + "\n"


def _every_trial(trials: TrialReads, search_id: SearchId) -> Iterator[Trial]:
    return _pages(lambda token: trials.list_trials(search_id, limit=_PAGE, page_token=token))


def _every_epoch(trials: TrialReads, search_id: SearchId) -> Iterator[tuple[int, StoredEpoch]]:
    numbers: dict[TrialId, int] = {}
    for row in _pages(lambda token: trials.search_epochs(search_id, limit=_PAGE, page_token=token)):
        if row.trial_id not in numbers:
            # Rows come trial by trial: only the present one's number is needed.
            numbers = {row.trial_id: trials.get_trial(row.trial_id).number}
        yield numbers[row.trial_id], row


def _pages(fetch: Callable[[str | None], Page[T]]) -> Iterator[T]:
    token: str | None = None
    while True:
        page = fetch(token)
        yield from page.items
        token = page.next_page_token
        if token is None:
            return


def _line(cells: Sequence[Cell]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow([safe_cell(cell) for cell in cells])
    return buffer.getvalue()


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else written_time(moment)

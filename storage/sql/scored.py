"""The scored trials of searches as columns, kept in memory and brought up to date by what has ended since."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import Row, Text, select, type_coerce

from storage.columns import ScoredColumns
from storage.ids import SearchId, TrialId
from storage.records import Scalar
from storage.sql import tables
from storage.sql.database import Database, Transaction
from storage.sql.endings import SINCE, endings
from storage.sql.kept import Kept
from storage.sql.types import decode_all

_trials = tables.trials.c
# The documents as texts: decoding them through the column's type takes twice as long.
_ROWS = (
    select(
        _trials.id,
        _trials.number,
        _trials.score,
        _trials.ended_at,
        _trials.epochs,
        _trials.seconds,
        _trials.parameters,
        type_coerce(_trials.hyperparameters, Text).label("hyperparameters"),
        type_coerce(_trials.metrics, Text).label("metrics"),
        type_coerce(_trials.last_metrics, Text).label("last_metrics"),
    )
    .where(*SINCE, _trials.score.is_not(None))
    .order_by(_trials.ended_seq)
)
# Measured: an id, a time, and their places; every value of a hyperparameter; every number of a metric.
_TRIAL_BYTES = 260
_VALUE_BYTES = 40
_NUMBER_BYTES = 8


@dataclass(frozen=True, slots=True)
class _Seen:
    """Columns, and up to which `ended_seq` (exclusive) they go."""

    columns: ScoredColumns
    next: int


class ScoredTrialsCache:
    """Columns of the searches asked for lately. Safe for threads."""

    def __init__(self, database: Database, *, most_bytes: int) -> None:
        self._database = database
        self._kept: Kept[_Seen] = Kept(most_bytes=most_bytes)

    def columns(self, search_id: SearchId) -> ScoredColumns:
        """The scored trials of the search as of now. Raises NotFound."""
        with self._kept.place(search_id) as place:
            # The transaction begins inside: what is kept is never newer than what it sees.
            seen = self._database.read(lambda tx: _up_to_date(tx, search_id, place.value))
            place.value, place.size = seen, _size(seen.columns)
            return seen.columns


def _up_to_date(tx: Transaction, search_id: SearchId, seen: _Seen | None) -> _Seen:
    now = endings(tx, search_id)
    if seen is None:
        return _Seen(_since(tx, search_id, ScoredColumns(), 0), now.next)
    columns = seen.columns
    if now.next != seen.next:
        columns = _since(tx, search_id, columns, seen.next)
    if len(columns) != now.scored:
        # A scored trial stays as it is, so this is a database that was put back to an earlier time.
        columns = _since(tx, search_id, ScoredColumns(), 0)
    return _Seen(columns, now.next)


def _since(tx: Transaction, search_id: SearchId, before: ScoredColumns, since: int) -> ScoredColumns:
    rows = tx.all(_ROWS, search_id=search_id, since=since)
    return _extended(before, rows) if rows else before


def _extended(before: ScoredColumns, rows: Sequence[Row[Any]]) -> ScoredColumns:
    """New columns, longer by `rows`; those that others are reading stay as they are."""
    ids, numbers, scores, ended_at, epochs, seconds, parameters, values, metrics, last_metrics = zip(*rows, strict=True)
    count = len(before)
    return ScoredColumns(
        ids=(*before.ids, *map(TrialId, ids)),
        numbers=array("q", chain(before.numbers, numbers)),
        scores=array("d", chain(before.scores, scores)),
        ended_at=(*before.ended_at, *ended_at),
        epochs=array("q", chain(before.epochs, epochs)),
        seconds=array("d", chain(before.seconds, seconds)),
        parameters=(*before.parameters, *parameters),
        values=_values(before.values, _documents(values), count=count),
        metrics=_numbers(before.metrics, _documents(metrics), count=count),
        last_metrics=_numbers(before.last_metrics, _documents(last_metrics), count=count),
    )


def _documents(texts: Iterable[str | None]) -> list[dict[str, Any]]:
    return decode_all(text or "{}" for text in texts)


def _names(before: Iterable[str], documents: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(chain(before, chain.from_iterable(documents))))


def _values(
    before: Mapping[str, Sequence[Scalar | None]], documents: Sequence[dict[str, Scalar]], *, count: int
) -> dict[str, Sequence[Scalar | None]]:
    missing = (None,) * count
    # One object for equal texts: a choice repeats its few values ten thousand times.
    same: dict[str, str] = {}
    return {
        name: (
            *before.get(name, missing),
            *(
                same.setdefault(value, value) if isinstance(value, str) else value
                for value in [document.get(name) for document in documents]
            ),
        )
        for name in _names(before, documents)
    }


def _numbers(
    before: Mapping[str, Sequence[float]], documents: Sequence[dict[str, float | None]], *, count: int
) -> dict[str, Sequence[float]]:
    nan = math.nan
    missing = array("d", [nan]) * count
    return {
        name: array(
            "d",
            chain(
                before.get(name, missing),
                [nan if (value := document.get(name)) is None else value for document in documents],
            ),
        )
        for name in _names(before, documents)
    }


def _size(columns: ScoredColumns) -> int:
    per_trial = (
        _TRIAL_BYTES
        + _VALUE_BYTES * len(columns.values)
        + _NUMBER_BYTES * (4 + len(columns.metrics) + len(columns.last_metrics))
    )
    return per_trial * len(columns) + 1000

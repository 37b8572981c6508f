"""Learning curves of ended trials, packed: a row for each trial and metric, in place of one for each epoch.

They are written in the transaction in which the trial ends, and tell of the same numbers as its rows of `epochs`: for
each epoch the mean over executions of the metric's finite values. A trial's `curves_seq` says under which `ended_seq`
they lie: while it is another than the trial's own, as after an end that an older version of this code has written,
only `epochs` has them. An `ended_seq` is never given out twice, so a curve belongs to the trial that has its number
now, or to nobody.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Text, and_, bindparam, delete, insert, select, type_coerce

from storage.epochs import WholeCurves
from storage.ids import SearchId, TrialId
from storage.sql import tables
from storage.sql.database import Transaction
from storage.sql.numbers import mean
from storage.sql.types import encode_json

Values = dict[int, "array[float]"]
"""By epoch, float64."""
_epochs = tables.epochs.c
_trials = tables.trials.c
_curves = tables.curves.c
_searches = tables.searches.c
# A longer name does not fit into the key of every database; such a metric is read row by row.
_LONGEST_NAME = 1000
_ROWS = select(_epochs.epoch, _epochs.metrics).where(_epochs.trial_id == bindparam("trial_id"))
_FORGET = delete(tables.curves).where(
    _curves.search_id == bindparam("of_search"),
    _curves.metric == bindparam("of_metric"),
    _curves.ended_seq == bindparam("of_seq"),
)
# Whoever has the number now; the index of numbers answers that alone.
_PACKED = (
    select(_curves.first, _curves.epochs, _curves.content)
    .join_from(
        tables.curves,
        tables.trials,
        and_(_trials.search_id == _curves.search_id, _trials.ended_seq == _curves.ended_seq),
    )
    .where(
        _curves.search_id == bindparam("search_id"),
        _curves.metric == bindparam("metric"),
        _curves.ended_seq >= bindparam("since"),
    )
)
# Likewise, with what a curve must be like to be whole.
_PACKED_OF_TRIALS = (
    select(
        _trials.id,
        type_coerce(_curves.metric, Text),
        _curves.first,
        _curves.epochs,
        _curves.content,
        _trials.start_epoch,
        _trials.epochs,
        _searches.executions_per_trial,
    )
    .join_from(tables.trials, tables.searches)
    .join(
        tables.curves,
        and_(_curves.search_id == _trials.search_id, _curves.ended_seq == _trials.ended_seq),
    )
    .where(
        _trials.id.in_(bindparam("trial_ids", expanding=True)),
        _trials.curves_seq == _trials.ended_seq,
        _curves.metric.in_(bindparam("metrics", expanding=True)),
    )
)
_ODD = (
    select(_epochs.trial_id)
    .where(_epochs.trial_id.in_(bindparam("trial_ids", expanding=True)), _epochs.odd_metrics.is_not(None))
    .distinct()
)


def is_packed(metric: str) -> bool:
    """Whether curves of a metric of that name are packed at all."""
    return len(encode_json(metric)) <= _LONGEST_NAME


def curve_rows(
    search_id: str, ended_seq: int, epochs: Iterable[tuple[int, Mapping[str, float | None]]]
) -> Iterator[dict[str, Any]]:
    """The rows of `curves` for one trial.

    Args:
        epochs: Each epoch of each execution with its metrics, None for what is not finite; in any order.
    """
    found: dict[str, dict[int, list[float]]] = {}
    for epoch, metrics in epochs:
        for name, value in metrics.items():
            if value is not None:
                found.setdefault(name, {}).setdefault(epoch, []).append(value)
    for name, by_epoch in found.items():
        if not is_packed(name):
            continue
        places = sorted(by_epoch)
        whole = places[-1] - places[0] + 1 == len(places)
        yield {
            "search_id": search_id,
            "metric": name,
            "ended_seq": ended_seq,
            "first": places[0],
            "epochs": None if whole else _to_bytes(array("q", places)),
            "content": _to_bytes(array("d", (mean(by_epoch[place]) for place in places))),
        }


def store_curves(tx: Transaction, search_id: str, trial_id: str, *, ended_seq: int) -> None:
    """Pack the curves of a trial that ends with this `ended_seq` now; its `curves_seq` is set by the caller."""
    epochs = ((row.epoch, row.metrics) for row in tx.all(_ROWS, trial_id=trial_id))
    if rows := list(curve_rows(search_id, ended_seq, epochs)):
        tx.execute(insert(tables.curves), rows)


def forget_curves(tx: Transaction, search_id: str, trial_id: str, *, ended_seq: int) -> None:
    """Remove the packed curves of a trial that gives up its `ended_seq`; its epochs are still there."""
    names = dict.fromkeys(name for row in tx.all(_ROWS, trial_id=trial_id) for name in row.metrics)
    for name in filter(is_packed, names):
        tx.change(_FORGET, of_search=search_id, of_metric=name, of_seq=ended_seq)


def packed_values(tx: Transaction, search_id: SearchId, metric: str, *, since: int) -> Values:
    """The values of the trials that ended with `ended_seq` of `since` or later, as far as they are packed."""
    return values_by_epoch(
        tx.dialect.plain_rows(tx.connection, _PACKED, search_id=search_id, metric=metric, since=since)
    )


def whole_curves(tx: Transaction, trial_ids: Sequence[TrialId], metrics: Sequence[str]) -> dict[TrialId, WholeCurves]:
    """See `storage.repository.TrialReads.whole_curves`."""
    if not all(map(is_packed, metrics)):
        return {}
    found: dict[TrialId, WholeCurves] = {}
    values: dict[TrialId, dict[str, tuple[float, ...]]] = {}
    broken: set[TrialId] = set()
    names = {encode_json(name): name for name in metrics}
    rows = tx.dialect.plain_rows(tx.connection, _PACKED_OF_TRIALS, trial_ids=list(trial_ids), metrics=list(metrics))
    for trial_id, name, first, epochs, content, start, recorded, executions in rows:
        count = len(content) // 8
        # Executions go on without a gap, so that as many rows as this leave no other way than that all are this long.
        if epochs is not None or first != start or recorded != count * executions:
            broken.add(trial_id)
            continue
        values.setdefault(trial_id, {})[names[name]] = struct.unpack(f"<{count}d", content)
        found[trial_id] = WholeCurves(first, executions, values[trial_id])
    # One execution with a value for every epoch has no others; else a value that is not finite may be hidden: in a mean
    # of the others, or as the only ones that there were.
    unsure = [
        trial_id
        for trial_id, curves in found.items()
        if trial_id not in broken and (curves.executions > 1 or len(curves.values) < len(metrics))
    ]
    if unsure:
        broken |= {row[0] for row in tx.dialect.plain_rows(tx.connection, _ODD, trial_ids=unsure)}
    return {trial_id: curves for trial_id, curves in found.items() if trial_id not in broken}


def values_by_epoch(rows: Iterable[Sequence[Any]]) -> Values:
    """The values of curves (first, epochs, content), in no order."""
    alike: defaultdict[tuple[int, int], list[bytes]] = defaultdict(list)
    found: defaultdict[int, array[float]] = defaultdict(lambda: array("d"))
    for first, epochs, content in rows:
        if epochs is None:
            alike[first, len(content) // 8].append(content)
        else:
            for epoch, value in zip(_from_bytes("q", epochs), _from_bytes("d", content), strict=True):
                found[epoch].append(value)
    for (first, count), contents in alike.items():
        # Curves of the same epochs in one piece: every epoch's values are then every so many-th of it.
        values = _from_bytes("d", b"".join(contents))
        for place in range(count):
            found[first + place].extend(values[place::count])
    return dict(found)


def _to_bytes(numbers: array[Any]) -> bytes:
    """Eight bytes each, the lowest first, whatever machine writes them."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _from_bytes(kind: str, content: bytes) -> array[Any]:
    numbers = array(kind, content)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers

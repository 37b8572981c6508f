"""Quantile bands of learning curves: for each epoch all values in ascending order, kept in memory and grown in place.

A quantile of ten thousand numbers in order is a look at two of them; putting one more in its place is a short move of
memory. So the curves of ended trials are read once, packed (`storage/sql/curves.py`), and from then on only those of
trials that have ended since. Trials that have not ended yet are few and change: their epochs are read every time. The
answers are exact, not sketches.
"""

from __future__ import annotations

from array import array
from bisect import insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Select, func, literal_column, select, union_all

from storage.epochs import EpochBand
from storage.ids import SearchId
from storage.sql import tables
from storage.sql.curves import Values, is_packed, packed_values
from storage.sql.database import Database, Transaction
from storage.sql.dialects import quantile
from storage.sql.endings import SINCE, Endings, ended_since, endings
from storage.sql.kept import Kept

_trials = tables.trials.c
_epochs = tables.epochs.c
_UNPACKED = _trials.curves_seq.is_distinct_from(_trials.ended_seq)
_ANY_UNPACKED = select(_trials.id).where(*SINCE, _UNPACKED).limit(1)
# More new values than that at one epoch are sorted in at once.
_FEW = 64


@dataclass(slots=True)
class _Curves:
    """The finite values of one metric over the ended trials of a search.

    Attributes:
        by_epoch: Ascending float64, one per trial that has one.
        trials: How many ended trials were looked at.
        next: Up to which `ended_seq` (exclusive).
    """

    by_epoch: dict[int, array[float]] = field(default_factory=dict)
    trials: int = 0
    next: int = 0


class BandsCache:
    """Ordered values of the metrics asked for lately. Safe for threads."""

    def __init__(self, database: Database, *, most_bytes: int) -> None:
        self._database = database
        self._kept: Kept[_Curves] = Kept(most_bytes=most_bytes)

    def bands(self, search_id: SearchId, metric: str, *, quantiles: Sequence[float]) -> tuple[EpochBand, ...]:
        """See `storage.repository.TrialReads.epoch_bands`. Raises NotFound."""
        with self._kept.place((search_id, metric)) as place:
            # The transaction begins inside: what is kept is never newer than what it sees.
            curves, unended = self._database.read(lambda tx: _up_to_date(tx, search_id, metric, place.value))
            place.value = curves
            place.size = 1000 + sum(8 * len(values) + 100 for values in curves.by_epoch.values())
            return _bands(curves.by_epoch, unended, quantiles=quantiles)


def _up_to_date(
    tx: Transaction, search_id: SearchId, metric: str, curves: _Curves | None
) -> tuple[_Curves, dict[int, array[float]]]:
    """The values of ended trials, and those of trials that have not ended."""
    now = endings(tx, search_id)
    fresh = 0
    if curves is not None and curves.next != now.next:
        fresh = ended_since(tx, search_id, curves.next)
    if curves is None or curves.trials + fresh != now.ended:
        # Nothing is kept yet, or a failed trial that was looked at is being tried again.
        curves = _Curves()
        fresh = now.ended
    if fresh:
        # All is read before anything is sorted in: a read that fails halfway is made again.
        for portion in list(_ended_values(tx, search_id, metric, now, since=curves.next)):
            for epoch, values in portion.items():
                _sort_in(curves.by_epoch.setdefault(epoch, array("d")), values)
    curves.trials, curves.next = now.ended, now.next
    if not now.open:
        return curves, {}
    return curves, tx.dialect.values_by_epoch(tx.connection, _values(tx, search_id, metric, now, since=None))


def _ended_values(tx: Transaction, search_id: SearchId, metric: str, now: Endings, *, since: int) -> Iterator[Values]:
    """The values of the trials that ended with `ended_seq` of `since` or later, in one or two portions."""
    if not is_packed(metric):
        yield tx.dialect.values_by_epoch(tx.connection, _values(tx, search_id, metric, now, since=since))
        return
    yield packed_values(tx, search_id, metric, since=since)
    if tx.first(_ANY_UNPACKED, search_id=search_id, since=since) is not None:
        rows = _values(tx, search_id, metric, now, since=since, unpacked=True)
        yield tx.dialect.values_by_epoch(tx.connection, rows)


def _values(
    tx: Transaction, search_id: SearchId, metric: str, now: Endings, *, since: int | None, unpacked: bool = False
) -> Select[tuple[int, float]]:
    """One finite value per trial and epoch, the mean over executions, as columns `epoch` and `value`.

    Args:
        since: Of trials that ended with this `ended_seq` or a later one; None: of trials that have not ended.
        unpacked: Of the former, only those whose curves are not packed.
    """
    value = _epochs.objective if metric == now.objective else tx.dialect.json_number(_epochs.metrics, metric)

    def rows(*conditions: ColumnElement[bool]) -> Select[tuple[int, float, str]]:
        return (
            select(_epochs.epoch, value.label("value"), _epochs.trial_id)
            .join_from(tables.trials, tables.epochs)
            .where(_trials.search_id == search_id, *conditions)
        )

    if since is None:
        # One at a time, and written out: only so do the databases use the small indexes of these states.
        own = union_all(*(rows(_trials.state == literal_column(f"'{state}'")) for state in ("QUEUED", "RUNNING")))
        found = own.subquery()
    else:
        found = rows(_trials.ended_seq >= since, *((_UNPACKED,) if unpacked else ())).subquery()
    finite = found.c.value.is_not(None)
    if now.executions == 1:
        # Grouping a million rows that are alone in their groups would take longer than all the rest.
        return select(found.c.epoch, found.c.value).where(finite)
    return (
        select(found.c.epoch, func.avg(found.c.value).label("value"))
        .where(finite)
        .group_by(found.c.trial_id, found.c.epoch)
    )


def _sort_in(ordered: array[float], values: Sequence[float]) -> None:
    """Put `values` into their places among ascending ones."""
    if len(values) < _FEW:
        for value in values:
            insort(ordered, value)
        return
    ordered.extend(values)
    ordered[:] = array("d", sorted(ordered))


def _bands(
    ended: Mapping[int, array[float]], unended: Mapping[int, array[float]], *, quantiles: Sequence[float]
) -> tuple[EpochBand, ...]:
    bands = []
    for epoch in sorted(ended.keys() | unended.keys()):
        ordered = ended.get(epoch) or array("d")
        if epoch in unended:
            ordered = ordered[:]
            _sort_in(ordered, unended[epoch])
        bands.append(EpochBand(epoch, len(ordered), tuple(quantile(ordered, share) for share in quantiles)))
    return tuple(bands)

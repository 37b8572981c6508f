"""Every difference between the databases, one class each. Nothing else in this room asks which database it speaks to.

| | SQLite | PostgreSQL |
|---|---|---|
| one writer at a time | BEGIN IMMEDIATE | row locks, the search first |
| claim | the write lock | FOR UPDATE SKIP LOCKED |
| clock of leases | the host's wall clock | clock_timestamp() |
| order of events = order of commits | the write lock | an advisory lock around the outbox |
| a consistent read | a WAL snapshot | REPEATABLE READ, read only |
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Column, ColumnElement, Connection, Double, Select, Table, Text, cast, func, literal, select, text
from sqlalchemy.dialects import postgresql, sqlite

from storage.clock import Clock
from storage.records import EpochBand

# Any number will do as long as nothing else in the database uses it; these spell "hs" and a count.
EVENTS_LOCK = 0x6873_0001
MIGRATION_LOCK = 0x6873_0002


class DatabaseDialect(Protocol):
    name: str

    def now(self, connection: Connection) -> datetime:
        """The database's time: what leases are dated and judged by."""
        ...

    def lock_rows(self, statement: Select[Any], table: Table) -> Select[Any]:
        """`statement`, also keeping others from changing the rows it finds in `table`; waits for those who do."""
        ...

    def take_rows(self, statement: Select[Any], table: Table) -> Select[Any]:
        """The same, but rows that another transaction holds are passed over."""
        ...

    def order_events(self, connection: Connection) -> None:
        """From here to the commit no other transaction appends events: their numbers follow the order of commits."""
        ...

    def insert_new(self, table: Table) -> Any:
        """An INSERT that does nothing where the row is already there."""
        ...

    def json_text(self, column: Column[Any], key: str) -> ColumnElement[str | None]:
        """The text under `key` of a JSON object kept as text; NULL when it is not there."""
        ...

    def json_number(self, column: Column[Any], key: str) -> ColumnElement[float | None]:
        """The number under `key` of a JSON object kept as text; NULL when it is null or not there."""
        ...

    def bands(
        self, connection: Connection, values: Select[Any], *, quantiles: Sequence[float]
    ) -> tuple[EpochBand, ...]:
        """Linear-interpolated quantiles of `values` (columns `epoch`, `value`), per epoch."""
        ...

    def check_file(self, connection: Connection) -> list[str]:
        """What the database itself finds broken in its files; empty when nothing is, or when it cannot say."""
        ...


class SqliteDialect:
    name = "sqlite"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self, connection: Connection) -> datetime:
        return self._clock.now()

    def lock_rows(self, statement: Select[Any], table: Table) -> Select[Any]:
        return statement

    def take_rows(self, statement: Select[Any], table: Table) -> Select[Any]:
        return statement

    def order_events(self, connection: Connection) -> None:
        return None

    def insert_new(self, table: Table) -> Any:
        return sqlite.insert(table).on_conflict_do_nothing()

    def json_text(self, column: Column[Any], key: str) -> ColumnElement[str | None]:
        each = func.json_each(cast(column, Text)).table_valued("key", "value", "type")
        # json_each rather than json_extract: its path syntax has no way to write a quote inside a key.
        found = select(each.c.value).where(each.c.key == key, each.c.type == "text").correlate(column.table)
        return found.scalar_subquery()

    def json_number(self, column: Column[Any], key: str) -> ColumnElement[float | None]:
        if '"' not in key and "\\" not in key:
            return cast(func.json_extract(cast(column, Text), f'$."{key}"'), Double)
        each = func.json_each(cast(column, Text)).table_valued("key", "value")
        found = select(each.c.value).where(each.c.key == key).correlate(column.table)
        return cast(found.scalar_subquery(), Double)

    def bands(
        self, connection: Connection, values: Select[Any], *, quantiles: Sequence[float]
    ) -> tuple[EpochBand, ...]:
        by_epoch: dict[int, list[float]] = defaultdict(list)
        for epoch, value in connection.execute(values):
            by_epoch[epoch].append(value)
        bands = []
        for epoch, found in sorted(by_epoch.items()):
            found.sort()
            bands.append(EpochBand(epoch, len(found), tuple(quantile(found, q) for q in quantiles)))
        return tuple(bands)

    def check_file(self, connection: Connection) -> list[str]:
        found = [str(row[0]) for row in connection.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
        found += [
            f"row {row[1]} of {row[0]} points at nothing"
            for row in connection.execute(text("PRAGMA foreign_key_check"))
        ]
        return found


class PostgresDialect:
    name = "postgresql"

    def __init__(self, lease_clock: Clock | None = None) -> None:
        self._lease_clock = lease_clock

    def now(self, connection: Connection) -> datetime:
        if self._lease_clock is not None:
            return self._lease_clock.now()
        # Not now(): that is when the transaction began, and waiting for a lock may have taken the lease's rest.
        found: datetime = connection.execute(_CLOCK).scalar_one()
        return found

    def lock_rows(self, statement: Select[Any], table: Table) -> Select[Any]:
        return _for_update(statement, table)

    def take_rows(self, statement: Select[Any], table: Table) -> Select[Any]:
        return _for_update(statement, table, skip_locked=True)

    def order_events(self, connection: Connection) -> None:
        # A sequence gives out numbers in the order of asking, not of committing, and a reader that has seen 6 would
        # never look for a 5 that commits later. The lock is the last thing a transaction takes and lasts until its
        # commit can be seen. Numbers of transactions (xid, xmin) would need no lock, but start anew when a dump is
        # restored elsewhere.
        connection.execute(_LOCK_EVENTS)

    def insert_new(self, table: Table) -> Any:
        return postgresql.insert(table).on_conflict_do_nothing()

    def json_text(self, column: Column[Any], key: str) -> ColumnElement[str | None]:
        found: ColumnElement[str | None] = cast(column, postgresql.JSON)[literal(key)].astext
        return found

    def json_number(self, column: Column[Any], key: str) -> ColumnElement[float | None]:
        return cast(cast(column, postgresql.JSON)[literal(key)].astext, Double)

    def bands(
        self, connection: Connection, values: Select[Any], *, quantiles: Sequence[float]
    ) -> tuple[EpochBand, ...]:
        found = values.subquery()
        shares = cast([float(share) for share in quantiles], postgresql.ARRAY(Double))
        statement = (
            select(found.c.epoch, func.count(), func.percentile_cont(shares).within_group(found.c.value))
            .group_by(found.c.epoch)
            .order_by(found.c.epoch)
        )
        return tuple(EpochBand(epoch, count, tuple(bands)) for epoch, count, bands in connection.execute(statement))

    def check_file(self, connection: Connection) -> list[str]:
        return []


@lru_cache(maxsize=128)
def _for_update(statement: Select[Any], table: Table, *, skip_locked: bool = False) -> Select[Any]:
    # NO KEY: rows that refer to this one may still be inserted meanwhile.
    return statement.with_for_update(key_share=True, of=table, skip_locked=skip_locked)


_CLOCK = text("SELECT clock_timestamp()")
_LOCK_EVENTS = text(f"SELECT pg_advisory_xact_lock({EVENTS_LOCK})")


def quantile(ordered: Sequence[float], share: float) -> float:
    """The `share` quantile of ascending, non-empty, finite numbers, linear between neighbours (numpy's default)."""
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    # Weights rather than a difference: the difference of two huge numbers of unlike sign is infinite.
    weight = place - low
    return ordered[low] if weight == 0 else ordered[low] * (1 - weight) + ordered[high] * weight

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
import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Double,
    Select,
    Table,
    Text,
    cast,
    collate,
    func,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage.clock import Clock

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

    def folded(self, column: Column[str]) -> ColumnElement[str]:
        """The text with A to Z as a to z and everything else as it is."""
        ...

    def json_text(self, column: Column[Any], key: str) -> ColumnElement[str | None]:
        """The text under `key` of a JSON object kept as text; NULL when it is not there."""
        ...

    def json_number(self, column: Column[Any], key: str) -> ColumnElement[float | None]:
        """The number under `key` of a JSON object kept as text; NULL when it is null or not there."""
        ...

    def plain_rows(self, connection: Connection, statement: Select[Any], **values: Any) -> Iterable[Sequence[Any]]:
        """The rows as the driver gives them: numbers, texts and bytes are right, other types are not turned into ours.

        Making SQLAlchemy's rows of very many takes longer than reading them.
        """
        ...

    def values_by_epoch(self, connection: Connection, values: Select[tuple[int, float]]) -> dict[int, array[float]]:
        """The rows of `values` (columns `epoch`, `value`; not NULL) by epoch, as float64, in no order."""
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

    def folded(self, column: Column[str]) -> ColumnElement[str]:
        return func.lower(column)

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

    def plain_rows(self, connection: Connection, statement: Select[Any], **values: Any) -> Iterable[Sequence[Any]]:
        cursor: Any = connection.execute(statement, values).cursor
        found: Iterable[Sequence[Any]] = cursor
        return found

    def values_by_epoch(self, connection: Connection, values: Select[tuple[int, float]]) -> dict[int, array[float]]:
        by_epoch: defaultdict[int, array[float]] = defaultdict(lambda: array("d"))
        for epoch, value in self.plain_rows(connection, values):
            by_epoch[epoch].append(value)
        return dict(by_epoch)

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

    def folded(self, column: Column[str]) -> ColumnElement[str]:
        # Other collations also fold letters that SQLite leaves alone.
        return func.lower(collate(column, "C"))

    def json_text(self, column: Column[Any], key: str) -> ColumnElement[str | None]:
        found: ColumnElement[str | None] = cast(column, postgresql.JSON)[literal(key)].astext
        return found

    def json_number(self, column: Column[Any], key: str) -> ColumnElement[float | None]:
        return cast(cast(column, postgresql.JSON)[literal(key)].astext, Double)

    def plain_rows(self, connection: Connection, statement: Select[Any], **values: Any) -> Iterable[Sequence[Any]]:
        cursor: Any = connection.execute(statement, values).cursor
        found: Iterable[Sequence[Any]] = cursor
        return found

    def values_by_epoch(self, connection: Connection, values: Select[tuple[int, float]]) -> dict[int, array[float]]:
        found = values.subquery()
        # All numbers of an epoch in one piece, as the server keeps them: a million rows would take twenty times as long
        # to come over.
        packed = func.string_agg(func.float8send(found.c.value), literal_column("''::bytea"))
        statement = select(found.c.epoch, packed).group_by(found.c.epoch)
        return {epoch: _unpacked(content) for epoch, content in connection.execute(statement)}

    def check_file(self, connection: Connection) -> list[str]:
        return []


@lru_cache(maxsize=128)
def _for_update(statement: Select[Any], table: Table, *, skip_locked: bool = False) -> Select[Any]:
    # NO KEY: rows that refer to this one may still be inserted meanwhile.
    return statement.with_for_update(key_share=True, of=table, skip_locked=skip_locked)


def _unpacked(content: bytes) -> array[float]:
    """Numbers as PostgreSQL sends them: float64, the highest byte first."""
    numbers = array("d")
    numbers.frombytes(content)
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


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

"""Transactions: begun, dated, retried when they lose a race, committed together with the events they tell of.

Statements that run for every claim and every epoch are built once, at the head of their modules, with named values that
`Transaction.first`, `all` and `change` fill in: building one anew takes SQLAlchemy longer than SQLite takes to run it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, Result, Row, Select, Table, insert

from storage.errors import StorageUnavailable
from storage.sql import tables
from storage.sql.dialects import DatabaseDialect
from storage.sql.engine import Engines
from storage.sql.errors import Contended, translated

T = TypeVar("T")
_TRIES = 5
_PAUSE_S = 0.02
_APPEND = insert(tables.events)


@dataclass(slots=True)
class Transaction:
    """One open transaction.

    Attributes:
        dialect: What differs between databases.
    """

    connection: Connection
    dialect: DatabaseDialect
    _now: datetime | None = None
    _events: list[dict[str, Any]] = field(default_factory=list)

    def now(self) -> datetime:
        """The database's time, read once: ask only after taking the locks, which may have meant waiting."""
        if self._now is None:
            self._now = self.dialect.now(self.connection)
        return self._now

    def execute(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> Result[Any]:
        return self.connection.execute(statement, rows)

    def first(self, statement: Executable, **values: Any) -> Row[Any] | None:
        return self.connection.execute(statement, values).first()

    def all(self, statement: Executable, **values: Any) -> Sequence[Row[Any]]:
        return self.connection.execute(statement, values).all()

    def change(self, statement: Executable, **values: Any) -> int:
        """How many rows an UPDATE or DELETE has changed."""
        result = self.connection.execute(statement, values)
        assert isinstance(result, CursorResult)
        return result.rowcount

    def lock(self, statement: Select[Any], table: Table, **values: Any) -> Row[Any] | None:
        """The first row found, kept from others until the commit."""
        return self.first(self.dialect.lock_rows(statement, table), **values)

    def emit(
        self,
        kind: str,
        *,
        owner: str | None,
        search_id: str | None = None,
        trial_id: str | None = None,
        **payload: object,
    ) -> None:
        """Append an event. It gets its number just before the commit, when nothing more is waited for."""
        self._events.append(
            {"kind": kind, "owner": owner, "search_id": search_id, "trial_id": trial_id, "payload": payload}
        )

    def flush_events(self) -> None:
        if not self._events:
            return
        self.dialect.order_events(self.connection)
        now = self.now()
        self.connection.execute(_APPEND, [{**event, "recorded_at": now} for event in self._events])
        self._events.clear()


class Database:
    """Runs pieces of work as transactions. Safe for threads; close it when done."""

    def __init__(
        self, engines: Engines, dialect: DatabaseDialect, *, pause: Callable[[float], object] = time.sleep
    ) -> None:
        self.dialect = dialect
        self._engines = engines
        self._pause = pause
        self._jitter = random.Random()

    def read(self, work: Callable[[Transaction], T]) -> T:
        """The result of `work` on one consistent state of the database."""

        def once() -> T:
            with translated(), self._engines.read.connect() as connection:
                result = work(Transaction(connection, self.dialect))
                connection.rollback()
                return result

        return self._retry(once)

    def write(self, work: Callable[[Transaction], T]) -> T:
        """The result of `work`, committed. `work` may run several times: it must do nothing outside the database."""

        def once() -> T:
            with translated(), self._engines.write.connect() as connection, connection.begin():
                transaction = Transaction(connection, self.dialect)
                result = work(transaction)
                transaction.flush_events()
                return result

        return self._retry(once)

    def close(self) -> None:
        self._engines.dispose()

    def _retry(self, once: Callable[[], T]) -> T:
        for tried in range(1, _TRIES):
            try:
                return once()
            except Contended:
                # Two that met once would meet again if both came back at once.
                self._pause(self._jitter.uniform(0, _PAUSE_S * tried))
        try:
            return once()
        except Contended as error:
            raise StorageUnavailable("the database is busy: the change lost every race") from error

"""The outbox, read. `docs/events.md` lists the kinds and their payloads."""

from __future__ import annotations

from sqlalchemy import func, select

from storage.ids import SearchId
from storage.records import Event
from storage.sql import tables
from storage.sql.database import Transaction
from storage.sql.mapping import to_event
from storage.sql.part import Part

_events = tables.events.c


class Events(Part):
    def events_after(
        self, seq: int, *, search_id: SearchId | None = None, owner: str | None = None, limit: int = 500
    ) -> tuple[Event, ...]:
        # Numbers follow the order of commits on both databases (`DatabaseDialect.order_events`), so that whatever can
        # be seen is complete up to its last number.
        statement = select(tables.events).where(_events.seq > seq).order_by(_events.seq).limit(max(limit, 1))
        if search_id is not None:
            statement = statement.where(_events.search_id == search_id)
        if owner is not None:
            statement = statement.where(_events.owner == owner)
        return self._database.read(lambda tx: tuple(to_event(row) for row in tx.all(statement)))

    def last_event_seq(self) -> int:
        def work(tx: Transaction) -> int:
            found: int = tx.execute(select(func.coalesce(func.max(_events.seq), 0))).scalar_one()
            return found

        return self._database.read(work)

"""Places in the event log of readers that must not miss an event."""

from __future__ import annotations

from sqlalchemy import select, update

from storage.sql import tables
from storage.sql.database import Transaction
from storage.sql.part import Part

_followers = tables.followers.c


class Followers(Part):
    def follower_place(self, name: str) -> int | None:
        def work(tx: Transaction) -> int | None:
            row = tx.first(select(_followers.seq).where(_followers.name == name))
            return None if row is None else int(row.seq)

        return self._database.read(work)

    def save_follower_place(self, name: str, seq: int) -> None:
        def work(tx: Transaction) -> None:
            now = tx.now()
            begun = {"name": name, "seq": seq, "saved_at": now}
            tx.execute(tx.dialect.insert_new(tables.followers).values(begun)).close()
            further = update(tables.followers).where(_followers.name == name, _followers.seq < seq)
            tx.execute(further.values(seq=seq, saved_at=now)).close()

        self._database.write(work)

"""Leadership by lease: one holder at a time, each with a higher term than the one before."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from storage.leases import LeaderLease
from storage.sql import tables
from storage.sql.database import Transaction
from storage.sql.part import Part

_leaders = tables.leaders.c


class Leaders(Part):
    def acquire_leader(self, name: str, *, holder: str, lease_s: float) -> LeaderLease | None:
        def work(tx: Transaction) -> LeaderLease | None:
            vacant = {"name": name, "term": 0, "holder": "", "expires_at": tx.dialect.now(tx.connection)}
            tx.execute(tx.dialect.insert_new(tables.leaders).values(vacant)).close()
            row = tx.lock(select(tables.leaders).where(_leaders.name == name), tables.leaders)
            assert row is not None
            now = tx.now()
            in_force = row.expires_at > now
            if in_force and row.holder != holder:
                return None
            # A term ends with its lease, even when the same holder comes back: others may have acted in between.
            term = row.term if in_force else row.term + 1
            expires_at = now + timedelta(seconds=lease_s)
            tx.change(
                update(tables.leaders)
                .where(_leaders.name == name, _leaders.term == row.term)
                .values(term=term, holder=holder, expires_at=expires_at)
            )
            return LeaderLease(name=name, term=term, holder=holder, expires_at=expires_at)

        return self._database.write(work)

    def release_leader(self, lease: LeaderLease) -> None:
        def work(tx: Transaction) -> None:
            tx.change(
                update(tables.leaders)
                .where(
                    _leaders.name == lease.name,
                    _leaders.term == lease.term,
                    _leaders.holder == lease.holder,
                )
                .values(expires_at=tx.now())
            )

        self._database.write(work)

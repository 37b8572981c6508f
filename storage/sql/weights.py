"""Uploaded weights: recorded once their file is whole."""

from __future__ import annotations

from sqlalchemy import delete, insert, select, tuple_

from storage.errors import NameTaken, NotFound
from storage.files import Weights
from storage.ids import WeightsId
from storage.records import Page
from storage.sql import tables
from storage.sql.database import Transaction
from storage.sql.mapping import to_weights
from storage.sql.pages import Pager
from storage.sql.part import Part

_weights = tables.weights.c


class WeightFiles(Part):
    def add_weights(self, weights: Weights) -> Weights:
        def work(tx: Transaction) -> Weights:
            same = select(tables.weights).where(_weights.owner == weights.owner, _weights.name == weights.name)
            stored = tx.first(same)
            if stored is not None and stored.id == weights.id:
                return to_weights(stored)
            if stored is not None:
                raise NameTaken(f"there are other weights named {weights.name}")
            tx.execute(
                insert(tables.weights).values(
                    id=weights.id,
                    owner=weights.owner,
                    name=weights.name,
                    key=weights.key,
                    sha256=weights.sha256,
                    size_bytes=weights.size_bytes,
                    created_at=weights.created_at,
                )
            )
            tx.emit("weights.added", owner=weights.owner, weights_id=weights.id, name=weights.name)
            return weights

        return self._database.write(work)

    def get_weights(self, weights_id: WeightsId, *, owner: str | None = None) -> Weights:
        statement = select(tables.weights).where(_weights.id == weights_id)
        if owner is not None:
            statement = statement.where(_weights.owner == owner)

        def work(tx: Transaction) -> Weights:
            row = tx.first(statement)
            if row is None:
                raise NotFound(f"there are no weights {weights_id}")
            return to_weights(row)

        return self._database.read(work)

    def find_weights(self, name: str, *, owner: str) -> Weights | None:
        statement = select(tables.weights).where(_weights.owner == owner, _weights.name == name)

        def work(tx: Transaction) -> Weights | None:
            row = tx.first(statement)
            return None if row is None else to_weights(row)

        return self._database.read(work)

    def list_weights(self, *, owner: str, limit: int, page_token: str | None = None) -> Page[Weights]:
        limit = max(limit, 1)

        def work(tx: Transaction) -> Page[Weights]:
            pager = Pager(tx, "weights", owner)
            statement = (
                select(tables.weights)
                .where(_weights.owner == owner)
                .order_by(_weights.created_at.desc(), _weights.id.desc())
                .limit(limit + 1)
            )
            if (start := pager.start(page_token)) is not None:
                statement = statement.where(tuple_(_weights.created_at, _weights.id) < tuple_(*start))
            return pager.page(
                tx.all(statement), limit=limit, record=to_weights, key=lambda row: (row.created_at, row.id)
            )

        return self._database.read(work)

    def all_weights(self) -> tuple[Weights, ...]:
        return self._database.read(lambda tx: tuple(to_weights(row) for row in tx.all(select(tables.weights))))

    def delete_weights(self, weights_id: WeightsId) -> Weights:
        def work(tx: Transaction) -> Weights:
            row = tx.lock(select(tables.weights).where(_weights.id == weights_id), tables.weights)
            if row is None:
                raise NotFound(f"there are no weights {weights_id}")
            tx.change(delete(tables.weights).where(_weights.id == weights_id))
            tx.emit("weights.deleted", owner=row.owner, weights_id=row.id, name=row.name)
            return to_weights(row)

        return self._database.write(work)

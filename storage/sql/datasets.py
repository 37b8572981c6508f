"""Data sets: recorded once their files are whole."""

from __future__ import annotations

from sqlalchemy import delete, insert, or_, select, tuple_

from storage.datasets import Dataset
from storage.errors import DatasetInUse, NameTaken, NotFound
from storage.ids import DatasetId
from storage.records import Page
from storage.sql import tables
from storage.sql.database import Transaction
from storage.sql.mapping import from_dataset, to_dataset
from storage.sql.pages import Pager
from storage.sql.part import Part

_datasets = tables.datasets.c
_searches = tables.searches.c


class Datasets(Part):
    def add_dataset(self, dataset: Dataset, *, shares_files: bool = False) -> Dataset:
        def work(tx: Transaction) -> Dataset:
            same_name = select(tables.datasets).where(_datasets.name == dataset.name)
            if dataset.builtin:
                stored = tx.first(same_name.where(_datasets.builtin))
                if stored is not None:
                    return to_dataset(stored)
            else:
                stored = tx.first(same_name.where(_datasets.owner == dataset.owner, ~_datasets.builtin))
                if stored is not None and stored.id == dataset.id:
                    return to_dataset(stored)
                if stored is not None:
                    raise NameTaken(f"there is another data set named {dataset.name}")
            if shares_files:
                # Locked until the commit: who deletes that record from now on finds this one when looking for others.
                others = select(tables.datasets).where(_datasets.key == dataset.key).order_by(_datasets.id).limit(1)
                if tx.lock(others, tables.datasets) is None:
                    raise NotFound(f"no data set uses the files below {dataset.key} any more")
            tx.execute(insert(tables.datasets).values(from_dataset(dataset)))
            tx.emit(
                "dataset.added", owner=dataset.owner, dataset_id=dataset.id, name=dataset.name, builtin=dataset.builtin
            )
            return to_dataset(tx.all(select(tables.datasets).where(_datasets.id == dataset.id))[0])

        return self._database.write(work)

    def get_dataset(self, dataset_id: DatasetId, *, owner: str | None = None) -> Dataset:
        statement = select(tables.datasets).where(_datasets.id == dataset_id)
        if owner is not None:
            statement = statement.where(or_(_datasets.owner == owner, _datasets.builtin))

        def work(tx: Transaction) -> Dataset:
            row = tx.first(statement)
            if row is None:
                raise NotFound(f"there is no data set {dataset_id}")
            return to_dataset(row)

        return self._database.read(work)

    def find_dataset(self, name: str, *, owner: str) -> Dataset | None:
        statement = (
            select(tables.datasets)
            .where(_datasets.name == name, or_(_datasets.owner == owner, _datasets.builtin))
            .order_by(_datasets.builtin)
            .limit(1)
        )

        def work(tx: Transaction) -> Dataset | None:
            row = tx.first(statement)
            return to_dataset(row) if row is not None else None

        return self._database.read(work)

    def find_dataset_key(self, fingerprint: str) -> str | None:
        statement = (
            select(_datasets.key)
            .where(_datasets.fingerprint == fingerprint)
            .order_by(_datasets.created_at, _datasets.id)
            .limit(1)
        )

        def work(tx: Transaction) -> str | None:
            row = tx.first(statement)
            return None if row is None else str(row.key)

        return self._database.read(work)

    def dataset_keys(self) -> frozenset[str]:
        return self._database.read(lambda tx: frozenset(row.key for row in tx.all(select(_datasets.key).distinct())))

    def uses_dataset_key(self, key: str) -> bool:
        statement = select(_datasets.id).where(_datasets.key == key).limit(1)
        return self._database.read(lambda tx: tx.first(statement) is not None)

    def list_datasets(self, *, owner: str, limit: int, page_token: str | None = None) -> Page[Dataset]:
        limit = max(limit, 1)

        def work(tx: Transaction) -> Page[Dataset]:
            pager = Pager(tx, "datasets", owner)
            statement = (
                select(tables.datasets)
                .where(or_(_datasets.owner == owner, _datasets.builtin))
                .order_by(_datasets.created_at.desc(), _datasets.id.desc())
                .limit(limit + 1)
            )
            if (start := pager.start(page_token)) is not None:
                statement = statement.where(tuple_(_datasets.created_at, _datasets.id) < tuple_(*start))
            return pager.page(
                tx.all(statement), limit=limit, record=to_dataset, key=lambda row: (row.created_at, row.id)
            )

        return self._database.read(work)

    def delete_dataset(self, dataset_id: DatasetId) -> Dataset:
        def work(tx: Transaction) -> Dataset:
            # Locked before the look at its searches, as `create_search` does: one of the two sees the other.
            row = tx.lock(select(tables.datasets).where(_datasets.id == dataset_id), tables.datasets)
            if row is None:
                raise NotFound(f"there is no data set {dataset_id}")
            in_use = select(_searches.id).where(_searches.dataset_id == dataset_id, _searches.ended_at.is_(None))
            if tx.first(in_use.limit(1)) is not None:
                raise DatasetInUse(f"data set {dataset_id} is used by a search that has not ended")
            tx.change(delete(tables.datasets).where(_datasets.id == dataset_id))
            tx.emit("dataset.deleted", owner=row.owner, dataset_id=dataset_id, name=row.name)
            return to_dataset(row)

        return self._database.write(work)

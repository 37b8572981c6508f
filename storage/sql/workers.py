"""Workers: who is there, and what each slot does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select, update

from storage.errors import NotFound
from storage.ids import WorkerId, new_worker_id
from storage.sql import tables
from storage.sql.database import Transaction
from storage.sql.mapping import from_sample, from_slot, to_worker
from storage.sql.part import Part
from storage.workers import MachineSample, Slot, Worker

_workers = tables.workers.c


class Workers(Part):
    def register_worker(
        self, *, name: str, host: str, pid: int, backend: str, slots: Sequence[Slot], versions: dict[str, str]
    ) -> Worker:
        def work(tx: Transaction) -> Worker:
            worker_id, now = new_worker_id(), tx.now()
            tx.execute(
                insert(tables.workers).values(
                    id=worker_id,
                    name=name,
                    host=host,
                    pid=pid,
                    backend=backend,
                    slots=[from_slot(slot) for slot in slots],
                    versions=versions,
                    samples=[],
                    started_at=now,
                    seen_at=now,
                )
            )
            tx.emit("worker.registered", owner=None, worker_id=worker_id, name=name, host=host, slots=len(slots))
            return to_worker(tx.all(select(tables.workers).where(_workers.id == worker_id))[0])

        return self._database.write(work)

    def beat_worker(
        self, worker_id: WorkerId, slots: Sequence[Slot], *, samples: Sequence[MachineSample] | None = None
    ) -> None:
        measured = {} if samples is None else {"samples": [from_sample(sample) for sample in samples]}

        def work(tx: Transaction) -> None:
            _change(tx, worker_id, seen_at=tx.now(), slots=[from_slot(slot) for slot in slots], **measured)

        self._database.write(work)

    def retire_worker(self, worker_id: WorkerId) -> None:
        def work(tx: Transaction) -> None:
            row = tx.lock(select(_workers.name, _workers.ended_at).where(_workers.id == worker_id), tables.workers)
            if row is None:
                raise NotFound(f"there is no worker {worker_id}")
            if row.ended_at is None:
                # What a machine did long ago is nobody's business here.
                _change(tx, worker_id, ended_at=tx.now(), samples=[])
                tx.emit("worker.retired", owner=None, worker_id=worker_id, name=row.name)

        self._database.write(work)

    def list_workers(self, *, include_ended: bool = False) -> tuple[Worker, ...]:
        statement = select(tables.workers).order_by(_workers.started_at, _workers.id)
        if not include_ended:
            statement = statement.where(_workers.ended_at.is_(None))
        return self._database.read(lambda tx: tuple(to_worker(row) for row in tx.all(statement)))


def _change(tx: Transaction, worker_id: WorkerId, **values: Any) -> None:
    if tx.change(update(tables.workers).where(_workers.id == worker_id).values(values)) == 0:
        raise NotFound(f"there is no worker {worker_id}")

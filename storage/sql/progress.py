"""What a running attempt reports: its start, its epochs, its checkpoints. All fenced by its lease."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Integer, Row, bindparam, delete, func, insert, select, update

from storage.epochs import EpochRow
from storage.errors import ProtocolViolation
from storage.files import Artifact, NewArtifact
from storage.ids import new_artifact_id
from storage.leases import Lease
from storage.sql import tables
from storage.sql.database import Transaction
from storage.sql.mapping import to_artifact
from storage.sql.moves import FENCE, fence, hold, lost
from storage.sql.numbers import duration, join_metrics, kind_of, same_metrics, split_metrics
from storage.sql.part import Part

_searches = tables.searches.c
_trials = tables.trials.c
_attempts = tables.attempts.c
_epochs = tables.epochs.c
_artifacts = tables.artifacts.c

_STORE_EPOCHS = insert(tables.epochs)
_COUNT_EPOCHS = update(tables.trials).where(FENCE).values(epochs=_trials.epochs + bindparam("stored", type_=Integer()))
_COUNT_SEARCH_EPOCHS = (
    update(tables.searches)
    .where(_searches.id == bindparam("counted_search"))
    .values(epochs_recorded=_searches.epochs_recorded + bindparam("stored", type_=BigInteger()))
)
_OF_EXECUTION = (_epochs.trial_id == bindparam("trial_id"), _epochs.execution == bindparam("execution"))
_LAST_EPOCH = select(func.max(_epochs.epoch).label("last")).where(*_OF_EXECUTION)
_STORED_FROM = select(_epochs.epoch, _epochs.metrics, _epochs.odd_metrics).where(
    *_OF_EXECUTION, _epochs.epoch >= bindparam("from_epoch")
)


class Progress(Part):
    def report_start(self, lease: Lease, *, parameters: int | None, device: str) -> None:
        def work(tx: Transaction) -> None:
            search, trial = hold(tx, lease)
            started = update(tables.trials).where(FENCE).values(parameters=parameters, device=device)
            if tx.change(started, **fence(lease, now=tx.now())) != 1:
                raise lost(lease)
            tx.change(
                update(tables.attempts)
                .where(_attempts.trial_id == trial.id, _attempts.number == trial.attempt)
                .values(device=device)
            )
            if search.checked_at is None:
                tx.change(update(tables.searches).where(_searches.id == search.id).values(checked_at=tx.now()))
            tx.emit(
                "trial.checked",
                owner=search.owner,
                search_id=search.id,
                trial_id=trial.id,
                number=trial.number,
                attempt=trial.attempt,
                parameters=parameters,
                device=device,
            )

        self._database.write(work)

    def record_epochs(self, lease: Lease, rows: Sequence[EpochRow]) -> None:
        def work(tx: Transaction) -> None:
            search, trial = hold(tx, lease)
            fresh = _fresh_rows(tx, search, trial, rows)
            if not fresh:
                return
            now = tx.now()
            stored = []
            for row in fresh:
                metrics, odd = split_metrics(row.metrics)
                objective = row.metrics.get(search.objective_name)
                kind = kind_of(objective)
                stored.append(
                    {
                        "trial_id": trial.id,
                        "execution": row.execution,
                        "epoch": row.epoch,
                        "attempt": trial.attempt,
                        "fold": row.fold,
                        "objective": objective if kind == "finite" else None,
                        "objective_kind": kind,
                        "metrics": metrics,
                        "odd_metrics": odd,
                        "seconds": duration(row.seconds),
                        "recorded_at": now,
                    }
                )
                tx.emit(
                    "trial.epoch",
                    owner=search.owner,
                    search_id=search.id,
                    trial_id=trial.id,
                    number=trial.number,
                    execution=row.execution,
                    fold=row.fold,
                    epoch=row.epoch,
                    metrics=metrics,
                )
            tx.execute(_STORE_EPOCHS, stored)
            if tx.change(_COUNT_EPOCHS, **fence(lease, now=now), stored=len(stored)) != 1:
                raise lost(lease)
            tx.change(_COUNT_SEARCH_EPOCHS, counted_search=search.id, stored=len(stored))

        self._database.write(work)

    def record_checkpoint(self, lease: Lease, checkpoint: NewArtifact) -> tuple[Artifact, tuple[Artifact, ...]]:
        def work(tx: Transaction) -> tuple[Artifact, tuple[Artifact, ...]]:
            search, trial = hold(tx, lease)
            if checkpoint.kind == "last" and checkpoint.epoch is not None:
                _demand_epoch(tx, trial, checkpoint.execution, checkpoint.epoch)
            older = select(tables.artifacts).where(_artifacts.trial_id == trial.id, _artifacts.kind == checkpoint.kind)
            if checkpoint.kind != "last":
                older = older.where(_artifacts.execution == checkpoint.execution)
            replaced = [to_artifact(row) for row in tx.all(older.order_by(_artifacts.id))]
            for artifact in replaced:
                if _is_same(artifact, checkpoint, attempt=trial.attempt):
                    # The answer to the first call was lost; what it replaced is left to `headstock fsck`.
                    return artifact, ()
            tx.change(delete(tables.artifacts).where(_artifacts.id.in_([artifact.id for artifact in replaced])))
            artifact_id = new_artifact_id()
            tx.execute(
                insert(tables.artifacts).values(
                    id=artifact_id,
                    trial_id=trial.id,
                    search_id=search.id,
                    attempt=trial.attempt,
                    key=checkpoint.key,
                    kind=checkpoint.kind,
                    sha256=checkpoint.sha256,
                    size_bytes=checkpoint.size_bytes,
                    execution=checkpoint.execution,
                    epoch=checkpoint.epoch,
                    created_at=tx.now(),
                )
            )
            stored = tx.all(select(tables.artifacts).where(_artifacts.id == artifact_id))[0]
            # A file written over an older one is not for the caller to remove.
            removable = tuple(artifact for artifact in replaced if artifact.key != checkpoint.key)
            return to_artifact(stored), removable

        return self._database.write(work)


def _fresh_rows(tx: Transaction, search: Row[Any], trial: Row[Any], rows: Sequence[EpochRow]) -> list[EpochRow]:
    """Those of `rows` that are not stored yet, after checking that all of them can be."""
    ordered = sorted(rows, key=lambda row: (row.execution, row.epoch))
    last: dict[int, int] = {}
    fresh: list[EpochRow] = []
    known: dict[tuple[int, int], dict[str, float]] = {}
    for row in ordered:
        if row.execution not in last:
            if row.execution >= search.executions_per_trial:
                raise ProtocolViolation(
                    f"trial {trial.id}: execution {row.execution} was reported, but there are only"
                    f" {search.executions_per_trial}"
                )
            _demand_execution(tx, trial, row.execution, begun=last)
            last[row.execution] = _last_epoch(tx, trial, row.execution)
            if row.epoch <= last[row.execution]:
                known |= _stored_metrics(tx, trial, row.execution, from_epoch=row.epoch)
        place = (row.execution, row.epoch)
        if place in known:
            if not same_metrics(known[place], row.metrics):
                raise ProtocolViolation(
                    f"trial {trial.id}: epoch {row.epoch} of execution {row.execution} was reported before with other"
                    " values"
                )
            continue
        if row.epoch != last[row.execution] + 1:
            raise ProtocolViolation(
                f"trial {trial.id}: epoch {row.epoch} of execution {row.execution} does not follow epoch"
                f" {last[row.execution]}"
            )
        if trial.target_epochs is not None and row.epoch >= trial.target_epochs:
            raise ProtocolViolation(
                f"trial {trial.id}: epoch {row.epoch} is beyond its target of {trial.target_epochs} epochs"
            )
        last[row.execution] = row.epoch
        known[place] = dict(row.metrics)
        fresh.append(row)
    return fresh


def _demand_execution(tx: Transaction, trial: Row[Any], execution: int, *, begun: dict[int, int]) -> None:
    if execution == 0 or execution - 1 in begun:
        return
    earlier = tx.first(_LAST_EPOCH, trial_id=trial.id, execution=execution - 1)
    if earlier is None or earlier.last is None:
        raise ProtocolViolation(
            f"trial {trial.id}: execution {execution} was reported before execution {execution - 1}"
        )


def _last_epoch(tx: Transaction, trial: Row[Any], execution: int) -> int:
    """The last epoch stored of an execution; the one before its first when there is none."""
    found = tx.first(_LAST_EPOCH, trial_id=trial.id, execution=execution)
    return trial.start_epoch - 1 if found is None or found.last is None else int(found.last)


def _stored_metrics(
    tx: Transaction, trial: Row[Any], execution: int, *, from_epoch: int
) -> dict[tuple[int, int], dict[str, float]]:
    found = tx.all(_STORED_FROM, trial_id=trial.id, execution=execution, from_epoch=from_epoch)
    return {(execution, row.epoch): join_metrics(row.metrics, row.odd_metrics) for row in found}


def _demand_epoch(tx: Transaction, trial: Row[Any], execution: int, epoch: int) -> None:
    """A checkpoint to go on from must not lie ahead of the epochs stored, or the next attempt would leave a hole."""
    if epoch > _last_epoch(tx, trial, execution):
        raise ProtocolViolation(
            f"trial {trial.id}: a checkpoint of epoch {epoch} of execution {execution} came before that epoch's metrics"
        )


def _is_same(artifact: Artifact, new: NewArtifact, *, attempt: int) -> bool:
    return (artifact.key, artifact.sha256, artifact.size_bytes, artifact.execution, artifact.epoch) == (
        new.key,
        new.sha256,
        new.size_bytes,
        new.execution,
        new.epoch,
    ) and artifact.attempt == attempt

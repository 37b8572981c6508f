"""Rows to records and back. Rows never leave this room."""

from __future__ import annotations

import operator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Row, Select, select

from storage.datasets import Dataset, DatasetInput, DatasetTarget, TableColumn
from storage.epochs import StoredEpoch
from storage.files import Artifact, Weights
from storage.ids import ArtifactId, DatasetId, SearchId, TokenId, TrialId, WeightsId, WorkerId
from storage.leases import Lease
from storage.records import (
    Attempt,
    BestScore,
    Event,
    Failure,
    Limits,
    Objective,
    Reason,
    Search,
    Token,
    Trial,
    TrialCounts,
)
from storage.sql import tables
from storage.sql.numbers import join_metrics
from storage.sql.types import clean_text
from storage.states import AttemptState, Fault, SearchState, TrialState
from storage.workers import MachineSample, Slot, SlotSample, Worker


def select_searches() -> Select[Any]:
    """Whole searches: the hot row and its documents."""
    documents = tables.definitions.c
    return select(
        tables.searches, documents.definition, documents.space, documents.versions, documents.options
    ).join_from(tables.searches, tables.definitions)


def to_search(row: Row[Any], *, now: datetime) -> Search:
    since: datetime | None = row.running_since
    running = max((now - since).total_seconds(), 0.0) if since is not None else 0.0
    return Search(
        id=SearchId(row.id),
        owner=row.owner,
        name=row.name,
        state=SearchState(row.state),
        state_reason=Reason(row.reason_code, row.reason_message) if row.reason_code is not None else None,
        definition=row.definition,
        space=row.space,
        dataset_id=DatasetId(row.dataset_id),
        objective=Objective(row.objective_name, row.objective_direction),
        tuner=row.tuner,
        limits=Limits(
            max_trials=row.max_trials,
            max_seconds=row.max_seconds,
            max_epochs=row.max_epochs,
            max_device_seconds=row.max_device_seconds,
            target=row.target,
            patience_trials=row.patience_trials,
        ),
        parallelism=row.parallelism,
        executions_per_trial=row.executions_per_trial,
        max_retries_per_trial=row.max_retries_per_trial,
        priority=row.priority,
        seed=int(row.seed),
        tags=row.tags,
        counts=TrialCounts(
            queued=row.trials_queued,
            running=row.trials_running,
            completed=row.trials_completed,
            stopped=row.trials_stopped,
            failed=row.trials_failed,
            cancelled=row.trials_cancelled,
        ),
        best=BestScore(TrialId(row.best_trial_id), row.best_score) if row.best_trial_id is not None else None,
        oracle_version=row.oracle_version,
        checked_at=row.checked_at,
        planned_trials=row.planned_trials,
        planned_epochs=row.planned_epochs,
        epochs_recorded=row.epochs_recorded,
        device_seconds=row.device_seconds,
        active_seconds=row.active_seconds + running,
        trials_since_best=row.trials_since_best,
        versions=row.versions,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        kind=row.kind,
        source_trial_id=TrialId(row.source_trial_id) if row.source_trial_id is not None else None,
        options=row.options,
    )


_PLACES = {column.name: place for place, column in enumerate(tables.trials.c)}
_OF_TRIAL = operator.itemgetter(
    *(
        _PLACES[name]
        for name in (
            "id", "search_id", "number", "state", "hyperparameters", "hyperparameters_hash", "attempt", "score",
            "best_epoch", "epochs", "metrics", "last_metrics", "start_epoch", "target_epochs", "parent_trial_id",
            "bracket", "round", "failure", "definition_faults", "machine_faults", "seconds", "parameters", "device",
            "stop_requested", "ended_seq", "lease_worker_id", "created_at", "started_at", "ended_at",
        )
    )
)  # fmt: skip


def to_trial(row: Row[Any]) -> Trial:
    """The trial of a row that begins with all columns of its table.

    Five hundred are made for one page: asking a row for its columns by name takes four times as long.
    """
    (
        trial_id, search_id, number, state, values, values_hash, attempt, score,
        best_epoch, epochs, metrics, last_metrics, start_epoch, target_epochs, parent_trial_id,
        bracket, round_, failure, definition_faults, machine_faults, seconds, parameters, device,
        stop_requested, ended_seq, worker_id, created_at, started_at, ended_at,
    ) = _OF_TRIAL(row)  # fmt: skip
    return Trial(
        id=trial_id,
        search_id=search_id,
        number=number,
        state=TrialState(state),
        values=values,
        values_hash=values_hash,
        attempt=attempt,
        score=score,
        best_epoch=best_epoch,
        epochs=epochs,
        metrics=metrics or {},
        last_metrics=last_metrics or {},
        start_epoch=start_epoch,
        target_epochs=target_epochs,
        parent_trial_id=parent_trial_id,
        bracket=bracket,
        round=round_,
        failure=to_failure(failure),
        definition_faults=definition_faults,
        machine_faults=machine_faults,
        seconds=seconds,
        parameters=parameters,
        device=device,
        stop_requested=stop_requested,
        ended_seq=ended_seq,
        worker_id=worker_id,
        created_at=created_at,
        started_at=started_at,
        ended_at=ended_at,
    )


def to_lease(row: Row[Any]) -> Lease:
    """The lease of a RUNNING trial's row."""
    return Lease(
        trial_id=TrialId(row.id),
        search_id=SearchId(row.search_id),
        attempt=row.attempt,
        token=row.lease_token,
        worker_id=WorkerId(row.lease_worker_id),
        expires_at=row.lease_expires_at,
    )


def from_failure(failure: Failure) -> dict[str, object]:
    return {
        "code": failure.code,
        # Here rather than by the column: inside JSON a lone surrogate would survive, and break the one who reads it.
        "message": clean_text(failure.message),
        "fault": failure.fault.value,
        "retryable": failure.retryable,
        "ends_search": failure.ends_search,
        "traceback": None if failure.traceback is None else clean_text(failure.traceback),
    }


def to_failure(document: dict[str, Any] | None) -> Failure | None:
    if document is None:
        return None
    return Failure(
        code=document["code"],
        message=document["message"],
        fault=Fault(document["fault"]),
        retryable=document["retryable"],
        ends_search=document["ends_search"],
        traceback=document["traceback"],
    )


def to_attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        trial_id=TrialId(row.trial_id),
        number=row.number,
        state=AttemptState(row.state),
        worker_id=WorkerId(row.worker_id),
        device=row.device,
        failure=to_failure(row.failure),
        started_at=row.started_at,
        ended_at=row.ended_at,
        log=row.log,
    )


def to_epoch(row: Row[Any]) -> StoredEpoch:
    return StoredEpoch(
        trial_id=TrialId(row.trial_id),
        execution=row.execution,
        epoch=row.epoch,
        attempt=row.attempt,
        metrics=join_metrics(row.metrics, row.odd_metrics),
        seconds=row.seconds,
        recorded_at=row.recorded_at,
        fold=row.fold,
    )


def to_artifact(row: Row[Any]) -> Artifact:
    return Artifact(
        id=ArtifactId(row.id),
        trial_id=TrialId(row.trial_id) if row.trial_id is not None else None,
        search_id=SearchId(row.search_id) if row.search_id is not None else None,
        attempt=row.attempt,
        key=row.key,
        kind=row.kind,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        execution=row.execution,
        epoch=row.epoch,
        created_at=row.created_at,
    )


def from_dataset(dataset: Dataset) -> dict[str, object]:
    return {
        "id": dataset.id,
        "owner": dataset.owner,
        "name": dataset.name,
        "task": dataset.task,
        "input_shape": list(dataset.input_shape),
        "num_classes": dataset.num_classes,
        "class_names": list(dataset.class_names),
        "feature_names": list(dataset.feature_names),
        "train_rows": dataset.train_rows,
        "validation_rows": dataset.validation_rows,
        "test_rows": dataset.test_rows,
        "x_dtype": dataset.x_dtype,
        "y_dtype": dataset.y_dtype,
        "scale": dataset.scale,
        "source": dataset.source,
        "builtin": dataset.builtin,
        "key": dataset.key,
        "size_bytes": dataset.size_bytes,
        "fingerprint": dataset.fingerprint,
        "created_at": dataset.created_at,
        "details": {
            "kind": dataset.kind,
            "target_shape": list(dataset.target_shape),
            "target_names": list(dataset.target_names),
            "columns": [asdict(each) for each in dataset.columns],
            "inputs": [asdict(each) for each in dataset.inputs],
            "targets": [asdict(each) for each in dataset.targets],
            "max_token": dataset.max_token,
            "weighted": dataset.weighted,
            "grouped": dataset.grouped,
            "timed": dataset.timed,
        },
    }


def to_dataset(row: Row[Any]) -> Dataset:
    return Dataset(
        id=DatasetId(row.id),
        owner=row.owner,
        name=row.name,
        task=row.task,
        input_shape=tuple(row.input_shape),
        num_classes=row.num_classes,
        class_names=tuple(row.class_names),
        feature_names=tuple(row.feature_names),
        train_rows=row.train_rows,
        validation_rows=row.validation_rows,
        test_rows=row.test_rows,
        x_dtype=row.x_dtype,
        y_dtype=row.y_dtype,
        scale=row.scale,
        source=row.source,
        builtin=row.builtin,
        key=row.key,
        size_bytes=row.size_bytes,
        fingerprint=row.fingerprint,
        created_at=row.created_at,
        **_details(row.details),
    )


def _details(stored: dict[str, Any]) -> dict[str, Any]:
    """The fields of a data set that live in one JSON column; sets stored before there was one have none of them."""
    return {
        **stored,
        "target_shape": tuple(stored.get("target_shape", ())),
        "target_names": tuple(stored.get("target_names", ())),
        "columns": tuple(
            TableColumn(**{**each, "categories": tuple(each["categories"])}) for each in stored.get("columns", ())
        ),
        "inputs": tuple(DatasetInput(**{**each, "shape": tuple(each["shape"])}) for each in stored.get("inputs", ())),
        "targets": tuple(
            DatasetTarget(**{**each, "class_names": tuple(each["class_names"]), "shape": tuple(each["shape"])})
            for each in stored.get("targets", ())
        ),
    }


def to_weights(row: Row[Any]) -> Weights:
    return Weights(
        id=WeightsId(row.id),
        owner=row.owner,
        name=row.name,
        key=row.key,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        created_at=row.created_at,
    )


def from_slot(slot: Slot) -> dict[str, object]:
    return {"number": slot.number, "device": slot.device, "trial_id": slot.trial_id}


def from_sample(sample: MachineSample) -> list[object]:
    """A list and not an object: a worker's heartbeat writes dozens of them."""
    slots = [
        [each.number, each.utilisation, each.memory_used_bytes, each.memory_total_bytes, each.temperature_celsius,
         each.trainer_bytes]
        for each in sample.slots
    ]  # fmt: skip
    machine = [sample.cpu, sample.memory_used_bytes, sample.memory_total_bytes]
    return [sample.recorded_at.timestamp(), *machine, slots]


def to_sample(stored: list[Any]) -> MachineSample:
    recorded, cpu, used, total, slots = stored
    return MachineSample(
        datetime.fromtimestamp(recorded, UTC), cpu, used, total, tuple(SlotSample(*each) for each in slots)
    )


def to_worker(row: Row[Any]) -> Worker:
    return Worker(
        id=WorkerId(row.id),
        name=row.name,
        host=row.host,
        pid=row.pid,
        backend=row.backend,
        slots=tuple(Slot(slot["number"], slot["device"], slot["trial_id"]) for slot in row.slots),
        versions=row.versions,
        started_at=row.started_at,
        seen_at=row.seen_at,
        ended_at=row.ended_at,
        samples=tuple(to_sample(each) for each in row.samples),
    )


def to_event(row: Row[Any]) -> Event:
    return Event(
        seq=row.seq,
        kind=row.kind,
        search_id=SearchId(row.search_id) if row.search_id is not None else None,
        trial_id=TrialId(row.trial_id) if row.trial_id is not None else None,
        payload=row.payload,
        recorded_at=row.recorded_at,
    )


def to_token(row: Row[Any]) -> Token:
    return Token(
        id=TokenId(row.id),
        owner=row.owner,
        name=row.name,
        scopes=frozenset(cast(Any, row.scopes)),
        secret_sha256=row.secret_sha256,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )

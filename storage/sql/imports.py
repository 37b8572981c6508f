"""Searches that were run elsewhere: stored whole, ended, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from storage.epochs import EpochRow
from storage.errors import IdempotencyKeyReused
from storage.ids import SearchId, TrialId, new_search_id, new_trial_id
from storage.records import IMPORTED, Failure, ImportedTrial, NewSearch, Reason, Search
from storage.sql import tables
from storage.sql.curves import curve_rows
from storage.sql.database import Transaction
from storage.sql.mapping import from_failure
from storage.sql.numbers import duration, kind_of, split_metrics
from storage.sql.outcomes import NON_FINITE
from storage.sql.part import Part, read_search
from storage.sql.scores import Point, Score, score_trial
from storage.sql.searches import digest_of, search_row
from storage.states import Fault, SearchState, TrialState

_searches = tables.searches.c
_PORTION = 5000


class Imports(Part):
    def import_search(
        self, new: NewSearch, trials: Sequence[ImportedTrial], *, reason: Reason, idempotency_key: str | None = None
    ) -> tuple[Search, bool]:
        if new.tuner != IMPORTED or new.dataset_id or new.kind != "search":
            raise ValueError(f"an imported search has the tuner {IMPORTED!r} and no data set")
        digest = digest_of(new)

        def work(tx: Transaction) -> tuple[Search, bool]:
            if idempotency_key is not None:
                first = tx.first(
                    select(_searches.id, _searches.definition_sha256).where(
                        _searches.owner == new.owner, _searches.idempotency_key == idempotency_key
                    )
                )
                if first is not None:
                    if first.definition_sha256 != digest:
                        raise IdempotencyKeyReused("this idempotency key belongs to another request")
                    return read_search(tx, SearchId(first.id)), False
            search_id = new_search_id()
            now = tx.now()
            rows = _trial_rows(new, trials, search_id, now=now)
            ended = max((row["ended_at"] for row in rows), default=now)
            started = min((row["started_at"] or row["ended_at"] for row in rows), default=now)
            row = search_row(tx, search_id, new, idempotency_key, digest)
            row |= {
                "state": SearchState.COMPLETED,
                "reason_code": reason.code,
                "reason_message": reason.message,
                "started_at": started,
                "ended_at": ended,
                "active_seconds": duration((ended - started).total_seconds()),
                **_counters(new, rows),
            }
            tx.execute(insert(tables.searches).values(row))
            tx.execute(
                insert(tables.definitions).values(
                    search_id=search_id,
                    definition=dict(new.definition),
                    space=dict(new.space),
                    versions=dict(new.versions),
                    options=dict(new.options),
                )
            )
            if rows:
                tx.execute(insert(tables.trials), rows)
            for portion in _portions(_epoch_rows(new, trials, rows)):
                tx.execute(insert(tables.epochs), portion)
            for portion in _portions(_curve_rows(search_id, trials, rows)):
                tx.execute(insert(tables.curves), portion)
            # One line for the whole of it: ten thousand ends that were long ago are no news.
            tx.emit("search.created", owner=new.owner, search_id=search_id, name=new.name, state=SearchState.COMPLETED)
            tx.emit(
                "search.completed",
                owner=new.owner,
                search_id=search_id,
                state=SearchState.COMPLETED,
                reason={"code": reason.code, "message": reason.message},
            )
            return read_search(tx, search_id), True

        return self._database.write(work)


def _trial_rows(
    new: NewSearch, trials: Sequence[ImportedTrial], search_id: SearchId, *, now: datetime
) -> list[dict[str, Any]]:
    rows = []
    for number, trial in enumerate(trials):
        score = None if trial.failure is not None or trial.cancelled else _score(new, trial.epochs)
        failure = trial.failure
        if failure is None and score is None and not trial.cancelled:
            message = f"No finite {new.objective.name} is known of it."
            failure = Failure(NON_FINITE, message, Fault.DEFINITION, retryable=False)
        state = TrialState.STOPPED if trial.stopped else TrialState.COMPLETED
        if trial.cancelled or failure is not None:
            state = TrialState.CANCELLED if failure is None else TrialState.FAILED
        rows.append(
            {
                "id": new_trial_id(),
                "search_id": search_id,
                "number": number,
                "state": state,
                "hyperparameters": dict(trial.values),
                "hyperparameters_hash": trial.values_hash,
                "attempt": 0,
                "score": score.value if score else None,
                "best_epoch": score.best_epoch if score else None,
                "epochs": len(trial.epochs),
                "metrics": dict(score.metrics) if score else None,
                "last_metrics": dict(score.last_metrics) if score else None,
                "start_epoch": 0,
                "failure": from_failure(failure) if failure else None,
                "seconds": duration(trial.seconds),
                "created_at": now,
                "started_at": trial.started_at,
                "ended_at": trial.ended_at or now,
            }
        )
    in_order = sorted(rows, key=lambda row: (row["ended_at"], row["number"]))
    for seq, row in enumerate(in_order):
        row["ended_seq"] = row["curves_seq"] = seq
    return rows


def _score(new: NewSearch, epochs: Sequence[EpochRow]) -> Score | None:
    points = []
    for row in epochs:
        metrics, _ = split_metrics(row.metrics)
        points.append(Point(row.execution, row.epoch, metrics.get(new.objective.name), metrics))
    return score_trial(points, direction=new.objective.direction, executions=new.executions_per_trial)


def _counters(new: NewSearch, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    scored = [row for row in rows if row["score"] is not None]
    sign = 1.0 if new.objective.direction == "min" else -1.0
    best = min(scored, key=lambda row: (sign * row["score"], row["number"]), default=None)
    # The best may be reached more than once; it last got better when it was reached first.
    reached = min((row["ended_seq"] for row in scored if best and row["score"] == best["score"]), default=-1)
    counts = {state: sum(row["state"] == state for row in rows) for state in TrialState}
    return {
        "trials": len(rows),
        **{f"trials_{state.value.lower()}": count for state, count in counts.items()},
        "endings": len(rows),
        "trials_since_best": sum(
            row["ended_seq"] > reached and row["state"] is not TrialState.CANCELLED for row in rows
        ),
        "best_trial_id": TrialId(best["id"]) if best else None,
        "best_score": best["score"] if best else None,
        "epochs_recorded": sum(row["epochs"] for row in rows),
        "device_seconds": sum(row["seconds"] for row in rows),
    }


def _epoch_rows(
    new: NewSearch, trials: Sequence[ImportedTrial], rows: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    for trial, stored in zip(trials, rows, strict=True):
        for row in trial.epochs:
            metrics, odd = split_metrics(row.metrics)
            objective = row.metrics.get(new.objective.name)
            kind = kind_of(objective)
            yield {
                "trial_id": stored["id"],
                "execution": row.execution,
                "epoch": row.epoch,
                "attempt": 0,
                "fold": row.fold,
                "objective": objective if kind == "finite" else None,
                "objective_kind": kind,
                "metrics": metrics,
                "odd_metrics": odd,
                "seconds": duration(row.seconds),
                "recorded_at": stored["ended_at"],
            }


def _curve_rows(
    search_id: SearchId, trials: Sequence[ImportedTrial], rows: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    for trial, stored in zip(trials, rows, strict=True):
        yield from curve_rows(
            search_id, stored["ended_seq"], ((row.epoch, split_metrics(row.metrics)[0]) for row in trial.epochs)
        )


def _portions(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    portion: list[dict[str, Any]] = []
    for row in rows:
        portion.append(row)
        if len(portion) == _PORTION:
            yield portion
            portion = []
    if portion:
        yield portion

"""A search with ten thousand trials, written into the repository's own tables at once.

It is submitted over HTTP like any other, so that its definition, space and data set are real ones. Its trials and
epochs are then written in bulk, with the columns and in the form in which the repository itself leaves them behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Table, insert, update

from benchmarks.reads.made import METRICS, MadeTrial, made_trials
from storage.ids import SearchId, new_trial_id
from storage.sql import tables
from storage.sql.curves import curve_rows
from storage.sql.engine import open_migration_engine, parse_url

_BATCH = 50_000
_EPOCH_COLUMNS = (
    "trial_id", "execution", "epoch", "attempt", "objective", "objective_kind", "metrics", "seconds", "recorded_at",
)  # fmt: skip
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def definition(name: str, *, trials: int, epochs: int) -> dict[str, Any]:
    """Dense nets on digits: seven hyperparameters of every type but text, six metrics an epoch."""
    return {
        "name": name,
        "dataset": {"name": "digits"},
        "model": {
            "type": "sequential",
            "layers": [
                {"layer": "Flatten"},
                {
                    "repeat": {"hp": "num_layers"},
                    "layers": [
                        {"layer": "Dense", "units": {"hp": "units_{i}"}, "activation": "relu"},
                        {"layer": "Dropout", "rate": {"hp": "dropout"}},
                    ],
                },
                {"layer": "Dense", "units": 10, "activation": "softmax"},
            ],
        },
        "compile": {
            "optimizer": {"optimizer": "Adam", "learning_rate": {"hp": "learning_rate"}},
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy", {"metric": "SparseTopKCategoricalAccuracy", "k": 3, "name": "top_3"}],
        },
        "fit": {"epochs": epochs, "batch_size": {"hp": "batch_size"}, "validation_split": 0.2},
        "hyperparameters": [
            {"name": "num_layers", "type": "int", "min_value": 1, "max_value": 3},
            {"name": "units_{i}", "type": "int", "min_value": 32, "max_value": 512, "step": 32},
            {"name": "dropout", "type": "float", "min_value": 0.0, "max_value": 0.5, "step": 0.1},
            {"name": "learning_rate", "type": "float", "min_value": 1e-4, "max_value": 1e-2, "sampling": "log"},
            {"name": "batch_size", "type": "choice", "values": [16, 32, 64, 128], "ordered": True},
        ],
        "objective": {"name": "val_accuracy", "direction": "max"},
        "tuner": {"type": "random"},
        "limits": {"max_trials": trials},
        "parallelism": 1,
        "seed": 7,
    }


def fill(address: str, search_id: SearchId, *, trials: int, epochs: int) -> None:
    """Write the study's trials, attempts, epochs and counters, and end the search."""
    engine = open_migration_engine(parse_url(address))
    worker = f"w_{search_id.removeprefix('s_')}"
    best: tuple[float, str] | None = None
    with engine.begin() as connection:
        connection.execute(
            insert(tables.workers).values(
                id=worker, name="bench", host="bench", pid=1, backend="tensorflow", slots=[], versions={},
                started_at=_BEGAN, seen_at=_BEGAN, ended_at=_BEGAN,
            )
        )  # fmt: skip
    pending: list[tuple[str, MadeTrial]] = []
    for trial in made_trials(trials, epochs):
        trial_id, score = new_trial_id(), trial.score
        if best is None or score > best[0]:
            best = (score, trial_id)
        pending.append((trial_id, trial))
        if len(pending) * epochs >= _BATCH or trial.number == trials - 1:
            _write(engine, search_id, worker, pending, epochs)
            pending.clear()
    assert best is not None
    with engine.begin() as connection:
        connection.execute(
            update(tables.searches)
            .where(tables.searches.c.id == search_id)
            .values(
                state="COMPLETED", reason_code="max_trials", reason_message=f"All {trials} trials have been run.",
                trials=trials, trials_completed=trials, endings=trials, best_score=best[0], best_trial_id=best[1],
                epochs_recorded=trials * epochs, device_seconds=trials * epochs * 0.5,
                active_seconds=trials * epochs * 0.5, checked_at=_BEGAN, started_at=_BEGAN,
                ended_at=_ended(trials - 1, epochs),
            )
        )  # fmt: skip
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # As the databases' own housekeeping would have done by the time somebody looks.
        connection.exec_driver_sql("ANALYZE" if engine.name == "sqlite" else "VACUUM ANALYZE")
    engine.dispose()


def _ended(number: int, epochs: int) -> datetime:
    return _BEGAN + timedelta(seconds=(number + 1) * epochs * 0.5)


def _write(
    engine: Engine, search_id: SearchId, worker: str, made: Sequence[tuple[str, MadeTrial]], epochs: int
) -> None:
    trials, attempts = [], []
    for trial_id, trial in made:
        best = trial.best_epoch
        ended = _ended(trial.number, epochs)
        trials.append(
            {
                "id": trial_id, "search_id": search_id, "number": trial.number, "state": "COMPLETED",
                "hyperparameters": trial.values, "hyperparameters_hash": f"{trial.number:032x}", "attempt": 1,
                "score": trial.score, "best_epoch": best, "epochs": epochs,
                "metrics": dict(zip(METRICS, trial.curves[best], strict=True)),
                "last_metrics": dict(zip(METRICS, trial.curves[-1], strict=True)),
                "start_epoch": 0, "seconds": epochs * 0.5, "parameters": 4810, "device": "cpu:0",
                "ended_seq": trial.number, "curves_seq": trial.number, "created_at": _BEGAN, "started_at": _BEGAN,
                "ended_at": ended,
            }
        )  # fmt: skip
        attempts.append(
            {
                "trial_id": trial_id, "number": 1, "state": "COMPLETED", "token": trial_id, "worker_id": worker,
                "device": "cpu:0", "seconds": epochs * 0.5, "started_at": _BEGAN, "ended_at": ended,
            }
        )  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(tables.trials), trials)
        connection.execute(insert(tables.attempts), attempts)
        _copy(connection, tables.epochs, _EPOCH_COLUMNS, _epoch_rows(made))
        for _, trial in made:
            metrics = (dict(zip(METRICS, row, strict=True)) for row in trial.curves)
            connection.execute(insert(tables.curves), list(curve_rows(search_id, trial.number, enumerate(metrics))))


def _epoch_rows(made: Sequence[tuple[str, MadeTrial]]) -> Iterator[tuple[Any, ...]]:
    objective = METRICS.index("val_accuracy")
    # What SQLAlchemy would write for this time on SQLite; PostgreSQL reads it likewise.
    recorded = _BEGAN.strftime("%Y-%m-%d %H:%M:%S.%f")
    for trial_id, trial in made:
        for epoch, row in enumerate(trial.curves):
            metrics = json.dumps(dict(zip(METRICS, row, strict=True)), separators=(",", ":"))
            yield trial_id, 0, epoch, 1, row[objective], "finite", metrics, 0.5, recorded


def _copy(connection: Any, table: Table, columns: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
    """Rows of plain values straight through the driver: a million of them take SQLAlchemy a minute."""
    names = ", ".join(columns)
    cursor = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        cursor.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(columns))})", rows)
        return
    with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)

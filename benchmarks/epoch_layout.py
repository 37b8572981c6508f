"""How to lay out epochs: one row per epoch (objective typed, the rest as JSON), or one row per metric?

    python -m benchmarks.epoch_layout [--trials 1000] [--epochs 100]

Both layouts are written and read in turn, in one run, on SQLite and on a PostgreSQL started for it. Written: epochs
one by one, each in its own transaction, as a trainer reports them; then the rest in batches of 100. Read: the quantile
bands of the objective, and of another metric, over all trials. `docs/decisions/epoch-rows.md` holds the figures.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Double, Engine, Integer, MetaData, Select, Table, Text, insert, select, text

from storage.clock import SystemClock
from storage.ids import new_trial_id
from storage.sql.dialects import DatabaseDialect, PostgresDialect, SqliteDialect, quantile
from storage.sql.engine import open_migration_engine, parse_url
from tests.databases import postgres_server

METRICS = ("loss", "accuracy", "top_5", "val_loss", "val_accuracy", "val_top_5", "learning_rate")
OBJECTIVE, OTHER = "val_loss", "accuracy"
SINGLE = 500
BATCH = 100
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)

metadata = MetaData()
wide = Table(
    "epochs_wide",
    metadata,
    Column("trial_id", Text, primary_key=True),
    Column("execution", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("objective", Double),
    Column("objective_kind", Text, nullable=False),
    Column("metrics", Text, nullable=False),
    sqlite_with_rowid=False,
)
tall = Table(
    "epochs_tall",
    metadata,
    Column("trial_id", Text, primary_key=True),
    Column("execution", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("metric", Text, primary_key=True),
    Column("value", Double),
    Column("kind", Text, nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True)
class Epoch:
    trial_id: str
    epoch: int
    metrics: dict[str, float]


@dataclass(frozen=True)
class Layout:
    name: str
    table: Table
    rows: Callable[[Epoch], list[dict[str, Any]]]
    values: Callable[[DatabaseDialect, str], Select[Any]]


def _wide_rows(epoch: Epoch) -> list[dict[str, Any]]:
    return [
        {
            "trial_id": epoch.trial_id,
            "execution": 0,
            "epoch": epoch.epoch,
            "objective": epoch.metrics[OBJECTIVE],
            "objective_kind": "finite",
            "metrics": json.dumps(epoch.metrics),
        }
    ]


def _tall_rows(epoch: Epoch) -> list[dict[str, Any]]:
    place = {"trial_id": epoch.trial_id, "execution": 0, "epoch": epoch.epoch, "kind": "finite"}
    return [{**place, "metric": name, "value": value} for name, value in epoch.metrics.items()]


def _wide_values(dialect: DatabaseDialect, metric: str) -> Select[Any]:
    value = wide.c.objective if metric == OBJECTIVE else dialect.json_number(wide.c.metrics, metric)
    return select(wide.c.epoch, value.label("value")).where(value.is_not(None))


def _tall_values(dialect: DatabaseDialect, metric: str) -> Select[Any]:
    return select(tall.c.epoch, tall.c.value).where(tall.c.metric == metric, tall.c.value.is_not(None))


LAYOUTS = (
    Layout("row per epoch", wide, _wide_rows, _wide_values),
    Layout("row per metric", tall, _tall_rows, _tall_values),
)


def make_epochs(trials: int, epochs: int) -> list[Epoch]:
    rng = random.Random(7)
    return [
        Epoch(trial_id, epoch, {name: rng.random() for name in METRICS})
        for trial_id in (new_trial_id() for _ in range(trials))
        for epoch in range(epochs)
    ]


def write_rates(engine: Engine, layout: Layout, epochs: Sequence[Epoch]) -> tuple[float, float]:
    """Epochs a second, one by one and in batches."""
    statement = insert(layout.table)
    singles = [layout.rows(epoch) for epoch in epochs[:SINGLE]]
    started = time.perf_counter()
    for rows in singles:
        with engine.begin() as connection:
            connection.execute(statement, rows)
    single = SINGLE / (time.perf_counter() - started)
    rest = epochs[SINGLE:]
    started = time.perf_counter()
    for first in range(0, len(rest), BATCH):
        batch = [row for epoch in rest[first : first + BATCH] for row in layout.rows(epoch)]
        with engine.begin() as connection:
            connection.execute(statement, batch)
    return single, len(rest) / (time.perf_counter() - started)


def read_seconds(engine: Engine, dialect: DatabaseDialect, layout: Layout, metric: str) -> float:
    """Median seconds of the band query."""
    took = []
    for _ in range(3):
        started = time.perf_counter()
        with engine.connect() as connection:
            found = dialect.values_by_epoch(connection, layout.values(dialect, metric))
        ordered = [sorted(values) for values in found.values()]
        bands = [[quantile(values, share) for share in QUANTILES] for values in ordered]
        took.append(time.perf_counter() - started)
        assert bands
    return statistics.median(took)


def size_mb(engine: Engine, layout: Layout) -> float:
    with engine.connect() as connection:
        if engine.name == "sqlite":
            pages = connection.execute(text("PRAGMA page_count")).scalar_one()
            return float(pages * connection.execute(text("PRAGMA page_size")).scalar_one()) / 2**20
        found = connection.execute(text(f"SELECT pg_total_relation_size('{layout.table.name}')")).scalar_one()
        return float(found) / 2**20


def databases() -> Iterator[tuple[str, Callable[[], tuple[Engine, DatabaseDialect]]]]:
    """Each kind of database, and a way to get an empty one."""
    with tempfile.TemporaryDirectory() as folder:
        numbers = iter(range(100))

        def sqlite() -> tuple[Engine, DatabaseDialect]:
            engine = open_migration_engine(parse_url(f"sqlite:///{folder}/{next(numbers)}.db"))
            return engine, SqliteDialect(SystemClock())

        yield "SQLite", sqlite
    with postgres_server(durable=True) as server, server.copy(bare=True) as address:
        yield "PostgreSQL", lambda: (open_migration_engine(parse_url(address)), PostgresDialect())


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=100)
    options = parser.parse_args(argv)
    epochs = make_epochs(options.trials, options.epochs)
    print(f"{len(epochs):,} epochs of {len(METRICS)} metrics, {options.trials:,} trials\n")
    heads = ("database", "layout", "single/s", "batched/s", f"{OBJECTIVE} s", f"{OTHER} s", "MiB")
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    for name, fresh in databases():
        for layout in LAYOUTS:
            engine, dialect = fresh()
            metadata.create_all(engine, tables=[layout.table])
            single, batched = write_rates(engine, layout, epochs)
            if engine.name == "postgresql":
                with engine.begin() as connection:
                    connection.execute(text(f"ANALYZE {layout.table.name}"))
            objective, other = (read_seconds(engine, dialect, layout, metric) for metric in (OBJECTIVE, OTHER))
            size = size_mb(engine, layout)
            print(
                f"| {name} | {layout.name} | {single:,.0f} | {batched:,.0f} | {objective:.2f} | {other:.2f}"
                f" | {size:,.0f} |"
            )
            engine.dispose()


if __name__ == "__main__":
    main()

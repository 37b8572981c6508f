"""Lists as tables, with the columns that suit what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from headstock import words
from headstock.models import (
    BuiltinDataset,
    Dataset,
    FinalRecord,
    JobRecord,
    Model,
    RangeTestRecord,
    SearchRecord,
    TrialRecord,
    Worker,
)
from headstock.notebook.blocks import badge, cell, frame, moment, note
from headstock.notebook.markup import MONO, Html, join, table, tag

SHOWN = 100
"""Rows in one table; a notebook with ten thousand in it would not open again."""
_MOST_COLUMNS = 10
_SCALARS = (bool, int, float, str, datetime)


def table_html(items: Iterable[object]) -> str:
    """A list of handles or records; rows beyond the hundredth are counted only."""
    records = [getattr(item, "record", item) for item in items]
    shown = records[:SHOWN]
    more = f"{len(records) - SHOWN:,} more are not shown" if len(records) > SHOWN else None
    for kind, made in _TABLES.items():
        if shown and all(isinstance(record, kind) for record in shown):
            return frame(made(shown), note(more))
    return frame(_any_table(shown), note(more))


def trials_table(records: Sequence[TrialRecord]) -> Html:
    """One row per trial, with a column for each hyperparameter."""
    names = list(dict.fromkeys(name for record in records for name in record.hyperparameters))
    return table(
        (">trial", "state", ">score", ">epochs", ">seconds", *names),
        (
            (
                record.number,
                join([badge(record.state), f" {record.failure.code}" if record.failure else None]),
                words.number(record.score),
                record.epochs,
                words.number(record.seconds, digits=1),
                *(
                    words.scalar(record.hyperparameters[name]) if name in record.hyperparameters else ""
                    for name in names
                ),
            )
            for record in records
        ),
        empty="no trial",
    )


def _searches_table(records: Sequence[SearchRecord]) -> Html:
    return table(
        ("name", "state", ">trials", ">best", "objective", "tuner", "created", "id"),
        (
            (
                record.name,
                badge(record.state),
                f"{record.trials.ended}{f' of {record.planned_trials}' if record.planned_trials else ''}",
                words.number(record.best.score if record.best else None),
                record.objective.name,
                record.tuner,
                moment(record.created_at),
                _id(record.id),
            )
            for record in records
        ),
    )


def _jobs_table(records: Sequence[JobRecord]) -> Html:
    return table(
        ("kind", "name", "state", ">seconds", "created", "id"),
        (
            (
                "range test" if isinstance(record, RangeTestRecord) else "final training",
                record.name,
                join([badge(record.state), f" {record.failure.code}" if record.failure else None]),
                words.number(record.elapsed_seconds, digits=1),
                moment(record.created_at),
                _id(record.id),
            )
            for record in records
        ),
    )


def _datasets_table(records: Sequence[Dataset]) -> Html:
    return table(
        ("name", "task", "kind", ">training", ">validation", ">test", "shape", ">classes", ">size", "created"),
        (
            (
                record.name,
                record.task,
                record.kind,
                *(_count(rows) for rows in (record.train_rows, record.validation_rows, record.test_rows)),
                words.shape(record.input_shape),
                "–" if record.num_classes is None else record.num_classes,
                words.size(record.size_bytes),
                moment(record.created_at),
            )
            for record in records
        ),
    )


def _builtins_table(records: Sequence[BuiltinDataset]) -> Html:
    return table(
        ("name", "what it is", "task", ">training", ">test", "shape", "network"),
        (
            (
                record.name,
                record.description,
                record.task or "–",
                *(_count(rows) for rows in (record.train_rows, record.test_rows)),
                words.shape(record.input_shape),
                "needed once" if record.needs_network else "–",
            )
            for record in records
        ),
    )


def _workers_table(records: Sequence[Worker]) -> Html:
    return table(
        ("name", "host", "backend", ">slots", ">busy", ">processor", "memory", "devices", "last seen"),
        (
            (
                record.name,
                record.host,
                record.backend or "–",
                len(record.slots),
                sum(slot.busy for slot in record.slots),
                words.share(record.cpu),
                words.part_of(record.memory_used_bytes, record.memory_total_bytes),
                ", ".join(dict.fromkeys(slot.device for slot in record.slots)),
                moment(record.seen_at),
            )
            for record in records
        ),
    )


def _any_table(records: Sequence[object]) -> Html:
    """Fields that hold one value each, where some row has one."""
    rows = [_fields(record) for record in records]
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if any(row.get(name) for row in rows)]
    # Of the many the ids are missed least.
    chosen = sorted(names, key=lambda name: name.endswith("_id"))[:_MOST_COLUMNS]
    return table(
        [f"{'>' if _numbers(rows, name) else ''}{name}" for name in chosen],
        ([cell(row[name]) if row.get(name) is not None else "–" for name in chosen] for row in rows),
        empty="nothing",
    )


def _fields(record: object) -> Mapping[str, Any]:
    if not isinstance(record, Model):
        return {"value": record if isinstance(record, _SCALARS) else repr(record)}
    given = {name: getattr(record, name) for name in type(record).model_fields}
    # Epochs and events: what they hold is what they are looked at for.
    inner = given.get("metrics") or given.get("payload") or {}
    return {name: value for name, value in {**given, **inner}.items() if isinstance(value, _SCALARS)}


def _numbers(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    values = [row[name] for row in rows if row.get(name) is not None]
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _count(rows: int) -> str:
    return f"{rows:,}" if rows else "–"


def _id(text: str) -> Html:
    return tag("span", text, style=MONO)


_TABLES: Mapping[type[Model], Callable[[Any], Html]] = {
    TrialRecord: trials_table,
    SearchRecord: _searches_table,
    FinalRecord: _jobs_table,
    RangeTestRecord: _jobs_table,
    JobRecord: _jobs_table,
    Dataset: _datasets_table,
    BuiltinDataset: _builtins_table,
    Worker: _workers_table,
}

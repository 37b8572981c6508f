"""Data sets, looks into them, and workers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headstock import words
from headstock.models import Dataset, DatasetPreview, PreviewCell, PreviewInput, Worker
from headstock.notebook.blocks import facts, frame, heading, moment, note
from headstock.notebook.markup import MONO, MUTED, Html, bar, join, table, tag

_MOST_NAMES = 12
_MOST_COLUMNS = 30
_MOST_VALUES = 10


def dataset_html(result: Dataset) -> str:
    """What is in a data set, and how it is prepared."""
    rows = [("rows", _rows(result)), ("an example", _example(result))]
    if result.num_classes is not None:
        rows.append(("classes", _some(result.class_names, result.num_classes)))
    if result.target_names:
        rows.append(("targets", _some(result.target_names, len(result.target_names))))
    rows += [
        (f"target {target.name}", f"{target.task}{f', {target.num_classes} classes' if target.num_classes else ''}")
        for target in result.targets
    ]
    kept = [word for word, there in _KEPT if getattr(result, there)]
    if kept:
        rows.append(("rows have", ", ".join(kept)))
    if result.scale:
        rows.append(("scaled to", result.scale))
    if result.source:
        rows.append(("from", result.source))
    rows.append(("size", words.size(result.size_bytes)))
    if result.created_at:
        rows.append(("stored", moment(result.created_at)))
    columns = [
        (column.name, column.kind, _some(column.categories, column.num_categories), f"{column.missing:,}")
        for column in result.columns[:_MOST_COLUMNS]
    ]
    more = len(result.columns) - len(columns)
    return frame(
        heading(
            result.name, f"{result.task}, {result.kind}{', comes by name' if result.builtin else ''}", id=result.id
        ),
        facts(rows),
        table(("column", "kind", "categories", ">missing"), columns) if columns else None,
        note(f"{more:,} more columns" if more > 0 else None),
    )


_KEPT = (("weights", "weighted"), ("groups", "grouped"), ("times", "timed"))


def _rows(result: Dataset) -> str:
    parts = (("training", result.train_rows), ("validation", result.validation_rows), ("test", result.test_rows))
    return ", ".join(f"{count:,} {name}" for name, count in parts if count) or "none yet"


def _example(result: Dataset) -> str:
    if result.inputs:
        return "; ".join(f"{each.name} {words.shape(each.shape)} {each.dtype}" for each in result.inputs)
    if result.kind == "text":
        return "a text"
    return f"{words.shape(result.input_shape)} {result.x_dtype or ''}".rstrip()


def _some(names: Iterable[str], count: int) -> str:
    """The first names, and how many there are when that is more."""
    listed = list(names)
    shown = ", ".join(listed[:_MOST_NAMES])
    if count <= _MOST_NAMES and len(listed) == count:
        return shown
    return f"{count:,}: {shown}, ..." if shown else (f"{count:,}" if count else "")


def preview_html(result: DatasetPreview) -> str:
    """Rows of a data set, images as images; and how many there are of each class."""
    columns = [name for each in result.inputs for name in _columns(each)]
    targets = [f"{target.name or 'target'}" for target in result.targets]
    rows = [
        (
            row.row,
            *(value for each, at in zip(result.inputs, row.inputs, strict=False) for value in _values(each, at)),
            *(tag("b", _target(value)) for value in row.targets),
        )
        for row in result.rows
    ]
    counts = [
        note(
            f"rows of each class{' of ' + target.name if target.name else ''}: "
            + ", ".join(f"{each.name} ({each.count:,})" for each in target.classes)
        )
        for target in result.targets
        if target.classes
    ]
    return frame(
        heading(f"{len(rows)} of {result.rows_in_part:,} rows", f"{result.part} part", id=result.dataset_id),
        table((">row", *columns, *targets), rows, empty="no rows"),
        *counts,
    )


def _columns(each: PreviewInput) -> list[str]:
    if each.kind == "table":
        return [feature.name for feature in each.features[:_MOST_VALUES]]
    return [each.name or each.kind]


def _values(each: PreviewInput, at: PreviewCell) -> Sequence[object]:
    if at.image is not None:
        image = tag(
            "img", src=f"data:image/png;base64,{at.image}", alt="", style="height:48px;image-rendering:pixelated;"
        )
        return [image]
    if at.text is not None:
        return [at.text + (" ..." if at.shortened else "")]
    values = [_value(value) for value in at.values or ()]
    if each.kind == "table":
        return [*values, *[""] * _MOST_VALUES][: len(_columns(each))]
    return [" ".join(values[:_MOST_VALUES]) + (" ..." if len(values) > _MOST_VALUES or at.shortened else "")]


def _value(value: float | str | None) -> str:
    return "–" if value is None else words.scalar(value)


def _target(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_target(each) for each in value) or "–"
    return _value(value) if isinstance(value, float | str | None) else str(value)


def worker_html(result: Worker) -> str:
    """A worker: its machine, and what its slots do."""
    slots = (
        (
            slot.number,
            slot.device,
            tag("span", slot.trial_id, style=MONO) if slot.trial_id else ("busy" if slot.busy else "free"),
            _used(slot.utilisation),
            words.part_of(slot.memory_used_bytes, slot.memory_total_bytes),
        )
        for slot in result.slots
    )
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    return frame(
        heading(result.name, f"on {result.host}, {result.backend or 'no backend yet'}", id=result.id),
        note(f"ended {moment(result.ended_at)}" if result.ended_at else None),
        facts(
            [
                ("processor", _used(result.cpu)),
                ("memory", words.part_of(result.memory_used_bytes, result.memory_total_bytes)),
                ("last seen", moment(result.seen_at)),
            ]
        ),
        table((">slot", "device", "trial", "use", "memory"), slots, empty="no slots"),
        note(versions),
    )


def _used(share: float | None) -> Html:
    if share is None:
        return tag("span", "–", style=MUTED)
    return join([bar(share, width_em=5.0), f" {words.share(share)}"])

"""Looks into the arrays of a stored data set: a few rows as they are, and figures over a whole part."""

from __future__ import annotations

import base64
import io
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from storage.errors import ArtifactDamaged
from tuners.datasets.npy import Array, blocks
from tuners.datasets.preview_wire import (
    IMAGE_PX,
    MAX_TEXT,
    MAX_VALUES,
    Cell,
    Figures,
    InputFigures,
    InputQuestion,
    Preview,
    PreviewQuestion,
    PreviewRow,
    TargetFigures,
    TargetQuestion,
)
from tuners.datasets.wire import array_name

# Figures are over as many rows as make so many values: a tenth of a second, however large the array is.
_LOOKED_AT = 1 << 24
_CHANNELS = (1, 3, 4)
_SMALLEST_IMAGE_PX = 4
_DARK = 128


def look(question: PreviewQuestion) -> Preview:
    """The rows asked for, in order, and the figures.

    Raises:
        ArtifactDamaged: An array is missing, or cannot be read.
    """
    folder = Path(question.folder)
    targets = [
        np.asarray(_read(folder, array_name("y", question.part, each.name or None))) for each in question.targets
    ]
    total = len(targets[0])
    chosen = _chosen(question, total)
    inputs, cells = [], []
    for each in question.inputs:
        figures, shown = _input(folder, question, each, chosen)
        inputs.append(figures)
        cells.append(shown)
    return Preview(
        rows_in_part=total,
        rows=tuple(
            PreviewRow(
                row=row,
                inputs=tuple(shown[place] for shown in cells),
                targets=tuple(_numbers(y[row]) for y in targets),
            )
            for place, row in enumerate(chosen)
        ),
        inputs=tuple(inputs),
        targets=tuple(_target(y, each) for y, each in zip(targets, question.targets, strict=True)),
    )


def is_image(shape: tuple[int, ...]) -> bool:
    """Whether an example of this shape can be shown as a picture: height, width and 1, 3, 4 or no channels."""
    if len(shape) == 3 and shape[2] not in _CHANNELS:
        return False
    return len(shape) in (2, 3) and min(shape[:2]) >= _SMALLEST_IMAGE_PX


def _chosen(question: PreviewQuestion, total: int) -> list[int]:
    count = min(question.rows, total)
    if question.sample == "first":
        return list(range(count))
    drawn = np.random.default_rng(question.seed).choice(total, size=count, replace=False)
    return sorted(int(row) for row in drawn)


def _input(
    folder: Path, question: PreviewQuestion, asked: InputQuestion, chosen: list[int]
) -> tuple[InputFigures, list[Cell]]:
    path = folder / f"{array_name('x', question.part, asked.name or None)}.npy"
    if asked.text:
        content, offsets = _read(folder, path.stem), _read(folder, f"offsets_{question.part}")
        return InputFigures(features=(), flat=False, looked_at=0), [_text(content, offsets, row) for row in chosen]
    x = _read(folder, path.stem)
    figures = _input_figures(str(path), path.stat().st_mtime_ns)
    if asked.image and is_image(x.shape[1:]):
        (whole,) = figures.features
        return figures, [Cell(image=_picture(np.asarray(x[row]), whole)) for row in chosen]
    return figures, [_values(np.asarray(x[row])) for row in chosen]


def _text(content: Array, offsets: Array, row: int) -> Cell:
    start, end = int(offsets[row]), int(offsets[row + 1])
    # A character has at most four bytes.
    said = content[start : min(end, start + 4 * MAX_TEXT + 4)].tobytes().decode("utf-8", "replace")
    return Cell(text=said[:MAX_TEXT], shortened=len(said) > MAX_TEXT)


def _values(example: NDArray[Any]) -> Cell:
    return Cell(values=_numbers(example.reshape(-1)[:MAX_VALUES]), shortened=example.size > MAX_VALUES)


def _picture(example: NDArray[Any], whole: Figures) -> str:
    """PNG in base64, no larger than `IMAGE_PX` either way.

    Bytes are shown as they are, other numbers from black at the least of all rows to white at the largest; so are grey
    bytes that use less than half of their range, which would be hard to see.
    """
    grey = example.ndim == 2 or example.shape[2] == 1
    if example.dtype != np.uint8 or (grey and (whole.maximum or 0.0) < _DARK):
        low, high = whole.minimum or 0.0, whole.maximum or 0.0
        scaled = (example.astype(np.float64) - low) / ((high - low) or 1.0)
        example = np.rint(255 * np.nan_to_num(scaled, nan=0.0, posinf=1.0, neginf=0.0).clip(0, 1)).astype(np.uint8)
    if example.ndim == 3 and example.shape[2] == 1:
        example = example[:, :, 0]
    image = Image.fromarray(np.ascontiguousarray(example))
    image.thumbnail((IMAGE_PX, IMAGE_PX))
    out = io.BytesIO()
    image.save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode("ascii")


@lru_cache(maxsize=256)
def _input_figures(path: str, _changed: int) -> InputFigures:
    x = _read(Path(path).parent, Path(path).stem)
    size = math.prod(x.shape[1:])
    flat = x.ndim == 2
    step = max(1, math.ceil(len(x) * size / _LOOKED_AT))
    looked = x[::step]
    features = _figures(looked[:, :MAX_VALUES]) if flat else _figures(looked.reshape(len(looked), -1), together=True)
    return InputFigures(features=features, flat=flat, looked_at=len(looked))


def _target(y: NDArray[Any], asked: TargetQuestion) -> TargetFigures:
    if asked.task == "classification":
        counts = np.zeros(asked.num_classes or 0, dtype=np.int64)
        for _, block in blocks(y):
            counts += np.bincount(block.astype(np.int64).reshape(-1), minlength=len(counts))[: len(counts)]
        return TargetFigures(counts=tuple(int(count) for count in counts))
    if asked.task == "multilabel":
        return TargetFigures(counts=tuple(int(count) for count in np.asarray(y, dtype=np.float64).sum(axis=0)))
    return TargetFigures(numbers=_figures(y.reshape(len(y), -1)[:, :MAX_VALUES]))


def _figures(table: Array, *, together: bool = False) -> tuple[Figures, ...]:
    """Of each column, or of all values `together`."""
    width = 1 if together else table.shape[1]
    low, high = np.full(width, np.inf), np.full(width, -np.inf)
    total, count, missing = np.zeros(width), np.zeros(width, dtype=np.int64), np.zeros(width, dtype=np.int64)
    for _, block in blocks(table):
        values = np.asarray(block, dtype=np.float64).reshape(-1, width)
        finite = np.isfinite(values)
        low = np.minimum(low, np.where(finite, values, np.inf).min(axis=0))
        high = np.maximum(high, np.where(finite, values, -np.inf).max(axis=0))
        total += np.where(finite, values, 0.0).sum(axis=0)
        count += finite.sum(axis=0)
        missing += np.isnan(values).sum(axis=0)
    return tuple(
        Figures(
            minimum=float(low[place]) if count[place] else None,
            maximum=float(high[place]) if count[place] else None,
            mean=_finite(total[place] / count[place]) if count[place] else None,
            missing=int(missing[place]),
        )
        for place in range(width)
    )


def _numbers(values: Any) -> tuple[float | None, ...]:
    return tuple(_finite(value) for value in np.atleast_1d(np.asarray(values, dtype=np.float64)).tolist())


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _read(folder: Path, name: str) -> Array:
    """The array, mapped. Its content is not compared with its checksum, as a trainer does: it is only looked at."""
    try:
        array: Array = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ArtifactDamaged(f"The array {name} is missing or damaged.") from error
    return array

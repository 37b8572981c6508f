"""Data sets on disk, as the reader of uploads leaves them, made from arrays at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from storage.clock import ManualClock
from storage.datasets import Dataset, TableColumn
from storage.ids import new_dataset_id
from tuners.datasets.npy import write_npy
from tuners.datasets.record import recorded
from tuners.datasets.wire import META_NAME, Meta


def stored_dataset(folder: Path, arrays: Mapping[str, Any], **fields: Any) -> Dataset:
    """Arrays by the names of their files, and what the description says beside them; answers the record."""
    folder.mkdir(parents=True, exist_ok=True)
    ready = {name: np.asarray(array) for name, array in arrays.items()}
    facts = {
        name: write_npy(folder / f"{name}.npy", array, array.dtype, shape=array.shape) for name, array in ready.items()
    }
    meta = Meta.model_validate(
        {
            "task": "classification",
            "num_classes": 2 if fields.get("task", "classification") == "classification" else None,
            "input_shape": ready["x_train"].shape[1:] if "x_train" in ready else (),
            "class_names": (),
            "feature_names": (),
            "scale": "none",
            "arrays": facts,
            **fields,
        }
    )
    (folder / META_NAME).write_text(meta.model_dump_json())
    return recorded(
        meta, dataset_id=new_dataset_id(), owner="ann", name="data", source="upload: data", builtin=False,
        key="datasets/d", size_bytes=0, created_at=ManualClock().now(),
    )  # fmt: skip


def joined_texts(texts: Sequence[str], part: str = "train") -> dict[str, Any]:
    """The two arrays in which texts are stored."""
    parts = [text.encode() for text in texts]
    return {
        f"x_{part}": np.frombuffer(b"".join(parts), dtype=np.uint8),
        f"offsets_{part}": np.cumsum([0, *map(len, parts)], dtype=np.int64),
    }


def table_columns(x: Any, categories: Mapping[int, Sequence[str]] | None = None) -> tuple[TableColumn, ...]:
    """Columns a, b, c, ... of a table; those with categories by their place."""
    given = categories or {}
    return tuple(
        TableColumn(
            chr(ord("a") + place),
            "category" if place in given else "number",
            tuple(given.get(place, ())),
            int(np.isnan(x[:, place]).sum()),
        )
        for place in range(x.shape[1])
    )

"""The record of a data set from what its arrays say."""

from __future__ import annotations

from datetime import datetime

from storage.datasets import Dataset
from storage.ids import DatasetId
from tuners.datasets.wire import Meta, array_name


def recorded(
    meta: Meta,
    *,
    dataset_id: DatasetId,
    owner: str,
    name: str,
    source: str,
    builtin: bool,
    key: str,
    size_bytes: int,
    created_at: datetime,
) -> Dataset:
    """The record of a set whose arrays lie below `key`, `size_bytes` together."""
    x = array_name("x", "train", meta.inputs[0].name if meta.inputs else None)
    y = array_name("y", "train", meta.targets[0].name if meta.targets else None)
    return Dataset(
        id=dataset_id,
        owner=owner,
        name=name,
        task=meta.task,
        input_shape=meta.input_shape,
        num_classes=meta.num_classes,
        class_names=meta.class_names,
        feature_names=meta.feature_names,
        train_rows=meta.rows("train"),
        validation_rows=meta.rows("validation"),
        test_rows=meta.rows("test"),
        x_dtype="str" if meta.kind == "text" else meta.arrays[x].dtype,
        y_dtype=meta.arrays[y].dtype,
        scale=meta.scale,
        source=source,
        builtin=builtin,
        key=key,
        size_bytes=size_bytes,
        fingerprint=meta.fingerprint(),
        created_at=created_at,
        kind=meta.kind,
        target_shape=meta.target_shape,
        target_names=meta.target_names,
        columns=meta.columns,
        inputs=meta.inputs,
        targets=meta.targets,
        max_token=meta.max_token,
        weighted="w_train" in meta.arrays,
        grouped="g_train" in meta.arrays,
        timed="t_train" in meta.arrays,
    )

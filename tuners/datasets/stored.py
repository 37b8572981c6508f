"""A data set's files as arrays: mapped into memory, their content compared with what was recorded."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from storage.datasets import Dataset, DatasetTarget
from storage.errors import ArtifactDamaged
from tuners.datasets.npy import Array, blocks
from tuners.datasets.wire import META_NAME, Meta, array_name

Indices = NDArray[np.int64]


class Texts:
    """Texts that lie end to end as UTF-8 bytes.

    Args:
        content: uint8, shape (bytes,).
        offsets: Where each text begins, and where the last one ends; int64, shape (texts + 1,).
    """

    def __init__(self, content: Array, offsets: Array) -> None:
        self._content = content
        self._offsets = offsets

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def take(self, rows: Indices | None) -> list[str]:
        """These texts, or all of them. Bytes that are no UTF-8 become the replacement character."""
        wanted = range(len(self)) if rows is None else rows.tolist()
        borders = self._offsets.tolist()
        whole = self._content.tobytes()
        return [whole[borders[row] : borders[row + 1]].decode("utf-8", "replace") for row in wanted]

    def followed_by(self, other: Texts) -> Texts:
        """These texts, then the others."""
        offsets = np.concatenate([self._offsets, other._offsets[1:] + self._offsets[-1]])
        return Texts(np.concatenate([self._content, other._content]), offsets)


Examples = Array | Texts


class StoredDataset:
    """Reads the parts of one data set.

    Args:
        folder: Where the files lie (`files.dataset_folder`).
        dataset: The record; what it says goes before what `meta.json` says, which equal data sets share.

    Raises:
        ArtifactDamaged: The description is missing, damaged, or of other data. Every method raises it where a file is
            missing or is not what was stored.
    """

    def __init__(self, folder: Path, dataset: Dataset) -> None:
        self._folder = folder
        self._dataset = dataset
        try:
            self._meta = Meta.model_validate_json((folder / META_NAME).read_bytes())
        except (OSError, ValidationError) as error:
            raise ArtifactDamaged(f"The description of data set {dataset.id} is missing or damaged.") from error
        if self._meta.fingerprint() != dataset.fingerprint:
            raise ArtifactDamaged(f"The files of data set {dataset.id} are not those of its record.")

    def has(self, part: str) -> bool:
        return self._meta.rows(part) > 0

    def examples(self, part: str) -> dict[str, Examples]:
        """By the inputs' names; a single one under ""."""
        if self._dataset.kind == "text":
            return {"": Texts(self._read(f"x_{part}"), self._read(f"offsets_{part}"))}
        if not self._dataset.inputs:
            return {"": self._read(f"x_{part}")}
        return {each.name: self._read(array_name("x", part, each.name)) for each in self._dataset.inputs}

    def targets(self, part: str) -> dict[str, Array]:
        """By the targets' names; a single one under ""."""
        if not self._dataset.targets:
            return {"": np.asarray(self._read(f"y_{part}"))}
        return {each.name: np.asarray(self._read(array_name("y", part, each.name))) for each in self._dataset.targets}

    def optional(self, axis: str, part: str) -> Array | None:
        """Sample weights (`w`), groups (`g`) or times (`t`), shape (rows,); None when there are none."""
        name = f"{axis}_{part}"
        return np.asarray(self._read(name)) if name in self._meta.arrays else None

    def _read(self, name: str) -> Array:
        """The array, mapped, its content checked: a damaged file would otherwise only show as odd scores."""
        facts = self._meta.arrays[name]
        try:
            array: Array = np.load(self._folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise ArtifactDamaged(f"The array {name} is missing or damaged.") from error
        digest = hashlib.sha256()
        if array.dtype.name == facts.dtype and array.shape == facts.shape:
            for _, block in blocks(array):
                digest.update(np.ascontiguousarray(block).data.cast("B"))
        if digest.hexdigest() != facts.sha256:
            raise ArtifactDamaged(f"The array {name} is not what was stored.")
        return array


def target_records(dataset: Dataset) -> dict[str, DatasetTarget]:
    """What is known of each target, by name; a single one under ""."""
    if dataset.targets:
        return {each.name: each for each in dataset.targets}
    return {"": DatasetTarget("", dataset.task, dataset.num_classes, dataset.class_names, tuple(dataset.target_shape))}


def encoded_targets(y: Array, target: DatasetTarget, *, one_hot: bool) -> NDArray[Any]:
    """Classes as int32 of shape (rows,), or one-hot as float32 (rows, classes); everything else as float32."""
    if target.task != "classification":
        return np.ascontiguousarray(y, dtype=np.float32)
    if not one_hot or target.num_classes is None:
        return np.ascontiguousarray(y, dtype=np.int32)
    encoded = np.zeros((len(y), target.num_classes), dtype=np.float32)
    encoded[np.arange(len(y)), y] = 1.0
    return encoded

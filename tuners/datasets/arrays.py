"""What a trainer trains on: a data set's arrays, split, scaled and in memory."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from storage.errors import ArtifactDamaged
from storage.records import Dataset
from tuners.datasets.builtin_names import Scale
from tuners.datasets.npy import Array, blocks
from tuners.datasets.scaling import FittedScale, Float32, fit_scale
from tuners.datasets.scaling_rule import scale_axis
from tuners.datasets.splits import split_rows
from tuners.datasets.wire import META_NAME, Meta

_CACHE_BYTES = 1 << 30

Targets = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Arrays:
    """Examples are float32 in C order, shape (rows, *input_shape).

    Targets: int32 of shape (rows,) for classes, float32 of shape (rows, classes) for classes one-hot, float32 of shape
    (rows,) for regression. Parts that are not there are None. Callers must not write into any of them: later trials of
    the same search get the same arrays.
    """

    x_train: Float32
    y_train: Targets
    x_val: Float32 | None
    y_val: Targets | None
    x_test: Float32 | None
    y_test: Targets | None

    @property
    def size_bytes(self) -> int:
        parts = (self.x_train, self.y_train, self.x_val, self.y_val, self.x_test, self.y_test)
        return sum(part.nbytes for part in parts if part is not None)


class ArraysCache:
    """The arrays used last, so that the next trial of a search finds them ready. Safe for threads.

    Holds at least one entry, and more (the latest ones) while all together stay below `max_bytes`.
    """

    def __init__(self, max_bytes: int = _CACHE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[object, ...], Arrays] = OrderedDict()

    def get(self, key: tuple[object, ...]) -> Arrays | None:
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
            return found

    def add(self, key: tuple[object, ...], arrays: Arrays) -> None:
        with self._lock:
            self._entries[key] = arrays
            self._entries.move_to_end(key)
            while (
                len(self._entries) > 1 and sum(entry.size_bytes for entry in self._entries.values()) > self._max_bytes
            ):
                self._entries.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


# One for each trainer process: its trials come one after another, most of them from one search.
_PROCESS_CACHE = ArraysCache()


def load_arrays(
    folder: Path,
    dataset: Dataset,
    *,
    validation_split: float | None,
    seed: int,
    scale: Scale | None = None,
    one_hot: bool = False,
    test: bool = False,
    cache: ArraysCache | None = None,
) -> Arrays:
    """The data set's parts, ready for `fit`.

    With a `validation_split` some training rows become the validation part (`splits.split_rows`; stratified for
    classes; a validation part of the data set's own is then left alone). Without one, that own part is used, and when
    there is none there is no validation. Scales are fitted on the rows that remain for training, and on those only.

    Args:
        folder: Where the files lie (`files.dataset_folder`).
        dataset: The record. Files that do not match its fingerprint are refused.
        validation_split: Share of the training rows, between 0 and 1; None for no split.
        seed: Of the split: the search's, so that all its trials validate on the same rows. At least 0.
        scale: Overrides the data set's own.
        one_hot: Whether classes are wanted one-hot (losses `categorical_*`); without effect on regression.
        test: Whether the test part is wanted as well.
        cache: Of finished arrays; None takes this process' own.

    Raises:
        ArtifactDamaged: A file is missing, or is not what was stored.
        ValueError: The split leaves no row on one side.
    """
    cache = _PROCESS_CACHE if cache is None else cache
    split = None if validation_split is None else (validation_split, seed)
    key = (dataset.fingerprint, dataset.num_classes, split, scale or dataset.scale, one_hot, test)
    found = cache.get(key)
    if found is None:
        found = _load(folder, dataset, split=split, scale=scale or dataset.scale, one_hot=one_hot, test=test)
        cache.add(key, found)
    return found


def balanced_class_weights(y: NDArray[Any], num_classes: int) -> dict[int, float]:
    """A weight for each class: `rows / (classes * count)`, as scikit-learn's "balanced", over the classes that occur.

    Args:
        y: Integer classes, shape (rows,), or one-hot, shape (rows, classes).
        num_classes: Of the data set; a class without a row gets 1.0.
    """
    labels = y.argmax(axis=1) if y.ndim == 2 else y
    counts = np.bincount(labels, minlength=num_classes)
    present = int(np.count_nonzero(counts))
    return {
        index: float(len(labels) / (present * count)) if count else 1.0 for index, count in enumerate(counts.tolist())
    }


def _load(
    folder: Path, dataset: Dataset, *, split: tuple[float, int] | None, scale: Scale, one_hot: bool, test: bool
) -> Arrays:
    meta = _read_meta(folder, dataset)
    own_validation = split is None and meta.rows("validation") > 0
    wanted = ["train", *(["validation"] if own_validation else []), *(["test"] if test and meta.rows("test") else [])]
    files = {f"{axis}_{part}": _read(folder, f"{axis}_{part}", meta) for part in wanted for axis in ("x", "y")}
    x, y = files["x_train"], files["y_train"]
    if split is None:
        fitted = fit_scale(x, scale, scale_axis(dataset.input_shape, dataset.x_dtype))
        x_train, y_train = fitted.apply(x), np.asarray(y)
        x_val, y_val = _part(files, "validation", fitted)
    else:
        validation_split, seed = split
        train, aside = split_rows(
            np.asarray(y), validation_split=validation_split, seed=seed, stratified=dataset.task == "classification"
        )
        fitted = fit_scale(x[train], scale, scale_axis(dataset.input_shape, dataset.x_dtype))
        x_train, y_train = fitted.apply(x, train), np.asarray(y)[train]
        x_val, y_val = fitted.apply(x, aside), np.asarray(y)[aside]
    x_test, y_test = _part(files, "test", fitted)
    classes = dataset.num_classes if one_hot else None
    return Arrays(
        x_train=x_train,
        y_train=_targets(y_train, dataset, classes),
        x_val=x_val,
        y_val=None if y_val is None else _targets(y_val, dataset, classes),
        x_test=x_test,
        y_test=None if y_test is None else _targets(y_test, dataset, classes),
    )


def _part(files: Mapping[str, Array], part: str, fitted: FittedScale) -> tuple[Float32 | None, Array | None]:
    if f"x_{part}" not in files:
        return None, None
    return fitted.apply(files[f"x_{part}"]), np.asarray(files[f"y_{part}"])


def _targets(y: Array, dataset: Dataset, one_hot_classes: int | None) -> Targets:
    if dataset.task == "regression":
        return np.ascontiguousarray(y, dtype=np.float32)
    if one_hot_classes is None:
        return np.ascontiguousarray(y, dtype=np.int32)
    encoded = np.zeros((len(y), one_hot_classes), dtype=np.float32)
    encoded[np.arange(len(y)), y] = 1.0
    return encoded


def _read_meta(folder: Path, dataset: Dataset) -> Meta:
    try:
        meta = Meta.model_validate_json((folder / META_NAME).read_bytes())
    except (OSError, ValidationError) as error:
        raise ArtifactDamaged(f"The description of data set {dataset.id} is missing or damaged.") from error
    if meta.fingerprint() != dataset.fingerprint:
        raise ArtifactDamaged(f"The files of data set {dataset.id} are not those of its record.")
    return meta


def _read(folder: Path, name: str, meta: Meta) -> Array:
    """The array, mapped, its content checked: a damaged file would otherwise only show as odd scores."""
    facts = {str(key): value for key, value in meta.arrays.items()}[name]
    try:
        array: Array = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ArtifactDamaged(f"The array {name} is missing or damaged.") from error
    digest = hashlib.sha256()
    if array.dtype.name == facts.dtype and array.shape == facts.shape:
        for _, block in blocks(array):
            digest.update(np.ascontiguousarray(block).data.cast("B"))
    if digest.hexdigest() != facts.sha256:
        raise ArtifactDamaged(f"The array {name} is not what was stored.")
    return array

"""What a trainer trains on: a data set's arrays, split, preprocessed and in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.datasets import Dataset
from tuners.datasets.npy import Array
from tuners.datasets.preprocessing.fitted import FittedPreprocessing, Tensors, fit_input
from tuners.datasets.preprocessing.layout import can_be_windows, layouts, table_plan
from tuners.datasets.preprocessing.options import Preprocessing, Text, Window
from tuners.datasets.preprocessing.windows import window_rows
from tuners.datasets.request import DataRequest
from tuners.datasets.splits import split
from tuners.datasets.stored import Examples, Indices, StoredDataset, Texts, encoded_targets, target_records
from tuners.seeds import seed_of_test_part

__all__ = ["Arrays", "ArraysCache", "DataRequest", "Tensors", "balanced_class_weights", "load_arrays"]

_CACHE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Arrays:
    """Examples, shape (rows, *shape of an example), in C order: float32, or int32 for tokens. Mappings by name where
    the data set has several inputs or targets.

    Targets: int32 of shape (rows,) for classes, float32 of shape (rows, classes) for classes one-hot, float32 of shape
    (rows,) for one number, float32 of shape (rows, k) for k labels or numbers. Weights: float32 of shape (rows,). Parts
    that are not there are None. Callers must not write into any of them: later trials of the same search get the same
    arrays.
    """

    x_train: Tensors
    y_train: Tensors
    w_train: NDArray[np.float32] | None
    x_val: Tensors | None
    y_val: Tensors | None
    w_val: NDArray[np.float32] | None
    x_test: Tensors | None
    y_test: Tensors | None
    w_test: NDArray[np.float32] | None
    preprocessing: FittedPreprocessing

    @property
    def size_bytes(self) -> int:
        parts = (self.x_train, self.y_train, self.w_train, self.x_val, self.y_val, self.w_val)
        return sum(_bytes(part) for part in (*parts, self.x_test, self.y_test, self.w_test))


def _bytes(part: Tensors | None) -> int:
    if part is None:
        return 0
    return sum(each.nbytes for each in part.values()) if isinstance(part, Mapping) else part.nbytes


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


def load_arrays(folder: Path, dataset: Dataset, *, request: DataRequest, cache: ArraysCache | None = None) -> Arrays:
    """The data set's parts, ready for `fit`.

    When the request splits, some training rows become the validation part (`splits.split`; a validation part of the
    data set's own is then left alone). Otherwise that own part is used, and when there is none there is no validation.
    Everything the preprocessing learns, it learns from the rows that remain for training. Windows are cut from each
    part by itself.

    Args:
        folder: Where the files lie (`files.dataset_folder`).
        dataset: The record. Files that do not match its fingerprint are refused.
        cache: Of finished arrays; None takes this process' own.

    Raises:
        ArtifactDamaged: A file is missing, or is not what was stored.
        ValueError: The split leaves no row on one side, a part is too short for one window, a value is missing where
            none may be.
    """
    cache = _PROCESS_CACHE if cache is None else cache
    key = (dataset.id, dataset.fingerprint, request.key)
    found = cache.get(key)
    if found is None:
        found = _Loading(folder, dataset, request).arrays()
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


@dataclass(frozen=True, slots=True)
class _Part:
    """Stored rows: arrays of examples, targets and what else is known of them; `rows` chooses some (None: all)."""

    x: Mapping[str, Examples]
    y: Mapping[str, Array]
    w: Array | None
    g: Array | None
    t: Array | None
    rows: Indices | None = None

    def chosen(self, array: Array | None) -> Array | None:
        return array if array is None or self.rows is None else array[self.rows]


@dataclass(frozen=True, slots=True)
class _Finished:
    x: Tensors | None = None
    y: Tensors | None = None
    w: NDArray[np.float32] | None = None


class _Loading:
    """One answer in the making."""

    def __init__(self, folder: Path, dataset: Dataset, request: DataRequest) -> None:
        self._dataset = dataset
        self._request = request
        self._stored = StoredDataset(folder, dataset)
        self._options = Preprocessing.model_validate(dict(request.preprocessing))
        self._window: Window | None = self._options.window if can_be_windows(dataset) else None

    def arrays(self) -> Arrays:
        request, stored = self._request, self._stored
        train = self._part("train")
        test = self._part("test") if request.test and stored.has("test") else None
        if request.test_split is not None:
            seed = seed_of_test_part(self._dataset.fingerprint)
            train, aside = self._divided(train, validation_split=request.test_split, folds=None, fold=0, seed=seed)
            test = aside if request.test else None
        validation = self._part("validation") if not request.splits and stored.has("validation") else None
        if request.whole:
            train, validation = train if validation is None else _joined(train, validation), None
        elif request.splits:
            train, validation = self._divided(
                train,
                validation_split=request.validation_split,
                folds=request.folds,
                fold=request.fold,
                seed=request.seed,
            )
        fitted = self._fitted(train)
        ready = self._finished(fitted, train)
        ready_validation, ready_test = self._finished(fitted, validation), self._finished(fitted, test)
        assert ready.x is not None
        assert ready.y is not None
        return Arrays(
            x_train=ready.x,
            y_train=ready.y,
            w_train=ready.w,
            x_val=ready_validation.x,
            y_val=ready_validation.y,
            w_val=ready_validation.w,
            x_test=ready_test.x,
            y_test=ready_test.y,
            w_test=ready_test.w,
            preprocessing=fitted,
        )

    def _part(self, part: str) -> _Part:
        stored = self._stored
        weights = stored.optional("w", part) if self._request.sample_weight else None
        ordered = self._window is not None or self._request.split_by == "time"
        times = stored.optional("t", part) if ordered else None
        grouped = self._window is not None or self._request.split_by == "group"
        groups = stored.optional("g", part) if grouped else None
        return _Part(stored.examples(part), stored.targets(part), weights, groups, times)

    def _divided(
        self, part: _Part, *, validation_split: float | None, folds: int | None, fold: int, seed: int
    ) -> tuple[_Part, _Part]:
        request = self._request
        target = next(iter(target_records(self._dataset).values()))
        y = np.asarray(part.chosen(next(iter(part.y.values()))))
        times = part.chosen(part.t)
        if times is None and request.split_by == "time" and self._window is not None:
            times = np.arange(len(y))
        sides = split(
            len(y),
            by=request.split_by,
            validation_split=validation_split,
            folds=folds,
            fold=fold,
            seed=seed,
            classes=y if request.stratified and target.task == "classification" else None,
            groups=part.chosen(part.g),
            times=times,
        )
        train, aside = (replace(part, rows=rows if part.rows is None else part.rows[rows]) for rows in sides)
        return train, aside

    def _fitted(self, train: _Part) -> FittedPreprocessing:
        dataset, options = self._dataset, self._options
        found = layouts(dataset, options, self._request.scale)
        own: Mapping[str, Any] = {}
        if dataset.kind == "text":
            own = (options.text or Text()).model_dump()
        elif options.sequence is not None:
            own = options.sequence.model_dump()
        plan = table_plan(dataset.columns, options, self._request.scale or dataset.scale)
        states = {
            name: fit_input(layout, train.x[name], train.rows, plan=plan, options=own) for name, layout in found.items()
        }
        window = None
        if self._window is not None:
            window = {"length": self._window.length, "stride": self._window.stride}
        return FittedPreprocessing(states, found[""].features if "" in found else (), window)

    def _finished(self, fitted: FittedPreprocessing, part: _Part | None) -> _Finished:
        if part is None:
            return _Finished()
        x = fitted.transform(part.x, part.rows)
        y = {name: np.asarray(part.chosen(values)) for name, values in part.y.items()}
        w = part.chosen(part.w)
        if self._window is not None:
            rows = len(x[""])
            windows, at = window_rows(rows, part.chosen(part.t), part.chosen(part.g), **self._window.model_dump())
            if not len(windows):
                raise ValueError(f"a part of {rows} rows is too short for one window of {self._window.length} rows")
            x = {"": x[""][windows]}
            y = {name: values[at] for name, values in y.items()}
            w = None if w is None else w[at]
        hot = self._request.one_hot
        targets = {
            name: encoded_targets(y[name], target, one_hot=hot if isinstance(hot, bool) else name in hot)
            for name, target in target_records(self._dataset).items()
        }
        weights = None if w is None else np.ascontiguousarray(w, dtype=np.float32)
        return _Finished(x.get("", x), targets.get("", targets), weights)


def _joined(one: _Part, other: _Part) -> _Part:
    """Both, one after the other; windows reach from neither into the other, since only training rows have groups."""
    x: dict[str, Examples] = {}
    for name, first in one.x.items():
        second = other.x[name]
        if isinstance(first, Texts) and isinstance(second, Texts):
            x[name] = first.followed_by(second)
        elif isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
            x[name] = np.concatenate([first, second])
    y = {name: np.concatenate([values, other.y[name]]) for name, values in one.y.items()}
    w = None if one.w is None or other.w is None else np.concatenate([one.w, other.w])
    rows, more = (len(next(iter(part.y.values()))) for part in (one, other))
    g = np.zeros(rows, dtype=np.int64) if one.g is None else one.g
    g = np.concatenate([g, np.full(more, g.max() + 1)])
    t = None if one.t is None else np.concatenate([one.t, np.arange(more)])
    chosen = None if one.rows is None else np.concatenate([one.rows, np.arange(rows, rows + more)])
    return _Part(x, y, w, g, t, chosen)

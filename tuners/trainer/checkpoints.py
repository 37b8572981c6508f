"""Checkpoints: everything training needs to go on as if it had not stopped, in one `.npz` without pickle.

A file holds `meta` (JSON as bytes) and one flat array per number type with all tensors of that type, end to end.
Three or four entries instead of one per variable make writing a small model's checkpoint about a millisecond; `meta`
has each tensor's role, name, shape and type, so that a file of another model is refused, never loaded by position.

kinds: "last" holds all of it; "best" only the model's variables (which is what a model download needs).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

FORMAT = 1
SEED_STATE = "seed_generator_state"

Array = NDArray[Any]
CallbackState = dict[str, Any]
Kind = Literal["last", "best"]


class CheckpointDamaged(Exception):
    """The file is not a whole checkpoint of this model."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One saved array: what it is for (`model`, `optimizer` or `callback`), its name there, and its value."""

    role: str
    name: str
    value: Array


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of one execution after an epoch.

    Attributes:
        epoch: Last epoch done, absolute.
        ended: The execution is over (all epochs done, or stopped early by a callback).
        best_score: Best finite objective of this execution so far; None when there is none.
        callbacks: State of each of the definition's callbacks, in order: numbers, or None. Arrays of a callback
            (EarlyStopping's best weights) are among `tensors`, named `<callback>/<attribute>/<index>`.
    """

    kind: Kind
    execution: int
    epoch: int
    ended: bool
    tensors: tuple[Tensor, ...]
    best_score: float | None = None
    best_epoch: int | None = None
    callbacks: tuple[CallbackState, ...] = ()

    def of_role(self, role: str) -> list[Tensor]:
        return [tensor for tensor in self.tensors if tensor.role == role]


@dataclass(frozen=True, slots=True)
class WrittenCheckpoint:
    path: Path
    sha256: str
    size_bytes: int


def variables(role: str, items: Iterable[Any]) -> tuple[Tensor, ...]:
    """Copies of Keras variables (a backend may hand out the very memory that training goes on changing)."""
    return tuple(Tensor(role, str(item.name), np.array(item.numpy())) for item in items)


def optimizer_variables(model: Any) -> list[Any]:
    """Those of the model's optimizer; none for a model that was not compiled."""
    optimizer = getattr(model, "optimizer", None)
    return [] if optimizer is None else list(optimizer.variables)


def check_fit(items: Sequence[Any], tensors: Sequence[Tensor], *, role: str) -> None:
    """Refuse a file of another model before anything is assigned from it.

    An optimizer names its slots after the variables they belong to; only what kind of slot it is must agree.

    Raises:
        CheckpointDamaged: Number, names or shapes differ.
    """
    if len(items) != len(tensors):
        raise CheckpointDamaged(f"{len(tensors)} {role} variables saved, {len(items)} expected")
    for item, tensor in zip(items, tensors, strict=True):
        name, saved = str(item.name), tensor.name
        if role == "optimizer":
            name, saved = name.rpartition("_")[2], saved.rpartition("_")[2]
        if name != saved or tuple(item.shape) != tensor.value.shape:
            raise CheckpointDamaged(
                f"{role} variable {item.name} {tuple(item.shape)} does not fit the saved "
                f"{tensor.name} {tensor.value.shape}"
            )


def assign(items: Sequence[Any], tensors: Sequence[Tensor], *, keep_seeds: bool = False) -> None:
    """Give Keras variables their saved values; with `keep_seeds` the layers' random states stay as they are."""
    for item, tensor in zip(items, tensors, strict=True):
        if not (keep_seeds and tensor.name == SEED_STATE):
            item.assign(tensor.value)


def write(snapshot: Snapshot, path: Path) -> WrittenCheckpoint:
    """Write the file whole: under a temporary name, then moved.

    It is not flushed to disk here: the only reader is the worker, which compares the checksum and flushes the file
    when it puts it into the store. What a machine that stops loses from the scratch folder nobody has a record of.

    Raises:
        OSError: The disk is full, or the folder is gone; no file of that name is left behind.
    """
    content = _packed(snapshot)
    temporary = path.with_name(path.name + ".tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return WrittenCheckpoint(path, hashlib.sha256(content).hexdigest(), len(content))


def read(path: Path) -> Snapshot:
    """The snapshot in the file.

    Raises:
        CheckpointDamaged: It is missing, cut off, altered, or of a format this version does not know.
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            meta = json.loads(bytes(arrays["meta"]).decode())
            if meta["format"] != FORMAT:
                raise CheckpointDamaged(f"checkpoint format {meta['format']} is not known")
            flat = {name.removeprefix("data_"): arrays[name] for name in arrays.files if name != "meta"}
        return _unpacked(meta, flat)
    except (CheckpointDamaged, MemoryError):
        raise
    except Exception as error:
        # An altered file can make its readers raise anything: a codec that does not exist, a negative size.
        raise CheckpointDamaged(f"not a whole checkpoint ({type(error).__name__})") from error


def _packed(snapshot: Snapshot) -> memoryview:
    groups: dict[str, list[Array]] = {}
    index = []
    for tensor in snapshot.tensors:
        value, stored = tensor.value, tensor.value.dtype
        if stored.kind not in "biuf":
            # bfloat16 and the 8-bit floats are not numpy's own: .npy would keep them as raw bytes. float32 holds all.
            value, stored = value.astype(np.float32), np.dtype(np.float32)
        groups.setdefault(stored.name, []).append(value.ravel())
        index.append([tensor.role, tensor.name, list(value.shape), stored.name, tensor.value.dtype.name])
    meta = {
        "format": FORMAT,
        "kind": snapshot.kind,
        "execution": snapshot.execution,
        "epoch": snapshot.epoch,
        "ended": snapshot.ended,
        "best_score": snapshot.best_score,
        "best_epoch": snapshot.best_epoch,
        "callbacks": [_with_words(state) for state in snapshot.callbacks],
        "tensors": index,
    }
    arrays = {f"data_{name}": np.concatenate(values) for name, values in groups.items()}
    arrays["meta"] = np.frombuffer(json.dumps(meta, allow_nan=False).encode(), dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getbuffer()


def _unpacked(meta: dict[str, Any], flat: dict[str, Array]) -> Snapshot:
    offsets = dict.fromkeys(flat, 0)
    tensors = []
    for role, name, shape, stored, _ in meta["tensors"]:
        size = int(np.prod(shape, dtype=np.int64))
        start = offsets[stored]
        piece = flat[stored][start : start + size]
        if piece.size != size:
            raise CheckpointDamaged("an array is shorter than the index says")
        tensors.append(Tensor(str(role), str(name), piece.reshape(shape)))
        offsets[stored] = start + size
    if any(offsets[name] != flat[name].size for name in flat):
        raise CheckpointDamaged("an array is longer than the index says")
    return Snapshot(
        kind=meta["kind"],
        execution=int(meta["execution"]),
        epoch=int(meta["epoch"]),
        ended=bool(meta["ended"]),
        tensors=tuple(tensors),
        best_score=meta["best_score"],
        best_epoch=meta["best_epoch"],
        callbacks=tuple(_from_words(state) for state in meta["callbacks"]),
    )


_NON_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def _with_words(state: CallbackState) -> CallbackState:
    words = {}
    for name, value in state.items():
        if isinstance(value, float) and not np.isfinite(value):
            words[name] = "NaN" if np.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
        else:
            words[name] = value
    return words


def _from_words(state: CallbackState) -> CallbackState:
    return {name: _NON_FINITE.get(v, v) if isinstance(v, str) else v for name, v in state.items()}

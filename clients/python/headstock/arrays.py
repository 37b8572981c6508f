"""Arrays in memory as a data set, named after its content. numpy is imported when arrays come."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstock.errors import HeadstockError

_NAME_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Arrays:
    """Examples and targets in the form in which they are sent.

    Attributes:
        name: The data set's, told by the content.
        task: What the data set is for; None where the service is to tell.
    """

    parts: Mapping[str, Any]
    name: str
    task: str | None

    def write(self, folder: str | Path) -> Path:
        """The file to upload."""
        file = Path(folder, f"{self.name}.npz")
        _numpy().savez(file, **self.parts)
        return file


def arrays_of(x: Any, y: Any, *, validation_data: tuple[Any, Any] | None = None) -> Arrays:
    """These arrays, checked and brought into shape.

    Args:
        x: Examples, shape (rows, ...): numbers; anything `numpy.asarray` takes.
        y: One target a row. Rows with a single 1 are classes and are sent as class numbers; what the loss wants is made
            of them again in training.
        validation_data: Other examples and targets for the validation part.

    Raises:
        HeadstockError: numpy is not there, or the arrays cannot be used.
    """
    np = _numpy()
    parts = {"x_train": _examples(np, x, "x"), "y_train": _array(np, y, "y")}
    if validation_data is not None:
        if len(validation_data) != 2:
            raise HeadstockError("validation_data must be a pair of arrays (x, y)")
        parts["x_validation"] = _examples(np, validation_data[0], "validation x")
        parts["y_validation"] = _array(np, validation_data[1], "validation y")
    for ending in ("train", "validation"):
        if f"x_{ending}" in parts and len(parts[f"x_{ending}"]) != len(parts[f"y_{ending}"]):
            raise HeadstockError(f"x and y of the {ending} part have different numbers of rows")
    _as_classes(np, parts)
    return Arrays(parts, f"arrays-{_digest(np, parts)[:_NAME_LENGTH]}", _task(parts["y_train"]))


def _numpy() -> Any:
    try:
        import numpy
    except ModuleNotFoundError as fault:
        raise HeadstockError("arrays need numpy: pip install numpy") from fault
    return numpy


def _examples(np: Any, value: Any, what: str) -> Any:
    if isinstance(value, Mapping):
        raise HeadstockError(f"{what} must be one array: upload several inputs as a data set and submit a definition")
    return _array(np, value, what)


def _array(np: Any, value: Any, what: str) -> Any:
    if hasattr(value, "take") and hasattr(value, "batch"):
        raise HeadstockError(f"{what} is a tf.data.Dataset: give the arrays it is made of")
    array = np.asarray(value)
    if array.dtype == object or array.ndim == 0:
        raise HeadstockError(f"{what} must be an array of numbers, and is of {array.dtype} with {array.ndim} axes")
    return array


def _as_classes(np: Any, parts: dict[str, Any]) -> None:
    """Turn targets of shape (rows, 1) into one axis, and one-hot rows into class numbers, in place."""
    targets = [name for name in ("y_train", "y_validation") if name in parts]
    for name in targets:
        if parts[name].ndim == 2 and parts[name].shape[1] == 1:
            parts[name] = parts[name][:, 0]
    train = parts["y_train"]
    one_hot = all(
        parts[name].ndim == 2
        and bool(np.isin(parts[name], (0, 1)).all())
        and bool((parts[name].sum(axis=1) == 1).all())
        for name in targets
    )
    # Of a class without any row the width would be lost.
    if one_hot and len(np.unique(train.argmax(axis=1))) == train.shape[1]:
        for name in targets:
            parts[name] = parts[name].argmax(axis=1)


def _task(y: Any) -> str | None:
    """Whole numbers are classes; of others the service makes up its own mind."""
    return "classification" if y.dtype.kind in "iub" and y.ndim == 1 else None


def _digest(np: Any, parts: Mapping[str, Any]) -> str:
    digest = hashlib.sha256()
    for name, array in sorted(parts.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()

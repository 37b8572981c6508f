"""Arrays in memory as a data set of the service, kept once by content. numpy is imported when arrays come."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstock.errors import HeadstockError, NameTaken
from headstock.models import Dataset

if TYPE_CHECKING:
    from headstock.client import Client

_NAME_LENGTH = 16


def uploaded(client: Client, x: Any, y: Any, *, validation_data: tuple[Any, Any] | None = None) -> Dataset:
    """The data set with these arrays: the one that is there already, or a new one, named after its content.

    Args:
        x: Examples, shape (rows, ...): numbers; anything `numpy.asarray` takes.
        y: One target a row. Rows with a single 1 are classes and are sent as class numbers; what the loss wants is made
            of them again in training.
        validation_data: Other examples and targets for the validation part.

    Raises:
        HeadstockError: numpy is not there, or the arrays cannot be used.
        InvalidDataset: The service cannot use them.
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
    name = f"arrays-{_digest(np, parts)[:_NAME_LENGTH]}"
    found = _find(client, name)
    if found is not None:
        return found
    with tempfile.TemporaryDirectory(prefix="headstock-") as folder:
        file = Path(folder, f"{name}.npz")
        np.savez(file, **parts)
        try:
            return client.upload_dataset(file, name=name, scale="none", task=_task(parts["y_train"]))
        except NameTaken:
            # The same arrays were on their way from somewhere else.
            taken = _find(client, name)
            if taken is None:
                raise
            return taken


def _numpy() -> Any:
    try:
        import numpy
    except ModuleNotFoundError as fault:
        raise HeadstockError("arrays need numpy: pip install numpy") from fault
    return numpy


def _find(client: Client, name: str) -> Dataset | None:
    return next((each for each in client.datasets() if each.name == name), None)


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

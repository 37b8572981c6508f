"""The built-in sets through their own libraries' loaders."""

from __future__ import annotations

import fcntl
import importlib
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from storage.errors import DatasetUnavailable
from tuners.datasets.builtin_names import Builtin, find_builtin
from tuners.datasets.npy import Array
from tuners.datasets.raw import Part, RawData

_CONNECT_TIMEOUT_S = 20.0


def load_builtin(name: str, *, downloads: bool) -> tuple[Builtin, RawData]:
    """The set's entry in the catalogue, and its data as its library's loader gives them.

    Raises:
        DatasetUnavailable: Its files are not in Keras' cache folder and cannot be fetched (or may not be).
        KeyError: There is no such set.
    """
    item = find_builtin(name)
    if item is None:
        raise KeyError(name)
    return item, _from_sklearn(item) if item.library == "scikit-learn" else _from_keras(item, downloads=downloads)


def _from_sklearn(item: Builtin) -> RawData:
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{item.name}")()
    named = item.num_classes or item.target_shape
    classes = tuple(str(name) for name in bunch["target_names"]) if named else None
    if item.name == "digits":
        # 0 to 16 in 64-bit floats: an eighth of the size says the same. Names of pixels say nothing.
        return RawData(parts={"train": Part(bunch["images"].astype(np.uint8), bunch["target"])}, class_names=classes)
    return RawData(
        parts={"train": Part(bunch["data"].astype(np.float32), bunch["target"])},
        class_names=classes,
        feature_names=tuple(str(name) for name in bunch["feature_names"]),
    )


def _from_keras(item: Builtin, *, downloads: bool) -> RawData:
    home = Path(os.environ.get("KERAS_HOME") or Path("~/.keras").expanduser())
    missing = tuple(file for file in item.files if not (home / file).is_file())
    if missing and not downloads:
        raise DatasetUnavailable(_unavailable(item, "downloads are switched off (HEADSTOCK_DOWNLOADS)"))
    if not downloads:
        _close_network()
    # urllib waits for ever otherwise when a firewall swallows packets.
    socket.setdefaulttimeout(_CONNECT_TIMEOUT_S)
    loader = importlib.import_module(f"keras.datasets.{item.name}")
    with _one_at_a_time(home):
        try:
            (x_train, y_train), (x_test, y_test) = loader.load_data()
        # Keras raises a bare Exception for a failed download, and each format its own kinds for a damaged file.
        except Exception as error:
            raise DatasetUnavailable(_unavailable(item, _reason(error, fetching=bool(missing)))) from error
    classes = item.class_names or None
    return RawData(
        parts={"train": Part(_small(x_train), _flat(y_train)), "test": Part(_small(x_test), _flat(y_test))},
        class_names=classes,
    )


def _reason(error: Exception, *, fetching: bool) -> str:
    if not fetching:
        return "what lies in Keras' cache folder is damaged (remove it and try again)"
    if isinstance(error, OSError) or "URL fetch failure" in str(error):
        return "it could not be fetched: no network was reachable"
    return "what was fetched could not be read"


def _unavailable(item: Builtin, reason: str) -> str:
    listed = ", ".join(Path(file).name for file in item.files)
    return (
        f"The data set {item.name!r} needs {listed}, and {reason}. Put the file into Keras' cache folder "
        f"(KERAS_HOME or ~/.keras, as {item.files[0]}), or upload the arrays under a name of your own: "
        f"headstock datasets add {item.name}.npz --name my-{item.name.replace('_', '-')}"
    )


def _small(x: Array) -> Array:
    return x if x.dtype.kind in "biu" else x.astype(np.float32)


def _flat(y: Array) -> Array:
    return y.reshape(len(y))


@contextmanager
def _one_at_a_time(home: Path) -> Iterator[None]:
    """Keras writes a download straight to its final name: two processes at once would mix their bytes."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / ".headstock.lock").open("a")
    except OSError:
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _close_network() -> None:
    def refuse(event: str, args: tuple[object, ...]) -> None:
        if event in ("socket.connect", "socket.getaddrinfo"):
            raise PermissionError("downloads are switched off")

    sys.addaudithook(refuse)

"""The way to uploaded weights: runs the child that looks into the file, and files it in the artifact store.

Pure: imports neither h5py nor Keras, so the API may use it.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path

import structlog

from storage.artifacts.store import ArtifactStore
from storage.clock import Clock
from storage.errors import FieldFault, InvalidWeights
from storage.files import Weights
from storage.ids import new_weights_id
from storage.settings import Settings
from tuners.children import Child, Ended, OverMemory, OverTime, plain_environment

ENDINGS = (".weights.h5", ".h5", ".hdf5")
"""Of the files that are read: weights of Keras 3, and weights or whole models in the older format."""

_COMMAND = (sys.executable, "-P", "-m", "tuners.weights")
_MAX_NAME = 128
_EXPANSION = 4
_MEMORY_MB = 1024
_TIMEOUT_S = 300.0
_LINE_LIMIT = 1 << 16
_SUFFIXES = {"nested": ".weights.h5", "named": ".h5"}

_log = structlog.get_logger("weights")


class WeightsClient:
    """Takes uploaded weights in. Safe for threads; each upload runs a child process of its own.

    Args:
        settings: `upload_max_bytes` matters here.
        store: Where the files go, below `weights/`.
        clock: Dates the records, and the time the child may take.
    """

    def __init__(self, settings: Settings, store: ArtifactStore, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock

    def upload(self, path: Path, *, name: str, owner: str) -> Weights:
        """The record of an uploaded file, which is stored; the record is not yet: that is the caller's next step.

        Args:
            path: The uploaded bytes, on this machine; left as they are.
            name: What definitions call it, 1 to 128 printable characters.

        Raises:
            InvalidWeights: The name or the file is wrong; nothing has been stored.
            StorageUnavailable: No room, or the artifact store is away.
        """
        name = unicodedata.normalize("NFC", name)
        if not 1 <= len(name) <= _MAX_NAME or not name.isprintable() or name != name.strip():
            detail = f"A name has 1 to {_MAX_NAME} printable characters, without spaces at its ends."
            raise _refused("/name", "invalid_name", detail)
        layout = self._layout(path)
        weights_id = new_weights_id()
        # The ending tells Keras how to read the file, so it is that of what is in it, not the client's.
        stored = self._store.put(f"weights/{weights_id}{_SUFFIXES[layout]}", path)
        return Weights(
            id=weights_id,
            owner=owner,
            name=name,
            key=stored.key,
            sha256=stored.sha256,
            size_bytes=stored.size_bytes,
            created_at=self._clock.now(),
        )

    def discard(self, weights: Weights) -> None:
        """Remove the file of weights (whose record is gone, or was never stored). May be repeated."""
        self._store.delete(weights.key)

    def _layout(self, path: Path) -> str:
        most = _EXPANSION * self._settings.upload_max_bytes
        child = Child(
            (*_COMMAND, str(path.absolute()), str(most), str(int(_TIMEOUT_S))),
            clock=self._clock,
            memory_mb=_MEMORY_MB,
            environment={**plain_environment(), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            line_limit=_LINE_LIMIT,
        )
        try:
            reply = json.loads(child.read_line(self._clock.monotonic() + _TIMEOUT_S))
        except (Ended, OverTime, OverMemory, ValueError) as error:
            _log.warning("weights_child", action="failed", reason=type(error).__name__, log=child.last_words())
            detail = "Reading the file took more time or memory than is allowed, or ended its reader: is it damaged?"
            raise _refused("/file", "too_costly", detail) from error
        finally:
            child.kill()
        # Its answer is checked like any other input: it has read a stranger's file.
        layout = reply.get("layout") if isinstance(reply, dict) else None
        if layout in _SUFFIXES:
            return str(layout)
        raise _refused("/file", str(reply.get("code"))[:64], str(reply.get("detail"))[:500])


def _refused(pointer: str, code: str, detail: str) -> InvalidWeights:
    return InvalidWeights(f"The weights cannot be used: {detail}", (FieldFault(pointer, code, detail),))

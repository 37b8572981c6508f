"""`.keras` files from checkpoints, on demand: the asker's side, which never loads Keras.

Trainers keep only the best weights, in our own format: saving a `.keras` file for every trial would cost each of them
more than its checkpoints, for files that hardly anybody asks for.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from storage.errors import ArtifactDamaged, StorageUnavailable
from storage.settings import Settings
from tuners.registered import child_environment

_COMMAND = (sys.executable, "-P", "-m", "tuners.trainer.export")
_TIMEOUT_S = 300.0
_KEPT_FILES = 32
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV")

# A child needs most of a gigabyte; many people may press the button at once.
_turn = threading.Lock()


def export_model(
    resolved: Mapping[str, Any], weights: Path, *, settings: Settings, timeout_s: float = _TIMEOUT_S
) -> Path:
    """The path of a `.keras` file with the model of `resolved` and the weights of a checkpoint.

    The file is made by a child process and kept in the data folder for the next who asks; the files used longest ago
    make room. Read it soon. Safe for threads; they wait for each other.

    Args:
        resolved: A definition without holes (`tuners.definitions.resolve`).
        weights: A `best` (or `last`) checkpoint as a trainer wrote it, its checksum compared by the caller.

    Raises:
        ArtifactDamaged: The checkpoint is none of this model's.
        StorageUnavailable: The file could not be written, or the child did not end in time.
    """
    folder = settings.data_dir / "exports"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{_fingerprint(resolved, weights)}.keras"
        with _turn:
            if not path.exists():
                _make(resolved, weights, path, settings=settings, timeout_s=timeout_s)
                _make_room(folder, keep=path)
            os.utime(path)
    except OSError as error:
        raise StorageUnavailable(f"The model could not be exported: {error.strerror}.") from error
    return path


def _make(resolved: Mapping[str, Any], weights: Path, path: Path, *, settings: Settings, timeout_s: float) -> None:
    with tempfile.TemporaryDirectory(prefix=".export-", dir=path.parent) as folder:
        made = Path(folder, "model.keras")
        request = {"resolved": dict(resolved), "weights": str(weights.absolute()), "out": str(made.absolute())}
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        environment |= {
            **child_environment(settings),
            "KERAS_BACKEND": settings.backend,
            "CUDA_VISIBLE_DEVICES": "-1",
            "JAX_PLATFORMS": "cpu",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        try:
            done = subprocess.run(
                _COMMAND,
                input=json.dumps(request).encode(),
                capture_output=True,
                env=environment,
                cwd=folder,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise StorageUnavailable(f"The model could not be exported within {timeout_s:.0f} s.") from error
        if done.returncode == DAMAGED:
            reason = done.stdout.decode("utf-8", "replace").strip()
            raise ArtifactDamaged(f"The stored weights are none of this model's: {reason}")
        if done.returncode != 0 or not made.exists():
            raise StorageUnavailable("The model could not be exported: the process that makes the file failed.")
        os.replace(made, path)


DAMAGED = 65
"""Exit code of the child: the checkpoint does not fit; the reason is on its standard output."""


def _fingerprint(resolved: Mapping[str, Any], weights: Path) -> str:
    """Names the content: the same checkpoint file gives the same model as long as nobody replaces it."""
    try:
        facts = weights.stat()
    except OSError as error:
        raise ArtifactDamaged("The stored weights are missing.") from error
    text = json.dumps([dict(resolved), str(weights.absolute()), facts.st_size, facts.st_mtime_ns], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _make_room(folder: Path, *, keep: Path) -> None:
    files = sorted(folder.glob("*.keras"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[_KEPT_FILES:]:
        if file != keep:
            with suppress(FileNotFoundError):
                file.unlink()

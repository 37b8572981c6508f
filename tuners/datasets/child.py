"""Runs the process that reads data. Pure: imports neither numpy nor Keras, so the API may use it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import structlog
from pydantic import ValidationError

from storage.errors import DatasetUnavailable, FieldFault, InvalidDataset, StorageUnavailable
from tuners.datasets.wire import Meta, Reply, Request, UploadRequest, rejection

_log = structlog.get_logger(__name__)
_MAX_REPLY_BYTES = 16 << 20
_STARTUP_SECONDS = 60.0
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR")
# A download needs the way to the network and the cache folder as well; a parser of uploads does not.
_DOWNLOAD_VARIABLES = (
    "HOME",
    "KERAS_HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)


class Child:
    """How to run the process. Safe for threads; each call runs one of its own.

    Args:
        backend: Keras' backend, for the loaders of its sets.
        environment: Variables of which the process gets the harmless ones; None means this process' own.
        python: The interpreter.
    """

    def __init__(self, *, backend: str, environment: Mapping[str, str] | None, python: str = sys.executable) -> None:
        self._backend = backend
        self._variables = os.environ if environment is None else environment
        self._python = python

    def run(self, request: Request, scratch: Path, *, timeout_s: float) -> Meta:
        """What the child made. Its answer is checked like any other input: it has read a stranger's file.

        Raises:
            InvalidDataset: What was uploaded is wrong, or its reader did not live to tell.
            DatasetUnavailable: A built-in set cannot be had.
            StorageUnavailable: The disk is full.
        """
        reply_path, log_path = scratch / "reply.json", scratch / "log"
        with reply_path.open("xb") as reply_file, log_path.open("xb") as log_file:
            child = subprocess.Popen(
                [self._python, "-P", "-m", "tuners.datasets"],
                stdin=subprocess.PIPE,
                stdout=reply_file,
                stderr=log_file,
                cwd=scratch,
                env=self._environment(request, scratch),
                start_new_session=True,
            )
            try:
                child.communicate(request.model_dump_json().encode(), timeout=timeout_s + _STARTUP_SECONDS)
            except subprocess.TimeoutExpired:
                _log.warning("dataset_child", action="timeout", kind=request.work.kind)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        reply = _read_reply(reply_path) if child.returncode == 0 else None
        if reply is None:
            tail = log_path.read_bytes()[-2000:].decode("utf-8", "replace")
            _log.error("dataset_child", action="failed", kind=request.work.kind, code=child.returncode, log=tail)
            raise _lost(request)
        if reply.faults:
            faults = tuple(FieldFault(fault.pointer, fault.code, fault.detail) for fault in reply.faults)
            raise InvalidDataset(f"The data set cannot be used: {faults[0].detail}", faults)
        if reply.unavailable is not None:
            raise DatasetUnavailable(reply.unavailable)
        if reply.meta is None:
            raise StorageUnavailable("There is no room on the disk for the data set.")
        return reply.meta

    def _environment(self, request: Request, scratch: Path) -> dict[str, str]:
        """Only what the child needs: no token, database address or cloud credential of this process reaches it."""
        builtin = request.work.kind == "builtin"
        kept = _KEPT_VARIABLES + (_DOWNLOAD_VARIABLES if builtin else ())
        environment = {name: self._variables[name] for name in kept if name in self._variables}
        environment |= {
            "PYTHONUTF8": "1",
            # One process reads one file: threads, and pools of memory kept for later, would only cost address space.
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "ARROW_DEFAULT_MEMORY_POOL": "system",
        }
        if builtin:
            environment |= {
                "KERAS_BACKEND": self._backend,
                "CUDA_VISIBLE_DEVICES": "-1",
                "TF_CPP_MIN_LOG_LEVEL": "3",
            }
        else:
            environment["HOME"] = str(scratch)
        root = Path(__file__).resolve().parents[2]
        if root != Path(sysconfig.get_path("purelib")).resolve():
            environment["PYTHONPATH"] = str(root)
        return environment


def _lost(request: Request) -> InvalidDataset | DatasetUnavailable:
    if isinstance(request.work, UploadRequest):
        return rejection(
            "too_costly",
            "Reading the file took more time or memory than is allowed, or made its reader fail: is it damaged?",
        )
    return DatasetUnavailable(f"The data set {request.work.name!r} could not be prepared in time; try again.")


def _read_reply(path: Path) -> Reply | None:
    with path.open("rb") as file:
        raw = file.read(_MAX_REPLY_BYTES + 1)
    if len(raw) > _MAX_REPLY_BYTES:
        return None
    try:
        return Reply.model_validate_json(raw)
    except ValidationError:
        return None

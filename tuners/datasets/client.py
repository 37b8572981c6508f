"""The way to new data sets: runs the child that reads data and files what it made in the artifact store.

Pure: imports neither numpy nor Keras, so the API may use it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import get_args

import structlog
from pydantic import ValidationError

from storage.artifacts.store import ArtifactStore
from storage.clock import Clock, SystemClock
from storage.errors import DatasetUnavailable, FieldFault, InvalidDataset, NotFound, StorageUnavailable
from storage.ids import new_dataset_id
from storage.records import Dataset, Task
from storage.settings import Settings
from tuners.datasets.builtin_names import Scale, find_builtin, nearest_builtin
from tuners.datasets.record import recorded
from tuners.datasets.wire import (
    META_NAME,
    BuiltinRequest,
    Meta,
    Reply,
    Request,
    UploadRequest,
    rejection,
)

_log = structlog.get_logger(__name__)
_MAX_NAME = 128
_MAX_REPLY_BYTES = 16 << 20
_STARTUP_SECONDS = 60.0
_EXPANSION = 4
_ABANDONED_SECONDS = 86_400.0
_UPLOAD_MEMORY_BYTES = 1 << 30
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


class DatasetClient:
    """Makes data sets ready for trainers. Safe for threads; each call runs its own child process.

    Args:
        settings: `downloads`, `upload_max_bytes` and `backend` matter here; scratch files lie in `data_dir`.
        store: Where the arrays go, below `datasets/<id>/`.
        clock: Dates the records.
        upload_timeout_s: Seconds an upload may take to be read; half of it may be computing.
        download_timeout_s: Seconds a built-in set may take to be fetched.
        environment: Variables of which the child gets the harmless ones; None means this process' own.
        python: The interpreter that runs the child.
    """

    def __init__(
        self,
        settings: Settings,
        store: ArtifactStore,
        clock: Clock | None = None,
        *,
        upload_timeout_s: float = 1200.0,
        download_timeout_s: float = 1800.0,
        environment: Mapping[str, str] | None = None,
        python: str = sys.executable,
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock or SystemClock()
        self._upload_timeout_s = upload_timeout_s
        self._download_timeout_s = download_timeout_s
        self._python = python
        self._variables = os.environ if environment is None else environment

    def builtin(self, name: str, owner: str = "headstock") -> Dataset:
        """A built-in set, its files stored, its record not yet: that is the caller's next step.

        It is everybody's, whoever is named as its owner.

        Two callers preparing one set get two records with equal data; whoever finds at `add_dataset` that the other
        was first passes the record left over to `discard`.

        Raises:
            NotFound: No built-in set has this name.
            DatasetUnavailable: Its files are not here and cannot be fetched; the message says the way out.
            StorageUnavailable: No room, or the artifact store is away.
        """
        item = find_builtin(name)
        if item is None:
            near = nearest_builtin(name)
            hint = f" Did you mean {near!r}?" if near else ""
            raise NotFound(f"There is no built-in data set of this name.{hint}")
        work = BuiltinRequest(name=name, downloads=self._settings.downloads)
        return self._make(
            work, name=name, owner=owner, source=f"{item.library}: {name}", timeout_s=self._download_timeout_s
        )

    def upload(
        self,
        path: Path,
        *,
        filename: str,
        name: str,
        owner: str,
        target: str | None = None,
        scale: str | None = None,
        task: str | None = None,
    ) -> Dataset:
        """A data set made of an uploaded file, its files stored, its record not yet.

        Args:
            path: The uploaded bytes, on this machine; left as they are.
            filename: What the client called the file: its ending says the format, `.npz` or `.csv`.
            name: Of the data set, 1 to 128 printable characters.
            owner: Whom it will belong to.
            target: Column to be predicted; for `.csv` only, and required there.
            scale: "0-1", "standard" or "none"; None takes what suits the data.
            task: "classification" or "regression"; None infers it from the targets.

        Raises:
            InvalidDataset: The name, an option or the file is wrong; nothing has been stored.
            StorageUnavailable: No room, or the artifact store is away.
        """
        name = unicodedata.normalize("NFC", name)
        extension = Path(filename).suffix.lower()
        faults = _option_faults(name=name, extension=extension, target=target, scale=scale, task=task)
        if not faults and path.stat().st_size > self._settings.upload_max_bytes:
            limit = self._settings.upload_max_bytes
            faults.append(FieldFault("/file", "too_large", f"The file is larger than the {limit} bytes allowed."))
        if faults:
            raise InvalidDataset(f"The data set cannot be used: {faults[0].detail}", tuple(faults))
        work = UploadRequest.model_validate(
            {
                "path": str(path.absolute()),
                "file_format": extension[1:],
                "target": target,
                "scale": scale,
                "task": task,
                "max_bytes": _EXPANSION * self._settings.upload_max_bytes,
                "max_cpu_s": max(1, int(self._upload_timeout_s / 2)),
                "max_memory_bytes": _UPLOAD_MEMORY_BYTES,
            }
        )
        source = f"upload: {_plain_filename(filename)}"
        return self._make(work, name=name, owner=owner, source=source, timeout_s=self._upload_timeout_s)

    def discard(self, dataset: Dataset) -> None:
        """Remove the files of a data set (whose record is gone, or was never stored). May be repeated."""
        self._store.delete_prefix(dataset.key)

    def _make(
        self, work: BuiltinRequest | UploadRequest, *, name: str, owner: str, source: str, timeout_s: float
    ) -> Dataset:
        scratch_root = self._settings.data_dir.absolute() / "scratch"
        try:
            scratch_root.mkdir(parents=True, exist_ok=True)
            self._sweep(scratch_root)
            scratch = tempfile.TemporaryDirectory(prefix="dataset-", dir=scratch_root, ignore_cleanup_errors=True)
        except OSError as error:
            raise StorageUnavailable(f"No scratch folder can be made for the data set: {error.strerror}.") from error
        with scratch as scratch_name:
            folder = Path(scratch_name, "arrays")
            folder.mkdir()
            meta = self._run(Request(folder=str(folder), work=work), Path(scratch_name), timeout_s=timeout_s)
            return self._file(meta, folder, name=name, owner=owner, source=source, builtin=work.kind == "builtin")

    def _sweep(self, scratch_root: Path) -> None:
        """Remove what a process that was killed has left here: folders older than any call may take."""
        limit = self._clock.now().timestamp() - _ABANDONED_SECONDS
        for folder in scratch_root.glob("dataset-*"):
            # Another process may be sweeping as well.
            with suppress(FileNotFoundError):
                if folder.stat().st_mtime < limit:
                    shutil.rmtree(folder, ignore_errors=True)

    def _file(self, meta: Meta, folder: Path, *, name: str, owner: str, source: str, builtin: bool) -> Dataset:
        """Put the arrays into the store, what describes them last; on failure take out again what was put."""
        dataset_id = new_dataset_id()
        key = f"datasets/{dataset_id}"
        description = folder / META_NAME
        description.write_text(meta.model_dump_json(), encoding="utf-8")
        try:
            stored = [self._store.put(f"{key}/{array}.npy", folder / f"{array}.npy") for array in meta.arrays]
            stored.append(self._store.put(f"{key}/{META_NAME}", description))
        except BaseException:
            with suppress(StorageUnavailable):
                self._store.delete_prefix(key)
            raise
        return recorded(
            meta,
            dataset_id=dataset_id,
            owner=owner,
            name=name,
            source=source,
            builtin=builtin,
            key=key,
            size_bytes=sum(file.size_bytes for file in stored),
            created_at=self._clock.now(),
        )

    def _run(self, request: Request, scratch: Path, *, timeout_s: float) -> Meta:
        """What the child made. Its answer is checked like any other input: it has read a stranger's file."""
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
            raise self._lost(request)
        if reply.faults:
            faults = tuple(FieldFault(fault.pointer, fault.code, fault.detail) for fault in reply.faults)
            raise InvalidDataset(f"The data set cannot be used: {faults[0].detail}", faults)
        if reply.unavailable is not None:
            raise DatasetUnavailable(reply.unavailable)
        if reply.meta is None:
            raise StorageUnavailable("There is no room on the disk for the data set.")
        return reply.meta

    def _lost(self, request: Request) -> InvalidDataset | DatasetUnavailable:
        if isinstance(request.work, UploadRequest):
            return rejection(
                "too_costly",
                "Reading the file took more time or memory than is allowed, or made its reader fail: is it damaged?",
            )
        return DatasetUnavailable(f"The data set {request.work.name!r} could not be prepared in time; try again.")

    def _environment(self, request: Request, scratch: Path) -> dict[str, str]:
        """Only what the child needs: no token, database address or cloud credential of this process reaches it."""
        builtin = request.work.kind == "builtin"
        kept = _KEPT_VARIABLES + (_DOWNLOAD_VARIABLES if builtin else ())
        environment = {name: self._variables[name] for name in kept if name in self._variables}
        environment |= {
            "PYTHONUTF8": "1",
            # One process reads one file: threads would only cost address space.
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }
        if builtin:
            environment |= {
                "KERAS_BACKEND": self._settings.backend,
                "CUDA_VISIBLE_DEVICES": "-1",
                "TF_CPP_MIN_LOG_LEVEL": "3",
            }
        else:
            environment["HOME"] = str(scratch)
        root = Path(__file__).resolve().parents[2]
        if root != Path(sysconfig.get_path("purelib")).resolve():
            environment["PYTHONPATH"] = str(root)
        return environment


def _option_faults(
    *, name: str, extension: str, target: str | None, scale: str | None, task: str | None
) -> list[FieldFault]:
    faults: list[FieldFault] = []
    if not 1 <= len(name) <= _MAX_NAME or not name.isprintable() or name != name.strip():
        detail = f"A name has 1 to {_MAX_NAME} printable characters, without spaces at its ends."
        faults.append(FieldFault("/name", "invalid_name", detail))
    if extension not in (".npz", ".csv"):
        detail = "Files ending in .npz (numpy.savez) and .csv are read."
        faults.append(FieldFault("/file", "unsupported_media_type", detail))
    if extension == ".npz" and target is not None:
        faults.append(FieldFault("/target", "not_applicable", "A target column is named for .csv files only."))
    for pointer, value, allowed in (("/scale", scale, get_args(Scale)), ("/task", task, get_args(Task))):
        if value is not None and value not in allowed:
            faults.append(FieldFault(pointer, "invalid_choice", f"One of {', '.join(allowed)}."))
    return faults


def _plain_filename(filename: str) -> str:
    """The last part of a client's file name, printable, for people to recognise."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(character if character.isprintable() else "?" for character in last)[-200:]


def _read_reply(path: Path) -> Reply | None:
    with path.open("rb") as file:
        raw = file.read(_MAX_REPLY_BYTES + 1)
    if len(raw) > _MAX_REPLY_BYTES:
        return None
    try:
        return Reply.model_validate_json(raw)
    except ValidationError:
        return None

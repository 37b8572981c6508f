"""The way to new data sets: has their files read, keeps each content once, and records what was found.

Pure: imports neither numpy nor Keras, so the API may use it.

Files lie below `datasets/<fingerprint>/<id>`, where `id` is that of the record they were first stored for. A later set
with equal arrays gets a record with the same key and no files of its own. Nobody counts: `add_dataset` shares a key
only while a record has it, and new files always get a new key, so a key that no record has will never be used again.
Whoever deletes a record looks for others afterwards and removes the files when there are none; two who do so at once
remove the same files twice, which is no error. A process that dies in between leaves files without a record, which
`headstock fsck` lists, and never a record without files.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import structlog

from storage.artifacts.store import ArtifactStore
from storage.clock import Clock, SystemClock
from storage.datasets import Dataset
from storage.errors import FieldFault, HeadstockError, InvalidDataset, NameTaken, NotFound, StorageUnavailable
from storage.ids import DatasetId, new_dataset_id
from storage.repository import DatasetStore
from storage.settings import Settings
from tuners.datasets.builtin_names import find_builtin, nearest_builtin
from tuners.datasets.child import Child
from tuners.datasets.options import FILE_FORMATS, UploadOptions
from tuners.datasets.provenance import ROLES, upload_source
from tuners.datasets.record import recorded
from tuners.datasets.wire import META_NAME, BuiltinRequest, Meta, Request, UploadRequest

_log = structlog.get_logger(__name__)
_MAX_NAME = 128
_EXPANSION = 4
_ABANDONED_SECONDS = 86_400.0
_UPLOAD_MEMORY_BYTES = 1 << 30


class DatasetClient:
    """Makes data sets ready for trainers. Safe for threads; each call runs its own child process.

    Args:
        settings: `downloads`, `upload_max_bytes` and `backend` matter here; scratch files lie in `data_dir`.
        store: Where the arrays go.
        repository: Where the records go.
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
        repository: DatasetStore,
        clock: Clock | None = None,
        *,
        upload_timeout_s: float = 1200.0,
        download_timeout_s: float = 1800.0,
        environment: Mapping[str, str] | None = None,
        python: str = sys.executable,
    ) -> None:
        self._settings = settings
        self._store = store
        self._repository = repository
        self._clock = clock or SystemClock()
        self._upload_timeout_s = upload_timeout_s
        self._download_timeout_s = download_timeout_s
        self._child = Child(backend=settings.backend, environment=environment, python=python)

    def builtin(self, name: str, owner: str = "headstock") -> Dataset:
        """A built-in set, stored. It is everybody's, whoever is named as its owner; two callers at once get one record.

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
        self, path: Path, *, filename: str, name: str, owner: str, options: UploadOptions | None = None
    ) -> Dataset:
        """A data set made of an uploaded file, stored.

        Args:
            path: The uploaded bytes, on this machine; left as they are.
            filename: What the client called the file: its ending says the format.
            name: Of the data set, 1 to 128 printable characters.
            owner: Whom it will belong to.
            options: What the client said of the file.

        Raises:
            InvalidDataset: The name, an option or the file is wrong; nothing has been stored.
            NameTaken: The owner has another of that name.
            StorageUnavailable: No room, or the artifact store is away.
        """
        name = unicodedata.normalize("NFC", name)
        options = options or UploadOptions()
        file_format = FILE_FORMATS.get(Path(filename).suffix.lower())
        faults = _name_faults(name)
        if file_format is None:
            detail = f"Files ending in {', '.join(FILE_FORMATS)} are read."
            faults.append(FieldFault("/file", "unsupported_media_type", detail))
        else:
            faults += options.faults(file_format)
        if not faults and path.stat().st_size > self._settings.upload_max_bytes:
            limit = self._settings.upload_max_bytes
            faults.append(FieldFault("/file", "too_large", f"The file is larger than the {limit} bytes allowed."))
        if faults:
            raise InvalidDataset(f"The data set cannot be used: {faults[0].detail}", tuple(faults))
        namesake = self._repository.find_dataset(name, owner=owner)
        if namesake is not None and not namesake.builtin:
            # `add_dataset` asks again; here it spares reading a large file for nothing.
            raise NameTaken(f"there is another data set named {name}")
        work = UploadRequest.model_validate(
            {
                "path": str(path.absolute()),
                "file_format": file_format,
                **options.to_request(),
                "max_bytes": _EXPANSION * self._settings.upload_max_bytes,
                "max_cpu_s": max(1, int(self._upload_timeout_s / 2)),
                "max_memory_bytes": _UPLOAD_MEMORY_BYTES,
            }
        )
        source = upload_source(_plain_filename(filename), {role: getattr(options, role) for role in ROLES})
        return self._make(work, name=name, owner=owner, source=source, timeout_s=self._upload_timeout_s)

    def delete(self, dataset_id: DatasetId) -> None:
        """Remove a data set, and its files when no other one shares them.

        Raises:
            NotFound: There is none.
            DatasetInUse: A search that has not ended uses it.
        """
        key = self._repository.delete_dataset(dataset_id).key
        try:
            if not self._repository.uses_dataset_key(key):
                self._store.delete_prefix(key)
        except HeadstockError as error:
            # The record is gone, as answered; files left behind are what `headstock fsck` finds.
            _log.warning("files_left_behind", action="delete", dataset_id=dataset_id, code=error.code)

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
            meta = self._child.run(Request(folder=str(folder), work=work), Path(scratch_name), timeout_s=timeout_s)
            description = folder / META_NAME
            description.write_text(meta.model_dump_json(), encoding="utf-8")
            dataset_id = new_dataset_id()
            dataset = recorded(
                meta,
                dataset_id=dataset_id,
                owner=owner,
                name=name,
                source=source,
                builtin=work.kind == "builtin",
                key=f"datasets/{meta.fingerprint()}/{dataset_id}",
                size_bytes=_size_bytes(folder, meta),
                created_at=self._clock.now(),
            )
            return self._with_files_of_another(dataset, meta) or self._with_own_files(dataset, meta, folder)

    def _sweep(self, scratch_root: Path) -> None:
        """Remove what a process that was killed has left here: folders older than any call may take."""
        limit = self._clock.now().timestamp() - _ABANDONED_SECONDS
        for folder in scratch_root.glob("dataset-*"):
            # Another process may be sweeping as well.
            with suppress(FileNotFoundError):
                if folder.stat().st_mtime < limit:
                    shutil.rmtree(folder, ignore_errors=True)

    def _with_files_of_another(self, dataset: Dataset, meta: Meta) -> Dataset | None:
        """The record stored with the key of equal data, or None when there are none, or not whole."""
        key = self._repository.find_dataset_key(dataset.fingerprint)
        if key is None or not _file_keys(key, meta) <= set(self._store.keys(key)):
            return None
        try:
            return self._repository.add_dataset(replace(dataset, key=key), shares_files=True)
        except NotFound:
            # Deleted this moment.
            return None

    def _with_own_files(self, dataset: Dataset, meta: Meta, folder: Path) -> Dataset:
        """The record stored after its files, what describes them last; on failure they are taken out again."""
        try:
            for name in _file_names(meta):
                self._store.put(f"{dataset.key}/{name}", folder / name)
            kept = self._repository.add_dataset(dataset)
        except BaseException:
            self._discard(dataset)
            raise
        if kept.id != dataset.id:
            self._discard(dataset)
        return kept

    def _discard(self, dataset: Dataset) -> None:
        """Remove the own files of a set that was not recorded."""
        with suppress(HeadstockError):
            # A commit may have gone through though its answer was lost.
            if not self._repository.uses_dataset_key(dataset.key):
                self._store.delete_prefix(dataset.key)


def _size_bytes(folder: Path, meta: Meta) -> int:
    """Bytes of the files of which the child speaks."""
    try:
        return sum((folder / name).lstat().st_size for name in _file_names(meta))
    except OSError as error:
        raise StorageUnavailable("The reader of the data set has left a file out.") from error


def _file_names(meta: Meta) -> tuple[str, ...]:
    return (*(f"{array}.npy" for array in meta.arrays), META_NAME)


def _file_keys(key: str, meta: Meta) -> frozenset[str]:
    return frozenset(f"{key}/{name}" for name in _file_names(meta))


def _name_faults(name: str) -> list[FieldFault]:
    if 1 <= len(name) <= _MAX_NAME and name.isprintable() and name == name.strip():
        return []
    detail = f"A name has 1 to {_MAX_NAME} printable characters, without spaces at its ends."
    return [FieldFault("/name", "invalid_name", detail)]


def _plain_filename(filename: str) -> str:
    """The last part of a client's file name, printable, for people to recognise."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(character if character.isprintable() else "?" for character in last)[-200:]

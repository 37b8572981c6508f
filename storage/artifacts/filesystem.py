"""The artifact store in a folder.

Every path is walked from the root one part at a time with `O_NOFOLLOW`, so a symbolic link planted inside the store
leads nowhere: neither out of it nor to another key.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

from storage.artifacts.keys import TEMPORARY_PREFIX, split_key, split_prefix
from storage.artifacts.store import StoredFile
from storage.errors import ArtifactDamaged, StorageUnavailable

_CHUNK_BYTES = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Not blocking: a FIFO planted under a key must not hang the reader.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class FilesystemStore:
    """An artifact store in a local (or network-mounted) folder. Safe for threads and for many processes.

    A `put` that returned is on disk: the file is flushed before it gets its name, and its folder after. Two processes
    that put one key at once leave one whole file of the two.
    """

    def __init__(self, root: Path) -> None:
        try:
            root.mkdir(parents=True, exist_ok=True)
            self._root = root.resolve(strict=True)
            os.close(os.open(self._root, _FOLDER))
        except OSError as error:
            raise StorageUnavailable(
                f"The artifact folder cannot be used: {error.strerror or 'it is not a folder'}."
            ) from error

    def put(self, key: str, source: Path) -> StoredFile:
        parts = split_key(key)
        temporary = f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
        try:
            with self._folder(parts[:-1], create=True) as folder:
                try:
                    sha256, size = _copy(source, folder, temporary)
                    os.rename(temporary, parts[-1], src_dir_fd=folder, dst_dir_fd=folder)
                except BaseException:
                    with suppress(OSError):
                        os.unlink(temporary, dir_fd=folder)
                    raise
                os.fsync(folder)
        except OSError as error:
            raise StorageUnavailable(f"Artifact {key} could not be stored: {error.strerror}.") from error
        return StoredFile(key=key, sha256=sha256, size_bytes=size)

    def local_path(self, key: str, *, sha256: str | None = None) -> Path:
        parts = split_key(key)
        with self._open(key) as file:
            if sha256 is not None and hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise ArtifactDamaged(f"Artifact {key} differs from what was recorded (sha256).")
        return self._root.joinpath(*parts)

    def open_chunks(self, key: str, *, chunk_bytes: int = _CHUNK_BYTES) -> Iterator[bytes]:
        # Opened before the first chunk is asked for, so that a missing file is an error here and not half an answer.
        file = self._open(key)

        def chunks() -> Iterator[bytes]:
            with file:
                while chunk := file.read(chunk_bytes):
                    yield chunk

        return chunks()

    def delete(self, key: str) -> None:
        parts = split_key(key)
        try:
            with self._folder(parts[:-1], create=False) as folder:
                os.unlink(parts[-1], dir_fd=folder)
                os.fsync(folder)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise StorageUnavailable(f"Artifact {key} could not be deleted: {error.strerror}.") from error

    def delete_prefix(self, prefix: str) -> None:
        parts = split_prefix(prefix)
        if not parts:
            raise ValueError("refusing to delete the whole store")
        try:
            with self._folder(parts[:-1], create=False) as folder:
                _remove_tree(folder, parts[-1])
                os.fsync(folder)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise StorageUnavailable(f"Artifacts below {prefix} could not be deleted: {error.strerror}.") from error

    def keys(self, prefix: str = "") -> Iterator[str]:
        parts = split_prefix(prefix)
        base = self._root.joinpath(*parts)
        for folder, folders, files in os.walk(base, followlinks=False):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in files:
                path = Path(folder, name)
                if not name.startswith(".") and not path.is_symlink():
                    yield path.relative_to(self._root).as_posix()

    def _open(self, key: str) -> BufferedReader:
        parts = split_key(key)
        try:
            with self._folder(parts[:-1], create=False) as folder:
                descriptor = os.open(parts[-1], _READ, dir_fd=folder)
        except OSError as error:
            raise ArtifactDamaged(f"Artifact {key} is missing.") from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise ArtifactDamaged(f"Artifact {key} is not a plain file.")
        return open(descriptor, "rb")

    @contextmanager
    def _folder(self, parts: tuple[str, ...], *, create: bool) -> Iterator[int]:
        """A descriptor of the folder, reached without following a link."""
        current = os.open(self._root, _FOLDER)
        try:
            for part in parts:
                if create:
                    with suppress(FileExistsError):
                        os.mkdir(part, 0o755, dir_fd=current)
                        # The new folder's own name must survive a power cut as well.
                        os.fsync(current)
                deeper = os.open(part, _FOLDER, dir_fd=current)
                os.close(current)
                current = deeper
            yield current
        finally:
            os.close(current)


def _copy(source: Path, folder: int, name: str) -> tuple[str, int]:
    """Copy a file into a folder and flush it; answers its sha256 and size."""
    digest = hashlib.sha256()
    size = 0
    with (
        open(os.open(source, _READ), "rb", buffering=0) as read,
        open(os.open(name, _WRITE, 0o644, dir_fd=folder), "wb", buffering=0) as write,
    ):
        buffer = memoryview(bytearray(_CHUNK_BYTES))
        while count := read.readinto(buffer):
            chunk = buffer[:count]
            digest.update(chunk)
            size += count
            while chunk:
                chunk = chunk[write.write(chunk) :]
        os.fsync(write.fileno())
    return digest.hexdigest(), size


def _remove_tree(folder: int, name: str) -> None:
    """Remove a folder with all it holds; links inside are unlinked, never followed."""
    inner = os.open(name, _FOLDER, dir_fd=folder)
    try:
        with os.scandir(inner) as entries:
            listed = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        for entry_name, is_folder in listed:
            with suppress(FileNotFoundError):
                if is_folder:
                    _remove_tree(inner, entry_name)
                else:
                    os.unlink(entry_name, dir_fd=inner)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=folder)

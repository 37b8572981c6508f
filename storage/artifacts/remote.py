"""The artifact store behind an fsspec URL, with a cache of local copies.

The cache mirrors the keys below one folder, so the files of a data set or model lie beside each other there too. A copy
is used again only while the store still reports the version it was made from.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from fsspec.core import url_to_fs

from storage.artifacts.keys import TEMPORARY_PREFIX, split_key, split_prefix
from storage.artifacts.store import StoredFile
from storage.clock import Clock, SystemClock
from storage.errors import ArtifactDamaged, StorageUnavailable

_CHUNK_BYTES = 1 << 20
# On these an object appears only when its upload is complete; writing it once and in place is as safe as a move, and a
# move would copy it.
_WHOLE_OR_NOTHING = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"})
_CACHE_BYTES = 20 * 1024**3
_IN_USE_SECONDS = 3600.0


class RemoteStore:
    """An artifact store on any file system fsspec knows. Safe for threads and for many processes.

    Args:
        filesystem: An fsspec file system.
        root: Path on it below which all keys lie.
        cache_dir: Folder of the local copies, used by this store's address only.
        cache_bytes: Copies not used within the last hour are removed, oldest first, while the cache is larger.
        whole_or_nothing: Say that an object of this file system appears only when it is complete.
        clock: Dates the use of copies.
    """

    def __init__(
        self,
        filesystem: Any,
        root: str,
        *,
        cache_dir: Path,
        cache_bytes: int = _CACHE_BYTES,
        whole_or_nothing: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self._fs = filesystem
        self._root = root.rstrip("/")
        self._cache = cache_dir
        self._cache_bytes = cache_bytes
        self._whole_or_nothing = whole_or_nothing
        self._clock = clock or SystemClock()

    @classmethod
    def from_url(cls, url: str, *, cache_dir: Path | None = None) -> RemoteStore:
        """The store at an fsspec URL. Raises StorageUnavailable when its driver is missing or refuses."""
        scheme = url.partition("://")[0]
        try:
            filesystem, root = url_to_fs(url)
        except (ImportError, ValueError, OSError) as error:
            raise StorageUnavailable(
                f"The artifact store at {scheme}:// cannot be opened: {type(error).__name__}. "
                f"Is the fsspec driver of {scheme} installed?"
            ) from error
        return cls(
            filesystem,
            root,
            cache_dir=cache_dir or _default_cache(url),
            whole_or_nothing=scheme in _WHOLE_OR_NOTHING,
        )

    def put(self, key: str, source: Path) -> StoredFile:
        parts = split_key(key)
        target = self._path(parts)
        temporary = self._path((*parts[:-1], f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"))
        try:
            self._fs.makedirs(self._path(parts[:-1]), exist_ok=True)
            if self._whole_or_nothing:
                sha256, size = _read_digest(source)
                self._fs.put_file(str(source), target)
            else:
                try:
                    sha256, size = self._upload(source, temporary)
                    self._fs.mv(temporary, target)
                except BaseException:
                    with suppress(OSError):
                        self._fs.rm_file(temporary)
                    raise
        except OSError as error:
            raise StorageUnavailable(f"Artifact {key} could not be stored: {type(error).__name__}.") from error
        return StoredFile(key=key, sha256=sha256, size_bytes=size)

    def local_path(self, key: str, *, sha256: str | None = None) -> Path:
        parts = split_key(key)
        copy = self._cache.joinpath(*parts)
        mark = copy.with_name(f".version-{copy.name}")
        version = self._version(key)
        fresh = _text(mark) == version and copy.is_file()
        if not fresh or (sha256 is not None and _read_digest(copy)[0] != sha256):
            digest = self._download(key, copy)
            if sha256 is not None and digest != sha256:
                copy.unlink(missing_ok=True)
                raise ArtifactDamaged(f"Artifact {key} differs from what was recorded (sha256).")
            mark.write_text(version, encoding="ascii")
            self._prune()
        with suppress(OSError):
            now = self._clock.now().timestamp()
            os.utime(copy, (now, now))
        return copy

    def open_chunks(self, key: str, *, chunk_bytes: int = _CHUNK_BYTES) -> Iterator[bytes]:
        path = self._path(split_key(key))
        try:
            remote = self._fs.open(path, "rb")
        except (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError) as error:
            # Drivers differ in the word for a folder in the key's place, or a file in the place of its folder.
            raise ArtifactDamaged(f"Artifact {key} is missing.") from error
        except OSError as error:
            raise StorageUnavailable(f"Artifact {key} cannot be read: {type(error).__name__}.") from error

        def chunks() -> Iterator[bytes]:
            try:
                with remote:
                    while chunk := remote.read(chunk_bytes):
                        yield bytes(chunk)
            except OSError as error:
                raise StorageUnavailable(f"Artifact {key} cannot be read: {type(error).__name__}.") from error

        return chunks()

    def delete(self, key: str) -> None:
        parts = split_key(key)
        try:
            with suppress(FileNotFoundError):
                self._fs.rm_file(self._path(parts))
        except OSError as error:
            raise StorageUnavailable(f"Artifact {key} could not be deleted: {type(error).__name__}.") from error
        self._forget(parts)

    def delete_prefix(self, prefix: str) -> None:
        parts = split_prefix(prefix)
        if not parts:
            raise ValueError("refusing to delete the whole store")
        path = self._path(parts)
        try:
            self._fs.invalidate_cache()
            if self._fs.isdir(path):
                with suppress(FileNotFoundError):
                    self._fs.rm(path, recursive=True)
        except OSError as error:
            raise StorageUnavailable(
                f"Artifacts below {prefix} could not be deleted: {type(error).__name__}."
            ) from error
        folder = self._cache.joinpath(*parts)
        for copy in sorted(folder.rglob("*"), reverse=True) if folder.is_dir() else ():
            with suppress(OSError):
                copy.rmdir() if copy.is_dir() else copy.unlink()

    def keys(self, prefix: str = "") -> Iterator[str]:
        base = self._path(split_prefix(prefix))
        try:
            self._fs.invalidate_cache()
            found = self._fs.find(base) if self._fs.isdir(base) else []
        except OSError as error:
            raise StorageUnavailable(f"Artifacts cannot be listed: {type(error).__name__}.") from error
        for path in found:
            key = str(path)[len(self._root) :].lstrip("/")
            if not any(part.startswith(".") for part in key.split("/")):
                yield key

    def _path(self, parts: tuple[str, ...]) -> str:
        return "/".join((self._root, *parts))

    def _version(self, key: str) -> str:
        """A word that changes when the remote file does (entity tag, or size and time, as the driver reports them)."""
        path = self._path(split_key(key))
        try:
            self._fs.invalidate_cache()
            if not self._fs.isfile(path):
                raise ArtifactDamaged(f"Artifact {key} is missing.")
            return str(self._fs.ukey(path))
        except (FileNotFoundError, IsADirectoryError) as error:
            raise ArtifactDamaged(f"Artifact {key} is missing.") from error
        except OSError as error:
            raise StorageUnavailable(f"Artifact {key} cannot be read: {type(error).__name__}.") from error

    def _upload(self, source: Path, target: str) -> tuple[str, int]:
        digest = hashlib.sha256()
        size = 0
        with source.open("rb") as read, self._fs.open(target, "wb") as write:
            while chunk := read.read(_CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
                write.write(chunk)
        return digest.hexdigest(), size

    def _download(self, key: str, copy: Path) -> str:
        """Fetch into the cache under a temporary name, then move; answers the sha256 of what came."""
        copy.parent.mkdir(parents=True, exist_ok=True)
        temporary = copy.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")
        digest = hashlib.sha256()
        try:
            with temporary.open("xb") as write:
                for chunk in self.open_chunks(key):
                    digest.update(chunk)
                    write.write(chunk)
            os.replace(temporary, copy)
        except OSError as error:
            raise StorageUnavailable(f"Artifact {key} cannot be fetched: {type(error).__name__}.") from error
        finally:
            temporary.unlink(missing_ok=True)
        return digest.hexdigest()

    def _forget(self, parts: tuple[str, ...]) -> None:
        copy = self._cache.joinpath(*parts)
        copy.unlink(missing_ok=True)
        copy.with_name(f".version-{copy.name}").unlink(missing_ok=True)

    def _prune(self) -> None:
        """Remove the copies longest unused while the cache is too large. A mapped file lives on until it is closed."""
        copies: list[tuple[float, int, Path]] = []
        for path in self._cache.rglob("*"):
            with suppress(OSError):
                if not path.name.startswith(".") and path.is_file():
                    facts = path.stat()
                    copies.append((facts.st_mtime, facts.st_size, path))
        total = sum(size for _, size, _ in copies)
        limit = self._clock.now().timestamp() - _IN_USE_SECONDS
        for used_at, size, path in sorted(copies):
            if total <= self._cache_bytes or used_at > limit:
                return
            self._forget(path.relative_to(self._cache).parts)
            total -= size


def _read_digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return None


def _default_cache(url: str) -> Path:
    """A folder for this address below the user's cache folder; a fresh private one when there is none to write in."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "headstock" / hashlib.sha256(url.encode()).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="headstock-cache-"))
    return folder

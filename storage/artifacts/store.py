"""The interface of the artifact store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A whole file in the store: its key, lower-case hex sha256 and size."""

    key: str
    sha256: str
    size_bytes: int


class ArtifactStore(Protocol):
    """Keys are relative POSIX paths made by us (`trials/<id>/...`), never a client's text."""

    def put(self, key: str, source: Path) -> StoredFile:
        """Copy `source` to `key`: written under a temporary name, flushed, then moved. Replaces what was there."""
        ...

    def local_path(self, key: str, *, sha256: str | None = None) -> Path:
        """A local, read-only path of the file (downloaded into a cache when the store is remote).

        Raises:
            ArtifactDamaged: It is missing, or `sha256` is given and differs.
        """
        ...

    def open_chunks(self, key: str, *, chunk_bytes: int = 1 << 20) -> Iterator[bytes]:
        """The file's bytes, for downloads. Raises ArtifactDamaged when it is missing."""
        ...

    def delete(self, key: str) -> None:
        """Remove a file; one that is gone already is no error."""
        ...

    def delete_prefix(self, prefix: str) -> None:
        """Remove every file below `prefix/`."""
        ...

    def keys(self, prefix: str = "") -> Iterator[str]:
        """All keys below `prefix`, in no order."""
        ...

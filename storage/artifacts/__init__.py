"""Files: checkpoints, models and data sets, addressed by key inside one store."""

from __future__ import annotations

from pathlib import Path

from storage.artifacts.store import ArtifactStore, StoredFile

__all__ = ["ArtifactStore", "StoredFile", "open_store"]


def open_store(url: str, *, cache_dir: Path | None = None) -> ArtifactStore:
    """The artifact store at a folder, a `file://` address, or any other fsspec URL (`s3://bucket/path`, `gs://...`).

    Args:
        url: `Settings.artifacts`. A folder is created when it is missing.
        cache_dir: Where a remote store keeps its local copies; unused by a folder. None: below the user's cache folder,
            one for each address.

    Raises:
        StorageUnavailable: The folder cannot be made, or no driver for the URL's scheme is installed.
    """
    from storage.artifacts.filesystem import FilesystemStore

    scheme, separator, rest = url.partition("://")
    if not separator:
        return FilesystemStore(Path(url))
    if scheme == "file":
        return FilesystemStore(Path(rest))
    # Imported here: most set-ups keep a folder and need no fsspec.
    from storage.artifacts.remote import RemoteStore

    return RemoteStore.from_url(url, cache_dir=cache_dir)

"""Where a data set's files lie on this machine. Pure: a worker may ask before any trainer runs."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from storage.artifacts.store import ArtifactStore
from storage.datasets import Dataset
from storage.errors import ArtifactDamaged
from tuners.datasets.wire import META_NAME, Meta


def dataset_folder(store: ArtifactStore, dataset: Dataset) -> Path:
    """A local folder with all files of the data set, fetched first when the store is remote.

    The content is checked by `arrays.load_arrays`, against the record's fingerprint.

    Raises:
        ArtifactDamaged: A file is missing, or the one that names the others cannot be read.
        StorageUnavailable: The store is away.
    """
    for name in read_meta(store, dataset.key).arrays:
        store.local_path(f"{dataset.key}/{name}.npy")
    return store.local_path(f"{dataset.key}/{META_NAME}").parent


def read_meta(store: ArtifactStore, key: str) -> Meta:
    """What the file that names the others says.

    Raises:
        ArtifactDamaged: It is missing or cannot be read.
        StorageUnavailable: The store is away.
    """
    path = store.local_path(f"{key}/{META_NAME}")
    try:
        return Meta.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ArtifactDamaged(f"{key}/{META_NAME} cannot be read.") from error

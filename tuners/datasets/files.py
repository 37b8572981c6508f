"""Where a data set's files lie on this machine. Pure: a worker may ask before any trainer runs."""

from __future__ import annotations

from pathlib import Path

from storage.artifacts.store import ArtifactStore
from storage.records import Dataset
from tuners.datasets.wire import META_NAME


def dataset_folder(store: ArtifactStore, dataset: Dataset) -> Path:
    """A local folder with all files of the data set, fetched first when the store is remote.

    The content is checked by `arrays.load_arrays`, against the record's fingerprint.

    Raises:
        ArtifactDamaged: A file is missing.
        StorageUnavailable: The store is away.
    """
    rows = {"train": dataset.train_rows, "validation": dataset.validation_rows, "test": dataset.test_rows}
    for part, count in rows.items():
        if count:
            store.local_path(f"{dataset.key}/x_{part}.npy")
            store.local_path(f"{dataset.key}/y_{part}.npy")
    return store.local_path(f"{dataset.key}/{META_NAME}").parent

"""`headstock fsck`: the invariants of the database, and files against their records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from storage.artifacts import ArtifactStore, open_store
from storage.clock import SystemClock
from storage.errors import ArtifactDamaged, NotFound
from storage.ids import DatasetId
from storage.records import Violation
from storage.repository import Repository
from storage.settings import Settings
from storage.sql import open_repository

_DATASET_FILES = ("meta.json", "x_train.npy", "y_train.npy")


def check_everything(settings: Settings) -> tuple[Violation, ...]:
    """Every broken invariant of the database and every missing, damaged or unowned file."""
    repository = open_repository(settings.database, clock=SystemClock(), machine_retries=settings.machine_retries)
    try:
        repository.ping()
        store = open_store(settings.artifacts)
        return (*repository.check_invariants(), *check_files(repository, store))
    finally:
        repository.close()


def check_files(repository: Repository, store: ArtifactStore) -> Iterator[Violation]:
    """What is wrong between the records of files and the files.

    On a service at work, files appear and go while this looks: what seems wrong at first is looked at once more before
    it is reported. A file that a worker has written but not yet recorded can still show as unowned; run it again then.
    """
    found = set(store.keys())
    for artifact in repository.all_artifacts():
        try:
            store.local_path(artifact.key, sha256=artifact.sha256)
        except ArtifactDamaged as error:
            if _still_recorded(repository, artifact.key):
                yield Violation("file_whole", artifact.key, error.message)
    owned = {artifact.key for artifact in repository.all_artifacts()}
    in_datasets: dict[str, set[str]] = {}
    for key in sorted(found - owned):
        folder, _, rest = key.partition("/")
        dataset_id, _, name = rest.partition("/")
        if folder == "datasets" and name:
            in_datasets.setdefault(dataset_id, set()).add(name)
        else:
            yield Violation("file_owned", key, "no record points at this file")
    for dataset_id, names in in_datasets.items():
        try:
            repository.get_dataset(DatasetId(dataset_id))
        except NotFound:
            yield Violation("file_owned", f"datasets/{dataset_id}", "no data set of this id is recorded")
            continue
        for missing in sorted(set(_DATASET_FILES) - names):
            yield Violation("file_whole", f"datasets/{dataset_id}/{missing}", "the file is missing")


def _still_recorded(repository: Repository, key: str) -> bool:
    return any(artifact.key == key for artifact in repository.all_artifacts())


def table(violations: Sequence[Violation]) -> Iterator[str]:
    """The violations as lines for people."""
    if not violations:
        yield "no violation found"
        return
    rows = [("invariant", "subject", "detail"), *((v.invariant, v.subject, v.detail) for v in violations)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for invariant, subject, detail in rows:
        yield f"{invariant:<{widths[0]}}  {subject:<{widths[1]}}  {detail}"
    yield f"{len(violations)} violation{'s' if len(violations) > 1 else ''}"

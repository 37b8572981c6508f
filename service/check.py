"""`headstock fsck`: the invariants of the database, and files against their records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from storage.artifacts import ArtifactStore, open_store
from storage.clock import SystemClock
from storage.errors import ArtifactDamaged
from storage.records import Violation
from storage.repository import Repository
from storage.settings import Settings
from storage.sql import open_repository
from tuners.datasets.files import read_meta
from tuners.datasets.wire import META_NAME


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
    for weights in repository.all_weights():
        try:
            store.local_path(weights.key, sha256=weights.sha256)
        except ArtifactDamaged as error:
            if weights in repository.all_weights():
                yield Violation("file_whole", weights.key, error.message)
    owned = {artifact.key for artifact in repository.all_artifacts()}
    owned |= {weights.key for weights in repository.all_weights()}
    folders = {PurePosixPath(key).parent.as_posix() for key in found - owned if key.startswith("datasets/")}
    for key in sorted(found - owned):
        if not key.startswith("datasets/"):
            yield Violation("file_owned", key, "no record points at this file")
    recorded = repository.dataset_keys()
    for folder in sorted(folders - recorded):
        if not repository.uses_dataset_key(folder):
            yield Violation("file_owned", folder, "no data set uses the files below this key")
    for folder in sorted(recorded):
        yield from _missing_files(repository, store, folder, found)


def _missing_files(repository: Repository, store: ArtifactStore, folder: str, found: set[str]) -> Iterator[Violation]:
    """The files that a data set's own description names, or the description itself."""
    try:
        names = tuple(f"{array}.npy" for array in read_meta(store, folder).arrays)
    except ArtifactDamaged as error:
        if repository.uses_dataset_key(folder):
            yield Violation("file_whole", f"{folder}/{META_NAME}", error.message)
        return
    missing = {f"{folder}/{name}" for name in names} - found
    # A set that was stored, or deleted, after the first look is not whole by that look.
    if missing and repository.uses_dataset_key(folder):
        for key in sorted(missing - set(store.keys(folder))):
            yield Violation("file_whole", key, "the file is missing")


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

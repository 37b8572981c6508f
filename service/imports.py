"""Results of elsewhere as a search of ours."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from service.context import Context
from service.submission import library_versions
from storage.epochs import EpochRow
from storage.errors import FieldFault, InvalidImport
from storage.ids import DatasetId
from storage.records import IMPORTED, Failure, ImportedTrial, Limits, NewSearch, Objective, Reason, Search
from storage.states import Fault
from tuners.imports.client import Imported, read_results
from tuners.imports.wire import ImportOptions, TrialLine
from tuners.space import Space

_MOST_NAME = 128
FAILURE = "failed_elsewhere"
"""What a trial that failed where it was run has as its failure's code."""


def imported_search(
    path: Path, *, filename: str, fields: Mapping[str, str], owner: str, key: str | None, ctx: Context
) -> Search:
    """The stored search of an uploaded file of results; a repeat with the same key and file gives the first one.

    Raises:
        InvalidImport: The name, an option or the file is wrong; nothing has been stored.
        IdempotencyKeyReused: The key belongs to another request.
    """
    name = unicodedata.normalize("NFC", fields["name"])
    if not 1 <= len(name) <= _MOST_NAME or not name.isprintable() or name != name.strip():
        raise _refused("/name", "invalid_name", f"a name has 1 to {_MOST_NAME} printable characters, none at its ends")
    given = {option: text for option, text in fields.items() if option != "name"}
    if given.get("direction", "") not in ("", "min", "max"):
        raise _refused("/direction", "invalid_value", "write `min` or `max`")
    options = ImportOptions.model_validate(given)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    with ctx.tables.entered():
        found = read_results(path, filename=filename, options=options, clock=ctx.clock)
    space = Space.from_json({"hyperparameters": found.header.hyperparameters})
    trials = [_trial(line, space) for line in found.trials]
    said = {option: text for option, text in given.items() if text}
    source = {"source": found.header.source, "file": _plain(filename), "sha256": sha256, "options": said}
    new = _new_search(found, space, name=name, owner=owner, source=source)
    left_out = f"; {found.header.left_out} unfinished ones were left out" if found.header.left_out else ""
    reason = Reason("imported", f"{len(trials)} trials were imported from {source['file']}{left_out}.")
    return ctx.repository.import_search(new, trials, reason=reason, idempotency_key=key)[0]


def _new_search(found: Imported, space: Space, *, name: str, owner: str, source: Mapping[str, object]) -> NewSearch:
    """There is no model, no data and no tuner to speak of: the definition says where it all comes from instead."""
    objective = Objective(found.header.objective, found.header.direction)
    definition = {
        "name": name,
        "objective": {"name": objective.name, "direction": objective.direction},
        "hyperparameters": space.to_json()["hyperparameters"],
        "tuner": {"type": IMPORTED},
        "imported": source,
    }
    return NewSearch(
        owner=owner,
        name=name,
        definition=definition,
        space=space.to_json(),
        dataset_id=DatasetId(""),
        objective=objective,
        tuner=IMPORTED,
        limits=Limits(),
        parallelism=1,
        executions_per_trial=1,
        max_retries_per_trial=0,
        priority=0,
        seed=0,
        tags={},
        planned_trials=len(found.trials),
        planned_epochs=None,
        versions=library_versions(),
    )


def _trial(line: TrialLine, space: Space) -> ImportedTrial:
    failed = line.state == "FAILED"
    return ImportedTrial(
        values=line.values,
        values_hash=space.hash_values(line.values),
        epochs=tuple(EpochRow(0, each.epoch, each.metrics, each.seconds) for each in line.epochs),
        stopped=line.state == "STOPPED",
        cancelled=line.state == "CANCELLED",
        failure=Failure(FAILURE, line.message, Fault.DEFINITION, retryable=False) if failed else None,
        seconds=line.seconds,
        started_at=line.started_at,
        ended_at=line.ended_at,
    )


def _plain(filename: str) -> str:
    """The last part of a client's file name, printable, for people to recognise."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(character if character.isprintable() else "?" for character in last)[-200:]


def _refused(pointer: str, code: str, detail: str) -> InvalidImport:
    return InvalidImport("The results cannot be imported", (FieldFault(pointer, code, detail),))

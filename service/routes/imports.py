"""Searches that were run elsewhere."""

from __future__ import annotations

from typing import Annotated, Any

import structlog
from fastapi import Depends, Response

from service import errors as edge
from service import examples
from service.contracts import answers
from service.dependencies import Ctx, Submitter, idempotency_key, protected_router
from service.imports import imported_search
from service.progress import progress_of
from service.schemas.searches import SearchDetailOut
from service.uploads import ReceivedResults
from storage import errors

router = protected_router("searches")
_log = structlog.get_logger("service")
_ABOUT = {
    "objective": "The metric that is the score. May be left out where the file has one metric, or tells.",
    "direction": "Which scores are better; left out: what the metric's name, or the file, tells.",
    "hyperparameters": "Of a table: the columns that are hyperparameters, separated by commas.",
    "metrics": "Of a table: the columns that are metrics, separated by commas.",
    "trial": "Of a table with a row for each epoch: the column that tells trials apart.",
    "epoch": "Of such a table: the column with the epoch, counted from 0.",
    "study": "Of a file with several Optuna studies: the name of one.",
}


def _form() -> dict[str, Any]:
    properties: dict[str, Any] = {
        "file": {
            "type": "string",
            "format": "binary",
            "description": "A table (`.csv`, `.json`, `.jsonl`), a zipped project folder of Keras Tuner (`.zip`), or "
            "Optuna's SQLite file (`.db`, `.sqlite`, `.sqlite3`).",
        },
        "name": {"type": "string", "minLength": 1, "maxLength": 128, "description": "Of the search."},
        **{option: {"type": "string", "description": text} for option, text in _ABOUT.items()},
    }
    properties["direction"]["enum"] = ["min", "max"]
    schema = {
        "type": "object",
        "required": ["file", "name"],
        "additionalProperties": False,
        "properties": properties,
    }
    example = {"file": "units,val_loss\n32,0.5\n64,0.4\n", "name": "last-year", "objective": "val_loss"}
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema, "example": example}}}
    }


@router.post(
    "/searches/import",
    status_code=201,
    summary="Import results",
    responses=answers(
        201,
        examples.IMPORTED_SEARCH,
        edge.MalformedUpload,
        edge.BodyTooLarge,
        edge.RequestTimeout,
        edge.UnsupportedMediaType,
        edge.UnsupportedEncoding,
        edge.InvalidHeader,
        errors.InvalidImport,
        errors.IdempotencyKeyReused,
        description="The search is stored, COMPLETED.",
    ),
    openapi_extra=_form(),
)
def import_search(
    upload: ReceivedResults,
    key: Annotated[str | None, Depends(idempotency_key)],
    caller: Submitter,
    ctx: Ctx,
    response: Response,
) -> SearchDetailOut:
    """Store results of elsewhere as a search, so that trends, pictures, best and exports work on them: a table of
    hyperparameters and metrics, a zipped project folder of Keras Tuner, or a study of Optuna. The search is COMPLETED,
    its tuner `imported`; it has no data set, so that its best trials have neither definition nor code. The file is read
    by a process of its own; nothing in it is ever run.
    """
    search = imported_search(
        upload.path, filename=upload.filename, fields=upload.fields, owner=caller.owner, key=key, ctx=ctx
    )
    response.headers["Location"] = f"/v1/searches/{search.id}"
    _log.info("search_imported", action="import", search_id=search.id, trials=search.counts.total)
    return SearchDetailOut.of(search, progress=progress_of(search), workers_busy=0)

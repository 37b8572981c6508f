"""Data sets: upload, list, read, delete, and those that come by name."""

from __future__ import annotations

from typing import Annotated, Any

import structlog
from fastapi import Query, Response

from service import errors as edge
from service import examples
from service.contracts import answers
from service.dependencies import Ctx, DatasetPath, Reader, Submitter, protected_router
from service.schemas.base import Page
from service.schemas.platform import BuiltinOut, DatasetOut
from service.uploads import ReceivedUpload
from storage import errors
from storage.errors import HeadstockError
from tuners.datasets.builtin_names import BUILTINS

router = protected_router("datasets")
_log = structlog.get_logger("service")

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "name"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "An `.npz` with `x_train` and `y_train` (and optionally `x_validation`, "
                            "`y_validation`, `x_test`, `y_test`), or a `.csv` with a header.",
                        },
                        "name": {"type": "string", "minLength": 1, "maxLength": 128},
                        "target": {"type": "string", "description": "Column to predict; `.csv` only."},
                        "scale": {"type": "string", "enum": ["0-1", "standard", "none"]},
                        "task": {"type": "string", "enum": ["classification", "regression"]},
                    },
                },
                "example": {"file": "x,label\n1,a\n2,b\n", "name": "letters", "target": "label"},
            }
        },
    }
}


@router.post(
    "/datasets",
    status_code=201,
    summary="Upload a data set",
    responses=answers(
        201,
        {**examples.DATASET, "builtin": False, "source": "upload: letters.csv"},
        edge.MalformedUpload,
        edge.BodyTooLarge,
        edge.RequestTimeout,
        edge.UnsupportedMediaType,
        edge.UnsupportedEncoding,
        errors.InvalidDataset,
        errors.NameTaken,
        description="Stored, with what was inferred.",
    ),
    openapi_extra=_FORM,
)
def upload_dataset(upload: ReceivedUpload, caller: Submitter, ctx: Ctx, response: Response) -> DatasetOut:
    """Store a data set from an `.npz` or `.csv` file. Task, shapes and classes are inferred and shown; the file is
    read by a process of its own that cannot run what is in it.
    """
    fields = upload.fields
    prepared = ctx.datasets.upload(
        upload.path,
        filename=upload.filename,
        name=fields["name"],
        owner=caller.owner,
        target=fields.get("target"),
        scale=fields.get("scale"),
        task=fields.get("task"),
    )
    try:
        dataset = ctx.repository.add_dataset(prepared)
    except HeadstockError:
        ctx.datasets.discard(prepared)
        raise
    response.headers["Location"] = f"/v1/datasets/{dataset.id}"
    _log.info("dataset_stored", action="upload", dataset_id=dataset.id, size_bytes=dataset.size_bytes)
    return DatasetOut.of(dataset)


@router.get(
    "/datasets",
    summary="List data sets",
    responses=answers(200, examples.page(examples.DATASET), errors.InvalidPage, description="One page, newest first."),
)
def list_datasets(
    caller: Reader,
    ctx: Ctx,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    page_token: Annotated[str | None, Query(max_length=2000)] = None,
) -> Page[DatasetOut]:
    """Your data sets and the built-in ones that have been used, newest first."""
    page = ctx.repository.list_datasets(owner=caller.owner, limit=limit, page_token=page_token)
    return Page(items=[DatasetOut.of(dataset) for dataset in page.items], next_page_token=page.next_page_token)


@router.get(
    "/datasets/builtin",
    summary="List built-in data sets",
    responses=answers(200, examples.page(examples.BUILTIN), description="All of them."),
)
def list_builtin(caller: Reader) -> Page[BuiltinOut]:
    """The data sets a definition can name without an upload; each is prepared when a search first names it."""
    items = [
        BuiltinOut(
            name=item.name,
            description=item.description,
            library=item.library,
            task=item.task,
            input_shape=list(item.input_shape),
            num_classes=item.num_classes,
            train_rows=item.train_rows,
            test_rows=item.test_rows,
            scale=item.scale,
            needs_network=item.needs_network,
        )
        for item in BUILTINS
    ]
    return Page(items=items, next_page_token=None)


@router.get(
    "/datasets/{dataset_id}",
    summary="Read a data set",
    responses=answers(200, examples.DATASET, errors.NotFound, description="What is known of it."),
)
def read_dataset(dataset_id: DatasetPath, caller: Reader, ctx: Ctx) -> DatasetOut:
    """One data set with its task, shapes and classes."""
    return DatasetOut.of(ctx.repository.get_dataset(dataset_id, owner=caller.owner))


@router.delete(
    "/datasets/{dataset_id}",
    status_code=204,
    summary="Delete a data set",
    responses=answers(204, None, errors.NotFound, errors.DatasetInUse, description="It is gone, with its files."),
)
def delete_dataset(dataset_id: DatasetPath, caller: Submitter, ctx: Ctx) -> Response:
    """Remove a data set of yours that no open search uses. A built-in one is everybody's and stays."""
    dataset = ctx.repository.get_dataset(dataset_id, owner=caller.owner)
    if dataset.owner != caller.owner:
        raise errors.NotFound("a built-in data set belongs to somebody else")
    ctx.repository.delete_dataset(dataset_id)
    try:
        ctx.datasets.discard(dataset)
    except HeadstockError as error:
        # The record is gone, as answered; a file left behind is what `headstock fsck` finds.
        _log.warning("file_left_behind", action="delete", dataset_id=dataset_id, code=error.code)
    return Response(status_code=204)

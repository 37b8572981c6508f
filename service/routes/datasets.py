"""Data sets: upload, list, read, delete, and those that come by name."""

from __future__ import annotations

from typing import Annotated, Any

import structlog
from fastapi import Query, Response

from service import errors as edge
from service import examples
from service.contracts import answers
from service.dependencies import Ctx, DatasetPath, Reader, Submitter, protected_router
from service.previews import preview_document
from service.schemas.base import Page
from service.schemas.platform import BuiltinOut, DatasetOut
from service.schemas.previews import PreviewOut
from service.uploads import ReceivedDataset
from storage import errors
from storage.errors import FieldFault
from tuners.datasets.builtin_names import BUILTINS
from tuners.datasets.options import OPTIONS, UploadOptions
from tuners.datasets.preview import PreviewFailed
from tuners.datasets.preview_wire import MAX_ROWS, Part, Sample

router = protected_router("datasets")
_log = structlog.get_logger("service")


def _form() -> dict[str, Any]:
    """The form in the OpenAPI document: FastAPI cannot tell, since the body is streamed past it."""
    properties: dict[str, Any] = {
        "file": {
            "type": "string",
            "format": "binary",
            "description": "An `.npz` with `x_train` and `y_train` (and optionally `x_validation`, `y_validation`, "
            "`x_test`, `y_test`, ...), a `.csv` with a header, a `.parquet`, or a `.zip` of class folders of images.",
        },
        "name": {"type": "string", "minLength": 1, "maxLength": 128, "description": "What definitions call it."},
    }
    for option in OPTIONS:
        properties[option.name] = {"type": "string", "description": option.description}
        if option.choices:
            properties[option.name]["enum"] = list(option.choices)
    schema = {
        "type": "object",
        "required": ["file", "name"],
        "additionalProperties": False,
        "properties": properties,
    }
    example = {"file": "x,label\n1,a\n2,b\n", "name": "letters", "target": "label"}
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema, "example": example}}}
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
    openapi_extra=_form(),
)
def upload_dataset(upload: ReceivedDataset, caller: Submitter, ctx: Ctx, response: Response) -> DatasetOut:
    """Store a data set from an `.npz`, `.csv`, `.parquet` or `.zip` file. What is not said is inferred and shown; the
    file is read by a process of its own that cannot run what is in it. Equal content is kept once.
    """
    options = {name: value for name, value in upload.fields.items() if name != "name"}
    dataset = ctx.datasets.upload(
        upload.path,
        filename=upload.filename,
        name=upload.fields["name"],
        owner=caller.owner,
        options=UploadOptions(**options),
    )
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
            target_shape=list(item.target_shape),
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


@router.get(
    "/datasets/{dataset_id}/preview",
    summary="Look into a data set",
    responses=answers(
        200,
        examples.PREVIEW,
        errors.NotFound,
        errors.ArtifactDamaged,
        edge.AnalysisUnavailable,
        description="Rows, and figures over the part.",
    ),
)
def preview_dataset(
    dataset_id: DatasetPath,
    caller: Reader,
    ctx: Ctx,
    rows: Annotated[int, Query(ge=1, le=MAX_ROWS, description="How many rows to show.")] = 10,
    part: Annotated[Part, Query(description="Which part; the data set must have it.")] = "train",
    sample: Annotated[Sample, Query(description="The first rows, or random ones.")] = "first",
    seed: Annotated[int, Query(ge=0, le=2**32 - 1, description="Of random rows: the same seed, the same rows.")] = 0,
) -> PreviewOut:
    """A few rows as they are stored, before scaling: numbers and categories of tables, shortened texts, images as small
    pictures. With them the rows of each class, and the smallest, largest and mean value of each feature.
    """
    dataset = ctx.repository.get_dataset(dataset_id, owner=caller.owner)
    if not {"train": dataset.train_rows, "validation": dataset.validation_rows, "test": dataset.test_rows}[part]:
        fault = FieldFault("query:part", "invalid_value", f"this data set has no {part} part")
        raise edge.InvalidRequest("a parameter is wrong", (fault,))
    with ctx.previews.entered():
        try:
            found = ctx.previewer.preview(dataset, part=part, rows=rows, sample=sample, seed=seed)
        except PreviewFailed as error:
            raise edge.AnalysisUnavailable(str(error)) from error
    return preview_document(dataset, found, part=part)


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
    ctx.datasets.delete(dataset_id)
    return Response(status_code=204)

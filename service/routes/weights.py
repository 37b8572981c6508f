"""Weights for models to begin with: upload, list, read, delete."""

from __future__ import annotations

from typing import Annotated, Any

import structlog
from fastapi import Query, Response

from service import errors as edge
from service import examples
from service.contracts import answers
from service.dependencies import Ctx, Reader, Submitter, WeightsPath, protected_router
from service.schemas.base import Page
from service.schemas.weights import WeightsOut
from service.uploads import ReceivedWeights
from storage import errors
from storage.errors import HeadstockError

router = protected_router("weights")
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
                            "description": "What `model.save_weights` writes (`.weights.h5`), or weights or a whole "
                            "model in the older `.h5`, of which only the weights are used.",
                        },
                        "name": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 128,
                            "description": "What definitions call it.",
                        },
                    },
                },
                "example": {"file": "(the bytes of a .weights.h5)", "name": "vgg16-xrays"},
            }
        },
    }
}


@router.post(
    "/weights",
    status_code=201,
    summary="Upload weights",
    responses=answers(
        201,
        examples.WEIGHTS,
        edge.MalformedUpload,
        edge.BodyTooLarge,
        edge.RequestTimeout,
        edge.UnsupportedMediaType,
        edge.UnsupportedEncoding,
        errors.InvalidWeights,
        errors.NameTaken,
        description="Stored.",
    ),
    openapi_extra=_FORM,
)
def upload_weights(upload: ReceivedWeights, caller: Submitter, ctx: Ctx, response: Response) -> WeightsOut:
    """Store weights for the backbone of an `application` model. A process of its own looks through the file: it may
    hold groups and arrays of numbers, and no links. Nothing in it is ever run.
    """
    prepared = ctx.weights.upload(upload.path, name=upload.fields["name"], owner=caller.owner)
    try:
        weights = ctx.repository.add_weights(prepared)
    except HeadstockError:
        ctx.weights.discard(prepared)
        raise
    response.headers["Location"] = f"/v1/weights/{weights.id}"
    _log.info("weights_stored", action="upload", weights_id=weights.id, size_bytes=weights.size_bytes)
    return WeightsOut.of(weights)


@router.get(
    "/weights",
    summary="List weights",
    responses=answers(200, examples.page(examples.WEIGHTS), errors.InvalidPage, description="One page, newest first."),
)
def list_weights(
    caller: Reader,
    ctx: Ctx,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    page_token: Annotated[str | None, Query(max_length=2000)] = None,
) -> Page[WeightsOut]:
    """Your uploaded weights, newest first."""
    page = ctx.repository.list_weights(owner=caller.owner, limit=limit, page_token=page_token)
    return Page(items=[WeightsOut.of(weights) for weights in page.items], next_page_token=page.next_page_token)


@router.get(
    "/weights/{weights_id}",
    summary="Read weights' record",
    responses=answers(200, examples.WEIGHTS, errors.NotFound, description="What is known of them."),
)
def read_weights(weights_id: WeightsPath, caller: Reader, ctx: Ctx) -> WeightsOut:
    """One file of weights: its name, size and checksum."""
    return WeightsOut.of(ctx.repository.get_weights(weights_id, owner=caller.owner))


@router.delete(
    "/weights/{weights_id}",
    status_code=204,
    summary="Delete weights",
    responses=answers(204, None, errors.NotFound, description="They are gone, with their file."),
)
def delete_weights(weights_id: WeightsPath, caller: Submitter, ctx: Ctx) -> Response:
    """Remove weights of yours. A trial that would begin with them fails from then on, as `weights_unavailable`."""
    ctx.repository.get_weights(weights_id, owner=caller.owner)
    weights = ctx.repository.delete_weights(weights_id)
    try:
        ctx.weights.discard(weights)
    except HeadstockError as error:
        # The record is gone, as answered; a file left behind is what `headstock fsck` finds.
        _log.warning("file_left_behind", action="delete", weights_id=weights_id, code=error.code)
    return Response(status_code=204)

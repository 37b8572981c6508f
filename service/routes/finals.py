"""Final trainings: start one, follow it, take the model home."""

from __future__ import annotations

from typing import Annotated, Any

import structlog
from fastapi import Depends, Query, Response
from fastapi.responses import StreamingResponse

from service import errors as edge
from service import examples
from service.bodies import parsed
from service.context import Context
from service.contracts import WITH_BODY, answers, json_body
from service.dependencies import (
    Ctx,
    JobPath,
    JsonBody,
    Reader,
    SearchPath,
    Submitter,
    idempotency_key,
    protected_router,
)
from service.downloads import download
from service.jobs import get_job, has_results, job_trial, latest_final, read_card, read_report, result_file, start_final
from service.progress import progress_of
from service.schemas.base import Page
from service.schemas.job_fields import final_fields
from service.schemas.jobs import FinalOut, FinalRequest
from storage import errors
from storage.records import Search, SearchFilter

router = protected_router("jobs")
_log = structlog.get_logger("service")


@router.post(
    "/searches/{search_id}/finalize",
    status_code=201,
    summary="Train a final model",
    responses=answers(
        201,
        examples.FINAL,
        *WITH_BODY,
        edge.InvalidHeader,
        errors.NotFound,
        errors.WrongState,
        edge.NoScoredTrial,
        errors.IdempotencyKeyReused,
        description="The job is stored, and starts when its turn comes.",
    ),
    openapi_extra=json_body("FinalRequest", examples.FINAL_REQUEST),
)
def finalize(
    search_id: SearchPath,
    body: JsonBody,
    key: Annotated[str | None, Depends(idempotency_key)],
    caller: Submitter,
    ctx: Ctx,
    response: Response,
) -> FinalOut:
    """Train a trial's values once more, on all training rows (those that validated included), and test the model on the
    data set's test part, which no trial has seen. The job leaves a report, the model, and a bundle that predicts
    without this service. The same request again gives the job that is there, unless that has failed or was cancelled.
    """
    search = ctx.repository.get_search(search_id, owner=caller.owner)
    job = start_final(search, parsed(FinalRequest, body), key=key, ctx=ctx)
    response.headers["Location"] = f"/v1/final/{job.id}"
    _log.info("final_submitted", action="finalize", search_id=search_id, job_id=job.id)
    return _final(job, ctx)


@router.get(
    "/searches/{search_id}/final",
    summary="Read a search's final training",
    responses=answers(200, examples.FINAL, errors.NotFound, description="The newest one."),
)
def search_final(search_id: SearchPath, caller: Reader, ctx: Ctx) -> FinalOut:
    """The newest final training of the search's trials, with its report once it has ended well."""
    return _final(latest_final(ctx.repository.get_search(search_id, owner=caller.owner), ctx), ctx)


@router.get(
    "/final",
    summary="List final trainings",
    responses=answers(200, examples.page(examples.FINAL), errors.InvalidPage, description="One page, newest first."),
)
def list_finals(
    caller: Reader,
    ctx: Ctx,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    page_token: Annotated[str | None, Query(max_length=2000)] = None,
) -> Page[FinalOut]:
    """Your final trainings, newest first, also those whose search has been deleted. Reports are left out."""
    where = SearchFilter(owner=caller.owner, kind="finalize")
    page = ctx.repository.list_searches(where, limit=limit, page_token=page_token)
    items = [_final(job, ctx, report=False) for job in page.items]
    return Page(items=items, next_page_token=page.next_page_token)


@router.get(
    "/final/{job_id}",
    summary="Read a final training",
    responses=answers(200, examples.FINAL, errors.NotFound, errors.ArtifactDamaged, description="The job as of now."),
)
def read_final(job_id: JobPath, caller: Reader, ctx: Ctx) -> FinalOut:
    """State, progress and links of a final training, and its report once it has ended well."""
    return _final(get_job(job_id, "finalize", owner=caller.owner, ctx=ctx), ctx)


@router.get(
    "/final/{job_id}/report",
    summary="Read a final report",
    response_model=dict[str, Any],
    responses=answers(
        200,
        examples.FINAL_REPORT,
        errors.NotFound,
        edge.ReportNotReady,
        errors.ArtifactDamaged,
        description="The report.",
    ),
)
def final_report(job_id: JobPath, caller: Reader, ctx: Ctx) -> dict[str, Any]:
    """How the model was trained, and how it did on the test part: metrics, and by the task a confusion matrix with
    figures for each class, figures for each label, or errors with the residuals' quantiles.
    """
    return read_report(get_job(job_id, "finalize", owner=caller.owner, ctx=ctx), ctx)


@router.get(
    "/final/{job_id}/card",
    summary="Read a model card",
    response_class=Response,
    responses=answers(
        200,
        "# digits-mlp\n\nA classification model ...\n",
        errors.NotFound,
        edge.ReportNotReady,
        errors.ArtifactDamaged,
        description="Markdown.",
        media_type="text/markdown",
    ),
)
def final_card(job_id: JobPath, caller: Reader, ctx: Ctx) -> Response:
    """The model card: what the model is, the data it was trained on, how it did, how to use it, and its limits."""
    card = read_card(get_job(job_id, "finalize", owner=caller.owner, ctx=ctx), ctx)
    return Response(card, media_type="text/markdown", headers={"Cache-Control": "no-store"})


@router.get(
    "/final/{job_id}/model",
    summary="Download a final model",
    response_class=StreamingResponse,
    responses=answers(
        200,
        "the bytes of a .keras or .skops file",
        errors.NotFound,
        edge.ReportNotReady,
        errors.ArtifactDamaged,
        description="A `.keras` file, or a `.skops` file for a model of scikit-learn.",
        media_type="application/octet-stream",
    ),
)
def final_model(job_id: JobPath, caller: Reader, ctx: Ctx) -> StreamingResponse:
    """The final model, with the weights of its last epoch. The bundle has its preprocessing as well."""
    path = result_file(get_job(job_id, "finalize", owner=caller.owner, ctx=ctx), "model", ctx)
    return download(path, name=f"final-{job_id}{path.suffix}")


@router.get(
    "/final/{job_id}/bundle",
    summary="Download a final bundle",
    response_class=StreamingResponse,
    responses=answers(
        200,
        "the bytes of a .zip file",
        errors.NotFound,
        edge.ReportNotReady,
        errors.ArtifactDamaged,
        description="A zip file.",
        media_type="application/zip",
    ),
)
def final_bundle(job_id: JobPath, caller: Reader, ctx: Ctx) -> StreamingResponse:
    """Everything that predictions need, in a zip file: the model, its preprocessing, `predict.py` (which needs numpy
    and the model's library only), the report, the model card, and requirements with exact versions.
    """
    path = result_file(get_job(job_id, "finalize", owner=caller.owner, ctx=ctx), "bundle", ctx)
    return download(path, name=f"final-{job_id}.zip", media_type="application/zip")


def _final(job: Search, ctx: Context, *, report: bool = True) -> FinalOut:
    trial, ready = job_trial(job, ctx), has_results(job, ctx)
    return FinalOut(
        **final_fields(job, trial, progress=progress_of(job), ready=ready),
        report=read_report(job, ctx) if report and ready else None,
    )

"""Learning-rate range tests: start one, read what it found."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import Depends, Query, Response

from service import errors as edge
from service import examples
from service.bodies import parsed
from service.context import Context
from service.contracts import WITH_BODY, answers, json_body
from service.dependencies import Ctx, JobPath, JsonBody, Reader, Submitter, idempotency_key, protected_router
from service.jobs import get_job, has_results, job_trial, read_report, start_range_test
from service.progress import progress_of
from service.schemas.base import Page
from service.schemas.job_fields import range_test_fields
from service.schemas.jobs import RangeTestDetailOut, RangeTestOut, RangeTestRequest
from storage import errors
from storage.records import Search, SearchFilter

router = protected_router("jobs")
_log = structlog.get_logger("service")


@router.post(
    "/lr-range-tests",
    status_code=201,
    summary="Find a range of learning rates",
    responses=answers(
        201,
        examples.NEW_RANGE_TEST,
        *WITH_BODY,
        edge.InvalidHeader,
        edge.CodeUploadDisabled,
        errors.InvalidDefinition,
        errors.IdempotencyKeyReused,
        errors.DatasetUnavailable,
        description="The job is stored, and starts when its turn comes.",
    ),
    openapi_extra=json_body("RangeTestRequest", examples.RANGE_TEST_REQUEST),
)
def submit_range_test(
    body: JsonBody,
    key: Annotated[str | None, Depends(idempotency_key)],
    caller: Submitter,
    ctx: Ctx,
    response: Response,
) -> RangeTestDetailOut:
    """Train a definition's model on a few batches while the learning rate rises from `min_rate` to `max_rate`: where
    the loss falls fastest and where it turns tells which rates are worth searching (Smith 2017, arXiv:1506.01186). It
    costs a hundred batches by default. The definition is checked as for a search; its tuner and its own learning rate
    are not used.
    """
    job = start_range_test(parsed(RangeTestRequest, body), owner=caller.owner, key=key, ctx=ctx)
    response.headers["Location"] = f"/v1/lr-range-tests/{job.id}"
    _log.info("range_test_submitted", action="submit", job_id=job.id)
    return _detail(job, ctx)


@router.get(
    "/lr-range-tests",
    summary="List range tests",
    responses=answers(
        200, examples.page(examples.RANGE_TEST), errors.InvalidPage, description="One page, newest first."
    ),
)
def list_range_tests(
    caller: Reader,
    ctx: Ctx,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    page_token: Annotated[str | None, Query(max_length=2000)] = None,
) -> Page[RangeTestOut]:
    """Your learning-rate range tests, newest first, without their points."""
    where = SearchFilter(owner=caller.owner, kind="lr_range_test")
    page = ctx.repository.list_searches(where, limit=limit, page_token=page_token)
    items = [
        RangeTestOut(**range_test_fields(job, job_trial(job, ctx), progress=progress_of(job))) for job in page.items
    ]
    return Page(items=items, next_page_token=page.next_page_token)


@router.get(
    "/lr-range-tests/{job_id}",
    summary="Read a range test",
    responses=answers(
        200, examples.RANGE_TEST_DETAIL, errors.NotFound, errors.ArtifactDamaged, description="The job as of now."
    ),
)
def read_range_test(job_id: JobPath, caller: Reader, ctx: Ctx) -> RangeTestDetailOut:
    """State, points and suggested range of a range test; the points are there once it has ended well."""
    return _detail(get_job(job_id, "lr_range_test", owner=caller.owner, ctx=ctx), ctx)


def _detail(job: Search, ctx: Context) -> RangeTestDetailOut:
    report = read_report(job, ctx) if has_results(job, ctx) else {}
    return RangeTestDetailOut(
        **range_test_fields(job, job_trial(job, ctx), progress=progress_of(job)),
        batch_size=report.get("batch_size"),
        diverged=report.get("diverged"),
        rates=report.get("rates", []),
        losses=report.get("losses", []),
        smoothed=report.get("smoothed", []),
        suggestion=report.get("suggestion"),
    )

"""Whether the service lives, whether it can work, and its figures."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response

from service import examples
from service.contracts import answers
from service.dependencies import Ctx, authenticate, read_scope, strict_query
from service.schemas.platform import HealthOut
from storage import errors

public_router = APIRouter(tags=["health"], dependencies=[Depends(strict_query)])
router = APIRouter(tags=["health"], dependencies=[Depends(authenticate), Depends(read_scope), Depends(strict_query)])


@public_router.get(
    "/healthz",
    summary="Liveness",
    responses=answers(200, {"status": "ok"}, description="The process answers.", public=True),
)
def healthz() -> HealthOut:
    """Whether the process answers; it asks nothing else. Needs no token."""
    return HealthOut(status="ok")


@public_router.get(
    "/readyz",
    summary="Readiness",
    responses=answers(
        200,
        {"status": "ready"},
        errors.StorageUnavailable,
        errors.SchemaOutdated,
        description="The database answers, and its schema is this version's.",
        public=True,
    ),
)
def readyz(ctx: Ctx) -> HealthOut:
    """Whether requests can be served: the database answers and has the right schema. Needs no token."""
    ctx.repository.ping()
    return HealthOut(status="ready")


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses=answers(200, examples.METRICS, description="Prometheus' text format.", media_type="text/plain"),
)
def metrics(ctx: Ctx) -> Response:
    """Requests, event streams, open searches and trials, and slots, in Prometheus' text format."""
    return Response(ctx.measures.render(ctx.repository), media_type="text/plain; version=0.0.4; charset=utf-8")

"""Learning curves: the epochs of a trial and of a search."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated

from fastapi import Query

from service import examples
from service.context import Context
from service.contracts import answers
from service.dependencies import Ctx, Reader, SearchPath, TrialPath, protected_router
from service.errors import InvalidRequest
from service.schemas.base import Page
from service.schemas.trials import EpochOut
from service.trends.sampling import down_sampled
from storage import errors
from storage.epochs import StoredEpoch
from storage.errors import FieldFault
from storage.ids import SearchId, TrialId

router = protected_router("epochs")
_PAGE = 500

Metrics = Annotated[
    list[str] | None, Query(max_length=50, description="Only these metrics; repeated, or separated by commas.")
]
MaxPoints = Annotated[
    int | None,
    Query(
        ge=1,
        le=10_000,
        description="At most so many epochs of each curve, evenly chosen, none averaged; instead of pages.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=500)]
PageToken = Annotated[str | None, Query(max_length=2000)]


@router.get(
    "/trials/{trial_id}/epochs",
    summary="Read a trial's epochs",
    responses=answers(
        200,
        examples.page(examples.EPOCH),
        errors.NotFound,
        errors.InvalidPage,
        description="One page, by execution and epoch.",
    ),
)
def trial_epochs(
    trial_id: TrialPath,
    caller: Reader,
    ctx: Ctx,
    metrics: Metrics = None,
    max_points: MaxPoints = None,
    limit: Limit = 500,
    page_token: PageToken = None,
) -> Page[EpochOut]:
    """The learning curves of a trial, one item per execution and epoch. Values that were not finite are null."""
    ctx.repository.get_trial(trial_id, owner=caller.owner)
    chosen = _chosen(metrics)
    if max_points is not None:
        _refuse_both(page_token)
        rows = _sampled(_all_of_trial(trial_id, ctx), most=max_points)
        return Page(items=[EpochOut.of(row, metrics=chosen, trial_number=None) for row in rows], next_page_token=None)
    page = ctx.repository.list_epochs(trial_id, limit=limit, page_token=page_token)
    items = [EpochOut.of(row, metrics=chosen, trial_number=None) for row in page.items]
    return Page(items=items, next_page_token=page.next_page_token)


@router.get(
    "/searches/{search_id}/epochs",
    summary="Read a search's epochs",
    responses=answers(
        200,
        examples.page(examples.SEARCH_EPOCH),
        errors.NotFound,
        errors.InvalidPage,
        description="One page, by trial number, execution and epoch.",
    ),
)
def search_epochs(
    search_id: SearchPath,
    caller: Reader,
    ctx: Ctx,
    metrics: Metrics = None,
    max_points: MaxPoints = None,
    limit: Limit = 500,
    page_token: PageToken = None,
) -> Page[EpochOut]:
    """The learning curves of all trials of a search. With `max_points`, a page's curves are thinned; pages still follow
    each other.
    """
    ctx.repository.get_search(search_id, owner=caller.owner)
    chosen = _chosen(metrics)
    page = ctx.repository.search_epochs(search_id, limit=limit, page_token=page_token)
    rows = list(page.items) if max_points is None else _sampled(page.items, most=max_points)
    numbers = _numbers(search_id, rows, ctx)
    items = [EpochOut.of(row, metrics=chosen, trial_number=numbers[row.trial_id]) for row in rows]
    return Page(items=items, next_page_token=page.next_page_token)


def _chosen(metrics: list[str] | None) -> frozenset[str] | None:
    if not metrics:
        return None
    return frozenset(name.strip() for text in metrics for name in text.split(",") if name.strip())


def _refuse_both(page_token: str | None) -> None:
    if page_token is not None:
        fault = FieldFault("query:page_token", "not_together", "leave it out together with max_points")
        raise InvalidRequest("a parameter is wrong", (fault,))


def _all_of_trial(trial_id: TrialId, ctx: Context) -> list[StoredEpoch]:
    rows: list[StoredEpoch] = []
    token: str | None = None
    while True:
        page = ctx.repository.list_epochs(trial_id, limit=_PAGE, page_token=token)
        rows += page.items
        token = page.next_page_token
        if token is None:
            return rows


def _sampled(rows: list[StoredEpoch] | tuple[StoredEpoch, ...], *, most: int) -> list[StoredEpoch]:
    curves: dict[tuple[TrialId, int, int | None], list[StoredEpoch]] = defaultdict(list)
    for row in rows:
        curves[row.trial_id, row.execution, row.fold].append(row)
    return [row for curve in curves.values() for row in down_sampled(curve, most=most)]


def _numbers(search_id: SearchId, rows: list[StoredEpoch], ctx: Context) -> dict[TrialId, int]:
    return {trial_id: ctx.repository.get_trial(trial_id).number for trial_id in dict.fromkeys(r.trial_id for r in rows)}

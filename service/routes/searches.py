"""Searches: submit, cost, list, change, pause, resume, cancel, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import structlog
from fastapi import Depends, Query, Response

from service import errors as edge
from service import examples
from service.bodies import parsed
from service.context import Context
from service.contracts import WITH_BODY, answers, json_body
from service.dependencies import Ctx, JsonBody, Reader, SearchPath, Submitter, idempotency_key, protected_router
from service.errors import InvalidRequest
from service.estimates import plan_document, warnings_of
from service.progress import progress_of
from service.schemas.base import Page
from service.schemas.searches import (
    LimitsPatch,
    PlanOut,
    SearchCountsOut,
    SearchDetailOut,
    SearchOut,
    SearchPatch,
)
from service.submission import check, new_search
from service.tokens import Caller
from storage import errors
from storage.errors import FieldFault, HeadstockError
from storage.ids import DatasetId, SearchId
from storage.records import Limits, Search, SearchChanges, SearchFilter
from storage.states import SearchState

SomeTags = Annotated[
    list[str] | None, Query(description="Only with this tag, as `key:value`; all of them when repeated.")
]
SomeText = Annotated[
    str | None, Query(max_length=128, description="Only with this in the name; letters a to z in either case.")
]
SomeDataset = Annotated[str | None, Query(max_length=64, description="Only on the data set with this id.")]

router = protected_router("searches")
_log = structlog.get_logger("service")


@router.post(
    "/searches",
    status_code=201,
    summary="Submit a search",
    responses=answers(
        201,
        examples.SEARCH_DETAIL,
        *WITH_BODY,
        edge.InvalidHeader,
        edge.CodeUploadDisabled,
        edge.ForbiddenField,
        errors.InvalidDefinition,
        errors.IdempotencyKeyReused,
        errors.RequestInProgress,
        errors.DatasetUnavailable,
        errors.QuotaExceeded,
        description="The search is stored, and starts when its turn comes.",
    ),
    openapi_extra=json_body("Definition", examples.DEFINITION),
)
def submit_search(
    body: JsonBody,
    key: Annotated[str | None, Depends(idempotency_key)],
    caller: Submitter,
    ctx: Ctx,
    response: Response,
) -> SearchDetailOut:
    """Check a definition and store it as a search.

    Everything that can be known before training is checked: names, types and ranges, whether the model fits the data,
    and whether Keras can build it at the corners of the space. With an `Idempotency-Key`, a repeated post answers with
    the first one's search instead of starting another. What was answered 201 is on disk.
    """
    checked = check(body, owner=caller.owner, ctx=ctx)
    _check_priority(checked.definition.priority, caller)
    search, _ = ctx.repository.create_search(
        new_search(checked, owner=caller.owner), idempotency_key=key, most_open=ctx.settings.max_open_searches
    )
    response.headers["Location"] = f"/v1/searches/{search.id}"
    _log.info("search_submitted", action="submit", search_id=search.id)
    warnings = tuple(warnings_of(checked.plan))
    return SearchDetailOut.of(
        search, progress=progress_of(search), workers_busy=_workers_busy(search, ctx), warnings=warnings
    )


def _check_priority(priority: int, caller: Caller) -> None:
    """Raises ForbiddenField: going before the searches of others is for administrators to allow."""
    if priority > 0 and not caller.may("admin"):
        raise edge.ForbiddenField("a priority above 0 needs a token with the scope `admin`")


@router.post(
    "/searches/plan",
    summary="Cost a search",
    responses=answers(
        200,
        examples.PLAN,
        *WITH_BODY,
        edge.CodeUploadDisabled,
        errors.InvalidDefinition,
        errors.DatasetUnavailable,
        description="What it would cost.",
    ),
    openapi_extra=json_body("Definition", examples.DEFINITION),
)
def plan_search(body: JsonBody, caller: Submitter, ctx: Ctx) -> PlanOut:
    """Check a definition like a submission does and tell what it will cost: trials, epochs, brackets, the size of the
    space, the smallest and largest model, disk, and seconds where like trials have been measured. No search is stored.
    """
    return plan_document(check(body, owner=caller.owner, ctx=ctx), owner=caller.owner, ctx=ctx)


@router.get(
    "/searches",
    summary="List searches",
    responses=answers(200, examples.page(examples.SEARCH), errors.InvalidPage, description="One page, newest first."),
)
def list_searches(
    caller: Reader,
    ctx: Ctx,
    state: Annotated[list[SearchState] | None, Query(description="Only in these states; may be repeated.")] = None,
    tag: SomeTags = None,
    name: Annotated[str | None, Query(max_length=128, description="Only of exactly this name.")] = None,
    text: SomeText = None,
    dataset: SomeDataset = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    page_token: Annotated[str | None, Query(max_length=2000)] = None,
) -> Page[SearchOut]:
    """Your searches, newest first."""
    where = SearchFilter(
        owner=caller.owner,
        states=frozenset(state or ()),
        tags=_tags(tag or []),
        name=name,
        text=text or None,
        dataset_id=DatasetId(dataset) if dataset else None,
    )
    page = ctx.repository.list_searches(where, limit=limit, page_token=page_token)
    busy = _busy_workers(page.items, ctx)
    items = [
        SearchOut.of(search, progress=progress_of(search), workers_busy=busy.get(search.id, 0)) for search in page.items
    ]
    return Page(items=items, next_page_token=page.next_page_token)


# Before /searches/{search_id}: no search has the id `counts`.
@router.get(
    "/searches/counts",
    summary="Count searches",
    responses=answers(200, examples.SEARCH_COUNTS, description="By state, and all together."),
)
def count_searches(
    caller: Reader,
    ctx: Ctx,
    tag: SomeTags = None,
    text: SomeText = None,
    dataset: SomeDataset = None,
) -> SearchCountsOut:
    """How many of your searches there are in each state, of those that a list with the same filters would show."""
    counts = ctx.repository.count_searches(
        SearchFilter(
            owner=caller.owner,
            tags=_tags(tag or []),
            text=text or None,
            dataset_id=DatasetId(dataset) if dataset else None,
        )
    )
    return SearchCountsOut(states=counts, total=sum(counts.values()))


@router.get(
    "/searches/{search_id}",
    summary="Read a search",
    responses=answers(200, examples.SEARCH_DETAIL, errors.NotFound, description="The search as of now."),
)
def read_search(search_id: SearchPath, caller: Reader, ctx: Ctx) -> SearchDetailOut:
    """One search: state, counts by trial state, best score, progress, elapsed and estimated remaining seconds."""
    return _detail(ctx.repository.get_search(search_id, owner=caller.owner), ctx)


@router.patch(
    "/searches/{search_id}",
    summary="Change a search",
    responses=answers(
        200,
        examples.SEARCH_DETAIL,
        *WITH_BODY,
        edge.ForbiddenField,
        errors.NotFound,
        errors.WrongState,
        errors.Invalid,
        description="The search as changed.",
    ),
    openapi_extra=json_body("SearchPatch", examples.PATCH),
)
def change_search(search_id: SearchPath, body: JsonBody, caller: Submitter, ctx: Ctx) -> SearchDetailOut:
    """Change limits, parallelism, priority or tags of a search that has not ended. Nothing else can be changed: submit
    another search instead.
    """
    search = ctx.repository.get_search(search_id, owner=caller.owner)
    patch = parsed(SearchPatch, body)
    _check_priority(patch.priority or 0, caller)
    limits = _merged(search.limits, patch.limits) if patch.limits is not None else None
    changes = SearchChanges(limits=limits, parallelism=patch.parallelism, priority=patch.priority, tags=patch.tags)
    return _detail(ctx.repository.change_search(search_id, changes), ctx)


@router.post(
    "/searches/{search_id}/pause",
    summary="Pause a search",
    responses=answers(
        200, examples.SEARCH_DETAIL, errors.NotFound, errors.WrongState, description="The search, PAUSED."
    ),
)
def pause_search(search_id: SearchPath, caller: Submitter, ctx: Ctx) -> SearchDetailOut:
    """Start no more trials; running ones hand back at their next checkpoint and lose nothing. Repeating it is fine."""
    ctx.repository.get_search(search_id, owner=caller.owner)
    return _detail(ctx.repository.pause_search(search_id), ctx)


@router.post(
    "/searches/{search_id}/resume",
    summary="Resume a search",
    responses=answers(
        200, examples.SEARCH_DETAIL, errors.NotFound, errors.WrongState, description="The search, going on."
    ),
)
def resume_search(search_id: SearchPath, caller: Submitter, ctx: Ctx) -> SearchDetailOut:
    """Let a paused search go on where it stopped. Resuming one that runs changes nothing."""
    ctx.repository.get_search(search_id, owner=caller.owner)
    return _detail(ctx.repository.resume_search(search_id), ctx)


@router.post(
    "/searches/{search_id}/cancel",
    summary="Cancel a search",
    responses=answers(
        200, examples.SEARCH_DETAIL, errors.NotFound, errors.WrongState, description="The search, CANCELLED."
    ),
)
def cancel_search(search_id: SearchPath, caller: Submitter, ctx: Ctx) -> SearchDetailOut:
    """End a search for good, with its open trials. Results so far stay readable. Repeating it is fine."""
    ctx.repository.get_search(search_id, owner=caller.owner)
    return _detail(ctx.repository.cancel_search(search_id), ctx)


@router.delete(
    "/searches/{search_id}",
    status_code=204,
    summary="Delete a search",
    responses=answers(204, None, errors.NotFound, errors.WrongState, description="It is gone, with its files."),
)
def delete_search(search_id: SearchPath, caller: Submitter, ctx: Ctx) -> Response:
    """Remove an ended search with its trials, epochs, checkpoints and models. Cancel it first if it still runs."""
    ctx.repository.get_search(search_id, owner=caller.owner)
    for artifact in ctx.repository.delete_search(search_id):
        try:
            ctx.store.delete(artifact.key)
        except HeadstockError as error:
            # The search is gone, as answered; a file left behind is what `headstock fsck` finds.
            _log.warning("file_left_behind", action="delete", search_id=search_id, key=artifact.key, code=error.code)
    _log.info("search_deleted", action="delete", search_id=search_id)
    return Response(status_code=204)


def _detail(search: Search, ctx: Context) -> SearchDetailOut:
    return SearchDetailOut.of(search, progress=progress_of(search), workers_busy=_workers_busy(search, ctx))


def _workers_busy(search: Search, ctx: Context) -> int:
    return _busy_workers((search,), ctx).get(search.id, 0)


def _busy_workers(searches: Sequence[Search], ctx: Context) -> Mapping[SearchId, int]:
    running = [search.id for search in searches if search.counts.running]
    return ctx.repository.busy_workers(running) if running else {}


def _tags(texts: list[str]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for text in texts:
        key, separator, value = text.partition(":")
        if not separator or not key:
            fault = FieldFault("query:tag", "invalid_value", "write it as key:value")
            raise InvalidRequest("a parameter is wrong", (fault,))
        tags[key] = value
    return tags


def _merged(limits: Limits, patch: LimitsPatch) -> Limits:
    given = patch.model_fields_set

    def chosen(name: str) -> float | None:
        value: float | None = getattr(patch if name in given else limits, name)
        return value

    def whole(name: str) -> int | None:
        value = chosen(name)
        return None if value is None else int(value)

    return Limits(
        max_trials=whole("max_trials"),
        max_seconds=chosen("max_seconds"),
        max_epochs=whole("max_epochs"),
        max_device_seconds=chosen("max_device_seconds"),
        target=chosen("target"),
        patience_trials=whole("patience_trials"),
    )

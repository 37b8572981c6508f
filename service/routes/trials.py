"""Trials: list, read, attempts, logs, stop, retry, and the trained model."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import Query, Response
from fastapi.responses import StreamingResponse

from service import examples
from service.context import Context
from service.contracts import answers
from service.dependencies import Ctx, Reader, SearchPath, Submitter, TrialPath, protected_router
from service.downloads import download
from service.errors import ModelNotReady
from service.models import model_file
from service.schemas.base import Page
from service.schemas.trials import AttemptOut, LogOut, TrialOut, trial_document
from service.trends.sweeps import swept_in
from service.written import written
from storage import errors
from storage.records import Trial
from storage.states import TrialState

router = protected_router("trials")


class Order(StrEnum):
    number = "number"
    score = "score"
    ended = "ended"


@router.get(
    "/searches/{search_id}/trials",
    summary="List a search's trials",
    response_model=Page[TrialOut],
    responses=answers(
        200,
        examples.page(examples.TRIAL),
        errors.NotFound,
        errors.InvalidPage,
        description="One page, in the order asked for.",
    ),
)
def list_trials(
    search_id: SearchPath,
    caller: Reader,
    ctx: Ctx,
    state: Annotated[list[TrialState] | None, Query(description="Only in these states; may be repeated.")] = None,
    order: Annotated[
        Order,
        Query(description="`score`: only trials with a score; `ended`: only those that have ended, by their end."),
    ] = Order.number,
    descending: Annotated[bool, Query(description="The largest first, of equal scores the highest number.")] = False,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    page_token: Annotated[str | None, Query(max_length=2000)] = None,
) -> Response:
    """The trials of a search, by number unless another order is asked for."""
    swept = swept_in(ctx.repository.get_search(search_id, owner=caller.owner))
    page = ctx.repository.list_trials(
        search_id,
        limit=limit,
        page_token=page_token,
        states=frozenset(state or ()),
        order=order.value,
        descending=descending,
    )
    items = [trial_document(trial, swept=swept(trial)) for trial in page.items]
    return written({"items": items, "next_page_token": page.next_page_token})


@router.get(
    "/trials/{trial_id}",
    summary="Read a trial",
    responses=answers(200, examples.TRIAL, errors.NotFound, description="The trial as of now."),
)
def read_trial(trial_id: TrialPath, caller: Reader, ctx: Ctx) -> TrialOut:
    """One trial: its values, state, score, and how it went."""
    return _shown(ctx.repository.get_trial(trial_id, owner=caller.owner), ctx)


@router.get(
    "/trials/{trial_id}/attempts",
    summary="List a trial's attempts",
    responses=answers(200, examples.page(examples.ATTEMPT), errors.NotFound, description="All of them, by number."),
)
def list_attempts(trial_id: TrialPath, caller: Reader, ctx: Ctx) -> Page[AttemptOut]:
    """Every try at running a trial, with how each ended."""
    ctx.repository.get_trial(trial_id, owner=caller.owner)
    attempts = ctx.repository.list_attempts(trial_id)
    return Page(items=[AttemptOut.of(attempt) for attempt in attempts], next_page_token=None)


@router.get(
    "/trials/{trial_id}/logs",
    summary="Read a trial's logs",
    responses=answers(200, examples.page(examples.LOG), errors.NotFound, description="One item per attempt."),
)
def read_logs(trial_id: TrialPath, caller: Reader, ctx: Ctx) -> Page[LogOut]:
    """What the trainer printed in each attempt that has ended."""
    ctx.repository.get_trial(trial_id, owner=caller.owner)
    attempts = ctx.repository.list_attempts(trial_id)
    return Page(items=[LogOut(attempt=attempt.number, log=attempt.log) for attempt in attempts], next_page_token=None)


@router.post(
    "/trials/{trial_id}/stop",
    summary="Stop a trial",
    responses=answers(
        200, examples.RUNNING_TRIAL, errors.NotFound, errors.WrongState, description="The trial, asked to stop."
    ),
)
def stop_trial(trial_id: TrialPath, caller: Submitter, ctx: Ctx) -> TrialOut:
    """End a running trial early with the score it has so far; a queued one is cancelled. Repeating it is fine."""
    ctx.repository.get_trial(trial_id, owner=caller.owner)
    return _shown(ctx.repository.request_stop(trial_id), ctx)


@router.post(
    "/trials/{trial_id}/retry",
    summary="Retry a failed trial",
    responses=answers(
        200, examples.QUEUED_TRIAL, errors.NotFound, errors.WrongState, description="The trial, queued again."
    ),
)
def retry_trial(trial_id: TrialPath, caller: Submitter, ctx: Ctx) -> TrialOut:
    """Try a failed trial once more, with fresh budgets, while its search has not ended."""
    ctx.repository.get_trial(trial_id, owner=caller.owner)
    return _shown(ctx.repository.retry_trial(trial_id), ctx)


@router.get(
    "/trials/{trial_id}/model",
    summary="Download a trial's model",
    response_class=StreamingResponse,
    responses=answers(
        200,
        "the bytes of a .keras or .skops file",
        errors.NotFound,
        ModelNotReady,
        errors.ArtifactDamaged,
        description="A `.keras` file with the weights of the best epoch, or an estimator's `.skops` file.",
        media_type="application/octet-stream",
    ),
)
def download_model(trial_id: TrialPath, caller: Reader, ctx: Ctx) -> StreamingResponse:
    """The trained model as a `.keras` file for `keras.saving.load_model`, with the weights of the best epoch; of
    scikit-learn the first fitted estimator, as a `.skops` file for `skops.io.load`.
    """
    trial = ctx.repository.get_trial(trial_id, owner=caller.owner)
    path = model_file(trial, ctx=ctx)
    return download(path, name=f"trial-{trial.number}{path.suffix}")


def _shown(trial: Trial, ctx: Context) -> TrialOut:
    return TrialOut.of(trial, swept=swept_in(ctx.repository.get_search(trial.search_id))(trial))

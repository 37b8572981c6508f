"""What is best."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from service import examples
from service.contracts import answers
from service.dependencies import Ctx, Reader, SearchPath, protected_router
from service.models import resolved_definition
from service.schemas.base import Page
from service.schemas.trials import BestOut, trial_fields
from service.trends.sweeps import swept_in
from storage import errors
from tuners.codegen import keras_code
from tuners.seeds import split_seed

router = protected_router("results")


@router.get(
    "/searches/{search_id}/best",
    summary="Read the best trials",
    responses=answers(
        200, examples.page(examples.BEST), errors.NotFound, description="Best first; empty until a trial is scored."
    ),
)
def best_trials(
    search_id: SearchPath, caller: Reader, ctx: Ctx, count: Annotated[int, Query(ge=1, le=100)] = 1
) -> Page[BestOut]:
    """The best trials: values, score, metrics, the definition with the values in its holes, and plain Keras Python that
    rebuilds and trains the model. Ties go to the earlier trial.
    """
    search = ctx.repository.get_search(search_id, owner=caller.owner)
    swept = swept_in(search)
    trials = ctx.repository.best_trials(search_id, count=count)
    if not trials:
        return Page(items=[], next_page_token=None)
    try:
        dataset = ctx.repository.get_dataset(search.dataset_id)
    except errors.NotFound:
        return Page(
            items=[BestOut(**trial_fields(trial, swept=swept(trial)), definition=None, code=None) for trial in trials],
            next_page_token=None,
        )
    items = []
    for trial in trials:
        resolved: dict[str, Any] = resolved_definition(search, trial, dataset)
        code = keras_code(resolved, dataset, split_seed=split_seed(search.seed))
        items.append(BestOut(**trial_fields(trial, swept=swept(trial)), definition=resolved, code=code))
    return Page(items=items, next_page_token=None)

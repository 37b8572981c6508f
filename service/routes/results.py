"""What is best, and the code of a trial."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Query, Response

from service import examples
from service.context import Context
from service.contracts import answers
from service.dependencies import Ctx, Reader, SearchPath, TrialPath, protected_router
from service.models import resolved_definitions
from service.schemas.base import Page
from service.schemas.trials import BestOut, CodeOut, trial_document
from service.trends.sweeps import swept_in
from service.written import written
from storage import errors
from storage.records import Search, Trial
from tuners.codegen import keras_code
from tuners.seeds import split_seed

router = protected_router("results")


@router.get(
    "/searches/{search_id}/best",
    summary="Read the best trials",
    response_model=Page[BestOut],
    responses=answers(
        200, examples.page(examples.BEST), errors.NotFound, description="Best first; empty until a trial is scored."
    ),
)
def best_trials(
    search_id: SearchPath, caller: Reader, ctx: Ctx, count: Annotated[int, Query(ge=1, le=100)] = 1
) -> Response:
    """The best trials: values, score, metrics, the definition with the values in its holes, and plain Keras Python that
    rebuilds and trains the model. Ties go to the earlier trial.
    """
    search = ctx.repository.get_search(search_id, owner=caller.owner)
    swept = swept_in(search)
    trials = ctx.repository.best_trials(search_id, count=count)
    items: list[dict[str, Any]] = []
    if trials:
        recipe = _recipes(search, ctx)
        for trial in trials:
            definition, code = recipe(trial)
            items.append({**trial_document(trial, swept=swept(trial)), "definition": definition, "code": code})
    return written({"items": items, "next_page_token": None})


@router.get(
    "/trials/{trial_id}/code",
    summary="Read a trial's code",
    responses=answers(200, examples.CODE, errors.NotFound, description="The recipe of the trial."),
)
def trial_code(trial_id: TrialPath, caller: Reader, ctx: Ctx) -> CodeOut:
    """The definition with this trial's values in its holes, and plain Keras Python that rebuilds and trains its model.
    There is one for every trial, whatever became of it.
    """
    trial = ctx.repository.get_trial(trial_id, owner=caller.owner)
    search = ctx.repository.get_search(trial.search_id)
    definition, code = _recipes(search, ctx)(trial)
    return CodeOut(trial_id=trial.id, definition=definition, code=code)


def _recipes(search: Search, ctx: Context) -> Callable[[Trial], tuple[dict[str, Any] | None, str | None]]:
    """Tells definition and code of each trial; nothing without the data set, since the shapes come from it."""
    try:
        dataset = ctx.repository.get_dataset(search.dataset_id)
    except errors.NotFound:
        return lambda trial: (None, None)
    resolved_for = resolved_definitions(search, dataset)

    def recipe(trial: Trial) -> tuple[dict[str, Any], str]:
        resolved = resolved_for(trial)
        return resolved, keras_code(resolved, dataset, split_seed=split_seed(search.seed))

    return recipe

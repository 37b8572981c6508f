"""What is best, and the code of a trial."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from service import examples
from service.context import Context
from service.contracts import answers
from service.dependencies import Ctx, Reader, SearchPath, TrialPath, protected_router
from service.models import resolved_definition
from service.schemas.base import Page
from service.schemas.trials import BestOut, CodeOut, trial_fields
from service.trends.sweeps import swept_in
from storage import errors
from storage.records import Dataset, Search, Trial
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
    dataset = _dataset(search, ctx)
    items = []
    for trial in trials:
        definition, code = _recipe(search, trial, dataset)
        items.append(BestOut(**trial_fields(trial, swept=swept(trial)), definition=definition, code=code))
    return Page(items=items, next_page_token=None)


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
    definition, code = _recipe(search, trial, _dataset(search, ctx))
    return CodeOut(trial_id=trial.id, definition=definition, code=code)


def _dataset(search: Search, ctx: Context) -> Dataset | None:
    try:
        return ctx.repository.get_dataset(search.dataset_id)
    except errors.NotFound:
        return None


def _recipe(search: Search, trial: Trial, dataset: Dataset | None) -> tuple[dict[str, Any] | None, str | None]:
    """Definition and code; nothing without the data set, since the shapes come from it."""
    if dataset is None:
        return None, None
    resolved = resolved_definition(search, trial, dataset)
    return resolved, keras_code(resolved, dataset, split_seed=split_seed(search.seed))

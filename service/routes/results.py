"""What is best, and what the trends are."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Path, Query, Response

from service import examples
from service.contracts import answers
from service.dependencies import Ctx, Reader, SearchPath, protected_router
from service.models import resolved_definition
from service.schemas.base import Page
from service.schemas.trends import EpochBandOut, EpochTrendOut, HyperparameterTrendOut, ObjectiveTrendOut
from service.schemas.trials import BestOut, trial_fields
from service.trends.hyperparameter import hyperparameter_trend
from service.trends.objective import objective_steps
from service.written import written, written_time
from storage import errors
from storage.records import Search
from tuners.codegen import keras_code
from tuners.seeds import split_seed
from tuners.space import Hyperparameter, Space

router = protected_router("results")
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


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
    trials = ctx.repository.best_trials(search_id, count=count)
    if not trials:
        return Page(items=[], next_page_token=None)
    try:
        dataset = ctx.repository.get_dataset(search.dataset_id)
    except errors.NotFound:
        return Page(
            items=[BestOut(**trial_fields(trial), definition=None, code=None) for trial in trials],
            next_page_token=None,
        )
    items = []
    for trial in trials:
        resolved: dict[str, Any] = resolved_definition(search, trial, dataset)
        code = keras_code(resolved, dataset, split_seed=split_seed(search.seed))
        items.append(BestOut(**trial_fields(trial), definition=resolved, code=code))
    return Page(items=items, next_page_token=None)


@router.get(
    "/searches/{search_id}/trends/objective",
    summary="Trend of the objective",
    response_model=ObjectiveTrendOut,
    responses=answers(200, examples.OBJECTIVE_TREND, errors.NotFound, description="All scored trials."),
)
def objective_trend(search_id: SearchPath, caller: Reader, ctx: Ctx) -> Response:
    """Score and best so far of every scored trial in order of ending, against time and against epochs spent."""
    search = ctx.repository.get_search(search_id, owner=caller.owner)
    steps = objective_steps(
        ctx.repository.objective_points(search_id),
        direction=search.objective.direction,
        started_at=search.started_at,
    )
    points = [{**step._asdict(), "ended_at": written_time(step.ended_at)} for step in steps]
    return written({"objective": asdict(search.objective), "points": points})


@router.get(
    "/searches/{search_id}/trends/hyperparameters/{name}",
    summary="Trend of one hyperparameter",
    response_model=HyperparameterTrendOut,
    responses=answers(
        200, examples.HYPERPARAMETER_TREND, errors.NotFound, description="Points, summaries and a verdict."
    ),
)
def trend_of_hyperparameter(
    search_id: SearchPath, name: Annotated[str, Path(max_length=200, examples=["units"])], caller: Reader, ctx: Ctx
) -> Response:
    """The scores against the values of one hyperparameter: every point, a summary per value (per bin where there are
    many), the best value, whether it rises, falls, peaks or lies flat, and where gains end. The methods are named in
    the answer. A repeated hyperparameter has its expanded name, such as `units_0`.
    """
    search = ctx.repository.get_search(search_id, owner=caller.owner)
    hyperparameter = _hyperparameter(search, name)
    trend = hyperparameter_trend(
        ctx.repository.scored_trials(search_id),
        name,
        direction=search.objective.direction,
        ordered=hyperparameter.type in ("int", "float") or hyperparameter.ordered,
        continuous=hyperparameter.type == "float" and hyperparameter.step is None,
    )
    return written(
        {
            "name": name,
            "objective": asdict(search.objective),
            "points": [point._asdict() for point in trend.points],
            "values": [asdict(group) for group in trend.groups],
            "best_value": trend.best_value,
            "verdict": trend.verdict,
            "diminishing_returns_at": trend.diminishing_returns_at,
            "method": asdict(trend.method),
        }
    )


@router.get(
    "/searches/{search_id}/trends/epochs",
    summary="Trend over epochs",
    responses=answers(200, examples.EPOCH_TREND, errors.NotFound, description="One band per epoch."),
)
def epoch_trend(
    search_id: SearchPath,
    caller: Reader,
    ctx: Ctx,
    metric: Annotated[str | None, Query(max_length=128, description="The objective's unless given.")] = None,
) -> EpochTrendOut:
    """Quantile bands of a metric's learning curves over all trials, epoch by epoch, over finite values. A metric that
    was never reported has no bands.
    """
    search = ctx.repository.get_search(search_id, owner=caller.owner)
    chosen = metric or search.objective.name
    bands = ctx.repository.epoch_bands(search_id, chosen, quantiles=QUANTILES)
    return EpochTrendOut(
        metric=chosen,
        quantiles=list(QUANTILES),
        bands=[EpochBandOut(epoch=b.epoch, count=b.count, quantiles=list(b.quantiles)) for b in bands],
    )


def _hyperparameter(search: Search, name: str) -> Hyperparameter:
    for hyperparameter in Space.from_json(search.space).hyperparameters:
        if hyperparameter.name == name:
            return hyperparameter
    raise errors.NotFound("the search has no such hyperparameter")

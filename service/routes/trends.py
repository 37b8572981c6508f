"""The trends of a search: over its trials, over the values of a hyperparameter, over epochs."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

from fastapi import Path, Query, Response

from service import examples
from service.contracts import answers
from service.dependencies import Ctx, Reader, SearchPath, protected_router
from service.schemas.trends import EpochBandOut, EpochTrendOut, HyperparameterTrendOut, ObjectiveTrendOut
from service.trends.objective import score_progress
from service.trends.report import check_bounds, chosen_metrics, hyperparameter_of, trend_report
from service.trends.sampling import thinned_progress
from service.trends.selection import Selection, directions_of
from service.written import written, written_time
from storage import errors
from tuners.space import Space

router = protected_router("results")
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


class At(StrEnum):
    best = "best"
    last = "last"


class Baseline(StrEnum):
    only = "only"
    all = "all"


class Sort(StrEnum):
    number = "number"
    value = "value"
    score = "score"


MetricQuery = Annotated[
    list[str] | None,
    Query(max_length=8, description="Logged metrics, may be repeated; the objective unless given."),
]
AtQuery = Annotated[At, Query(description="Each trial's best epoch (by the objective), or its last one.")]
MinQuery = Annotated[
    float | None,
    Query(alias="min", allow_inf_nan=False, description="Only trials whose value is at least this number."),
]
MaxQuery = Annotated[
    float | None,
    Query(alias="max", allow_inf_nan=False, description="Only trials whose value is at most this number."),
]
BaselineQuery = Annotated[
    Baseline | None,
    Query(
        description="`only`: trials with every other hyperparameter at its default, which is what a sweep shows unless "
        "told otherwise; `all`: all of them."
    ),
]


PointsQuery = Annotated[
    int,
    Query(
        ge=2,
        le=100_000,
        description="At most so many points; chosen ones where there are more, none of them averaged. All else in the "
        "answer is about all trials.",
    ),
]
POINTS = 2_000
"""More than a screen has columns; answers of searches up to that size hold every point."""


@router.get(
    "/searches/{search_id}/trends/objective",
    summary="Trend of the objective",
    response_model=ObjectiveTrendOut,
    responses=answers(200, examples.OBJECTIVE_TREND, errors.NotFound, description="All scored trials."),
)
def objective_trend(search_id: SearchPath, caller: Reader, ctx: Ctx, points: PointsQuery = POINTS) -> Response:
    """Score and best so far of the scored trials in order of ending, against time and against epochs spent.

    Of more than `points` trials those are shown that keep the shape of the curve, each with its own true numbers:
    improvements first, then the choice of Steinarsson (2013, largest triangle, three buckets).
    """
    search = ctx.repository.get_search(search_id, owner=caller.owner)
    progress = score_progress(
        ctx.repository.scored_columns(search_id),
        direction=search.objective.direction,
        started_at=search.started_at,
    )
    places = thinned_progress(progress.trials.scores, progress.improvements(), most=points)
    shown = [{**step._asdict(), "ended_at": written_time(step.ended_at)} for step in progress.steps(places)]
    return written({"objective": asdict(search.objective), "trials": len(progress), "points": shown})


@router.get(
    "/searches/{search_id}/trends/hyperparameters/{name}",
    summary="Trend of one hyperparameter",
    response_model=HyperparameterTrendOut,
    responses=answers(
        200, examples.HYPERPARAMETER_TREND, errors.NotFound, description="Points, summaries and a verdict."
    ),
)
def trend_of_hyperparameter(
    search_id: SearchPath,
    name: Annotated[str, Path(max_length=200, examples=["units"])],
    caller: Reader,
    ctx: Ctx,
    metric: MetricQuery = None,
    at: AtQuery = At.best,
    minimum: MinQuery = None,
    maximum: MaxQuery = None,
    baseline: BaselineQuery = None,
    sort: Annotated[Sort, Query(description="Order of the points; `score` puts the best first.")] = Sort.number,
    points: PointsQuery = POINTS,
) -> Response:
    """The scores, or other metrics, against the values of one hyperparameter: every point, a summary per value (per bin
    where there are many), the best value, whether it rises, falls, peaks or lies flat, and where gains end. The methods
    are named in the answer. A repeated hyperparameter has its expanded name, such as `units_0`. Of more than `points`
    trials, evenly chosen ones are shown, the best and the worst in any case; all else is about all of them.
    """
    search = ctx.repository.get_search(search_id, owner=caller.owner)
    space = Space.from_json(search.space)
    hyperparameter = hyperparameter_of(space, name)
    trials = ctx.repository.scored_columns(search_id)
    directions = directions_of(search, trials.metrics)
    selection = Selection(
        name=name,
        metrics=chosen_metrics(metric, search=search, known=directions),
        at=at.value,
        minimum=minimum,
        maximum=maximum,
        only_baseline=baseline is Baseline.only or (baseline is None and search.tuner == "sweep"),
    )
    check_bounds(selection, hyperparameter)
    report = trend_report(search, trials, selection, space=space, directions=directions, sort=sort.value, most=points)
    return written(report)


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

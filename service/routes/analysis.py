"""What the trials of a search say together, beyond one trend; and what one trial's curves say."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, get_args

from fastapi import Query, Response

from service import examples
from service.context import Context
from service.contracts import answers
from service.dependencies import Ctx, Reader, SearchPath, TrialPath, protected_router
from service.errors import AnalysisUnavailable, InvalidRequest
from service.routes.trends import POINTS, At, AtQuery, PointsQuery
from service.schemas.analysis import (
    ComparisonOut,
    ContourOut,
    DiagnosesOut,
    DiagnosisOut,
    ImportanceOut,
    ParallelOut,
    TradeoffOut,
)
from service.trends.axes import contour_report, parallel_report
from service.trends.comparison import comparison_report
from service.trends.diagnoses import diagnosed
from service.trends.diagnosis import Verdict
from service.trends.importance import Subject, importance_report
from service.trends.objective import score_progress
from service.trends.report import chosen_metrics, hyperparameter_of
from service.trends.selection import directions_of
from service.trends.tradeoff import COSTS, tradeoff_report
from service.written import written
from storage import errors
from storage.columns import ScoredColumns
from storage.errors import FieldFault
from storage.ids import SearchId
from storage.records import Direction, Search
from storage.states import TRIAL_ENDED, TrialState
from tuners.analysis.client import AnalysisFailed
from tuners.space import Space

router = protected_router("results")


class Method(StrEnum):
    fanova = "fanova"
    ped_anova = "ped_anova"


OneMetric = Annotated[str | None, Query(max_length=128, description="A logged metric; the objective unless given.")]


@dataclass(frozen=True, slots=True)
class Subjects:
    """A search with its scored trials, and the metric they are looked at by."""

    search: Search
    space: Space
    trials: ScoredColumns
    metric: str
    direction: Direction


def subjects(search: Search, ctx: Context, metric: str | None) -> Subjects:
    """Everything the questions below are about.

    Raises:
        InvalidRequest: The search logs no such metric.
    """
    trials = ctx.repository.scored_columns(search.id)
    directions = directions_of(search, trials.metrics)
    (chosen,) = chosen_metrics([metric] if metric is not None else None, search=search, known=directions)
    space = Space.from_json({"hyperparameters": [], **search.space})
    return Subjects(search, space, trials, chosen, directions[chosen])


# Before /searches/{search_id}/...: no search has the id `compare`.
@router.get(
    "/searches/compare",
    summary="Compare searches",
    response_model=ComparisonOut,
    responses=answers(
        200, examples.COMPARISON, errors.NotFound, description="Each search's best, cost and best so far."
    ),
)
def compare(
    caller: Reader,
    ctx: Ctx,
    id: Annotated[list[str], Query(min_length=2, max_length=20, description="Ids of searches; give it twice or more.")],
    target: Annotated[
        float | None,
        Query(allow_inf_nan=False, description="A score to be reached; unless given, the worst of the best."),
    ] = None,
) -> Response:
    """Searches side by side: the best score and what it took, when each reached the target, and best-so-far curves by
    trials, epochs and seconds. A curve has the steps at which the best changed; between them it stays as it is.
    """
    if len(set(id)) != len(id):
        fault = FieldFault("query:id", "repeated_parameter", "name each search once")
        raise InvalidRequest("a parameter is wrong", (fault,))
    found = []
    for search_id in id:
        search = ctx.repository.get_search(SearchId(search_id), owner=caller.owner)
        trials = ctx.repository.scored_columns(search.id)
        found.append(
            (search, score_progress(trials, direction=search.objective.direction, started_at=search.started_at))
        )
    return written(comparison_report(found, target=target))


@router.get(
    "/searches/{search_id}/importance",
    summary="Which hyperparameters matter",
    response_model=ImportanceOut,
    responses=answers(
        200, examples.IMPORTANCE, errors.NotFound, AnalysisUnavailable, description="Shares, the largest first."
    ),
)
def importance(
    search_id: SearchPath,
    caller: Reader,
    ctx: Ctx,
    method: Annotated[Method, Query(description="`fanova`, over the whole space; `ped_anova`: of being best.")] = (
        Method.fanova
    ),
    metric: OneMetric = None,
    at: AtQuery = At.best,
) -> Response:
    """How much of the score each hyperparameter explains, by functional ANOVA (pairs included) or PED-ANOVA. What a
    share means, and how conditional hyperparameters are taken, stands in `description`. With fewer than ten scored
    trials the answer is empty and `note` says so. The same trials give the same shares. While a search of 500 scored
    trials or more runs on, the answer may be about nine tenths of them or more, while a new one is made: `trials` says
    of how many it is.
    """
    about = subjects(ctx.repository.get_search(search_id, owner=caller.owner), ctx, metric)
    subject = Subject(method.value, about.metric, about.direction, at.value)
    return written(importance_of(about, subject, ctx))


def importance_of(about: Subjects, subject: Subject, ctx: Context) -> dict[str, object]:
    """The answer of the route above. Raises AnalysisUnavailable when the child has none."""

    def work() -> dict[str, object]:
        with ctx.analyses.entered():
            try:
                return importance_report(about.search, about.trials, subject, space=about.space, analyst=ctx.analyst)
            except AnalysisFailed as error:
                raise AnalysisUnavailable(str(error)) from error

    return ctx.answers.answer((about.search.id, subject), about.trials, work)


@router.get(
    "/searches/{search_id}/tradeoff",
    summary="Score against cost",
    response_model=TradeoffOut,
    responses=answers(200, examples.TRADEOFF, errors.NotFound, description="Every scored trial, and the Pareto front."),
)
def tradeoff(
    search_id: SearchPath,
    caller: Reader,
    ctx: Ctx,
    against: Annotated[
        str, Query(max_length=128, description="`seconds` of training, `parameters` of the model, or a logged metric.")
    ] = "seconds",
    points: PointsQuery = POINTS,
) -> Response:
    """The score against training seconds, model size or another metric (at each trial's best epoch), and the trials
    that no other beats on both counts. Fewer seconds and parameters are better; a metric has its own direction. Of more
    than `points` trials evenly chosen ones are shown, and all that are on the front, which is that of all trials.
    """
    search = ctx.repository.get_search(search_id, owner=caller.owner)
    return written(tradeoff_of(search, ctx, against, most=points))


def tradeoff_of(search: Search, ctx: Context, against: str, *, most: int | None = None) -> dict[str, object]:
    """The answer of the route above. Raises InvalidRequest for what is no cost and no other metric."""
    if against == search.objective.name:
        fault = FieldFault("query:against", "not_together", "that is the objective itself: name something else")
        raise InvalidRequest("a parameter is wrong", (fault,))
    trials = ctx.repository.scored_columns(search.id)
    directions: dict[str, Direction] = {**directions_of(search, trials.metrics), **dict.fromkeys(COSTS, "min")}
    if against not in directions:
        detail = f"take seconds, parameters, or a logged metric: {', '.join(sorted(directions)[:20])}"
        raise InvalidRequest("a parameter is wrong", (FieldFault("query:against", "unknown_metric", detail),))
    return tradeoff_report(search, trials, against, direction=directions[against], most=most)


@router.get(
    "/searches/{search_id}/parallel",
    summary="Parallel coordinates",
    response_model=ParallelOut,
    responses=answers(200, examples.PARALLEL, errors.NotFound, description="Axes, and a row for each trial."),
)
def parallel(
    search_id: SearchPath,
    caller: Reader,
    ctx: Ctx,
    metric: OneMetric = None,
    at: AtQuery = At.best,
    points: PointsQuery = POINTS,
) -> Response:
    """Every scored trial as a line across one axis for each hyperparameter: its values, and their places between 0 and
    1 on the sampling scales. Choices and lists have evenly spread places; an inactive hyperparameter has none. Of more
    than `points` trials evenly chosen ones have a row, the best and the worst in any case.
    """
    about = subjects(ctx.repository.get_search(search_id, owner=caller.owner), ctx, metric)
    return written(
        parallel_report(
            about.search, about.trials, about.metric, about.direction, at=at.value, space=about.space, most=points
        )
    )


@router.get(
    "/searches/{search_id}/contour",
    summary="A metric over two hyperparameters",
    response_model=ContourOut,
    responses=answers(
        200, examples.CONTOUR, errors.NotFound, AnalysisUnavailable, description="Points, and a grid between them."
    ),
)
def contour(
    search_id: SearchPath,
    caller: Reader,
    ctx: Ctx,
    x: Annotated[str, Query(max_length=200, description="A hyperparameter, with its number.")],
    y: Annotated[str, Query(max_length=200, description="Another one.")],
    metric: OneMetric = None,
    at: AtQuery = At.best,
    points: PointsQuery = POINTS,
) -> Response:
    """The metric over two hyperparameters: every trial in which both are active, and a grid that is linear between
    trials and says nothing beyond them (`method`). Axes are on their sampling scales. Of more than `points` trials
    evenly chosen ones are points, the best and the worst in any case; the grid lies between all of them.
    """
    search = ctx.repository.get_search(search_id, owner=caller.owner)
    return written(contour_of(search, ctx, x=x, y=y, metric=metric, at=at, most=points))


def contour_of(
    search: Search, ctx: Context, *, x: str, y: str, metric: str | None, at: At, most: int | None = None
) -> dict[str, object]:
    """The answer of the route above.

    Raises:
        InvalidRequest: Both axes are the same.
        NotFound: There is no such hyperparameter.
        AnalysisUnavailable: The child has no answer.
    """
    if x == y:
        fault = FieldFault("query:y", "not_together", "name another hyperparameter than x")
        raise InvalidRequest("a parameter is wrong", (fault,))
    about = subjects(search, ctx, metric)
    across, up = hyperparameter_of(about.space, x), hyperparameter_of(about.space, y)
    with ctx.analyses.entered():
        try:
            return contour_report(
                search,
                about.trials,
                about.metric,
                about.direction,
                at=at.value,
                x=across,
                y=up,
                surveyor=ctx.analyst,
                most=most,
            )
        except AnalysisFailed as error:
            raise AnalysisUnavailable(str(error)) from error


@router.get(
    "/trials/{trial_id}/diagnosis",
    summary="Diagnose a trial",
    response_model=DiagnosisOut,
    responses=answers(200, examples.DIAGNOSIS, errors.NotFound, description="What its learning curves show."),
)
def diagnosis(trial_id: TrialPath, caller: Reader, ctx: Ctx) -> Response:
    """Underfitting, overfitting, divergence, oscillation, still improving or healthy: each finding with its numbers and
    what to try next. The rules are those of docs/diagnosis.md; they look at the mean over executions or folds.
    """
    trial = ctx.repository.get_trial(trial_id, owner=caller.owner)
    search = ctx.repository.get_search(trial.search_id)
    return written(next(diagnosed((trial,), search, ctx.repository)))


@router.get(
    "/searches/{search_id}/diagnosis",
    summary="Diagnose a search's trials",
    response_model=DiagnosesOut,
    responses=answers(
        200, examples.DIAGNOSES, errors.NotFound, errors.InvalidPage, description="One page, by trial number."
    ),
)
def diagnoses(
    search_id: SearchPath,
    caller: Reader,
    ctx: Ctx,
    state: Annotated[
        list[TrialState] | None,
        Query(description="Only trials in these states; may be repeated. Ended ones unless given."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    page_token: Annotated[str | None, Query(max_length=2000)] = None,
) -> Response:
    """What the learning curves of each trial show, as `GET /trials/{trial_id}/diagnosis` says it, and how many trials
    of the page got which verdict. Trials that still run are left out unless `state` asks for them.
    """
    search = ctx.repository.get_search(search_id, owner=caller.owner)
    states = frozenset(state) if state else TRIAL_ENDED
    page = ctx.repository.list_trials(search_id, limit=limit, page_token=page_token, states=states)
    items = list(diagnosed(page.items, search, ctx.repository))
    counts = Counter(item["verdict"] for item in items)
    verdicts = {verdict: counts[verdict] for verdict in get_args(Verdict)}
    return written(
        {
            "items": items,
            "next_page_token": page.next_page_token,
            "summary": {"trials": len(items), "verdicts": verdicts},
        }
    )

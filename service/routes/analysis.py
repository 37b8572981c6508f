"""What the trials of a search say together, beyond one trend."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import Query, Response

from service import examples
from service.contracts import answers
from service.dependencies import Ctx, Reader, SearchPath, protected_router
from service.errors import AnalysisUnavailable
from service.routes.trends import At, AtQuery
from service.schemas.analysis import ImportanceOut
from service.trends.importance import Subject, importance_report
from service.trends.report import chosen_metrics
from service.trends.selection import metric_directions
from service.written import written
from storage import errors
from tuners.analysis.client import AnalysisFailed
from tuners.space import Space

router = protected_router("results")


class Method(StrEnum):
    fanova = "fanova"
    ped_anova = "ped_anova"


OneMetric = Annotated[str | None, Query(max_length=128, description="A logged metric; the objective unless given.")]


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
    trials the answer is empty and `note` says so. The same trials give the same shares.
    """
    search = ctx.repository.get_search(search_id, owner=caller.owner)
    trials = ctx.repository.scored_trials(search_id)
    directions = metric_directions(search, trials)
    (chosen,) = chosen_metrics([metric] if metric is not None else None, search=search, known=directions)
    subject = Subject(method.value, chosen, directions[chosen], at.value)
    space = Space.from_json({"hyperparameters": [], **search.space})
    with ctx.analyses.entered():
        try:
            return written(importance_report(search, trials, subject, space=space, analyst=ctx.analyst))
        except AnalysisFailed as error:
            raise AnalysisUnavailable(str(error)) from error

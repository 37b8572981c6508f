"""Pictures of a search, drawn apart from the API."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import Path, Query, Request, Response

from service.contracts import answers
from service.dependencies import Ctx, Reader, SearchPath, protected_router
from service.errors import AnalysisUnavailable, InvalidRequest, PictureUnavailable, ReportNotReady
from service.plots.asked import Asked
from service.plots.kinds import KINDS
from service.routes.analysis import Method
from service.routes.trends import At, AtQuery, Baseline, BaselineQuery, MaxQuery, MetricQuery, MinQuery
from storage import errors
from storage.errors import FieldFault
from storage.ids import TrialId
from tuners.analysis.client import AnalysisFailed
from tuners.pictures.client import PictureFailed
from tuners.space import Space

router = protected_router("results")

PlotKind = StrEnum("PlotKind", {kind: kind for kind in KINDS})  # type: ignore[misc]  # made from the one table


class Format(StrEnum):
    svg = "svg"
    png = "png"


class Chart(StrEnum):
    line = "line"
    bar = "bar"


class Theme(StrEnum):
    light = "light"
    dark = "dark"


_MEDIA_TYPES = {Format.svg: "image/svg+xml", Format.png: "image/png"}
_EVERYWHERE = ("format", "theme")
# An SVG opened by itself is a page: it may style itself, and nothing else.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"


@router.get(
    "/searches/{search_id}/plots/{kind}",
    summary="Draw a picture",
    response_class=Response,
    responses=answers(
        200,
        "<svg>...</svg>",
        errors.NotFound,
        ReportNotReady,
        PictureUnavailable,
        AnalysisUnavailable,
        errors.ArtifactDamaged,
        description="The picture.",
        media_type="image/svg+xml",
    ),
)
def plot(
    search_id: SearchPath,
    kind: Annotated[PlotKind, Path(description="What is drawn.")],
    request: Request,
    caller: Reader,
    ctx: Ctx,
    name: Annotated[str | None, Query(max_length=200, description="The hyperparameter, with its number.")] = None,
    metric: MetricQuery = None,
    at: AtQuery = At.best,
    chart: Annotated[Chart, Query(description="Lines over points, or a bar for each value.")] = Chart.line,
    minimum: MinQuery = None,
    maximum: MaxQuery = None,
    baseline: BaselineQuery = None,
    trial: Annotated[
        str | None, Query(pattern=r"^t_[0-9a-f]{32}$", description="Id of one trial: all its trainings.")
    ] = None,
    against: Annotated[str, Query(max_length=128, description="`seconds`, `parameters`, or a metric.")] = "seconds",
    x: Annotated[str, Query(max_length=200, description="The hyperparameter across.")] = "",
    y: Annotated[str, Query(max_length=200, description="The hyperparameter upwards.")] = "",
    method: Annotated[Method, Query(description="Of the importance: `fanova` or `ped_anova`.")] = Method.fanova,
    format: Annotated[Format, Query(description="`svg` or `png`.")] = Format.svg,
    theme: Annotated[Theme, Query(description="Background: `light` or `dark`.")] = Theme.light,
) -> Response:
    """A picture without a browser: `objective` (score and best so far), `hyperparameter` (metrics against the values of
    the one in `name`; without `metric` loss and accuracy of both parts), `learning-curves` (bands over all trials, or
    all trainings of one `trial`), `importance`, `parallel-coordinates`, `contour` (of `x` and `y`), `trade-off`,
    `lr-range-test` and `confusion-matrix` (of those jobs' reports). The same results
    give the same bytes.
    """
    search = ctx.repository.get_search(search_id, owner=caller.owner)
    chosen = KINDS[kind.value]
    given = {parameter for parameter in request.query_params if parameter not in _EVERYWHERE}
    _check_parameters(kind.value, given)
    found = None
    if trial is not None:
        found = ctx.repository.get_trial(TrialId(trial), owner=caller.owner)
        if found.search_id != search_id:
            raise errors.NotFound("the trial is another search's")
    asked = Asked(
        search=search,
        space=Space.from_json({"hyperparameters": [], **search.space}),
        repository=ctx.repository,
        store=ctx.store,
        name=name or "",
        metrics=tuple(metric or ()),
        at=at.value,
        chart=chart.value,
        minimum=minimum,
        maximum=maximum,
        only_baseline=baseline is Baseline.only or (baseline is None and search.tuner == "sweep"),
        trial=found,
        against=against,
        x=x,
        y=y,
        method=method.value,
        analyst=ctx.analyst,
    )
    with ctx.pictures.entered():
        try:
            picture = ctx.painter.draw(chosen.figure(asked), format=format.value, theme=theme.value)
        except AnalysisFailed as error:
            raise AnalysisUnavailable(str(error)) from error
        except PictureFailed as error:
            raise PictureUnavailable(str(error)) from error
    headers = {
        # The name is made of our own words: client text never reaches a header.
        "Content-Disposition": f'inline; filename="{search_id}-{kind.value}.{format.value}"',
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "no-store",
    }
    return Response(picture, media_type=_MEDIA_TYPES[format], headers=headers)


def _check_parameters(kind: str, given: set[str]) -> None:
    """Raises InvalidRequest for what the kind needs and did not get, and for what would be ignored."""
    chosen = KINDS[kind]
    faults = [
        FieldFault(f"query:{name}", "missing", f"`{kind}` needs it") for name in chosen.needs if name not in given
    ]
    faults += [
        FieldFault(f"query:{name}", "not_together", f"means nothing to `{kind}`: leave it out")
        for name in sorted(given - {*chosen.needs, *chosen.takes})
    ]
    if faults:
        raise InvalidRequest("a parameter is wrong", tuple(faults))

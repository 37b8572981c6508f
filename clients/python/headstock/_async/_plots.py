"""The pictures of a search."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from headstock._async._http import AsyncHttp
from headstock._async.figures import AsyncFigure, drawn
from headstock._wire import QueryValue
from headstock.analysis import Method
from headstock.definitions import At, Baseline, Chart, PictureFormat, Theme


class AsyncSearchPlots(ABC):
    """Pictures, drawn by the service: no plotting library is needed here.

    Of every picture, `format` is what a notebook shows: `svg`, or `png` where there are very many points; `theme` is
    the background.
    """

    _http: AsyncHttp

    @property
    @abstractmethod
    def id(self) -> str: ...

    async def plot_objective(self, *, format: PictureFormat = "svg", theme: Theme = "light") -> AsyncFigure:
        """Score and best so far, trial by trial."""
        return await self._figure("objective", format, theme)

    async def plot_hyperparameter(
        self,
        name: str,
        *,
        metrics: Sequence[str] = (),
        at: At | None = None,
        chart: Chart | None = None,
        min_value: float | None = None,
        max_value: float | None = None,
        baseline: Baseline | None = None,
        format: PictureFormat = "svg",
        theme: Theme = "light",
    ) -> AsyncFigure:
        """Metrics against the values of one hyperparameter; loss and accuracy of both parts unless some are named.

        Args:
            name: Its expanded name, such as `units_0`.
            metrics: Logged metrics, a panel each.
            at: Each trial's best epoch (unless told otherwise), or its last one.
            chart: Lines over points (unless told otherwise), or a bar for each value.
            min_value: Only trials whose value is at least this; `max_value` at most.
            baseline: "only" leaves out trials in which another hyperparameter is not at its default; None does so for
                sweeps.
        """
        return await self._figure(
            "hyperparameter",
            format,
            theme,
            name=name,
            metric=list(metrics),
            at=at,
            chart=chart,
            min=min_value,
            max=max_value,
            baseline=baseline,
        )

    async def plot_curves(
        self, *, metric: str | None = None, format: PictureFormat = "svg", theme: Theme = "light"
    ) -> AsyncFigure:
        """Learning curves of all trials as bands; `trial.plot_curves()` has those of one."""
        return await self._figure("learning-curves", format, theme, metric=metric)

    async def plot_importance(
        self,
        *,
        method: Method | None = None,
        metric: str | None = None,
        at: At | None = None,
        format: PictureFormat = "svg",
        theme: Theme = "light",
    ) -> AsyncFigure:
        """A bar for each hyperparameter, and for each pair worth a hundredth; `importance` has the figures."""
        return await self._figure("importance", format, theme, method=method, metric=metric, at=at)

    async def plot_parallel(
        self,
        *,
        metric: str | None = None,
        at: At | None = None,
        format: PictureFormat = "svg",
        theme: Theme = "light",
    ) -> AsyncFigure:
        """A line for each trial across the hyperparameters' axes."""
        return await self._figure("parallel-coordinates", format, theme, metric=metric, at=at)

    async def plot_contour(
        self,
        x: str,
        y: str,
        *,
        metric: str | None = None,
        at: At | None = None,
        format: PictureFormat = "svg",
        theme: Theme = "light",
    ) -> AsyncFigure:
        """Shades between the trials over two hyperparameters, `x` across and `y` upwards."""
        return await self._figure("contour", format, theme, x=x, y=y, metric=metric, at=at)

    async def plot_tradeoff(
        self, against: str = "seconds", *, format: PictureFormat = "svg", theme: Theme = "light"
    ) -> AsyncFigure:
        """The score against `seconds` of training, `parameters` of the model or a metric, with the Pareto front."""
        return await self._figure("trade-off", format, theme, against=against)

    async def plot_confusion_matrix(self, *, format: PictureFormat = "svg", theme: Theme = "light") -> AsyncFigure:
        """True against predicted classes of the test part, by its newest final training. Raises ReportNotReady."""
        return await self._figure("confusion-matrix", format, theme)

    async def _figure(
        self, kind: str, format: PictureFormat, theme: Theme, **query: QueryValue | list[str]
    ) -> AsyncFigure:
        return await drawn(self._http, self.id, kind, query=query, format=format, theme=theme)

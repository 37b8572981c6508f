# Made from _async/_plots.py by `make twins`: edit that one.
"""The pictures of a search."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from headstock._http import Http
from headstock._wire import QueryValue
from headstock.analysis import Method
from headstock.definitions import At, Baseline, Chart, PictureFormat, Theme
from headstock.figures import Figure, drawn


class SearchPlots(ABC):
    """Pictures, drawn by the service: no plotting library is needed here.

    Of every picture, `format` is what a notebook shows: `svg`, or `png` where there are very many points; `theme` is
    the background.
    """

    _http: Http

    @property
    @abstractmethod
    def id(self) -> str: ...

    def plot_objective(self, *, format: PictureFormat = "svg", theme: Theme = "light") -> Figure:
        """Score and best so far, trial by trial."""
        return self._figure("objective", format, theme)

    def plot_hyperparameter(
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
    ) -> Figure:
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
        return self._figure(
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

    def plot_curves(
        self, *, metric: str | None = None, format: PictureFormat = "svg", theme: Theme = "light"
    ) -> Figure:
        """Learning curves of all trials as bands; `trial.plot_curves()` has those of one."""
        return self._figure("learning-curves", format, theme, metric=metric)

    def plot_importance(
        self,
        *,
        method: Method | None = None,
        metric: str | None = None,
        at: At | None = None,
        format: PictureFormat = "svg",
        theme: Theme = "light",
    ) -> Figure:
        """A bar for each hyperparameter, and for each pair worth a hundredth; `importance` has the figures."""
        return self._figure("importance", format, theme, method=method, metric=metric, at=at)

    def plot_parallel(
        self,
        *,
        metric: str | None = None,
        at: At | None = None,
        format: PictureFormat = "svg",
        theme: Theme = "light",
    ) -> Figure:
        """A line for each trial across the hyperparameters' axes."""
        return self._figure("parallel-coordinates", format, theme, metric=metric, at=at)

    def plot_contour(
        self,
        x: str,
        y: str,
        *,
        metric: str | None = None,
        at: At | None = None,
        format: PictureFormat = "svg",
        theme: Theme = "light",
    ) -> Figure:
        """Shades between the trials over two hyperparameters, `x` across and `y` upwards."""
        return self._figure("contour", format, theme, x=x, y=y, metric=metric, at=at)

    def plot_tradeoff(
        self, against: str = "seconds", *, format: PictureFormat = "svg", theme: Theme = "light"
    ) -> Figure:
        """The score against `seconds` of training, `parameters` of the model or a metric, with the Pareto front."""
        return self._figure("trade-off", format, theme, against=against)

    def plot_confusion_matrix(self, *, format: PictureFormat = "svg", theme: Theme = "light") -> Figure:
        """True against predicted classes of the test part, by its newest final training. Raises ReportNotReady."""
        return self._figure("confusion-matrix", format, theme)

    def _figure(self, kind: str, format: PictureFormat, theme: Theme, **query: QueryValue | list[str]) -> Figure:
        return drawn(self._http, self.id, kind, query=query, format=format, theme=theme)

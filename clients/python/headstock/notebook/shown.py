"""What searches, trials and lists of them can show of themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, cast

from headstock._wire import QueryValue
from headstock.errors import HeadstockError
from headstock.models import TrialRecord

if TYPE_CHECKING:
    from headstock._http import Http
    from headstock.analysis import Method
    from headstock.definitions import At, Baseline
    from headstock.notebook.figures import Figure, PictureFormat, Theme
    from headstock.searches import Search
    from headstock.trials import Trial

_DRAW_TIMEOUT_S = 120.0


class _HasRecord(Protocol):
    @property
    def record(self) -> TrialRecord: ...


T = TypeVar("T", bound=_HasRecord)


class Trials(list[T]):
    """A list of trials that a notebook shows as a table: `Trials(search.trials())`."""

    def _repr_html_(self) -> str:
        from headstock.notebook.views import trials_html

        return trials_html(trial.record for trial in self)


class _Recorded(Protocol):
    @property
    def record(self) -> object: ...


class RecordShown:
    """Shows what was last read, and asks the service nothing."""

    def _repr_html_(self: _Recorded) -> str:
        from headstock.notebook.views import html_of

        return html_of(self.record)


class TrialShown(RecordShown):
    """A trial's table and picture."""

    def plot_curves(
        self, *, metric: str | None = None, format: PictureFormat = "svg", theme: Theme = "light"
    ) -> Figure:
        """Its learning curves: all trainings (or folds), on the training and the validation part."""
        trial = cast("Trial", self)
        query = {"metric": metric, "trial": trial.id}
        return _figure(trial._http, trial.record.search_id, "learning-curves", query, format, theme)


class SearchShown:
    """A search's summary, live view and pictures. Pictures are drawn by the service: nothing else is needed here.

    `format` is what a notebook shows: `svg`, or `png` where there are very many points; `theme` the background.
    """

    def _repr_html_(self) -> str:
        from headstock.notebook.live import summary_of
        from headstock.notebook.views import summary_html

        return summary_html(summary_of(cast("Search", self)))

    def live(self, *, wait: bool = True) -> None:
        """Show it as it goes on: in a notebook below the cell, on a terminal on the full screen, else line by line.

        Args:
            wait: Until it has ended; an interrupted kernel (or q on a terminal) lets it run on. False returns at once,
                and the view below the cell goes on by itself (notebooks only).
        """
        from headstock.notebook.live import show

        show(cast("Search", self), wait=wait)

    def plot_objective(self, *, format: PictureFormat = "svg", theme: Theme = "light") -> Figure:
        """Score and best so far, trial by trial."""
        return self._figure("objective", {}, format, theme)

    def plot_hyperparameter(
        self,
        name: str,
        *,
        metrics: Sequence[str] = (),
        at: At | None = None,
        chart: Literal["line", "bar"] | None = None,
        min_value: float | None = None,
        max_value: float | None = None,
        baseline: Baseline | None = None,
        format: PictureFormat = "svg",
        theme: Theme = "light",
    ) -> Figure:
        """Metrics against the values of one hyperparameter; loss and accuracy of both parts unless some are named."""
        query: dict[str, QueryValue | list[str]] = {
            "name": name,
            "metric": list(metrics),
            "at": at,
            "chart": chart,
            "min": min_value,
            "max": max_value,
            "baseline": baseline,
        }
        return self._figure("hyperparameter", query, format, theme)

    def plot_curves(
        self, *, metric: str | None = None, format: PictureFormat = "svg", theme: Theme = "light"
    ) -> Figure:
        """Learning curves of all trials as bands; `trial.plot_curves()` has those of one."""
        return self._figure("learning-curves", {"metric": metric}, format, theme)

    def plot_importance(
        self,
        *,
        method: Method | None = None,
        metric: str | None = None,
        at: At | None = None,
        format: PictureFormat = "svg",
        theme: Theme = "light",
    ) -> Figure:
        """A bar for each hyperparameter, and for each pair worth a hundredth."""
        return self._figure("importance", {"method": method, "metric": metric, "at": at}, format, theme)

    def plot_parallel(
        self,
        *,
        metric: str | None = None,
        at: At | None = None,
        format: PictureFormat = "svg",
        theme: Theme = "light",
    ) -> Figure:
        """A line for each trial across the hyperparameters' axes."""
        return self._figure("parallel-coordinates", {"metric": metric, "at": at}, format, theme)

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
        """Shades between the trials over two hyperparameters."""
        return self._figure("contour", {"x": x, "y": y, "metric": metric, "at": at}, format, theme)

    def plot_tradeoff(
        self, against: str = "seconds", *, format: PictureFormat = "svg", theme: Theme = "light"
    ) -> Figure:
        """The score against `seconds`, `parameters` or a metric, with the Pareto front."""
        return self._figure("trade-off", {"against": against}, format, theme)

    def plot_confusion_matrix(self, *, format: PictureFormat = "svg", theme: Theme = "light") -> Figure:
        """True against predicted classes, of its newest final training. Raises ReportNotReady."""
        return self._figure("confusion-matrix", {}, format, theme)

    def _figure(
        self, kind: str, query: dict[str, QueryValue | list[str]], format: PictureFormat, theme: Theme
    ) -> Figure:
        search = cast("Search", self)
        return _figure(search._http, search.id, kind, query, format, theme)


def _figure(
    http: Http,
    search_id: str,
    kind: str,
    query: dict[str, Any],
    format: PictureFormat,
    theme: Theme,
) -> Figure:
    from headstock.notebook.figures import Figure

    if format not in ("svg", "png"):
        raise HeadstockError(f"{format!r} is no format of a picture; these are: svg, png")

    def draw(wanted: str) -> bytes:
        return http.send(
            "GET",
            f"/v1/searches/{search_id}/plots/{kind}",
            query={**query, "format": wanted, "theme": theme},
            headers={"Accept": "*/*"},
            repeatable=True,
            timeout_s=_DRAW_TIMEOUT_S,
        ).content

    return Figure(draw, kind=kind, format=format)

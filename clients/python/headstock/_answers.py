# Made from _async/_answers.py by `make twins`: edit that one.
"""What a search's trials say together: trends, importance, trade-offs, diagnoses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from headstock import _pages
from headstock._http import Http
from headstock._wire import QueryValue, segment
from headstock.analysis import Contour, Diagnosis, Importance, Method, Parallel, Tradeoff
from headstock.definitions import At, Baseline, Sort
from headstock.errors import NotFound
from headstock.models import Page, TrialState
from headstock.trends import EpochTrend, HyperparameterTrend, ObjectiveTrend


class SearchAnswers(ABC):
    """The answers of a search, worked out by the service from what its trials have reported so far."""

    _http: Http

    @property
    @abstractmethod
    def _path(self) -> str: ...

    def objective_trend(self, *, points: int | None = None) -> ObjectiveTrend:
        """Score and best so far, trial by trial in order of ending; at most `points` of them (2,000 unless told)."""
        return self._http.get(f"{self._path}/trends/objective", ObjectiveTrend, query={"points": points})

    def trend(
        self,
        hyperparameter: str,
        *,
        metrics: Sequence[str] = (),
        at: At = "best",
        min_value: float | None = None,
        max_value: float | None = None,
        baseline: Baseline | None = None,
        sort: Sort = "number",
        points: int | None = None,
    ) -> HyperparameterTrend:
        """What the trials say of one hyperparameter: points, a summary per value, the best value, a verdict.

        Args:
            hyperparameter: Its expanded name, such as `units_0`.
            metrics: Logged metrics to look at, the first of which is the points' score; none: the objective.
            at: Each trial's best epoch (by the objective), or its last one.
            min_value: Only trials whose value is at least this; `max_value` at most.
            baseline: "only" leaves out trials in which another hyperparameter is not at its default; None does so for
                sweeps.
            sort: Order of the points: by trial number, by value, or best score first.
            points: At most so many of them (2,000 unless told); all else is about all trials.

        Raises:
            NotFound: It has no hyperparameter of that name; the message has those there are.
        """
        query: dict[str, QueryValue | list[str]] = {
            "metric": list(metrics),
            "at": at,
            "min": min_value,
            "max": max_value,
            "baseline": baseline,
            "sort": sort,
            "points": points,
        }
        path = f"{self._path}/trends/hyperparameters/{segment(hyperparameter)}"
        try:
            return self._http.get(path, HyperparameterTrend, query=query)
        except NotFound as fault:
            # Names in definitions are not yet expanded: whoever takes them from there is told the right ones.
            names = self.hyperparameter_names()
            fault.hint = f"the hyperparameters of this search are {', '.join(names)}"
            raise

    def hyperparameter_names(self) -> list[str]:
        """The expanded names of its hyperparameters, such as `units_0`: what `trend` and `plot_hyperparameter` take."""
        axes = self.parallel(points=2)
        return [axis.name for axis in axes.axes]

    def importance(self, *, method: Method = "fanova", metric: str | None = None, at: At = "best") -> Importance:
        """Which hyperparameters matter to the score, or another metric.

        Args:
            method: "fanova": shares of the variance over the whole space, pairs included; "ped_anova": what tells the
                best trials from the others.

        Raises:
            ServiceUnavailable: It took too long to work out.
        """
        query = {"method": method, "metric": metric, "at": at}
        return self._http.get(f"{self._path}/importance", Importance, query=query)

    def tradeoff(self, against: str = "seconds", *, points: int | None = None) -> Tradeoff:
        """The score against `seconds` of training, `parameters` of the model, or a metric; and the Pareto front.

        At most `points` of them (2,000 unless told): those on the front first.
        """
        return self._http.get(f"{self._path}/tradeoff", Tradeoff, query={"against": against, "points": points})

    def parallel(self, *, metric: str | None = None, at: At = "best", points: int | None = None) -> Parallel:
        """Scored trials as lines across the axes of all hyperparameters; at most `points` (2,000 unless told)."""
        query = {"metric": metric, "at": at, "points": points}
        return self._http.get(f"{self._path}/parallel", Parallel, query=query)

    def contour(
        self, x: str, y: str, *, metric: str | None = None, at: At = "best", points: int | None = None
    ) -> Contour:
        """A metric over two hyperparameters: a grid that is linear between the trials, and those; at most `points`."""
        query = {"x": x, "y": y, "metric": metric, "at": at, "points": points}
        return self._http.get(f"{self._path}/contour", Contour, query=query)

    def diagnoses(self, *, state: TrialState | None = None) -> Iterator[Diagnosis]:
        """What each trial's curves say, by number, fetched page by page; of ended trials unless told otherwise."""
        return _pages.items(self._http, f"{self._path}/diagnosis", Page[Diagnosis], query={"state": state})

    def epoch_trend(self, metric: str | None = None) -> EpochTrend:
        """Quantile bands of a metric's learning curves over all trials; the objective's unless another is named."""
        return self._http.get(f"{self._path}/trends/epochs", EpochTrend, query={"metric": metric})

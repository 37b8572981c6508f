"""The kinds of pictures: one function each, and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from service.plots.analysis import contour_figure, importance_figure, parallel_figure, tradeoff_figure
from service.plots.asked import Asked
from service.plots.curves import learning_curves_figure
from service.plots.hyperparameter import hyperparameter_figure
from service.plots.objective import objective_figure
from service.plots.reports import confusion_matrix_figure, lr_range_test_figure
from tuners.pictures.figure import Figure


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of picture.

    Attributes:
        figure: Gathers what it shows.
        needs: Parameters it cannot do without.
        takes: Further parameters that mean something to it; others are refused.
    """

    figure: Callable[[Asked], Figure]
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


KINDS: Mapping[str, Kind] = {
    "objective": Kind(objective_figure),
    "hyperparameter": Kind(
        hyperparameter_figure, needs=("name",), takes=("metric", "at", "chart", "min", "max", "baseline")
    ),
    "learning-curves": Kind(learning_curves_figure, takes=("metric", "trial")),
    "importance": Kind(importance_figure, takes=("metric", "at", "method")),
    "parallel-coordinates": Kind(parallel_figure, takes=("metric", "at")),
    "contour": Kind(contour_figure, needs=("x", "y"), takes=("metric", "at")),
    "trade-off": Kind(tradeoff_figure, takes=("against",)),
    "lr-range-test": Kind(lr_range_test_figure),
    "confusion-matrix": Kind(confusion_matrix_figure),
}

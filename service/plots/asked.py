"""What somebody wants drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from service.context import Analysing
from service.trends.measuring import At
from storage.artifacts.store import ArtifactStore
from storage.records import Search, Trial
from storage.repository import Repository
from tuners.analysis.wire import Method
from tuners.space import Space

Chart = Literal["line", "bar"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One picture's subject and options.

    Attributes:
        name: The hyperparameter; empty where the kind has none.
        metrics: In the order of the panels; empty: what suits the kind.
        trial: Only this one; None: all trials.
        against: What the score is set against: "seconds", "parameters" or a metric.
        x: Hyperparameter across; `y` upwards.
        method: Of the importance.
        analyst: What works out importance and surfaces; kinds that ask nothing of it need none.
    """

    search: Search
    space: Space
    repository: Repository
    store: ArtifactStore
    name: str = ""
    metrics: tuple[str, ...] = ()
    at: At = "best"
    chart: Chart = "line"
    minimum: float | None = None
    maximum: float | None = None
    only_baseline: bool = False
    trial: Trial | None = field(default=None)
    against: str = "seconds"
    x: str = ""
    y: str = ""
    method: Method = "fanova"
    analyst: Analysing | None = None

"""The scored trials of a search as columns: ten thousand of them as records would take longer to make than to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from storage.ids import TrialId
from storage.records import Scalar


@dataclass(frozen=True, slots=True)
class ScoredColumns:
    """The trials of a search that have a score, in order of ending: every column has one place for each of them.

    Not to be changed: several threads read the same columns.

    Attributes:
        ids: Their ids.
        numbers: Their numbers within the search.
        scores: Finite.
        ended_at: When they ended.
        epochs: Epochs recorded, over all executions.
        seconds: Training seconds.
        parameters: Of their models; None where nobody counted them.
        values: By name, the value of each hyperparameter; None in trials where it was not active.
        metrics: By name, each metric at the best epoch; NaN in trials that have no finite value of it.
        last_metrics: The same at the last epoch.
    """

    ids: Sequence[TrialId] = ()
    numbers: Sequence[int] = ()
    scores: Sequence[float] = ()
    ended_at: Sequence[datetime] = ()
    epochs: Sequence[int] = ()
    seconds: Sequence[float] = ()
    parameters: Sequence[int | None] = ()
    values: Mapping[str, Sequence[Scalar | None]] = field(default_factory=dict)
    metrics: Mapping[str, Sequence[float]] = field(default_factory=dict)
    last_metrics: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

"""One number of one trial."""

from __future__ import annotations

import math
from typing import Literal

from storage.records import Objective, Trial

At = Literal["best", "last"]


def measured(trial: Trial, metric: str, *, at: At, objective: Objective) -> float | None:
    """The metric at the trial's best or last epoch, mean over executions; None when there is no finite value."""
    if at == "best" and metric == objective.name:
        value = trial.score
    else:
        value = (trial.metrics if at == "best" else trial.last_metrics).get(metric)
    return None if value is None or not math.isfinite(value) else value

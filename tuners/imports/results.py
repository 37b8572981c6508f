"""Results as every reader gives them, and what is checked of all of them alike."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from tuners.definitions.metrics import usual_direction
from tuners.imports.wire import MAX_EPOCHS, MAX_TRIALS, Header, ImportOptions, Source, TrialLine, refused


@dataclass
class Results:
    """Trials with their space. `directions` has the metrics whose direction the file itself tells."""

    source: Source
    hyperparameters: list[dict[str, object]]
    trials: list[TrialLine]
    objective: str = ""
    directions: dict[str, str] = field(default_factory=dict)
    left_out: int = 0


def checked(results: Results, options: ImportOptions) -> tuple[Header, list[TrialLine]]:
    """The header and the trials, once there are some, not too many, and the objective is among their metrics.

    Raises:
        Refused: Otherwise.
    """
    trials = results.trials
    if not trials:
        raise refused("no_trials", "the file has no finished trial")
    if len(trials) > MAX_TRIALS or sum(len(trial.epochs) for trial in trials) > MAX_EPOCHS:
        raise refused("too_large", f"a search may have {MAX_TRIALS} trials and {MAX_EPOCHS} epochs in all")
    metrics = sorted({name for trial in trials for epoch in trial.epochs for name in epoch.metrics})
    objective = options.objective or results.objective or (metrics[0] if len(metrics) == 1 else "")
    if not objective:
        detail = f"say which metric is the objective; the file has {', '.join(metrics[:20])}"
        raise refused("missing", detail, pointer="/objective")
    if objective not in metrics:
        detail = f"no trial has a metric of this name; the file has {', '.join(metrics[:20])}"
        raise refused("unknown_metric", detail, pointer="/objective")
    direction = options.direction or results.directions.get(objective) or usual_direction(objective)
    if direction not in ("min", "max"):
        raise refused("missing", f"say whether `{objective}` is better when it is `min` or `max`", pointer="/direction")
    if not any(math.isfinite(value) for value in _of(objective, trials)):
        raise refused("no_trials", f"no trial has a finite `{objective}`: there is nothing to compare")
    header = Header(
        source=results.source,
        objective=objective,
        direction="min" if direction == "min" else "max",
        hyperparameters=results.hyperparameters,
        left_out=results.left_out,
    )
    return header, trials


def _of(metric: str, trials: Iterable[TrialLine]) -> Iterable[float]:
    return (epoch.metrics[metric] for trial in trials for epoch in trial.epochs if metric in epoch.metrics)

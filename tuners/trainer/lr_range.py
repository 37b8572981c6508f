"""The learning-rate range test: a few batches with an ever greater learning rate show where training goes well.

Source: L. N. Smith (2017), "Cyclical Learning Rates for Training Neural Networks", arXiv:1506.01186, section 3.3, with
an exponential instead of a linear rise, smoothed losses, and the end at divergence of fastai's learning-rate finder
(S. Gugger; J. Howard, S. Gugger (2020), arXiv:2002.04688).
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.records import Failure
from tuners.failures import TrialFault
from tuners.seeds import training_seed
from tuners.trainer.control import Control
from tuners.trainer.keras_trial import KerasTrial, TrainingArrays, example_weights
from tuners.trainer.protocol import Batches, EpochDone, Outcome, RunTrial, Saved, Started

_HEARTBEAT_S = 1.0
# A smoothed curve says nothing of its slope before this many points, nor in the last ones before it diverged.
_LEAST_POINTS = 5
_SKIPPED_END = 5

METHOD = {
    "steepest": "the rate at which the smoothed loss falls fastest, against the logarithm of the rate",
    "minimum": "the rate at which the smoothed loss is least; one tenth of it is still clear of divergence",
    "range": "from the lesser to the greater of the steepest rate and one tenth of the minimum's",
}


@dataclass(frozen=True, slots=True)
class Point:
    """One batch: its learning rate, its loss, and the smoothed loss up to it."""

    rate: float
    loss: float
    smoothed: float


@dataclass(frozen=True, slots=True)
class Sweep:
    """What to try.

    Attributes:
        min_rate: First learning rate, above 0.
        max_rate: Last one, above the first.
        steps: Batches, at least 2; each multiplies the rate by the same factor.
        smoothing: Share of the old value in the running mean of the losses, from 0 to below 1.
        divergence: The test ends when the smoothed loss is so many times the least one so far.
    """

    min_rate: float
    max_rate: float
    steps: int
    smoothing: float
    divergence: float

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Sweep:
        return cls(
            float(options["min_rate"]),
            float(options["max_rate"]),
            int(options["steps"]),
            float(options["smoothing"]),
            float(options["divergence"]),
        )

    def rate(self, step: int) -> float:
        return float(self.min_rate * (self.max_rate / self.min_rate) ** (step / (self.steps - 1)))


class Smoothing:
    """A running mean that gives the first values their full weight: `m / (1 - share^n)`, as Adam's moments."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._mean = 0.0
        self._count = 0

    def add(self, value: float) -> float:
        self._count += 1
        self._mean = self._share * self._mean + (1 - self._share) * value
        return self._mean / (1 - self._share**self._count)


def suggestion(points: Sequence[Point], *, diverged: bool) -> dict[str, Any] | None:
    """A range of learning rates to try; None when there are too few points, or the loss never falls.

    Args:
        points: In the order of their rates, all finite.
        diverged: Whether the test ended because of the loss: then the last points are its explosion.
    """
    kept = points[:-_SKIPPED_END] if diverged else points
    if len(kept) < _LEAST_POINTS:
        return None
    rates = np.log([point.rate for point in kept])
    losses = np.array([point.smoothed for point in kept])
    slopes = np.diff(losses) / np.diff(rates)
    if slopes.min() >= 0:
        return None
    steepest = kept[int(slopes.argmin())].rate
    minimum = kept[int(losses.argmin())].rate
    low, high = sorted((steepest, minimum / 10))
    return {"min_rate": low, "max_rate": high, "steepest": steepest, "minimum": minimum, "method": METHOD}


def run_lr_range_test(
    job: RunTrial, control: Control, *, load_arrays: Callable[..., Any], build_model: Callable[..., Any]
) -> Outcome | Failure:
    """Run the test and save its report. The steps are reported in `target_epochs` portions, so that progress shows.

    Nothing is saved on the way: a later attempt begins anew. One that is asked to stop reports what it has.
    """
    trial = KerasTrial(job, control, load_arrays=load_arrays, build_model=build_model)
    model, _ = trial.model(0, trial.beginning(0))
    if not getattr(model, "compiled", False):
        raise TrialFault("build_error", "The model is not compiled, so it has no learning rate to raise.")
    arrays = trial.arrays(model, 0)
    control.phase = "training_error"
    sweep = Sweep.of(job.options)
    points: list[Point] = []
    diverged = _run(job, control, model, arrays, sweep, points)
    if control.how in ("release", "abandon"):
        return "released" if control.how == "release" else "abandoned"
    if points:
        _save(job, control, sweep, points, diverged=diverged)
    return "stopped" if control.how == "stop" else "completed"


def _run(
    job: RunTrial, control: Control, model: Any, arrays: TrainingArrays, sweep: Sweep, points: list[Point]
) -> bool:
    """Train batch by batch, adding to `points`; whether the loss diverged."""
    smoothing = Smoothing(sweep.smoothing)
    weights, class_weight = example_weights(job, arrays)
    batches = _batches(arrays.y_train, size=job.resolved["fit"].get("batch_size") or 32, seed=_seed(job))
    best = math.inf
    portion, began, beat = 0, time.perf_counter(), time.perf_counter()
    for step in range(sweep.steps):
        rate = sweep.rate(step)
        model.optimizer.learning_rate = rate
        # Else the loss would be the mean over all batches so far.
        model.reset_metrics()
        rows = next(batches)
        logs = model.train_on_batch(
            _taken(arrays.x_train, rows),
            _taken(arrays.y_train, rows),
            sample_weight=None if weights is None else weights[rows],
            class_weight=class_weight,
            return_dict=True,
        )
        loss = float(logs["loss"])
        if not control.trained:
            control.trained = True
            control.send(Started(job.trial_id, job.attempt, int(model.count_params())))
        smoothed = smoothing.add(loss)
        diverged = not math.isfinite(smoothed) or smoothed > sweep.divergence * best > 0
        if math.isfinite(smoothed):
            points.append(Point(rate, loss, smoothed))
            best = min(best, smoothed)
        over = diverged or step + 1 == sweep.steps
        now = time.perf_counter()
        if over or step + 1 >= (portion + 1) * sweep.steps / job.target_epochs:
            metrics = {"loss": smoothed, "learning_rate": rate}
            control.send(EpochDone(job.trial_id, job.attempt, 0, portion, metrics, now - began))
            portion, began, beat = portion + 1, now, now
        elif now - beat >= _HEARTBEAT_S:
            beat = now
            control.send(Batches(job.trial_id, job.attempt, 0, portion))
        if over:
            return diverged
        if control.end_now():
            break
    return False


def _seed(job: RunTrial) -> int:
    return training_seed(job.search_seed, job.trial_number, 0)


def _batches(y: Any, *, size: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Rows of whole batches, in an order drawn anew for each pass over the data, without end."""
    rows = len(next(iter(y.values()))) if isinstance(y, Mapping) else len(y)
    size = min(size, rows)
    generator = np.random.default_rng(seed)
    while True:
        order = generator.permutation(rows)
        for start in range(0, rows - size + 1, size):
            yield order[start : start + size]


def _taken(part: Any, rows: NDArray[np.int64]) -> Any:
    return {name: values[rows] for name, values in part.items()} if isinstance(part, Mapping) else part[rows]


def _save(job: RunTrial, control: Control, sweep: Sweep, points: Sequence[Point], *, diverged: bool) -> None:
    document = {
        "format": 1,
        "batch_size": job.resolved["fit"].get("batch_size") or 32,
        "diverged": diverged,
        "rates": [point.rate for point in points],
        "losses": [point.loss for point in points],
        "smoothed": [point.smoothed for point in points],
        "suggestion": suggestion(points, diverged=diverged),
    }
    path = Path(job.scratch, "report.json")
    content = json.dumps(document, allow_nan=False).encode()
    path.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    control.send(Saved(job.trial_id, job.attempt, "report", 0, None, str(path), sha256, len(content)))

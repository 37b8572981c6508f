"""What a trainer does with an order: the one place that knows which code runs which model and which task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from storage.records import Failure
from tuners.failures import classify
from tuners.trainer.control import Control
from tuners.trainer.keras_trial import KerasTrial, TrainingArrays
from tuners.trainer.protocol import Outcome, RunTrial


class Runner:
    """Runs trials one after the other. Not safe for threads.

    Args:
        load_arrays: `tuners.datasets.arrays.load_arrays`.
        build_model: `tuners.trainer.builder.build_model`.
    """

    def __init__(self, load_arrays: Callable[..., TrainingArrays], build_model: Callable[..., Any]) -> None:
        self._load_arrays = load_arrays
        self._build_model = build_model

    def run(self, job: RunTrial, control: Control) -> Outcome | Failure:
        """Train; what came of it. Epochs, checkpoints and results have been sent by then."""
        try:
            return self._run(job, control)
        except Exception as error:
            return classify(error, before_first_batch=not control.trained, otherwise=control.phase)

    def _run(self, job: RunTrial, control: Control) -> Outcome | Failure:
        # Parts are imported only now: most trainers need one of them, and scikit-learn takes a second to import.
        estimator = job.resolved["model"].get("type") == "sklearn"
        if job.task == "finalize" and estimator:
            from tuners.trainer.final_estimator import finalize_estimator

            return finalize_estimator(job, control, load_arrays=self._load_arrays)
        if job.task == "finalize":
            from tuners.trainer.final import finalize_keras

            return finalize_keras(job, control, load_arrays=self._load_arrays, build_model=self._build_model)
        if job.task == "lr_range_test":
            from tuners.trainer.lr_range import run_lr_range_test

            return run_lr_range_test(job, control, load_arrays=self._load_arrays, build_model=self._build_model)
        if estimator:
            from tuners.trainer.estimators import run_estimator

            return run_estimator(job, control, self._load_arrays)
        trial = KerasTrial(job, control, load_arrays=self._load_arrays, build_model=self._build_model)
        return trial.run()

"""The report of a final training: one JSON document that says all that is known of the model."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import keras

from tuners.list_values import all_shown
from tuners.seeds import training_seed
from tuners.trainer.protocol import RunTrial

FORMAT = 1
BACKENDS: Mapping[str, tuple[str, ...]] = {
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "jax": ("jax",),
    "torch": ("torch",),
}
"""The distributions that a backend comes in."""


@dataclass(frozen=True, slots=True)
class Training:
    """How the model was trained.

    Attributes:
        rows: Examples.
        seconds: Of each epoch.
        metrics: Of the last epoch, on the rows trained on.
        left_out: Callbacks of the definition that watch a validation part.
        stopped: Whether it was asked to stop before its last epoch.
        weighted: Whether examples had weights.
    """

    rows: int
    seconds: Sequence[float]
    metrics: Mapping[str, float | None]
    left_out: tuple[str, ...]
    stopped: bool
    weighted: bool


@dataclass(frozen=True, slots=True)
class Tested:
    """What the test part said: the definition's own metrics, and the tables of each output (`evaluation`)."""

    rows: int
    metrics: Mapping[str, float | None]
    outputs: Sequence[Mapping[str, Any]]
    seconds: float


def report_of(job: RunTrial, *, training: Training, tested: Tested | None, model: Mapping[str, Any]) -> dict[str, Any]:
    """The report, as JSON; `docs/rest.md` lists its fields."""
    dataset = job.dataset
    resolved = {key: value for key, value in job.resolved.items() if key != "layer_pointers"}
    # Where a file lies on this machine is nobody's business.
    resolved["model"] = {key: value for key, value in resolved["model"].items() if key != "weights_file"}
    return {
        "format": FORMAT,
        "source": dict(job.options.get("source") or {}),
        "values": all_shown(job.options["values"]),
        "model": {"type": resolved["model"].get("type", "sequential"), **model},
        "dataset": {
            "name": dataset.name,
            "source": dataset.source,
            "fingerprint": dataset.fingerprint,
            "task": dataset.task,
            "train_rows": dataset.train_rows,
            "validation_rows": dataset.validation_rows,
            "test_rows": dataset.test_rows,
        },
        "training": {
            "rows": training.rows,
            "epochs": len(training.seconds),
            "epoch_seconds": list(training.seconds),
            "seconds": sum(training.seconds),
            "metrics": dict(training.metrics),
            "weighted": training.weighted,
            "seed": job.search_seed,
            "training_seed": training_seed(job.search_seed, job.trial_number, 0),
        },
        "test": None
        if tested is None
        else {
            "rows": tested.rows,
            "seconds": tested.seconds,
            "metrics": dict(tested.metrics),
            "outputs": [dict(output) for output in tested.outputs],
        },
        "environment": {
            "device": str(keras.distribution.list_devices()[0]),
            "backend": keras.config.backend(),
            "platform": f"{platform.system()} {platform.machine()}",
            "versions": versions(str(model["kind"])),
        },
        "notes": list(_notes(job, training, tested)),
        "definition": resolved,
    }


def versions(kind: str) -> dict[str, str]:
    """Exact versions of what the model needs, by the names under which they can be installed, Python's among them."""
    wanted: tuple[str, ...] = ("scikit-learn", "skops") if kind == "sklearn" else ("keras",)
    found = {"python": platform.python_version()}
    for name in ("numpy", *wanted, *(BACKENDS[keras.config.backend()] if kind == "keras" else ())):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _notes(job: RunTrial, training: Training, tested: Tested | None) -> list[dict[str, str]]:
    notes = []
    if tested is None:
        notes.append({
            "code": "no_test_part",
            "message": "The data set has no test part, so the model has not been tested on rows it has not seen. The "
            "score of the trial it comes from, on validation rows, is under `source`.",
        })  # fmt: skip
    if training.left_out:
        names = ", ".join(sorted(set(training.left_out)))
        notes.append({
            "code": "callbacks_left_out",
            "message": f"{names} would watch a validation part. There is none here, since all rows were trained on; "
            "the number of epochs stands in for it.",
        })  # fmt: skip
    if training.stopped:
        notes.append({
            "code": "stopped_early",
            "message": f"It was asked to stop after {len(training.seconds)} of {job.target_epochs} epochs.",
        })  # fmt: skip
    if tested is not None and training.weighted:
        notes.append({
            "code": "tables_unweighted",
            "message": "Sample weights count in training and in the metrics; in the tables each row counts once.",
        })  # fmt: skip
    if job.resolved["model"].get("type") == "builder":
        notes.append({
            "code": "builder_classes",
            "message": "A builder made the model. To load it where the builder is not installed, classes of its own "
            "must be registered with Keras first.",
        })  # fmt: skip
    return notes

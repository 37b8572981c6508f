"""The files of a final training: report, model, and a bundle with everything that a prediction needs."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tuners.datasets.preprocessing.fitted import FittedPreprocessing
from tuners.trainer.control import Control
from tuners.trainer.protocol import RunTrial, Saved, SavedKind
from tuners.trainer.results.card import model_card
from tuners.trainer.results.program import predict_program

KERAS_FILE = "model.keras"
SKOPS_FILE = "model.skops"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model on disk.

    Attributes:
        backend: Keras' backend that trained it; None for scikit-learn.
        trusted: Types in a `.skops` file that whoever loads it must name.
    """

    path: Path
    kind: Literal["keras", "sklearn"]
    backend: str | None = None
    trusted: tuple[str, ...] = ()


def save_results(
    job: RunTrial,
    control: Control,
    report: Mapping[str, Any],
    model: ModelFile,
    preprocessing: FittedPreprocessing,
    *,
    outputs: Mapping[str, Any],
) -> None:
    """Write report and bundle beside the model, and tell the worker of all three.

    Raises:
        OSError: The disk is full.
    """
    folder = Path(job.scratch)
    facts = {"file": model.path.name, "sha256": _sha256(model.path), "size_bytes": model.path.stat().st_size}
    report = {**report, "model": {**report["model"], **facts}}
    report_path = folder / "report.json"
    report_path.write_text(json.dumps(report, indent=1, allow_nan=False), encoding="utf-8")
    document = {
        "format": 1,
        "model": {
            "file": model.path.name,
            "kind": model.kind,
            "backend": model.backend,
            "trusted": list(model.trusted),
        },
        "preprocessing": preprocessing.to_json(),
        "features": list(job.dataset.feature_names),
        "outputs": dict(outputs),
    }
    bundle_path = folder / "bundle.zip"
    with zipfile.ZipFile(bundle_path, "w", zipfile.ZIP_DEFLATED) as bundle:
        # Weights do not get smaller.
        bundle.write(model.path, model.path.name, compress_type=zipfile.ZIP_STORED)
        bundle.writestr("preprocessing.json", json.dumps(document, allow_nan=False))
        bundle.writestr("predict.py", predict_program())
        bundle.write(report_path, "report.json")
        bundle.writestr("model-card.md", model_card(report))
        bundle.writestr("requirements.txt", requirements(report["environment"]["versions"]))
    epoch = int(report["training"]["epochs"]) - 1
    for kind, path in (("report", report_path), ("model", model.path), ("bundle", bundle_path)):
        _saved(job, control, kind, path, epoch)  # type: ignore[arg-type]


def requirements(versions: Mapping[str, str]) -> str:
    """Lines for pip; the version of Python as a comment."""
    lines = [f"{name}=={number}" for name, number in versions.items() if name != "python"]
    return "\n".join([f"# Python {versions['python']}", *lines, ""])


def _saved(job: RunTrial, control: Control, kind: SavedKind, path: Path, epoch: int) -> None:
    size = os.stat(path).st_size
    control.send(Saved(job.trial_id, job.attempt, kind, 0, epoch, str(path), _sha256(path), size))


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

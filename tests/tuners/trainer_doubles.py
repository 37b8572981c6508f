"""What trainer tests share: tiny arrays, resolved definitions, and a line to a worker that only listens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from storage.datasets import Dataset
from storage.ids import DatasetId
from tuners.trainer.checkpoints import Array
from tuners.trainer.control import Control
from tuners.trainer.protocol import EpochDone, FromTrainer, ResumePoint, RunTrial, Saved

M = TypeVar("M")


@dataclass
class TinyArrays:
    x_train: Array
    y_train: Array
    x_val: Array | None
    y_val: Array | None
    w_train: Array | None = None
    w_val: Array | None = None


def tiny_arrays(folder: Path, dataset: Dataset, **_: object) -> TinyArrays:
    """96 + 32 points of two classes that a small net can tell apart."""
    generator = np.random.default_rng(3)
    x = generator.normal(size=(128, 4)).astype(np.float32)
    y = (x[:, 0] + x[:, 1] > 0).astype(np.int64)
    return TinyArrays(x[:96], y[:96], x[96:], y[96:])


def dataset(**changes: Any) -> Dataset:
    fields: dict[str, Any] = {
        "id": DatasetId("d_1"),
        "owner": "someone",
        "name": "tiny",
        "task": "classification",
        "input_shape": (4,),
        "num_classes": 2,
        "class_names": ("no", "yes"),
        "feature_names": (),
        "train_rows": 96,
        "validation_rows": 32,
        "test_rows": 0,
        "x_dtype": "float32",
        "y_dtype": "int64",
        "scale": "none",
        "source": "made",
        "builtin": False,
        "key": "datasets/d_1",
        "size_bytes": 1,
        "fingerprint": "0" * 64,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Dataset(**(fields | changes))


def resolved(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "model": {
            "type": "sequential",
            "input_shape": [4],
            "layers": [
                {"layer": "Dense", "units": 8, "activation": "relu"},
                {"layer": "BatchNormalization"},
                {"layer": "Dropout", "rate": 0.2},
                {"layer": "Dense", "units": 2, "activation": "softmax"},
            ],
        },
        "compile": {
            "optimizer": {"optimizer": "Adam", "learning_rate": 0.01},
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
        },
        "fit": {"epochs": 4, "batch_size": 32, "shuffle": True, "callbacks": []},
        "objective": {"name": "val_accuracy", "direction": "max"},
        "seed": 7,
    }
    return document | changes


def job(scratch: Path, **changes: Any) -> RunTrial:
    fields: dict[str, Any] = {
        "trial_id": "t_1",
        "attempt": 1,
        "resolved": resolved(),
        "dataset": dataset(),
        "data_folder": "unused",
        "scratch": str(scratch),
        "search_seed": 7,
        "trial_number": 3,
        "executions": 1,
        "start_epoch": 0,
        "target_epochs": 4,
        "max_parameters": 1_000_000,
        "constraint_parameters": None,
        "parent_path": None,
        "resume": None,
    }
    return RunTrial(**(fields | changes))


def resume_from(saved: Saved) -> ResumePoint:
    assert saved.epoch is not None
    return ResumePoint(saved.execution, saved.epoch, saved.path, best_epoch=0)


@dataclass
class Line:
    """Keeps what the trainer says; `orders` may say something back after each message."""

    messages: list[FromTrainer] = field(default_factory=list)
    orders: Any = None

    def __post_init__(self) -> None:
        self.control = Control(self._take)

    def _take(self, message: FromTrainer) -> None:
        self.messages.append(message)
        if self.orders is not None:
            self.orders(message, self.control)

    def of(self, kind: type[M]) -> list[M]:
        return [message for message in self.messages if isinstance(message, kind)]

    def epochs(self) -> list[tuple[int, int]]:
        return [(message.execution, message.epoch) for message in self.of(EpochDone)]

    def last(self) -> Saved:
        return [message for message in self.of(Saved) if message.kind == "last"][-1]

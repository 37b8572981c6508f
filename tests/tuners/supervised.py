"""Searches for scripted trainers, which read no data, and what became of them."""

from __future__ import annotations

from typing import Any

from storage.datasets import Dataset
from storage.errors import StorageUnavailable
from storage.ids import new_dataset_id
from storage.records import Search, Trial
from storage.states import AttemptState
from tests.tuners.trainer_doubles import dataset
from tests.tuners.worker_scene import Scene
from tuners.datasets.wire import META_NAME, Meta


def stored_dataset(scene: Scene) -> Dataset:
    """A record with files that scripted trainers never read."""
    dataset_id = new_dataset_id()
    record = dataset(
        id=dataset_id, owner="ada", name=dataset_id, input_shape=(8, 8), num_classes=10, validation_rows=0,
        key=f"datasets/{dataset_id}",
    )  # fmt: skip
    facts = {"dtype": "float32", "sha256": "0" * 64}
    rows = record.train_rows
    meta = Meta.model_validate(
        {
            "task": record.task,
            "input_shape": record.input_shape,
            "num_classes": record.num_classes,
            "class_names": record.class_names,
            "feature_names": record.feature_names,
            "scale": record.scale,
            "arrays": {"x_train": {**facts, "shape": (rows, 8, 8)}, "y_train": {**facts, "shape": (rows,)}},
        }
    )
    file = scene.settings.data_dir / "file"
    file.write_text(meta.model_dump_json(), encoding="utf-8")
    for name in ("x_train.npy", "y_train.npy", META_NAME):
        scene.store.put(f"{record.key}/{name}", file)
    return scene.repository.add_dataset(record)


def search(scene: Scene, trials: int = 1, **changes: Any) -> Search:
    return scene.search(trials, dataset=stored_dataset(scene), **changes)


def attempts(scene: Scene, trial: Trial) -> list[tuple[AttemptState, str | None]]:
    return [
        (attempt.state, None if attempt.failure is None else attempt.failure.code)
        for attempt in scene.repository.list_attempts(trial.id)
    ]


class Flaky:
    """A repository whose answers to the first calls of some kinds are lost: the second, fourth ... after the commit."""

    def __init__(self, repository: Any, **fails: int) -> None:
        self._repository = repository
        self._fails = fails
        self.refused = dict.fromkeys(fails, 0)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._repository, name)
        if name not in self.refused:
            return method

        def call(*arguments: Any, **keywords: Any) -> Any:
            if self.refused[name] >= self._fails[name]:
                return method(*arguments, **keywords)
            self.refused[name] += 1
            if self.refused[name] % 2 == 0 and name not in {"claim_trials", "renew_leases"}:
                method(*arguments, **keywords)
            raise StorageUnavailable("the answer was lost")

        return call

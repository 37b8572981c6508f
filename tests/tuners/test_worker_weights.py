"""Weights to begin with, on a worker: from the id in a definition to the file a trainer reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from storage.files import Artifact, Weights
from storage.ids import ArtifactId, TrialId
from storage.states import TrialState
from tests.tuners.worker_scene import Scene
from tuners.failures import TrialFault
from tuners.weights.client import WeightsClient
from tuners.worker.initial_weights import InitialWeights, kept_weights

SMALLEST: dict[str, Any] = {
    "type": "application",
    "application": "MobileNet",
    "alpha": 0.25,
    "image_size": [32, 32],
    "trainable": {"last": {"hp": "units"}},
    "head": [{"layer": "Dense", "units": {"data": "num_classes"}, "activation": "softmax"}],
}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path / "data")
    yield made
    made.close()


def uploaded(scene: Scene, folder: Path, *, owner: str = "ada") -> Weights:
    path = folder / "some.weights.h5"
    with h5py.File(path, "w") as file:
        file["layers/dense/vars/0"] = np.ones((2, 2), dtype="float32")
    client = WeightsClient(scene.settings, scene.store, scene.clock)
    return scene.repository.add_weights(client.upload(path, name="some", owner=owner))


def asking(weights: object) -> dict[str, Any]:
    return {"model": {"type": "application", "weights": weights}}


def test_a_trainer_is_told_the_file_of_uploaded_weights(scene: Scene, tmp_path: Path) -> None:
    weights = uploaded(scene, tmp_path)
    desk = InitialWeights(scene.store, scene.repository, downloads=False)
    found = desk.found(asking({"weights": weights.id}), owner="ada")["model"]["weights_file"]
    assert found["kind"] == "file"
    assert Path(found["path"]).read_bytes() == (tmp_path / "some.weights.h5").read_bytes()
    assert found["path"].endswith(".weights.h5")
    assert desk.found(asking("imagenet"), owner="ada")["model"]["weights_file"] == {
        "kind": "imagenet", "download": False,
    }  # fmt: skip
    for without in (asking(None), {"model": {"type": "sequential"}}):
        assert desk.found(without, owner="ada") == without


def test_weights_that_are_gone_or_somebody_elses_are_not_had(scene: Scene, tmp_path: Path) -> None:
    weights = uploaded(scene, tmp_path)
    desk = InitialWeights(scene.store, scene.repository, downloads=True)

    def code(weights: object, *, owner: str = "ada") -> str:
        with pytest.raises(TrialFault) as raised:
            desk.found(asking(weights), owner=owner)
        return raised.value.code

    wanted = {"weights": weights.id}
    assert code(wanted, owner="bob") == "weights_unavailable"
    assert code({"trial": "t_" + "0" * 32}) == "weights_unavailable"
    search = scene.search()
    assert code({"trial": scene.trial(search).id}) == "weights_unavailable"
    path = scene.store.local_path(weights.key)
    path.write_bytes(b"something else")
    assert code(wanted) == "weights_unavailable"
    scene.repository.delete_weights(weights.id)
    assert code(wanted) == "weights_unavailable"


def test_the_best_weights_of_the_first_execution_stand_for_a_trial(scene: Scene) -> None:
    plain = Artifact(
        id=ArtifactId("a_1"), trial_id=TrialId("t_1"), search_id=None, attempt=1, key="k", kind="last", sha256="",
        size_bytes=1, execution=0, epoch=1, created_at=scene.clock.now(),
    )  # fmt: skip
    changes: list[dict[str, Any]] = [
        {"kind": "report"},
        {"kind": "model"},
        {"kind": "best", "execution": 1},
        {"kind": "best", "key": "this"},
        {},
    ]
    artifacts = [dataclasses.replace(plain, **change) for change in changes]
    found = kept_weights(tuple(artifacts))
    assert found is not None
    assert found.key == "this"
    assert kept_weights(tuple(artifacts[:1])) is None


@pytest.mark.keras
def test_a_later_search_goes_on_with_an_earlier_trials_backbone(scene: Scene) -> None:
    learning: dict[str, Any] = {
        "compile": {
            "optimizer": "SGD",
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
        },
        "fit": {"epochs": 1, "batch_size": 512, "validation_split": 0.1},
    }
    with scene.working():
        first = scene.search(model=SMALLEST, **learning)
        (earlier,) = scene.wait_for_end(first)
        assert earlier.state is TrialState.COMPLETED, earlier.failure
        model = {**SMALLEST, "weights": {"trial": earlier.id}, "pooling": "max"}
        (later,) = scene.wait_for_end(scene.search(model=model, **learning))
        assert later.state is TrialState.COMPLETED, later.failure
        missing = {**SMALLEST, "weights": {"weights": "w8_" + "0" * 32}}
        (failed,) = scene.wait_for_end(scene.search(model=missing, **learning))
        assert failed.failure is not None
        assert failed.failure.code == "weights_unavailable"
        wider = {**SMALLEST, "weights": {"trial": earlier.id}, "alpha": 0.5}
        (other,) = scene.wait_for_end(scene.search(model=wider, **learning))
        assert other.failure is not None
        assert other.failure.code == "build_error"
        assert "the earlier trial's model has no backbone of this kind" in other.failure.message

"""Models made from checkpoints: the file is the trained model, and what does not fit is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from storage.errors import ArtifactDamaged, StorageUnavailable
from storage.settings import Settings
from tests.tuners.trainer_doubles import Line, job, resolved, tiny_arrays
from tuners.exporting import export_model
from tuners.trainer import checkpoints
from tuners.trainer.protocol import Saved

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The best weights of a short training."""
    from tuners.trainer.builder import build_model
    from tuners.trainer.runner import Runner

    line = Line()
    folder = tmp_path_factory.mktemp("trained")
    assert Runner(tiny_arrays, build_model).run(job(folder), line.control) == "completed"
    return Path([saved.path for saved in line.of(Saved) if saved.kind == "best"][-1])


def test_exported_model_is_the_trained_one_and_is_made_once(weights: Path, tmp_path: Path) -> None:
    import keras

    settings = Settings(data_dir=tmp_path)
    path = export_model(resolved(), weights, settings=settings)
    model = keras.models.load_model(path)
    # A `.keras` file does not hold the random states of layers.
    saved = [t for t in checkpoints.read(weights).of_role("model") if t.name != checkpoints.SEED_STATE]
    assert [weight.tobytes() for weight in model.get_weights()] == [t.value.tobytes() for t in saved]
    arrays = tiny_arrays(tmp_path, None)  # type: ignore[arg-type]
    assert arrays.x_val is not None
    assert model.predict(arrays.x_val, verbose=0).shape == (32, 2)
    assert np.isfinite(model.evaluate(arrays.x_val, arrays.y_val, verbose=0)[0])
    written = path.stat().st_ino
    assert export_model(resolved(), weights, settings=settings).stat().st_ino == written
    assert [file.suffix for file in (tmp_path / "exports").iterdir()] == [".keras"]


def test_weights_of_another_model_are_refused(weights: Path, tmp_path: Path) -> None:
    snapshot = checkpoints.read(weights)
    other = checkpoints.write(replace(snapshot, tensors=snapshot.tensors[1:]), tmp_path / "other.npz").path
    with pytest.raises(ArtifactDamaged, match="variables"):
        export_model(resolved(), other, settings=Settings(data_dir=tmp_path))
    assert list((tmp_path / "exports").iterdir()) == []


def test_missing_weights_are_damage(tmp_path: Path) -> None:
    with pytest.raises(ArtifactDamaged):
        export_model(resolved(), tmp_path / "none.npz", settings=Settings(data_dir=tmp_path))


def test_export_that_takes_too_long_is_ended(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="within"):
        export_model(resolved(), weights, settings=Settings(data_dir=tmp_path), timeout_s=0.05)
    assert list((tmp_path / "exports").iterdir()) == []

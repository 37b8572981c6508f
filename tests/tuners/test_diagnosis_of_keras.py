"""The rules on curves that Keras has really trained: a few rows, a few seconds."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from service.trends.curves import mean_curves
from service.trends.diagnosis import diagnosis_of
from storage.clock import SystemClock
from storage.epochs import StoredEpoch
from storage.ids import TrialId
from storage.records import Objective


def fitted(*, units: int, rate: float, epochs: int, noise: bool) -> list[StoredEpoch]:
    """A net on 60 rows of which half validate: of noise there is nothing to learn but the rows themselves."""
    keras.utils.set_random_seed(3)
    draw = np.random.default_rng(3)
    x = draw.normal(size=(60, 8)).astype("float32")
    y = draw.normal(size=60) if noise else x[:, 0] + 0.5 * x[:, 1]
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(units, "relu"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rate), "mse")
    history = model.fit(x, y, validation_split=0.5, epochs=epochs, batch_size=15, verbose=0).history
    return [
        StoredEpoch(TrialId("t"), 0, epoch, 1, {"loss": loss, "val_loss": val_loss}, 0.1, SystemClock().now())
        for epoch, (loss, val_loss) in enumerate(zip(history["loss"], history["val_loss"], strict=True))
    ]


@pytest.mark.parametrize(
    ("settings", "verdict"),
    [
        ({"units": 64, "rate": 0.05, "epochs": 60, "noise": True}, "overfitting"),
        ({"units": 8, "rate": 100.0, "epochs": 8, "noise": False}, "diverged"),
        ({"units": 8, "rate": 1e-6, "epochs": 8, "noise": False}, "underfitting"),
        ({"units": 8, "rate": 0.003, "epochs": 8, "noise": False}, "still_improving"),
    ],
)
def test_verdicts(settings: dict[str, float], verdict: str) -> None:
    rows = fitted(**settings)  # type: ignore[arg-type]
    found = diagnosis_of(mean_curves(rows), objective=Objective("val_loss", "min"), directions={})
    assert found.verdict == verdict, [math.fsum(row.metrics.values()) for row in rows]

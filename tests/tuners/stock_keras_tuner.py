"""Keras Tuner as it is, driven one trial at a time in memory: what ours are held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras_tuner as kt
from keras_tuner.src.engine import oracle as kt_oracle

from storage.records import Scalar
from tuners.space import Condition, Hyperparameter, Space


class _InMemory:
    def save(self) -> None: ...

    def _save_trial(self, trial: object) -> None: ...


class StockRandom(_InMemory, kt.oracles.RandomSearchOracle):  # type: ignore[misc]
    pass


class StockHyperband(_InMemory, kt.oracles.HyperbandOracle):  # type: ignore[misc]
    pass


class StockBayesian(_InMemory, kt.oracles.BayesianOptimizationOracle):  # type: ignore[misc]
    pass


def run_stock(
    oracle: Any, score: Callable[[Mapping[str, Scalar], int | None], float | None], *, count: int
) -> list[dict[str, Any]]:
    """The values (with Keras Tuner's own `tuner/...` entries) of up to `count` trials, each ended before the next."""
    oracle.verbose = 0
    points: list[dict[str, Any]] = []
    while len(points) < count:
        trial = oracle.create_trial("tuner0")
        if trial.status == "STOPPED":
            break
        values = dict(trial.hyperparameters.values)
        points.append(values)
        own = {name: value for name, value in values.items() if not name.startswith("tuner/")}
        result = score(own, values.get("tuner/epochs"))
        if result is None:
            trial.status = "FAILED"
        else:
            oracle.update_trial(trial.trial_id, {oracle.objective.name: result})
            trial.status = "COMPLETED"
        oracle.end_trial(trial)
    kt_oracle.LOCKS.pop(oracle, None)
    kt_oracle.THREADS.pop(oracle, None)
    return points


def stock_space() -> Any:
    """A space with every type, written the way a user of Keras Tuner writes it."""
    hp = kt.HyperParameters()
    kind = hp.Choice("kind", ["mlp", "cnn"])
    with hp.conditional_scope("kind", ["mlp"]):
        hp.Int("units", 16, 512, step=16, default=32)
    with hp.conditional_scope("kind", ["cnn"]):
        hp.Int("filters", 1, 300, sampling="log")
    assert kind == "mlp"
    hp.Int("size", 2, 64, step=2, sampling="log")
    hp.Int("tail", 1, 100, sampling="reverse_log")
    hp.Float("rate", 1e-4, 1e-1, sampling="log")
    hp.Float("dropout", 0.0, 0.5, step=0.25)
    hp.Float("decay", 1e-4, 1.0, step=10, sampling="log")
    hp.Float("momentum", 0.1, 0.9, sampling="reverse_log")
    hp.Float("scale", -1.0, 1.0)
    hp.Choice("batch", [16, 32, 64], default=32)
    hp.Boolean("norm", default=True)
    hp.Fixed("depth", 3)
    return hp


def our_space() -> Space:
    """The same space in our words."""
    return Space(
        (
            Hyperparameter(name="kind", type="choice", default="mlp", values=("mlp", "cnn")),
            Hyperparameter(
                name="units", type="int", default=32, min_value=16, max_value=512, step=16,
                conditions=(Condition("kind", ("mlp",)),),
            ),
            Hyperparameter(
                name="filters", type="int", default=1, min_value=1, max_value=300, sampling="log",
                conditions=(Condition("kind", ("cnn",)),),
            ),
            Hyperparameter(name="size", type="int", default=2, min_value=2, max_value=64, step=2, sampling="log"),
            Hyperparameter(name="tail", type="int", default=1, min_value=1, max_value=100, sampling="reverse_log"),
            Hyperparameter(name="rate", type="float", default=1e-4, min_value=1e-4, max_value=1e-1, sampling="log"),
            Hyperparameter(name="dropout", type="float", default=0.0, min_value=0.0, max_value=0.5, step=0.25),
            Hyperparameter(
                name="decay", type="float", default=1e-4, min_value=1e-4, max_value=1.0, step=10, sampling="log"
            ),
            Hyperparameter(
                name="momentum", type="float", default=0.1, min_value=0.1, max_value=0.9, sampling="reverse_log"
            ),
            Hyperparameter(name="scale", type="float", default=-1.0, min_value=-1.0, max_value=1.0),
            Hyperparameter(name="batch", type="choice", default=32, values=(16, 32, 64), ordered=True),
            Hyperparameter(name="norm", type="boolean", default=True),
            Hyperparameter(name="depth", type="fixed", default=3, values=(3,)),
        )
    )  # fmt: skip

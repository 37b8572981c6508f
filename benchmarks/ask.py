"""How long one proposal takes after N finished trials, for each oracle, and for Keras Tuner's Bayesian search.

    python -m benchmarks.ask [--trials 100 1000 10000] [--stock-up-to 1000]

Ours and Keras Tuner's are timed in turn on the same trials, in one run, on one thread. Also shown: how long the oracle
takes to be rebuilt from its rows, and to be told one result. Keras Tuner's ask grows with the cube of N: 10,000 trials
would take it hours.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

# Read when the numeric libraries are imported, further down.
os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"})
os.environ.update({"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""})

from storage.records import Scalar
from tests.tuners.oracle_driver import Driver
from tuners.space import Condition, Hyperparameter, Space

SPACE = Space(
    (
        Hyperparameter(name="units", type="int", default=32, min_value=32, max_value=512, step=32),
        Hyperparameter(name="depth", type="int", default=1, min_value=1, max_value=400),
        Hyperparameter(name="rate", type="float", default=1e-3, min_value=1e-5, max_value=1e-1, sampling="log"),
        Hyperparameter(name="dropout", type="float", default=0.0, min_value=0.0, max_value=0.5),
        Hyperparameter(name="optimizer", type="choice", default="adam", values=("adam", "sgd", "rmsprop")),
        Hyperparameter(name="nesterov", type="boolean", default=False, conditions=(Condition("optimizer", ("sgd",)),)),
    )
)
# A grid needs its values listed.
LISTED = Space(tuple(hp for hp in SPACE.hyperparameters if hp.cardinality() is not None))
TUNERS: dict[str, dict[str, object]] = {
    "random": {"type": "random"},
    "grid": {"type": "grid"},
    "hyperband": {"type": "hyperband", "max_epochs": 81, "factor": 3, "hyperband_iterations": 1000},
    "bayesian": {"type": "bayesian"},
}


def score(values: Mapping[str, Scalar], epochs: int | None = None) -> float:
    numbers = [float(value) for value in values.values() if not isinstance(value, str)]
    return -sum((number % 1.0 - 0.3) ** 2 for number in numbers) + 0.001 * (epochs or 0)


def driver_after(tuner: str, count: int) -> Driver:
    """An oracle with so many finished trials behind it."""
    driver = Driver(LISTED if tuner == "grid" else SPACE, TUNERS[tuner])
    if tuner != "bayesian":
        driver.run(score, max_trials=count)
        return driver
    # Its own first thousands of asks would take an hour; random points do as well.
    drawn = Driver(SPACE, TUNERS["random"])
    drawn.run(score, max_trials=count)
    driver.trials, driver.stored = drawn.trials, drawn.stored
    driver.rebuild()
    return driver


def timed(work: Callable[[], object], *, repeats: int) -> float:
    """Median seconds."""
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def measure(tuner: str, count: int) -> dict[str, float]:
    driver = driver_after(tuner, count)
    repeats = 5 if tuner == "bayesian" else 50
    asks, tells = [], []
    for _ in range(repeats):
        asks.append(timed(lambda: driver.ask(1), repeats=1))
        trial = driver.open[0] if driver.open else None
        if trial is None:
            break
        began = time.perf_counter()
        driver.end(trial, score(trial.values, trial.target_epochs))
        tells.append(time.perf_counter() - began)
    return {
        "ask": statistics.median(asks),
        "tell": statistics.median(tells),
        "rebuild": timed(driver.rebuild, repeats=3),
    }


def measure_stock(count: int) -> float:
    """Seconds of one ask of Keras Tuner's Bayesian oracle after the same trials, in memory."""
    import keras_tuner as kt

    from tests.tuners.stock_keras_tuner import StockBayesian
    from tuners.oracles.keras_tuner_border import KerasTunerSpace

    border = KerasTunerSpace(SPACE)
    oracle: Any = StockBayesian(
        objective=kt.Objective("score", "max"), max_trials=10**6, hyperparameters=border.hyperparameters, seed=7
    )
    oracle.verbose = 0
    drawn = Driver(SPACE, TUNERS["random"])
    drawn.run(score, max_trials=count)
    for trial in drawn.trials:
        name = str(trial.number)
        oracle.trials[name] = border.trial(trial.number, trial.values, status="COMPLETED", score=trial.score)
    return timed(lambda: oracle.populate_space(str(count)), repeats=1)


def main() -> None:
    parser = argparse.ArgumentParser(description="Ask latency of every oracle.")
    parser.add_argument("--trials", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument(
        "--stock-up-to", type=int, default=1_000, help="largest N for Keras Tuner's own Bayesian search"
    )
    options = parser.parse_args()
    print(f"{'oracle':<24}{'trials':>8}{'ask ms':>12}{'tell ms':>12}{'rebuild ms':>12}")
    for tuner in TUNERS:
        for count in options.trials:
            measured = measure(tuner, count)
            figures = "".join(f"{1000 * measured[name]:>12.2f}" for name in ("ask", "tell", "rebuild"))
            print(f"{tuner:<24}{count:>8}{figures}", flush=True)
            if tuner == "bayesian" and count <= options.stock_up_to:
                stock = measure_stock(count)
                ratio = stock / measured["ask"]
                print(f"{'  Keras Tuner':<24}{count:>8}{1000 * stock:>12.2f}   {ratio:.1f} times as long", flush=True)


if __name__ == "__main__":
    main()

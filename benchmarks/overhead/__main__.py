"""Runs the comparison and prints a table of ratios; see the package's docstring."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

import headstock

from benchmarks.overhead.definition import definition
from benchmarks.overhead.running import service

SEARCH_TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Timed:
    """One timed search: wall seconds, the values it trained, and where a slot's time went (mean per trial)."""

    seconds: float
    values: list[dict[str, Any]]
    trial_seconds: float
    epoch_seconds: float
    first_epoch_seconds: float
    epoch_rows: int


def timed_search(client: headstock.Client, *, slots: int, trials: int, epochs: int, seed: int) -> Timed:
    began = time.perf_counter()
    search = client.submit(definition(trials=trials, epochs=epochs, seed=seed, parallelism=slots))
    search.wait(timeout=SEARCH_TIMEOUT_S, poll_s=0.05)
    seconds = time.perf_counter() - began
    done = list(search.trials())
    rows = [list(trial.epochs()) for trial in done]
    return Timed(
        seconds=seconds,
        values=[dict(trial.hyperparameters) for trial in done],
        trial_seconds=statistics.fmean(trial.seconds for trial in done),
        epoch_seconds=statistics.fmean(sum(row.seconds for row in epochs_of) for epochs_of in rows),
        first_epoch_seconds=statistics.fmean(epochs_of[0].seconds for epochs_of in rows),
        epoch_rows=sum(map(len, rows)),
    )


def stock(values: list[dict[str, Any]], *, epochs: int) -> float:
    """Seconds stock Keras Tuner's `search` takes for the same values."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.overhead.stock"],
        input=json.dumps({"trials": values, "epochs": epochs}),
        capture_output=True,
        text=True,
        check=False,
        # The service's processes set their own thread counts; stock Keras Tuner gets TensorFlow's defaults.
        env={k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"},
    )
    if done.returncode:
        raise SystemExit(f"stock Keras Tuner failed:\n{done.stderr[-3000:]}")
    return float(json.loads(done.stdout.strip().splitlines()[-1])["seconds"])


def main() -> None:
    parser = argparse.ArgumentParser(description="Headstock beside stock Keras Tuner, on the same trials.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=5)
    options = parser.parse_args()

    ratios: dict[int, list[float]] = {1: [], 2: []}
    print(f"{options.trials} trials x {options.epochs} epochs on digits, seconds of the search alone, warm")
    print(f"{'round':>5} {'stock':>8} {'1 slot':>8} {'2 slots':>8} {'1/stock':>8} {'stock/2':>8}")
    last: dict[int, Timed] = {}
    for number in range(options.rounds):
        for slots in (1, 2):
            with service(slots) as running:
                last[slots] = timed_search(
                    running.client, slots=slots, trials=options.trials, epochs=options.epochs, seed=number + 1
                )
            if slots == 1:
                stock_seconds = stock(last[1].values, epochs=options.epochs)
        ratios[1].append(last[1].seconds / stock_seconds)
        ratios[2].append(stock_seconds / last[2].seconds)
        print(
            f"{number + 1:>5} {stock_seconds:>8.1f} {last[1].seconds:>8.1f} {last[2].seconds:>8.1f} "
            f"{ratios[1][-1]:>8.2f} {ratios[2][-1]:>8.2f}",
            flush=True,
        )
    print(f"median: 1 slot takes {statistics.median(ratios[1]):.2f} of stock's time, ", end="")
    print(f"2 slots are {statistics.median(ratios[2]):.2f} times as fast as stock")
    for slots, timed in last.items():
        per_trial = timed.seconds * slots / options.trials
        print(
            f"{slots} slot(s), seconds a trial and slot: {per_trial:.2f} in all = "
            f"{timed.first_epoch_seconds:.2f} first epoch (with tracing) + "
            f"{timed.epoch_seconds - timed.first_epoch_seconds:.2f} other epochs + "
            f"{timed.trial_seconds - timed.epoch_seconds:.2f} build and checkpoint + "
            f"{per_trial - timed.trial_seconds:.2f} between trials"
        )


if __name__ == "__main__":
    main()

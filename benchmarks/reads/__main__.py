"""How long the reads of a large search take over HTTP, beside Optuna's dashboard server.

    python -m benchmarks.reads [--short] [--trials 10000] [--epochs 100] [--repeats 300] [--optuna PYTHON | --no-optuna]

Every read is asked for again and again over one connection, each time with other parameters. The first answer after the
server's start is told apart (cold): it fills what the API keeps in memory. Beside the time until an answer was there
stands the processor time that the server's process spent on it, which says the same on a busy machine; of PostgreSQL,
its own processes come on top. The last lines are all of it as a Markdown table. Exit code 1 when a p99 misses its goal.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.reads import optuna_side, ours
from benchmarks.reads.measure import Connection, Measured, measure
from benchmarks.reads.served import Served, api
from benchmarks.reads.study import definition, fill
from benchmarks.reads.table import Run, markdown
from storage.ids import SearchId
from storage.migrations import upgrade
from tests.databases import postgres_server

_SEARCHES = 30


def main() -> int:
    parser = argparse.ArgumentParser(description="Latency of every read of a large search.")
    parser.add_argument("--short", action="store_true", help="1,000 trials of 20 epochs, 50 reads of each kind")
    parser.add_argument("--trials", type=int)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--databases", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--optuna", type=Path, help="a Python that has optuna and optuna-dashboard; else one is made")
    parser.add_argument("--no-optuna", action="store_true")
    options = parser.parse_args()
    for name, short, long in (("trials", 1000, 10_000), ("epochs", 20, 100), ("repeats", 50, 300)):
        if getattr(options, name) is None:
            setattr(options, name, short if options.short else long)
    runs: dict[str, Run] = {}
    good = True
    with tempfile.TemporaryDirectory(prefix="headstock-reads-") as name:
        folder = Path(name)
        python = None if options.no_optuna else _optuna(options.optuna, folder)
        for kind in options.databases:
            with databases(kind, folder) as (own, other):
                measured = measure_ours(folder / kind, own, options)
                compared = measure_optuna(python, other, options) if python is not None else []
                runs[kind] = Run([found for found, _ in measured], compared)
                good &= report(kind, runs[kind], [resident for _, resident in measured], options)
    print(f"\n{markdown(runs)}")
    return 0 if good else 1


def _optuna(given: Path | None, folder: Path) -> Path | None:
    if given is not None:
        return given
    try:
        return optuna_side.python_with_optuna(folder / "optuna")
    except optuna_side.NoOptuna as error:
        print(f"Optuna's dashboard is left out, it could not be installed: {error}")
        return None


@contextmanager
def databases(kind: str, folder: Path) -> Iterator[tuple[str, str]]:
    """The addresses of two databases without tables: for our search, and for Optuna's study."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'headstock.db'}", f"sqlite:///{folder / 'optuna.db'}"
        return
    with postgres_server(durable=True) as server, server.copy(bare=True) as own, server.copy(bare=True) as other:
        yield own, other


def measure_ours(folder: Path, database: str, options: argparse.Namespace) -> list[tuple[Measured, float]]:
    """Each read with the API's resident MiB after it."""
    folder.mkdir()
    upgrade(database)
    with api(folder, database) as served:
        search_id, other, *_ = [_submit(served, options, name=f"reads {n}") for n in range(_SEARCHES)]
    began = time.perf_counter()
    fill(database, search_id, trials=options.trials, epochs=options.epochs)
    fill(database, other, trials=options.trials, epochs=1)
    print(f"wrote {options.trials} trials x {options.epochs} epochs in {time.perf_counter() - began:.0f} s", flush=True)
    # A fresh process: the one that took the submission has asked the planner and read the definition.
    with api(folder, database) as served:
        connection = Connection(served.url, served.headers)
        return [
            (measure(connection, read, repeats=options.repeats, pid=served.pid), served.resident_mb())
            for read in ours.reads(search_id, other, connection, trials=options.trials)
        ]


def _submit(served: Served, options: argparse.Namespace, *, name: str) -> SearchId:
    body = json.dumps(definition(name, trials=options.trials, epochs=options.epochs)).encode()
    headers = {**served.headers, "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{served.url}/v1/searches", body, headers)) as answer:
        return SearchId(json.load(answer)["id"])


def measure_optuna(python: Path, database: str, options: argparse.Namespace) -> list[Measured]:
    """Its list and its read of the whole study; nothing when it cannot be filled or started."""
    began = time.perf_counter()
    try:
        with optuna_side.dashboard(python, database, trials=options.trials, epochs=options.epochs) as served:
            print(f"wrote Optuna's study in {time.perf_counter() - began:.0f} s", flush=True)
            connection = Connection(served.url, served.headers)
            return [measure(connection, read, repeats=repeats, pid=served.pid) for read, repeats in optuna_side.reads()]
    except optuna_side.NoOptuna as error:
        print(f"Optuna's dashboard is left out: {error}")
        return []


def report(kind: str, run: Run, resident: list[float], options: argparse.Namespace) -> bool:
    """Print the table; whether every goal was met."""
    load = os.getloadavg()[0]
    print(
        f"\n{kind}: {options.trials} trials x {options.epochs} epochs, {options.repeats} reads of each kind, "
        f"load {load:.1f}; milliseconds"
    )
    print(
        f"{'':<25}{'cold':>8}{'least':>8}{'p50':>8}{'p99':>8}{'goal':>6}{'cpu cold':>10}{'p50':>7}{'p99':>7}"
        f"{'KB':>7}{'MB':>5}  Optuna's cpu / ours"
    )
    good = True
    for found, mib in zip(run.ours, resident, strict=True):
        goal = found.read.goal_ms
        met = goal is None or found.p99 <= goal
        good &= met
        ratio = run.ratio(found)
        beside = "" if ratio is None else f"{ratio:>10.1f}"
        print(f"{_row(found, '' if goal is None else f'{goal:.0f}')}{mib:>5.0f}{beside}{'' if met else '  MISSED'}")
    for found in run.optuna:
        print(_row(found))
    sys.stdout.flush()
    return good


def _row(found: Measured, goal: str = "") -> str:
    times = "".join(f"{ms:>8.1f}" for ms in (found.first_ms, min(found.taken_ms), found.p50, found.p99))
    spent = f"{found.first_cpu_ms:>10.1f}{found.cpu_p50:>7.1f}{found.cpu_p99:>7.1f}"
    return f"{found.read.name:<25}{times}{goal:>6}{spent}{found.size_kb:>7.0f}"


if __name__ == "__main__":
    sys.exit(main())

"""A fresh embedded service with warm trainers, for the time of one measurement."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import headstock

from benchmarks.overhead.definition import definition

READY_TIMEOUT_S = 60.0
WARM_UP_TIMEOUT_S = 300.0


@dataclass(frozen=True)
class Running:
    """A client of the service, and the service's folder."""

    client: headstock.Client
    folder: Path


@contextlib.contextmanager
def service(slots: int) -> Iterator[Running]:
    """Start `headstock up`, train a small search so that every slot is warm, and remove all of it afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = folder / "up.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "headstock", "up", "--data-dir", name, "--port", "0", "--slots", str(slots)],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={key: value for key, value in os.environ.items() if not key.startswith(("HEADSTOCK_", "OMP_"))},
            )
        try:
            client = _connect(folder, process, log)
            warm_up = definition(trials=4 * slots, epochs=1, seed=99, parallelism=slots, name="warm-up")
            client.submit(warm_up).wait(timeout=WARM_UP_TIMEOUT_S)
            yield Running(client, folder)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _connect(folder: Path, process: subprocess.Popen[bytes], log: Path) -> headstock.Client:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(headstock.HeadstockError, OSError):
            client = headstock.Client.local(folder)
            if list(client.workers()):
                return client
        time.sleep(0.1)
    raise SystemExit(f"the service did not start:\n{log.read_text()[-2000:]}")

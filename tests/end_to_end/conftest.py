"""A whole service as a user starts it: `headstock up` on SQLite, once for the tests of this folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import headstock
import pytest

from tests.waiting import wait_until

READY_S = 90.0


@dataclass(frozen=True)
class Service:
    """A running service: its folder, its process, its log, and a client of it."""

    folder: Path
    process: subprocess.Popen[bytes]
    log: Path
    client: headstock.Client

    def children(self, module: str) -> list[int]:
        """Process ids below this service whose command line runs `python -m <module>`."""
        return [pid for pid in descendants(self.process.pid) if f"-m\0{module}\0" in command_line(pid)]


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def descendants(pid: int) -> list[int]:
    """Process ids below `pid`, parents first."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *descendants(child)]
    return found


@contextmanager
def start_service(folder: Path, *options: str) -> Iterator[Service]:
    """Run `headstock up` on a free port until the block ends."""
    log = folder / "up.log"
    folder.mkdir(parents=True, exist_ok=True)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HEADSTOCK_")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "headstock", "up", "--data-dir", str(folder), "--port", "0", *options],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
        )
    try:

        def ready() -> headstock.Client | None:
            assert process.poll() is None, f"headstock up ended:\n{log.read_text()[-3000:]}"
            try:
                client = headstock.Client.local(folder)
                return client if list(client.workers()) else None
            except (headstock.HeadstockError, OSError):
                return None

        client = wait_until(ready, timeout_s=READY_S)
        yield Service(folder, process, log, client)
        client.close()
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with start_service(tmp_path_factory.mktemp("service"), "--slots", "1") as running:
        yield running

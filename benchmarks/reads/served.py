"""The API on a database of its own, for the time of one measurement."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from service.local_token import ensure_token
from storage.clock import SystemClock
from storage.settings import Settings
from storage.sql import open_repository

_READY_S = 60.0
_LOOK_S = 0.02


@dataclass(frozen=True)
class Served:
    """A running server: where it is, what it is told with every request, and its process."""

    url: str
    headers: dict[str, str]
    pid: int

    def resident_mb(self) -> float:
        """Resident memory now, in MiB."""
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        assert found is not None
        return int(found[1]) / 1024


@contextlib.contextmanager
def api(folder: Path, database: str) -> Iterator[Served]:
    """`headstock api` on a migrated database, with its token."""
    settings = Settings(data_dir=folder, database_url=database)
    repository = open_repository(database)
    token = ensure_token(settings.token_file, tokens=repository, clock=SystemClock())
    repository.close()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEADSTOCK_")}
    whereabouts = folder / "server.json"
    whereabouts.unlink(missing_ok=True)
    command = [sys.executable, "-m", "headstock", "api", "--data-dir", str(folder), "--port", "0"]
    with running(command, environment | {"HEADSTOCK_DATABASE_URL": database}) as process:
        wait_for(process, lambda: json.loads(whereabouts.read_text())["url"] + "/readyz")
        url = json.loads(whereabouts.read_text())["url"]
        yield Served(url, {"Authorization": f"Bearer {token}"}, process.pid)


@contextlib.contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(process: subprocess.Popen[bytes], address: Callable[[], str]) -> None:
    """Until the address answers 200. Raises SystemExit when the process ends, or takes longer than a minute."""
    pause = threading.Event()
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, ValueError, KeyError), urllib.request.urlopen(address(), timeout=5) as answer:
            if answer.status == 200:
                return
        pause.wait(_LOOK_S)
    raise SystemExit(f"the server did not start: {process.args!r}")

"""Seconds from the start of `headstock api` to its first good answer on /readyz, and its memory then.

python -m benchmarks.api_start [rounds]
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from storage.migrations import upgrade
from storage.settings import Settings

GOAL_S = 2.0
GOAL_MB = 150.0
_LOOK_S = 0.005


def start_once(folder: Path) -> tuple[float, float]:
    """Seconds to readiness and resident MB of one fresh process."""
    whereabouts = folder / "server.json"
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "headstock", "api", "--data-dir", str(folder), "--port", "0"],
        stderr=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if not name.startswith("HEADSTOCK_")},
    )
    pause = threading.Event()
    try:
        while not _ready(whereabouts):
            if process.poll() is not None:
                raise SystemExit("the API ended before it was ready")
            pause.wait(_LOOK_S)
        seconds = time.perf_counter() - begun
        status = Path(f"/proc/{process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return seconds, int(found[1]) / 1024
    finally:
        process.terminate()
        process.wait()


def _ready(whereabouts: Path) -> bool:
    try:
        url = json.loads(whereabouts.read_text())["url"]
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError, urllib.error.URLError):
        return False


def main() -> int:
    """Run the rounds and print each and the median; exit code 1 when a goal is missed."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        upgrade(Settings(data_dir=folder).database)
        measured = [start_once(folder) for _ in range(rounds)]
    for number, (seconds, megabytes) in enumerate(measured):
        print(f"round {number}: ready after {seconds:.2f} s, {megabytes:.0f} MB resident")
    seconds = statistics.median(each[0] for each in measured)
    megabytes = max(each[1] for each in measured)
    good = seconds < GOAL_S and megabytes < GOAL_MB
    print(f"median {seconds:.2f} s (goal {GOAL_S:g}), largest {megabytes:.0f} MB (goal {GOAL_MB:g}): "
          f"{'met' if good else 'MISSED'}")  # fmt: skip
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

"""The coordinator as the process it is in production."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storage.clock import SystemClock
from storage.sql import open_repository
from tests.tuners.simulation import add_search
from tests.waiting import wait_until
from tuners.space import Hyperparameter, Space

SPACE = Space((Hyperparameter(name="units", type="int", default=4, min_value=1, max_value=6),))


def start(url: str, folder: Path) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEADSTOCK_")}
    return subprocess.Popen(
        [sys.executable, "-m", "tuners", "coordinator"],
        env={**environment, "HEADSTOCK_DATABASE_URL": url, "HEADSTOCK_DATA_DIR": str(folder)},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_process_feeds_searches_until_it_is_told_to_end(
    sqlite_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    repository = open_repository(sqlite_url, clock=SystemClock())
    process = start(sqlite_url, tmp_path)
    try:
        search = add_search(repository, SPACE, {"type": "random"}, parallelism=2)
        wait_until(lambda: repository.get_search(search.id).counts.queued == 4, timeout_s=60.0, what="queued trials")
        process.send_signal(number)
        _, lines = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    events = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
    assert {"coordinator_started", "leading", "search_started", "trials_added", "coordinator_stopped"} <= {
        event["event"] for event in events
    }
    assert {event["role"] for event in events} == {"coordinator"}
    # The lease was given back, so the next coordinator leads at once.
    assert repository.acquire_leader("coordinator", holder="next", lease_s=1.0) is not None
    repository.close()


def test_process_refuses_a_database_of_another_version(tmp_path: Path) -> None:
    process = start(f"sqlite:///{tmp_path / 'bare.db'}", tmp_path)
    try:
        _, lines = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 1
    assert any("headstock migrate" in line for line in lines.splitlines())

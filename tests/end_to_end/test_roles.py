"""Each role alone, on both databases, by the commands the Compose file gives to its containers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import headstock
import pytest

from tests.end_to_end.definitions import digits
from tests.waiting import wait_until

pytestmark = pytest.mark.keras
END_S = 60.0


@contextmanager
def role(name: str, environment: dict[str, str], logs: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run `headstock <name>` until the block ends, and expect it to leave cleanly on SIGTERM."""
    with (logs / f"{name}.log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "headstock", name], env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=END_S) == 0, (logs / f"{name}.log").read_text()[-2000:]
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(timeout=END_S)


def test_roles_alone_run_a_search(bare_database_url: str, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HEADSTOCK_")} | {
        "HEADSTOCK_DATABASE_URL": bare_database_url,
        "HEADSTOCK_ARTIFACTS_URL": str(tmp_path / "artifacts"),
        "HEADSTOCK_DATA_DIR": str(tmp_path),
        "HEADSTOCK_BEHIND_TLS_PROXY": "true",
        "HEADSTOCK_HOST": "127.0.0.1",
        "HEADSTOCK_PORT": "0",
    }
    command = [sys.executable, "-m", "headstock"]
    subprocess.run([*command, "migrate"], env=environment, check=True, capture_output=True, timeout=END_S)
    token = subprocess.run(
        [*command, "token", "mine", "--scope", "read", "--scope", "submit"],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=END_S,
    ).stdout.strip()
    with (
        role("api", environment, tmp_path),
        role("coordinator", environment, tmp_path),
        role("worker", environment, tmp_path),
    ):
        wait_until(lambda: (tmp_path / "server.json").exists(), timeout_s=END_S)
        with headstock.Client.local(tmp_path) as local, headstock.Client(local.url, token) as client:
            search = client.submit(digits(limits={"max_trials": 2})).wait(timeout=240)
            assert search.state == "COMPLETED"
            assert search.record.epochs_recorded == 4
            assert search.best()[0].score is not None
    done = subprocess.run([*command, "fsck"], env=environment, capture_output=True, text=True, timeout=END_S)
    assert done.returncode == 0, done.stdout

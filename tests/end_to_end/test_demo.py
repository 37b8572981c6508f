"""`make demo` is the first thing anybody runs: it must end by itself, say what is best, and leave nothing running."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite

pytestmark = pytest.mark.keras


def test_the_demo_searches_prints_and_leaves_nothing_running(tmp_path: Path) -> None:
    folder = tmp_path / "demo-data"
    done = subprocess.run(
        [sys.executable, "-m", "headstock", "demo", "--data-dir", str(folder)],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if not key.startswith("HEADSTOCK_")} | {"COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    for expected in (
        "What is best?",
        "val_accuracy 0.9",
        "What is the trend?",
        "Next steps:",
        "nothing is left running",
    ):
        assert expected in done.stdout
    with sqlite.connect(folder / "headstock.db") as database:
        trials, epochs = database.execute(
            "select count(distinct t.id), count(*) from trials t join epochs e on e.trial_id = t.id"
        ).fetchone()
    assert f"Stored: {trials} trials with {epochs} epoch rows" in done.stdout
    assert [pid for pid in processes() if working_folder(pid).is_relative_to(tmp_path)] == []


def processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def working_folder(pid: int) -> Path:
    """Where a process was started: every child of the demo has it from its parent."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return Path("/")

"""Optuna's dashboard server on an equal study, in a virtual environment of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import venv
from collections.abc import Iterator
from pathlib import Path

from benchmarks.reads.measure import Read
from benchmarks.reads.served import Served, running, wait_for

_PACKAGES = ("optuna", "optuna-dashboard", "psycopg2-binary")


class NoOptuna(Exception):
    """Optuna cannot be had here; the message says why."""


def python_with_optuna(folder: Path) -> Path:
    """The Python of a fresh environment with Optuna and its dashboard.

    Raises:
        NoOptuna: They could not be installed.
    """
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    installed = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *_PACKAGES],
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode != 0:
        raise NoOptuna(installed.stderr.strip().splitlines()[-1] if installed.stderr.strip() else "pip failed")
    return python


@contextlib.contextmanager
def dashboard(python: Path, address: str, *, trials: int, epochs: int) -> Iterator[Served]:
    """The dashboard over a database that is filled first.

    Raises:
        NoOptuna: It cannot be filled or started.
    """
    if address.startswith("postgresql://"):
        address = address.replace("postgresql://", "postgresql+psycopg2://", 1)
    fill = [str(python), "-m", "benchmarks.reads.optuna_study", address, str(trials), str(epochs)]
    filled = subprocess.run(fill, capture_output=True, text=True, check=False)
    if filled.returncode != 0:
        raise NoOptuna(filled.stderr.strip()[-500:])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [str(python), "-c", "import sys; from optuna_dashboard._cli import main; sys.exit(main())", address]
    with running([*command, "--host", "127.0.0.1", "--port", str(port)], dict(os.environ)) as process:
        try:
            wait_for(process, lambda: f"{url}/api/studies")
        except SystemExit as error:
            raise NoOptuna(str(error)) from error
        yield Served(url, {}, process.pid)


def reads() -> tuple[tuple[Read, int], ...]:
    """Its list of studies, and its only read of a study: all trials with all their values, from which its pages draw
    everything in the browser; each with how often it is asked for. The whole of a large study takes minutes.
    """
    return (
        (Read("Optuna: studies", lambda _: "/api/studies"), 50),
        (Read("Optuna: the whole study", lambda _: "/api/studies/1"), 2),
    )

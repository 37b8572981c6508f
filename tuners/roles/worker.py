"""The worker as a process."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from collections.abc import Sequence

import structlog

from storage.clock import SystemClock
from storage.errors import HeadstockError, SchemaOutdated
from storage.settings import Settings
from tuners.launchers.local import LocalLauncher
from tuners.registered import child_environment
from tuners.roles.logs import configure_logs
from tuners.worker import Worker

_log = structlog.get_logger()

_POLL_S = 0.1
_SCHEMA_EXIT = 3


def main(argv: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT; a second one does not wait for checkpoints.

    The exit code: 0 after a signal, 1 when the database or the artifact store cannot be used, 3 when the database's
    schema is not ours.
    """
    parser = argparse.ArgumentParser(
        prog="python -m tuners worker",
        description="Trains trials in child processes. Settings come from HEADSTOCK_* variables or headstock.toml.",
    )
    parser.add_argument("--slots", type=int, help="trials trained at once (default: the setting `slots`)")
    parser.add_argument("--name", help="the worker's name for people (default: the host's)")
    options = parser.parse_args(argv)
    settings = Settings() if options.slots is None else Settings(slots=options.slots)
    configure_logs(settings.log_level, role="worker")
    signals: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        # Nothing but a list is touched here: a handler that takes a lock may find it held by the thread it interrupts.
        signal.signal(number, lambda received, _: signals.append(received))
    return run(settings, signals, name=options.name)


def run(settings: Settings, signals: list[int], *, name: str | None = None) -> int:
    """Work until `signals` has an entry, and end at once when it has two; the exit code."""
    # Imported late: what a wrong option says should not wait for the database driver.
    from storage.artifacts import open_store
    from storage.sql import open_repository

    clock, stop = SystemClock(), threading.Event()
    try:
        repository = open_repository(settings.database, clock=clock, machine_retries=settings.machine_retries)
        store = open_store(settings.artifacts)
    except HeadstockError as error:
        _log.error("worker_not_started", code=error.code, message=error.message)
        return 1
    environment = {**os.environ, **child_environment(settings)}
    launcher = LocalLauncher(slots=settings.slots, backend=settings.backend, environment=environment)
    worker = Worker(repository, store, settings, clock, launcher, name=name)
    faults: list[BaseException] = []

    def work() -> None:
        try:
            worker.run(stop)
        except BaseException as error:
            faults.append(error)

    thread = threading.Thread(target=work, name="worker")
    thread.start()
    while thread.is_alive():
        thread.join(_POLL_S)
        if signals:
            stop.set()
        if len(signals) > 1:
            worker.stop_now()
    repository.close()
    return _exit_code(faults[0]) if faults else 0


def _exit_code(fault: BaseException) -> int:
    if isinstance(fault, SchemaOutdated):
        _log.error("schema_outdated", message=fault.message)
        return _SCHEMA_EXIT
    _log.error("worker_failed", exc_info=fault)
    return 1

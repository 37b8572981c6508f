"""`python -m service.mlflow`: the follower as a process, with settings from HEADSTOCK_* and `headstock.toml`."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading

import structlog
from headstock.mlflow import MlflowRefused, MlflowServer, RunWriter

from service import logs
from service.mlflow.follower import Follower
from storage.artifacts import open_store
from storage.clock import SystemClock
from storage.errors import HeadstockError
from storage.ids import new_id
from storage.settings import Settings
from storage.sql import open_repository

_log = structlog.get_logger("mlflow")


def main() -> int:
    """Follow until SIGTERM or SIGINT; the exit code: 0 after a signal, 2 when a setting or the database is wrong."""
    settings = Settings()
    logs.configure(settings.log_level)
    # At info, httpx writes a line for each call.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        server = MlflowServer(settings.mlflow_tracking_uri)
    except MlflowRefused as error:
        sys.stderr.write(f"headstock mlflow: the setting mlflow_tracking_uri: {error.message}\n")
        return 2
    try:
        store = open_store(settings.artifacts)
    except HeadstockError as error:
        sys.stderr.write(f"headstock mlflow: {error.message}\n")
        return 2
    clock = SystemClock()
    repository = open_repository(settings.database, clock=clock, machine_retries=settings.machine_retries)
    follower = Follower(
        repository,
        store,
        RunWriter(server),
        clock,
        place=f"mlflow {server.address}",
        holder=f"{socket.gethostname()}:{os.getpid()}:{new_id('f')}",
    )
    _log.info("following", action="start", server=server.address)
    try:
        follower.run(stop)
    except HeadstockError as error:
        sys.stderr.write(f"headstock mlflow: {error.message}\n")
        return 2
    finally:
        server.close()
        repository.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

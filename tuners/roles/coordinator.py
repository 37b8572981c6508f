"""The coordinator as a process."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import threading
from collections.abc import Sequence

import structlog

from storage.clock import SystemClock
from storage.errors import SchemaOutdated
from storage.ids import new_id
from storage.settings import Settings
from tuners.coordinator import Coordinator
from tuners.coordinator.parameters import ParameterLimits
from tuners.roles.logs import configure_logs

_log = structlog.get_logger()

# Cores belong to the trainers, so numeric libraries get one thread; and no device is touched. All of it is read when
# the libraries are first imported. What the operator has set stays.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


def main(argv: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT; the exit code: 0 after a signal, 1 when the database's schema is not ours."""
    parser = argparse.ArgumentParser(
        prog="python -m tuners coordinator",
        description="Drives the oracles of all searches. Settings come from HEADSTOCK_* variables or headstock.toml.",
    )
    parser.parse_args(argv)
    settings = Settings()
    configure_logs(settings.log_level, role="coordinator")
    prepare_environment(settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return run(settings, stop)


def prepare_environment(settings: Settings) -> None:
    """Set what Keras and the numeric libraries read when they are imported, which must not have happened yet."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    os.environ["KERAS_BACKEND"] = settings.backend
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ["JAX_PLATFORMS"] = "cpu"


def run(settings: Settings, stop: threading.Event) -> int:
    """Coordinate until `stop` is set; the exit code."""
    # Imported late, with the environment set.
    from storage.sql import open_repository

    clock = SystemClock()
    repository = open_repository(settings.database, clock=clock, machine_retries=settings.machine_retries)
    holder = f"{socket.gethostname()}:{os.getpid()}:{new_id('c')}"
    coordinator = Coordinator(repository, settings, clock, holder=holder, accepts=ParameterLimits(repository))
    # Importing Keras Tuner takes seconds: it is done while the first search is still being written.
    threading.Thread(target=_import_keras_tuner, name="import", daemon=True).start()
    _log.info("coordinator_started", holder=holder)
    try:
        coordinator.run(stop)
    except SchemaOutdated as error:
        _log.error("schema_outdated", message=error.message)
        return 1
    finally:
        repository.close()
    _log.info("coordinator_stopped", holder=holder)
    return 0


def _import_keras_tuner() -> None:
    try:
        import tuners.oracles.bayesian
        import tuners.oracles.hyperband
        import tuners.oracles.random  # noqa: F401
    except Exception:
        # A search that needs it will end with the same error; a grid does not.
        _log.exception("keras_tuner_not_importable")

"""The API process: opens its parts, listens, and stops quickly when told to."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from service import logs
from service.app import create_app
from service.hosts import is_loopback
from service.limits import Limits
from service.plots import make_painter
from storage.artifacts import open_store
from storage.clock import SystemClock
from storage.settings import Settings
from storage.sql import open_repository
from tuners.analysis.client import Analyst
from tuners.datasets.client import DatasetClient
from tuners.datasets.preview import Previewer
from tuners.planner.client import Planner

_log = structlog.get_logger("service")
_STOP_S = 10
_BACKLOG = 2048


class RefusedToListen(Exception):
    """The API must not, or cannot, listen where it was told to; the message says what to change."""


def check_listening(settings: Settings) -> None:
    """Refuse to offer a compute service to a network in the clear.

    Raises:
        RefusedToListen: The address can be reached from other machines, and no TLS proxy was said to stand in front.
    """
    if not is_loopback(settings.host) and not settings.behind_tls_proxy:
        raise RefusedToListen(
            f"listening on {settings.host} would send tokens over the network in the clear: put a TLS proxy in front "
            "and say so with --behind-tls-proxy (HEADSTOCK_BEHIND_TLS_PROXY=true), or listen on 127.0.0.1"
        )


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket bound to the address; port 0 takes a free one.

    Raises:
        RefusedToListen: The address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Said to be TCP: asyncio switches Nagle's algorithm off only then, and with it on a small answer, sent in two
    # pieces, waits 40 ms for the client's delayed acknowledgement.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host.strip("[]"), port))
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise RefusedToListen(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port"
        ) from error
    sock.set_inheritable(True)
    return sock


def address_of(sock: socket.socket) -> str:
    """The URL under which a listening socket is reached from this machine."""
    host, port = sock.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def write_whereabouts(settings: Settings, url: str) -> Path:
    """Leave the address in `DATA_DIR/server.json`, where clients on this machine look for it."""
    path = settings.data_dir / "server.json"
    temporary = path.with_name(f".server.json.{os.getpid()}")
    temporary.write_text(json.dumps({"url": url, "pid": os.getpid()}) + "\n", encoding="utf-8")
    temporary.replace(path)
    return path


def remove_whereabouts(settings: Settings) -> None:
    """Take the address away again, unless another server has left its own since."""
    path = settings.data_dir / "server.json"
    with contextlib.suppress(OSError, ValueError):
        if json.loads(path.read_text(encoding="utf-8")).get("pid") == os.getpid():
            path.unlink()


@contextlib.contextmanager
def opened_app(settings: Settings, *, limits: Limits | None = None) -> Iterator[FastAPI]:
    """The API over the database, store and helpers that the settings name; closed again on leaving."""
    clock = SystemClock()
    repository = open_repository(settings.database, clock=clock, machine_retries=settings.machine_retries)
    try:
        repository.ping()
        store = open_store(settings.artifacts)
        planner, painter = Planner(settings, clock), make_painter(settings, clock)
        analyst = Analyst(clock, idle_s=settings.planner_idle_s)
        previewer = Previewer(store, clock, idle_s=settings.planner_idle_s)
        try:
            yield create_app(
                settings,
                repository=repository,
                store=store,
                planner=planner,
                datasets=DatasetClient(settings, store, repository, clock),
                clock=clock,
                painter=painter,
                analyst=analyst,
                previewer=previewer,
                limits=limits,
            )
        finally:
            planner.close()
            painter.close()
            analyst.close()
            previewer.close()
    finally:
        repository.close()


class _Server(uvicorn.Server):
    """uvicorn, which would otherwise wait for open event streams before it stops."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # In a thread: a signal handler must not wait for a lock that the interrupted code may hold.
        app = self.config.app
        assert isinstance(app, FastAPI)
        threading.Thread(target=app.state.context.hub.stop, name="stop-streams", daemon=True).start()
        super().handle_exit(sig, frame)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def serve(settings: Settings, *, fd: int | None = None) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        fd: A listening socket inherited from the parent; None makes one and leaves its address in `server.json`.
    """
    logs.configure(settings.log_level)
    check_listening(settings)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    sock = socket.socket(fileno=fd) if fd is not None else listening_socket(settings.host, settings.port)
    with contextlib.closing(sock), opened_app(settings) as app:
        config = uvicorn.Config(
            app,
            http="h11",
            loop="asyncio",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=settings.behind_tls_proxy,
            timeout_graceful_shutdown=_STOP_S,
            h11_max_incomplete_event_size=1 << 16,
        )
        # What exists now stays: the collector need not walk over it again in the middle of large answers.
        gc.freeze()
        url = address_of(sock)
        if fd is None:
            write_whereabouts(settings, url)
        for number in (signal.SIGINT, signal.SIGTERM):
            # uvicorn stops on them, then raises them again: what is below must still be done.
            signal.signal(number, _leave)
        _log.info("listening", action="start", url=url)
        try:
            _Server(config).run(sockets=[sock])
        finally:
            if fd is None:
                remove_whereabouts(settings)

"""The embedded set-up: one command that runs every role on this machine."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

from service import logs
from service.local_token import ensure_token
from service.server import (
    RefusedToListen,
    address_of,
    check_listening,
    listening_socket,
    remove_whereabouts,
    write_whereabouts,
)
from service.supervisor import Role, Supervisor
from service.tokens import make_token
from storage.clock import SystemClock
from storage.errors import Invalid, StorageUnavailable
from storage.records import Scope
from storage.settings import Settings
from storage.sql import open_repository

_READY_S = 60.0
_CODE_ROOT = Path(__file__).resolve().parent.parent


def migrate_database(settings: Settings) -> None:
    """Bring the database to this version's schema. Safe to repeat, and from several processes at once."""
    from storage.migrations import upgrade

    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    upgrade(settings.database)


def issue_token(settings: Settings, *, name: str, owner: str, scopes: Sequence[str], days: int | None) -> str:
    """A fresh token's text.

    Raises:
        Invalid: There is no such scope.
    """
    known = get_args(Scope)
    if not set(scopes) <= set(known):
        raise Invalid(f"scopes are {', '.join(known)}")
    clock = SystemClock()
    made, text = make_token(
        owner=owner,
        name=name,
        scopes=frozenset(scope for scope in known if scope in scopes),
        now=clock.now(),
        lasts_s=None if days is None else days * 86_400.0,
    )
    repository = open_repository(settings.database, clock=clock, machine_retries=settings.machine_retries)
    try:
        repository.ping()
        repository.add_token(made)
    finally:
        repository.close()
    return text


def environment_for(settings: Settings) -> dict[str, str]:
    """This process's environment with every setting in force as HEADSTOCK_*, for a role that runs as a child."""
    environment = dict(os.environ)
    for name, value in settings.model_dump(mode="json").items():
        variable = f"HEADSTOCK_{name.upper()}"
        if value is None:
            environment.pop(variable, None)
        else:
            environment[variable] = value if isinstance(value, str) else json.dumps(value)
    # Children may be started from anywhere: relative folders are this process's.
    environment["HEADSTOCK_DATA_DIR"] = str(settings.data_dir.absolute())
    path = [str(_CODE_ROOT), *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(path))
    return environment


def run_local(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Run API, coordinator and worker until SIGINT or SIGTERM; all of them have ended when this returns.

    Args:
        say: Tells the person at the terminal: address, token file, and a link into the dashboard.

    Raises:
        RefusedToListen: The address is taken or must not be listened on, or the folder is in use by another `up`.
        UnsafeTokenFile: Others can read the token file.
        RoleGaveUp: One of the roles cannot stay up.
    """
    logs.configure("warning")
    check_listening(settings)
    stop = threading.Event()
    with _signals_set(stop), _only_one(settings.data_dir), contextlib.ExitStack() as cleanup:
        migrate_database(settings)
        clock = SystemClock()
        repository = open_repository(settings.database, clock=clock, machine_retries=settings.machine_retries)
        try:
            token = ensure_token(settings.token_file, tokens=repository, clock=clock)
        finally:
            repository.close()
        sock = cleanup.enter_context(contextlib.closing(listening_socket(settings.host, settings.port)))
        url = address_of(sock)
        roles = [
            Role("api", ("-P", "-m", "service", "--fd", str(sock.fileno())), pass_fds=(sock.fileno(),)),
            Role("coordinator", ("-P", "-m", "tuners", "coordinator")),
            Role("worker", ("-P", "-m", "tuners", "worker")),
        ]
        if settings.mlflow_tracking_uri:
            roles.append(Role("mlflow", ("-P", "-m", "service.mlflow"), vital=False))
        supervisor = Supervisor(
            roles,
            environment=environment_for(settings),
            log_dir=settings.data_dir / "logs",
            # The worker needs its own grace to put checkpoints away; this one only ends what hangs beyond it.
            grace_s=settings.stop_grace_s + 20.0,
            clock=clock,
        )
        cleanup.callback(supervisor.stop)
        supervisor.start()
        cleanup.callback(remove_whereabouts, settings)
        if not _wait_ready(url, supervisor, stop):
            return
        write_whereabouts(settings, url)
        say(f"Headstock is at {url}")
        say(f"Token:     {settings.token_file}")
        say(f"Dashboard: {url}{_login_path(url, token)}  (works once)")
        say(f"Logs:      {settings.data_dir / 'logs'}")
        say("Stop with Ctrl-C.")
        supervisor.run(stop)
        say("Stopping.")


@contextlib.contextmanager
def _signals_set(stop: threading.Event) -> Iterator[None]:
    """Make SIGINT and SIGTERM set the event; a second one does the same, so that stopping is never cut short."""
    previous = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    """Hold the data folder: two services in one folder would take each other's address and token file."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data_dir / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RefusedToListen(f"another `headstock up` runs in {data_dir}; stop it, or give --data-dir") from error
        yield


def _wait_ready(url: str, supervisor: Supervisor, stop: threading.Event) -> bool:
    """Wait until the API answers; False when asked to stop first."""
    clock = SystemClock()
    deadline = clock.monotonic() + _READY_S
    while not stop.wait(0.05):
        supervisor.look()
        status, _ = _request("GET", url, "/readyz", None)
        if status == 200:
            return True
        if clock.monotonic() > deadline:
            raise StorageUnavailable(f"the API does not get ready; see {supervisor.log_path('api')}")
    return False


def _login_path(url: str, token: str) -> str:
    status, body = _request("POST", url, "/v1/login-codes", token)
    if status != 201:
        raise StorageUnavailable("the API gives no login link; its log says why")
    return str(json.loads(body)["path"])


def _request(method: str, url: str, path: str, token: str | None) -> tuple[int, bytes]:
    """Status and body of one request to our own API; status 0 when nothing answers."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5.0)
    try:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()

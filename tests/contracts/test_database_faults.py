"""Databases that are busy, away, or answer late: what was not done is said to be retryable, what was done is whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as pysqlite
from sqlalchemy import Connection, NullPool, create_engine, select, text

from storage.clock import ManualClock
from storage.errors import StorageUnavailable
from storage.repository import Repository
from storage.sql import open_repository, tables
from storage.sql.database import Database, Transaction
from storage.sql.dialects import EVENTS_LOCK, PostgresDialect, SqliteDialect
from storage.sql.engine import open_engines, open_migration_engine, parse_url
from storage.sql.errors import Contended
from storage.states import SearchState
from tests.contracts.scenes import Scene
from tests.databases import PostgresServer
from tests.waiting import wait_until


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as address:
        yield address


@contextmanager
def _opened(url: str) -> Iterator[Repository]:
    repository = open_repository(url)
    yield repository
    repository.close()


@contextmanager
def _other_session(url: str) -> Iterator[Connection]:
    engine = create_engine(parse_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def test_a_busy_sqlite_is_unavailable_for_writes_only(sqlite_url: str) -> None:
    with _opened(f"{sqlite_url}?timeout=0.2") as repository:
        scene = Scene(repository, ManualClock())
        search = scene.search()
        other = pysqlite.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable):
            repository.pause_search(search.id)
        assert repository.get_search(search.id).state is SearchState.RUNNING
        other.execute("ROLLBACK")
        other.close()
        assert repository.pause_search(search.id).state is SearchState.PAUSED


def test_a_locked_row_is_unavailable_not_waited_for_for_ever(postgres_url: str) -> None:
    with _opened(f"{postgres_url}&options=-c%20lock_timeout%3D200ms") as repository:
        scene = Scene(repository, ManualClock())
        search = scene.search()
        with _other_session(postgres_url) as other:
            other.execute(select(tables.searches.c.id).with_for_update())
            with pytest.raises(StorageUnavailable):
                repository.pause_search(search.id)
            assert repository.get_search(search.id).state is SearchState.RUNNING
        assert repository.pause_search(search.id).state is SearchState.PAUSED


def test_connections_that_died_are_replaced(postgres_url: str) -> None:
    with _opened(postgres_url) as repository:
        scene = Scene(repository, ManualClock())
        search = scene.search()
        with _other_session(postgres_url) as other:
            other.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        assert repository.get_search(search.id).id == search.id
        assert repository.pause_search(search.id).state is SearchState.PAUSED


def test_a_database_that_is_away_is_unavailable(tmp_path: Path) -> None:
    secret = "s3cr3t"
    for url in (
        f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}",
        f"postgresql://ada:{secret}@127.0.0.1:1/none",
        f"postgresql://ada:{secret}@/none?host={tmp_path}",
    ):
        with _opened(url) as repository:
            for call in (repository.ping, repository.active_searches, repository.reap_expired):
                with pytest.raises(StorageUnavailable) as refusal:
                    call()
                assert refusal.value.retryable
                assert secret not in str(refusal.value)


def test_what_is_not_a_database_is_unavailable(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("these are notes, not a database\n" * 100)
    with _opened(f"sqlite:///{file}") as repository, pytest.raises(StorageUnavailable):
        repository.ping()
    assert file.read_text().startswith("these are notes")


def test_a_lost_race_is_tried_again(sqlite_url: str) -> None:
    pauses: list[float] = []
    database = Database(open_engines(parse_url(sqlite_url)), SqliteDialect(ManualClock()), pause=pauses.append)
    tries = []

    def work(tx: Transaction) -> str:
        tries.append(tx)
        tx.emit("worker.registered", owner=None)
        if len(tries) < 3:
            raise Contended
        return "done"

    assert database.write(work) == "done"
    assert len(database.read(lambda tx: tx.all(select(tables.events)))) == 1

    def never(tx: Transaction) -> None:
        tries.append(tx)
        raise Contended

    tries.clear()
    with pytest.raises(StorageUnavailable):
        database.write(never)
    assert len(tries) == 5
    assert len(pauses) == 2 + 4
    database.close()


def test_two_that_wait_for_each_other_both_get_through(postgres_url: str) -> None:
    """PostgreSQL ends one of two transactions that lock the same rows in opposite order; it is tried again unseen."""
    with _opened(f"{postgres_url}&options=-c%20deadlock_timeout%3D50ms") as repository:
        scene = Scene(repository, ManualClock())
        searches = [scene.search().id, scene.search().id]
    address = parse_url(f"{postgres_url}&options=-c%20deadlock_timeout%3D50ms")
    database = Database(open_engines(address), PostgresDialect())
    barrier = threading.Barrier(2)
    tries: list[str] = []

    def work(first: str, second: str) -> None:
        def transaction(tx: Transaction) -> None:
            tries.append(first)
            rows = select(tables.searches.c.id)
            tx.lock(rows.where(tables.searches.c.id == first), tables.searches)
            if len(tries) <= 2:
                barrier.wait()
            tx.lock(rows.where(tables.searches.c.id == second), tables.searches)

        database.write(transaction)

    threads = [threading.Thread(target=work, args=order) for order in (searches, searches[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Mostly three tries; more when the one that was ended is back before the other has woken up.
    assert len(tries) >= 3
    database.close()


def test_events_are_numbered_in_the_order_of_commits(postgres_url: str) -> None:
    """Whoever has a number keeps others from taking one until its commit: no reader sees 2 before 1 is there."""
    database = Database(open_engines(parse_url(postgres_url)), PostgresDialect())
    numbered, release = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> None:
        tx.emit("worker.registered", owner="slow")
        tx.flush_events()
        numbered.set()
        assert release.wait(30)

    def quick(tx: Transaction) -> None:
        tx.emit("worker.registered", owner="quick")

    threads = [threading.Thread(target=database.write, args=(work,)) for work in (slow, quick)]
    threads[0].start()
    assert numbered.wait(30)
    threads[1].start()
    with _other_session(postgres_url) as other:
        waiting = text(f"SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = {EVENTS_LOCK} AND NOT granted")
        wait_until(lambda: other.execute(waiting).first(), what="the second writer to wait")
        assert other.execute(select(tables.events)).all() == []
    release.set()
    for thread in threads:
        thread.join()
    owners = database.read(
        lambda tx: [row.owner for row in tx.all(select(tables.events).order_by(tables.events.c.seq))]
    )
    assert owners == ["slow", "quick"]
    database.close()


def test_the_database_itself_refuses_what_the_code_would_not_do(database_url: str) -> None:
    with _opened(database_url) as repository:
        scene = Scene(repository, ManualClock())
        scene.search(trials=2)
        scene.claim()
    engine = open_migration_engine(parse_url(database_url))
    for statement, constraint in {
        "UPDATE trials SET lease_token = NULL WHERE state = 'RUNNING'": "ck_trials_lease_while_running",
        "UPDATE trials SET state = 'RUNNING' WHERE state = 'QUEUED'": "ck_trials_lease_while_running",
        "UPDATE trials SET state = 'LOST' WHERE state = 'QUEUED'": "ck_trials_state",
        "UPDATE searches SET max_trials = 1": "ck_searches_max_trials",
        "UPDATE searches SET trials_queued = -1": "ck_searches",
        "UPDATE attempts SET ended_at = started_at": "ck_attempts_ended_at",
    }.items():
        with pytest.raises(Exception, match=constraint), engine.begin() as connection:
            connection.execute(text(statement))
    engine.dispose()

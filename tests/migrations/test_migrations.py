"""One history for both databases: it makes the schema that the code expects, once, whoever starts it."""

from __future__ import annotations

import math
import re
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from storage import migrations
from storage.clock import ManualClock
from storage.errors import SchemaOutdated
from storage.sql import open_repository
from storage.sql.engine import open_migration_engine, parse_url
from storage.sql.schema import REVISION
from storage.sql.tables import metadata
from tests.contracts.scenes import Scene
from tests.databases import PostgresServer


def _engine(url: str) -> Engine:
    return open_migration_engine(parse_url(url))


def test_a_bare_database_is_brought_to_the_schema_the_code_expects(bare_database_url: str) -> None:
    assert migrations.current(bare_database_url) is None
    migrations.upgrade(bare_database_url)
    assert migrations.current(bare_database_url) == REVISION
    assert migrations.check(bare_database_url) == []
    repository = open_repository(bare_database_url)
    repository.ping()
    assert repository.check_invariants() == ()
    repository.close()


def test_upgrading_again_changes_nothing(database_url: str) -> None:
    engine = _engine(database_url)
    with engine.connect() as connection:
        before = connection.execute(text("SELECT page_key FROM installation")).scalar_one()
    migrations.upgrade(database_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT page_key FROM installation")).scalar_one() == before
    engine.dispose()


def test_the_newest_revision_is_the_one_the_code_knows() -> None:
    scripts = ScriptDirectory.from_config(migrations.config())
    assert scripts.get_heads() == [REVISION]


def test_several_starters_do_not_race(bare_database_url: str) -> None:
    barrier = threading.Barrier(4)
    errors: list[Exception] = []

    def start() -> None:
        barrier.wait()
        try:
            migrations.upgrade(bare_database_url)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert migrations.check(bare_database_url) == []


def test_a_difference_is_told(own_database_url: str) -> None:
    engine = _engine(own_database_url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE tokens ADD COLUMN surplus INTEGER"))
        connection.execute(text("DROP INDEX ix_searches_owner"))
    engine.dispose()
    found = " ".join(migrations.check(own_database_url))
    assert "surplus" in found
    assert "ix_searches_owner" in found


def test_a_schema_from_the_future_is_left_alone(own_database_url: str) -> None:
    engine = _engine(own_database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(SchemaOutdated):
        migrations.upgrade(own_database_url)
    repository = open_repository(own_database_url)
    with pytest.raises(SchemaOutdated, match="9999"):
        repository.ping()
    repository.close()
    assert migrations.current(own_database_url) == "9999"


def test_a_migration_that_fails_leaves_nothing_behind(bare_database_url: str) -> None:
    """A table in its way makes the first migration fail halfway."""
    engine = _engine(bare_database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE trials (id INTEGER)"))
    with pytest.raises(Exception, match="trials"):
        migrations.upgrade(bare_database_url)
    assert inspect(engine).get_table_names() == ["trials"]
    engine.dispose()
    assert migrations.current(bare_database_url) is None


def test_down_and_up_again(own_database_url: str) -> None:
    engine = _engine(own_database_url)
    with engine.begin() as connection:
        command.downgrade(migrations.config(connection), "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version", "sqlite_sequence"}
    engine.dispose()
    migrations.upgrade(own_database_url)
    assert migrations.check(own_database_url) == []


def test_curves_of_trials_that_ended_before_are_packed(own_database_url: str, clock: ManualClock) -> None:
    repository = open_repository(own_database_url, clock=clock, lease_clock=clock)
    scene = Scene(repository, clock)
    search = scene.search(trials=3, parallelism=3, executions_per_trial=2)
    for claim in scene.claims(2):
        for execution in range(2):
            scene.report(claim.lease, 1.0 + execution, math.nan, 0.1, math.inf, 7e-300, execution=execution)
        repository.complete_trial(claim.lease, seconds=1)
    bands = repository.epoch_bands(search.id, "val_loss", quantiles=[0.0, 0.5, 1.0])
    repository.close()
    engine = _engine(own_database_url)
    stored = [text("SELECT * FROM curves ORDER BY metric, ended_seq"), text("SELECT id, curves_seq FROM trials")]

    def packed() -> list[set[tuple[object, ...]]]:
        with engine.connect() as connection:
            return [{tuple(map(_plain, row)) for row in connection.execute(each)} for each in stored]

    before = packed()
    assert [len(rows) for rows in before] == [4, 3]
    with engine.begin() as connection:
        command.downgrade(migrations.config(connection), "0002")
    migrations.upgrade(own_database_url)
    assert packed() == before
    engine.dispose()
    again = open_repository(own_database_url, clock=clock, lease_clock=clock)
    assert again.epoch_bands(search.id, "val_loss", quantiles=[0.0, 0.5, 1.0]) == bands
    again.close()


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def test_constraints_are_the_ones_in_the_code_on_sqlite(sqlite_url: str, tmp_path: Path) -> None:
    """Alembic does not compare CHECKs: here the texts of both schemas are compared, statement by statement."""
    fresh = _engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    migrated = _engine(sqlite_url)
    with fresh.begin() as connection:
        metadata.create_all(connection)
    schemas = []
    for engine in (fresh, migrated):
        with engine.connect() as connection:
            rows = connection.execute(
                text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'")
            ).all()
            schemas.append({name: _clauses(sql) for name, sql in rows})
        engine.dispose()
    assert schemas[0] == schemas[1]


def test_constraints_are_the_ones_in_the_code_on_postgresql(postgres: PostgresServer) -> None:
    schemas = []
    with postgres.copy(bare=True) as fresh, postgres.copy() as migrated:
        for url in (fresh, migrated):
            engine = create_engine(parse_url(url), poolclass=NullPool)
            with engine.begin() as connection:
                if url == fresh:
                    metadata.create_all(connection)
                schemas.append(connection.execute(text(_POSTGRES_SCHEMA)).all())
            engine.dispose()
    assert len(schemas[0]) > 100
    assert schemas[0] == schemas[1]


def test_every_constraint_has_a_name(postgres: PostgresServer) -> None:
    """A constraint without a name of ours cannot be changed by a later migration."""
    with postgres.copy() as url:
        engine = create_engine(parse_url(url), poolclass=NullPool)
        with engine.connect() as connection:
            names = [row.name for row in connection.execute(text(_POSTGRES_CONSTRAINTS))]
        engine.dispose()
    assert [name for name in names if not re.match(r"(pk|fk|uq|ck)_", name)] == ["alembic_version_pkc"]


def _clauses(sql: str) -> set[str]:
    """The clauses of a CREATE statement: their order says nothing, and a column added later stands at the end."""
    clauses, depth = [""], 0
    for character in sql:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character in "()," and (depth, character) in ((1, "("), (1, ","), (0, ")")):
            clauses.append("")
        else:
            clauses[-1] += character
    return {" ".join(clause.split()) for clause in clauses if clause.strip()}


_POSTGRES_CONSTRAINTS = """
    SELECT conname AS name FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY conname
"""
_POSTGRES_SCHEMA = """
    SELECT conrelid::regclass::text AS place, conname AS name, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
        AND conrelid::regclass::text <> 'alembic_version'
    UNION ALL
    SELECT tablename, indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    UNION ALL
    SELECT table_name, column_name, data_type || coalesce(column_default, '') || is_nullable
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
    ORDER BY 1, 2, 3
"""

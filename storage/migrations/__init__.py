"""Changes of the schema: one history for both databases.

`upgrade` brings a database to the newest schema in one transaction, under one lock: a second starter waits and then
finds nothing to do; a killed one leaves the database as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text

from storage.errors import SchemaOutdated, StorageUnavailable
from storage.sql.dialects import MIGRATION_LOCK
from storage.sql.engine import open_migration_engine, parse_url
from storage.sql.errors import Contended, translated
from storage.sql.tables import metadata

_FOLDER = Path(__file__).parent
# A change of the schema must not stand in the queue in front of everybody: whoever holds a table this long is asked
# to go first, and the change is tried again by hand.
_POSTGRES_TIMEOUTS = {
    "lock_timeout": "10s",
    "statement_timeout": "10min",
    "idle_in_transaction_session_timeout": "10min",
}


def upgrade(url: str) -> None:
    """Bring the schema of the database at `url` to the newest; nothing happens when it is there already.

    Raises:
        SchemaOutdated: The database was made by a newer version of Headstock.
        StorageUnavailable: The database is away, or another process changes its schema for too long.
    """
    with _connected(url) as connection, _our_errors():
        command.upgrade(config(connection), "head")


def current(url: str) -> str | None:
    """The revision the database at `url` is at; None when it was never set up."""
    with _connected(url) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def check(url: str) -> list[str]:
    """What differs between the database's schema and the one the code expects; empty when nothing does."""
    with _connected(url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return [str(difference) for difference in compare_metadata(context, metadata)]


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, on an open connection when there is one."""
    found = Config()
    # Alembic reads `%` as the start of a placeholder.
    found.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    found.attributes["connection"] = connection
    return found


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        raise SchemaOutdated(
            "the database was set up by another version of Headstock than this one: upgrade Headstock"
        ) from error


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    """A connection in a transaction that nobody else who changes the schema can be in."""
    engine = open_migration_engine(parse_url(url))
    try:
        with translated(), engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                for name, value in _POSTGRES_TIMEOUTS.items():
                    connection.execute(text(f"SET LOCAL {name} = '{value}'"))
                connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
            yield connection
            if connection.dialect.name == "sqlite" and (broken := connection.execute(text(_BROKEN_KEYS)).first()):
                raise RuntimeError(f"the change of the schema broke a reference of table {broken[0]}")
    except Contended as error:
        raise StorageUnavailable("the database is busy") from error
    finally:
        engine.dispose()


_BROKEN_KEYS = "PRAGMA foreign_key_check"

"""The repository on an SQL database: its parts put together."""

from __future__ import annotations

from sqlalchemy import text

from storage.clock import Clock, SystemClock
from storage.errors import SchemaOutdated
from storage.repository import Repository
from storage.sql.claims import Claims
from storage.sql.database import Database, Transaction
from storage.sql.datasets import Datasets
from storage.sql.dialects import DatabaseDialect, PostgresDialect, SqliteDialect
from storage.sql.engine import open_engines, parse_url
from storage.sql.events import Events
from storage.sql.followers import Followers
from storage.sql.fsck import Invariants
from storage.sql.imports import Imports
from storage.sql.leader import Leaders
from storage.sql.oracle import Oracles
from storage.sql.outcomes import Outcomes
from storage.sql.part import Budgets
from storage.sql.progress import Progress
from storage.sql.reads import Reads
from storage.sql.schema import REVISION
from storage.sql.searches import Searches
from storage.sql.tokens import Tokens
from storage.sql.trends import Trends
from storage.sql.vigil import ClockVigil, TrustedClock, WallClockVigil
from storage.sql.weights import WeightFiles
from storage.sql.workers import Workers


class SqlRepository(
    Searches,
    Imports,
    Oracles,
    Workers,
    Claims,
    Progress,
    Outcomes,
    Reads,
    Trends,
    Datasets,
    WeightFiles,
    Events,
    Tokens,
    Leaders,
    Followers,
    Invariants,
):
    """Holds the promises of `storage.repository` on SQLite and PostgreSQL. Safe for threads; one per process."""

    def ping(self) -> None:
        def work(tx: Transaction) -> str | None:
            row = tx.first(text("SELECT version_num FROM alembic_version"))
            return None if row is None else str(row.version_num)

        found = self._database.read(work)
        if found != REVISION:
            raise SchemaOutdated(
                f"the database's schema is {found or 'not set up'}, this version of Headstock needs {REVISION}:"
                " run `headstock migrate`, or upgrade Headstock"
            )

    def close(self) -> None:
        self._database.close()


def open_repository(
    url: str, *, clock: Clock | None = None, machine_retries: int = 3, lease_clock: Clock | None = None
) -> Repository:
    """A repository on the database at `url`, whose schema must be in place (`storage.migrations.upgrade`).

    Nothing is connected yet; `ping` tells whether the database is there.

    Args:
        url: `sqlite:///FILE` or `postgresql://...` (psycopg 3).
        clock: What SQLite dates by; the system's clock by default. PostgreSQL brings its own.
        machine_retries: Attempts a trial may lose to machine faults before it fails.
        lease_clock: Replaces the database's clock on either database (tests, which move time by hand).

    Raises:
        ValueError: The address is of no database that is supported.
    """
    address = parse_url(url)
    engines = open_engines(address)
    dialect: DatabaseDialect
    vigil: ClockVigil
    if engines.name == "sqlite":
        host_clock = lease_clock or clock or SystemClock()
        dialect, vigil = SqliteDialect(host_clock), WallClockVigil(host_clock)
    else:
        dialect, vigil = PostgresDialect(lease_clock), TrustedClock()
    return SqlRepository(Database(engines, dialect), Budgets(machine_retries), vigil)

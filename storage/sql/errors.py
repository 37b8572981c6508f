"""The one place where a database's errors become ours, by constraint name or SQLSTATE; the cause stays attached."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.errors import HeadstockError, NameTaken, SchemaOutdated, StorageUnavailable


class Rule(Enum):
    """Rules of the schema that a caller can break: PostgreSQL names them, SQLite names the columns."""

    DATASET_NAME = ("uq_datasets_owned", "datasets.owner, datasets.name")
    BUILTIN_NAME = ("uq_datasets_builtin", "datasets.name")
    IDEMPOTENCY_KEY = ("uq_searches_owner_idempotency_key", "searches.owner, searches.idempotency_key")


class Contended(Exception):
    """The transaction lost a race and left nothing behind: the same work can be tried again at once."""


# 40001 serialization_failure, 40P01 deadlock_detected
_CONTENDED = frozenset({"40001", "40P01"})
# lock_not_available, query_canceled (statement timeout), too_many_connections, cannot_connect_now, admin_shutdown, ...
_BUSY_CLASSES = frozenset({"08", "25P03", "53", "55P03", "57", "58"})
_UNKNOWN_SCHEMA = frozenset({"42P01", "42703"})
_SQLITE_BUSY = ("database is locked", "database table is locked", "database schema is locked")
_SQLITE_AWAY = (
    "unable to open database file",
    "file is not a database",
    "database disk image is malformed",
    "disk I/O error",
    "database or disk is full",
    "attempt to write a readonly database",
    "cannot start a transaction",
    "interrupted",
)


def broken_rule(error: IntegrityError) -> Rule | None:
    """Which of our rules the database found broken; None for one that no caller can break."""
    cause = error.orig
    named = getattr(getattr(cause, "diag", None), "constraint_name", None)
    message = str(cause)
    for rule in Rule:
        constraint, columns = rule.value
        if named == constraint or message == f"UNIQUE constraint failed: {columns}":
            return rule
    return None


@contextmanager
def translated() -> Iterator[None]:
    """Raise our errors for the database's inside.

    Raises:
        Contended: Worth trying again at once.
        StorageUnavailable: Busy or away.
        SchemaOutdated: A table or column that should be there is not.
        NameTaken: A data set of that name was stored meanwhile.
    """
    try:
        yield
    except HeadstockError:
        raise
    except IntegrityError as error:
        match broken_rule(error):
            case Rule.DATASET_NAME:
                raise NameTaken("a data set of this name exists already") from error
            case Rule.BUILTIN_NAME | Rule.IDEMPOTENCY_KEY:
                # Somebody stored the same thing between our look and our write: the next look finds it.
                raise Contended from error
            case _:
                raise
    except PoolTimeout as error:
        raise StorageUnavailable("the database is busy: no connection became free in time") from error
    except DBAPIError as error:
        raise _translate(error) from error
    except SQLAlchemyError:
        raise


def _translate(error: DBAPIError) -> Exception:
    state = getattr(error.orig, "sqlstate", None)
    message = str(error.orig)
    if state in _CONTENDED:
        return Contended()
    if state in _UNKNOWN_SCHEMA or message.startswith(("no such table", "no such column")):
        return SchemaOutdated("the database's schema is not the one this version knows: run `headstock migrate`")
    if message.startswith(_SQLITE_BUSY):
        return StorageUnavailable("the database is busy: another process has been writing for too long")
    if message.startswith(_SQLITE_AWAY):
        return StorageUnavailable("the database cannot be read or written at the moment")
    if error.connection_invalidated or _is_away(state, error):
        return StorageUnavailable("the database is busy or away")
    return error


def _is_away(state: str | None, error: DBAPIError) -> bool:
    if state is None:
        # psycopg raises OperationalError without a state when there is no server to give one.
        return type(error.orig).__module__.startswith("psycopg") and type(error.orig).__name__ == "OperationalError"
    return state in _BUSY_CLASSES or state[:2] in _BUSY_CLASSES

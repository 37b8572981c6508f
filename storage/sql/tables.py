"""The tables as SQLAlchemy Core sees them. The schema itself comes from `storage/migrations`; a test compares the two.

Rules that must hold whatever the code does are constraints or partial unique indexes here: a lease exists exactly
while a trial is RUNNING, no search has more trials than its `max_trials`, an ended trial has its place in the order of
ending.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.sql.types import JsonText, SequenceNumber, UtcDateTime, Words
from storage.states import TRIAL_ENDED, TRIAL_SCORED, AttemptState, SearchState, TrialState

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _one_of(column: str, words: type[StrEnum] | frozenset[TrialState]) -> str:
    listed = ", ".join(f"'{word.value}'" for word in sorted(words))
    return f"{column} IN ({listed})"


_TRIAL_IS_ENDED = _one_of("state", TRIAL_ENDED)
_TRIAL_IS_SCORED = _one_of("state", TRIAL_SCORED)
_LEASE = ("lease_token", "lease_worker_id", "lease_expires_at")
_LEASED = " AND ".join(f"{column} IS NOT NULL" for column in _LEASE)
_UNLEASED = " AND ".join(f"{column} IS NULL" for column in _LEASE)

# One row, made by the first migration: what is peculiar to this database.
installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    # Signs page tokens, so that a token that is not one of ours is told from one that is.
    Column("page_key", Text, nullable=False),
    CheckConstraint("id = 1", name="single"),
)

datasets = Table(
    "datasets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("task", Text, nullable=False),
    Column("input_shape", JsonText, nullable=False),
    Column("num_classes", Integer),
    Column("class_names", JsonText, nullable=False),
    Column("feature_names", JsonText, nullable=False),
    Column("train_rows", BigInteger, nullable=False),
    Column("validation_rows", BigInteger, nullable=False),
    Column("test_rows", BigInteger, nullable=False),
    Column("x_dtype", Text, nullable=False),
    Column("y_dtype", Text, nullable=False),
    Column("scale", Text, nullable=False),
    Column("source", Words, nullable=False),
    Column("builtin", Boolean, nullable=False),
    Column("key", Words, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    # Kind, columns, several inputs and targets, ...: read with the row, never searched for.
    Column("details", JsonText, nullable=False, server_default=text("'{}'")),
    Index(
        "uq_datasets_owned",
        "owner",
        "name",
        unique=True,
        postgresql_where=text("NOT builtin"),
        sqlite_where=text("NOT builtin"),
    ),
    Index("uq_datasets_builtin", "name", unique=True, postgresql_where=text("builtin"), sqlite_where=text("builtin")),
    Index("ix_datasets_newest", "created_at", "id"),
)

# The hot half of a search: states and counters, rewritten with every change of a trial.
searches = Table(
    "searches",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason_code", Words),
    Column("reason_message", Words),
    # No foreign key: an ended search outlives its data.
    Column("dataset_id", Text, nullable=False),
    Column("objective_name", Words, nullable=False),
    Column("objective_direction", Text, nullable=False),
    Column("tuner", Words, nullable=False),
    Column("max_trials", Integer),
    Column("max_seconds", Double),
    Column("max_epochs", BigInteger),
    Column("max_device_seconds", Double),
    Column("target", Double),
    Column("patience_trials", Integer),
    Column("parallelism", Integer, nullable=False),
    Column("executions_per_trial", Integer, nullable=False),
    Column("max_retries_per_trial", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    # Seeds go to 2**64 - 1, one bit more than either database's integers.
    Column("seed", Text, nullable=False),
    Column("tags", JsonText, nullable=False),
    Column("idempotency_key", Words),
    Column("definition_sha256", Text, nullable=False),
    Column("trials", Integer, nullable=False, server_default=text("0")),
    Column("trials_queued", Integer, nullable=False, server_default=text("0")),
    Column("trials_running", Integer, nullable=False, server_default=text("0")),
    Column("trials_completed", Integer, nullable=False, server_default=text("0")),
    Column("trials_stopped", Integer, nullable=False, server_default=text("0")),
    Column("trials_failed", Integer, nullable=False, server_default=text("0")),
    Column("trials_cancelled", Integer, nullable=False, server_default=text("0")),
    # The next `ended_seq`; never goes down, not even when a failed trial is tried again.
    Column("endings", Integer, nullable=False, server_default=text("0")),
    Column("trials_since_best", Integer, nullable=False, server_default=text("0")),
    Column("best_trial_id", Text),
    Column("best_score", Double),
    Column("oracle_version", Integer, nullable=False, server_default=text("0")),
    Column("checked_at", UtcDateTime),
    Column("planned_trials", BigInteger),
    Column("planned_epochs", BigInteger),
    Column("epochs_recorded", BigInteger, nullable=False, server_default=text("0")),
    Column("device_seconds", Double, nullable=False, server_default=text("0")),
    # Seconds of the RUNNING spans that are over; the present one began at `running_since`.
    Column("active_seconds", Double, nullable=False, server_default=text("0")),
    Column("running_since", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("kind", Text, nullable=False, server_default=text("'search'")),
    # No foreign key: a final model outlives the search it came from.
    Column("source_trial_id", Text),
    UniqueConstraint("owner", "idempotency_key"),
    CheckConstraint(_one_of("state", SearchState), name="state"),
    CheckConstraint("objective_direction IN ('max', 'min')", name="objective_direction"),
    CheckConstraint("(state = 'RUNNING') = (running_since IS NOT NULL)", name="running_since"),
    CheckConstraint("(state IN ('CANCELLED', 'COMPLETED', 'FAILED')) = (ended_at IS NOT NULL)", name="ended_at"),
    CheckConstraint("(best_trial_id IS NULL) = (best_score IS NULL)", name="best"),
    CheckConstraint("max_trials IS NULL OR trials <= max_trials", name="max_trials"),
    CheckConstraint(
        "trials = trials_queued + trials_running + trials_completed + trials_stopped + trials_failed"
        " + trials_cancelled",
        name="trials",
    ),
    CheckConstraint(
        "trials_queued >= 0 AND trials_running >= 0 AND trials_completed >= 0 AND trials_stopped >= 0"
        " AND trials_failed >= 0 AND trials_cancelled >= 0",
        name="counts",
    ),
    Index("ix_searches_newest", "created_at", "id"),
    Index("ix_searches_source", "source_trial_id"),
    Index("ix_searches_owner", "owner", "created_at", "id"),
    Index("ix_searches_dataset", "dataset_id"),
    Index(
        "ix_searches_open",
        "state",
        "created_at",
        postgresql_where=text("ended_at IS NULL"),
        sqlite_where=text("ended_at IS NULL"),
    ),
)

# The cold half: long documents that the counters' updates must not drag along.
definitions = Table(
    "definitions",
    metadata,
    Column("search_id", Text, ForeignKey("searches.id", ondelete="CASCADE"), primary_key=True),
    Column("definition", JsonText, nullable=False),
    Column("space", JsonText, nullable=False),
    Column("versions", JsonText, nullable=False),
    Column("options", JsonText, nullable=False, server_default=text("'{}'")),
)

oracles = Table(
    "oracles",
    metadata,
    Column("search_id", Text, ForeignKey("searches.id", ondelete="CASCADE"), primary_key=True),
    Column("state", JsonText, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Words, nullable=False),
    Column("host", Words, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("backend", Words, nullable=False),
    Column("slots", JsonText, nullable=False),
    Column("versions", JsonText, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("samples", JsonText, nullable=False, server_default=text("'[]'")),
)

trials = Table(
    "trials",
    metadata,
    Column("id", Text, primary_key=True),
    Column("search_id", Text, ForeignKey("searches.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("hyperparameters", JsonText, nullable=False),
    Column("hyperparameters_hash", Text, nullable=False),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("lease_token", Text),
    Column("lease_worker_id", Text, ForeignKey("workers.id")),
    Column("lease_expires_at", UtcDateTime),
    Column("score", Double),
    Column("best_epoch", Integer),
    Column("epochs", Integer, nullable=False, server_default=text("0")),
    Column("metrics", JsonText),
    Column("last_metrics", JsonText),
    Column("start_epoch", Integer, nullable=False),
    Column("target_epochs", Integer),
    Column("parent_trial_id", Text, ForeignKey("trials.id")),
    Column("bracket", Integer),
    Column("round", Integer),
    Column("failure", JsonText),
    Column("definition_faults", Integer, nullable=False, server_default=text("0")),
    Column("machine_faults", Integer, nullable=False, server_default=text("0")),
    Column("seconds", Double, nullable=False, server_default=text("0")),
    Column("parameters", BigInteger),
    Column("device", Words),
    Column("stop_requested", Boolean, nullable=False, server_default=text("false")),
    Column("ended_seq", Integer),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    # The `ended_seq` under which its curves are packed; while it is another, they are in `epochs` alone.
    Column("curves_seq", Integer),
    UniqueConstraint("search_id", "number"),
    CheckConstraint(_one_of("state", TrialState), name="state"),
    CheckConstraint(
        f"(state = 'RUNNING' AND {_LEASED}) OR (state <> 'RUNNING' AND {_UNLEASED})", name="lease_while_running"
    ),
    CheckConstraint(f"({_TRIAL_IS_ENDED}) = (ended_seq IS NOT NULL)", name="ended_seq"),
    CheckConstraint(f"({_TRIAL_IS_ENDED}) = (ended_at IS NOT NULL)", name="ended_at"),
    CheckConstraint(f"({_TRIAL_IS_SCORED}) = (score IS NOT NULL AND best_epoch IS NOT NULL)", name="score"),
    CheckConstraint("(state = 'FAILED') = (failure IS NOT NULL)", name="failure"),
    CheckConstraint("number >= 0 AND start_epoch >= 0 AND attempt >= 0 AND epochs >= 0", name="counts"),
    Index(
        "uq_trials_ended_seq",
        "search_id",
        "ended_seq",
        unique=True,
        postgresql_where=text("ended_seq IS NOT NULL"),
        sqlite_where=text("ended_seq IS NOT NULL"),
    ),
    Index(
        "ix_trials_unpacked",
        "search_id",
        "ended_seq",
        postgresql_where=text("curves_seq IS DISTINCT FROM ended_seq"),
        sqlite_where=text("curves_seq IS NOT ended_seq"),
    ),
    Index(
        "ix_trials_queue",
        "search_id",
        "number",
        postgresql_where=text("state = 'QUEUED'"),
        sqlite_where=text("state = 'QUEUED'"),
    ),
    Index(
        "ix_trials_leases",
        "lease_expires_at",
        postgresql_where=text("state = 'RUNNING'"),
        sqlite_where=text("state = 'RUNNING'"),
    ),
    # Read forwards for "min"; backwards for "max", where only equal scores are left to sort by number.
    Index(
        "ix_trials_score",
        "search_id",
        "score",
        "number",
        postgresql_where=text("score IS NOT NULL"),
        sqlite_where=text("score IS NOT NULL"),
    ),
    Index(
        "ix_trials_parent",
        "parent_trial_id",
        postgresql_where=text("parent_trial_id IS NOT NULL"),
        sqlite_where=text("parent_trial_id IS NOT NULL"),
    ),
)

attempts = Table(
    "attempts",
    metadata,
    Column("trial_id", Text, ForeignKey("trials.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    # Kept after the end: a writer that repeats itself is told from one that is late.
    Column("token", Text, nullable=False),
    Column("worker_id", Text, ForeignKey("workers.id"), nullable=False),
    Column("device", Words),
    Column("failure", JsonText),
    Column("seconds", Double),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("log", Words),
    CheckConstraint(_one_of("state", AttemptState), name="state"),
    CheckConstraint("(state = 'RUNNING') = (ended_at IS NULL)", name="ended_at"),
    CheckConstraint("number >= 1", name="number"),
    Index(
        "uq_attempts_running",
        "trial_id",
        unique=True,
        postgresql_where=text("state = 'RUNNING'"),
        sqlite_where=text("state = 'RUNNING'"),
    ),
)

# One row per epoch, the objective typed beside the other metrics: see docs/decisions/epoch-rows.md.
epochs = Table(
    "epochs",
    metadata,
    Column("trial_id", Text, ForeignKey("trials.id", ondelete="CASCADE"), primary_key=True),
    Column("execution", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("attempt", Integer, nullable=False),
    Column("fold", Integer),
    # NULL unless finite: SQLite turns NaN into NULL by itself, so the kind beside it tells what was reported.
    Column("objective", Double),
    Column("objective_kind", Text, nullable=False),
    Column("metrics", JsonText, nullable=False),
    # {metric: "nan" | "inf" | "-inf"} of those that are null in `metrics`; NULL when all are finite.
    Column("odd_metrics", JsonText),
    Column("seconds", Double, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    CheckConstraint("objective_kind IN ('absent', 'finite', 'inf', '-inf', 'nan')", name="objective_kind"),
    CheckConstraint("(objective_kind = 'finite') = (objective IS NOT NULL)", name="objective"),
    CheckConstraint("execution >= 0 AND epoch >= 0", name="place"),
    # Reads are always by the key: keeping the rows in the key's own tree saves SQLite a second one.
    sqlite_with_rowid=False,
)

# What bands of learning curves are made of: see `storage/sql/curves.py`.
curves = Table(
    "curves",
    metadata,
    Column("search_id", Text, ForeignKey("searches.id", ondelete="CASCADE"), primary_key=True),
    # The name as JSON, since names may hold what a database's text cannot.
    Column("metric", JsonText, primary_key=True),
    Column("ended_seq", Integer, primary_key=True, autoincrement=False),
    Column("first", Integer, nullable=False),
    # All epochs as int64 where some are missing between the first and the last; else NULL.
    Column("epochs", LargeBinary),
    # Finite values by epoch, float64.
    Column("content", LargeBinary, nullable=False),
    # One metric's curves lie side by side, which is how they are read.
    sqlite_with_rowid=False,
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("trial_id", Text, ForeignKey("trials.id", ondelete="CASCADE")),
    Column("search_id", Text, ForeignKey("searches.id", ondelete="CASCADE")),
    Column("attempt", Integer),
    Column("key", Words, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("execution", Integer, nullable=False),
    Column("epoch", Integer),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("key"),
    CheckConstraint("kind IN ('best', 'bundle', 'dataset', 'last', 'model', 'report')", name="kind"),
    Index("ix_artifacts_trial", "trial_id", "kind", "execution"),
    Index("ix_artifacts_search", "search_id"),
)

# The outbox. No foreign keys: the line that tells of a deletion outlives the thing deleted.
events = Table(
    "events",
    metadata,
    Column("seq", SequenceNumber, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("owner", Words),
    Column("search_id", Text),
    Column("trial_id", Text),
    Column("payload", JsonText, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Index("ix_events_search", "search_id", "seq"),
    Index("ix_events_owner", "owner", "seq"),
    # Numbers of deleted rows are never given out again: a client's Last-Event-ID stays meaningful.
    sqlite_autoincrement=True,
)

weights = Table(
    "weights",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("key", Words, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("owner", "name"),
    Index("ix_weights_newest", "created_at", "id"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("scopes", JsonText, nullable=False),
    Column("secret_sha256", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
)

leaders = Table(
    "leaders",
    metadata,
    Column("name", Text, primary_key=True),
    Column("term", BigInteger, nullable=False),
    Column("holder", Words, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

# How far readers of the outbox have come that must not miss an event, whatever ends them.
followers = Table(
    "followers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
)

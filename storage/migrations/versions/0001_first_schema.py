"""The first schema.

Purpose: searches with their trials, attempts, epochs and artifacts; data sets; workers; tokens; the outbox of events.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "datasets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("input_shape", sa.Text(), nullable=False),
        sa.Column("num_classes", sa.Integer()),
        sa.Column("class_names", sa.Text(), nullable=False),
        sa.Column("feature_names", sa.Text(), nullable=False),
        sa.Column("train_rows", sa.BigInteger(), nullable=False),
        sa.Column("validation_rows", sa.BigInteger(), nullable=False),
        sa.Column("test_rows", sa.BigInteger(), nullable=False),
        sa.Column("x_dtype", sa.Text(), nullable=False),
        sa.Column("y_dtype", sa.Text(), nullable=False),
        sa.Column("scale", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("builtin", sa.Boolean(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_datasets"),
    )
    op.create_index("ix_datasets_newest", "datasets", ["created_at", "id"])
    op.create_index(
        "uq_datasets_builtin",
        "datasets",
        ["name"],
        unique=True,
        postgresql_where=sa.text("builtin"),
        sqlite_where=sa.text("builtin"),
    )
    op.create_index(
        "uq_datasets_owned",
        "datasets",
        ["owner", "name"],
        unique=True,
        postgresql_where=sa.text("NOT builtin"),
        sqlite_where=sa.text("NOT builtin"),
    )
    op.create_table(
        "events",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("search_id", sa.Text()),
        sa.Column("trial_id", sa.Text()),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_owner", "events", ["owner", "seq"])
    op.create_index("ix_events_search", "events", ["search_id", "seq"])
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("page_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
        sa.CheckConstraint("id = 1", name=op.f("ck_installation_single")),
    )
    op.create_table(
        "leaders",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("term", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leaders"),
    )
    op.create_table(
        "searches",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text()),
        sa.Column("reason_message", sa.Text()),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("objective_name", sa.Text(), nullable=False),
        sa.Column("objective_direction", sa.Text(), nullable=False),
        sa.Column("tuner", sa.Text(), nullable=False),
        sa.Column("max_trials", sa.Integer()),
        sa.Column("max_seconds", sa.Double()),
        sa.Column("max_epochs", sa.BigInteger()),
        sa.Column("max_device_seconds", sa.Double()),
        sa.Column("target", sa.Double()),
        sa.Column("patience_trials", sa.Integer()),
        sa.Column("parallelism", sa.Integer(), nullable=False),
        sa.Column("executions_per_trial", sa.Integer(), nullable=False),
        sa.Column("max_retries_per_trial", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text()),
        sa.Column("definition_sha256", sa.Text(), nullable=False),
        sa.Column("trials", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("trials_queued", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("trials_running", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("trials_completed", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("trials_stopped", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("trials_failed", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("trials_cancelled", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("endings", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("trials_since_best", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("best_trial_id", sa.Text()),
        sa.Column("best_score", sa.Double()),
        sa.Column("oracle_version", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.Column("planned_trials", sa.BigInteger()),
        sa.Column("planned_epochs", sa.BigInteger()),
        sa.Column("epochs_recorded", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("device_seconds", sa.Double(), nullable=False, server_default=sa.text("0")),
        sa.Column("active_seconds", sa.Double(), nullable=False, server_default=sa.text("0")),
        sa.Column("running_since", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_searches"),
        sa.UniqueConstraint("owner", "idempotency_key", name="uq_searches_owner_idempotency_key"),
        sa.CheckConstraint("(best_trial_id IS NULL) = (best_score IS NULL)", name=op.f("ck_searches_best")),
        sa.CheckConstraint(
            "trials_queued >= 0 AND trials_running >= 0 AND trials_completed >= 0 AND "
            "trials_stopped >= 0 AND trials_failed >= 0 AND trials_cancelled >= 0",
            name=op.f("ck_searches_counts"),
        ),
        sa.CheckConstraint(
            "(state IN ('CANCELLED', 'COMPLETED', 'FAILED')) = (ended_at IS NOT NULL)",
            name=op.f("ck_searches_ended_at"),
        ),
        sa.CheckConstraint("max_trials IS NULL OR trials <= max_trials", name=op.f("ck_searches_max_trials")),
        sa.CheckConstraint("objective_direction IN ('max', 'min')", name=op.f("ck_searches_objective_direction")),
        sa.CheckConstraint("(state = 'RUNNING') = (running_since IS NOT NULL)", name=op.f("ck_searches_running_since")),
        sa.CheckConstraint(
            "state IN ('CANCELLED', 'COMPLETED', 'FAILED', 'PAUSED', 'QUEUED', 'RUNNING')",
            name=op.f("ck_searches_state"),
        ),
        sa.CheckConstraint(
            "trials = trials_queued + trials_running + trials_completed + trials_stopped + "
            "trials_failed + trials_cancelled",
            name=op.f("ck_searches_trials"),
        ),
    )
    op.create_index("ix_searches_dataset", "searches", ["dataset_id"])
    op.create_index("ix_searches_newest", "searches", ["created_at", "id"])
    op.create_index(
        "ix_searches_open",
        "searches",
        ["state", "created_at"],
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_searches_owner", "searches", ["owner", "created_at", "id"])
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("backend", sa.Text(), nullable=False),
        sa.Column("slots", sa.Text(), nullable=False),
        sa.Column("versions", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )
    op.create_table(
        "definitions",
        sa.Column("search_id", sa.Text(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("space", sa.Text(), nullable=False),
        sa.Column("versions", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("search_id", name="pk_definitions"),
        sa.ForeignKeyConstraint(["search_id"], ["searches.id"], name="fk_definitions_search_id", ondelete="CASCADE"),
    )
    op.create_table(
        "oracles",
        sa.Column("search_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("search_id", name="pk_oracles"),
        sa.ForeignKeyConstraint(["search_id"], ["searches.id"], name="fk_oracles_search_id", ondelete="CASCADE"),
    )
    op.create_table(
        "trials",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("search_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("hyperparameters", sa.Text(), nullable=False),
        sa.Column("hyperparameters_hash", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("lease_token", sa.Text()),
        sa.Column("lease_worker_id", sa.Text()),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True)),
        sa.Column("score", sa.Double()),
        sa.Column("best_epoch", sa.Integer()),
        sa.Column("epochs", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("metrics", sa.Text()),
        sa.Column("last_metrics", sa.Text()),
        sa.Column("start_epoch", sa.Integer(), nullable=False),
        sa.Column("target_epochs", sa.Integer()),
        sa.Column("parent_trial_id", sa.Text()),
        sa.Column("bracket", sa.Integer()),
        sa.Column("round", sa.Integer()),
        sa.Column("failure", sa.Text()),
        sa.Column("definition_faults", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("machine_faults", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("seconds", sa.Double(), nullable=False, server_default=sa.text("0")),
        sa.Column("parameters", sa.BigInteger()),
        sa.Column("device", sa.Text()),
        sa.Column("stop_requested", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("ended_seq", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_trials"),
        sa.ForeignKeyConstraint(["lease_worker_id"], ["workers.id"], name="fk_trials_lease_worker_id"),
        sa.ForeignKeyConstraint(["parent_trial_id"], ["trials.id"], name="fk_trials_parent_trial_id"),
        sa.ForeignKeyConstraint(["search_id"], ["searches.id"], name="fk_trials_search_id", ondelete="CASCADE"),
        sa.UniqueConstraint("search_id", "number", name="uq_trials_search_id_number"),
        sa.CheckConstraint(
            "number >= 0 AND start_epoch >= 0 AND attempt >= 0 AND epochs >= 0", name=op.f("ck_trials_counts")
        ),
        sa.CheckConstraint(
            "(state IN ('CANCELLED', 'COMPLETED', 'FAILED', 'STOPPED')) = (ended_at IS NOT NULL)",
            name=op.f("ck_trials_ended_at"),
        ),
        sa.CheckConstraint(
            "(state IN ('CANCELLED', 'COMPLETED', 'FAILED', 'STOPPED')) = (ended_seq IS NOT NULL)",
            name=op.f("ck_trials_ended_seq"),
        ),
        sa.CheckConstraint("(state = 'FAILED') = (failure IS NOT NULL)", name=op.f("ck_trials_failure")),
        sa.CheckConstraint(
            "(state = 'RUNNING' AND lease_token IS NOT NULL AND lease_worker_id IS NOT NULL AND "
            "lease_expires_at IS NOT NULL) OR (state <> 'RUNNING' AND lease_token IS NULL AND "
            "lease_worker_id IS NULL AND lease_expires_at IS NULL)",
            name=op.f("ck_trials_lease_while_running"),
        ),
        sa.CheckConstraint(
            "(state IN ('COMPLETED', 'STOPPED')) = (score IS NOT NULL AND best_epoch IS NOT NULL)",
            name=op.f("ck_trials_score"),
        ),
        sa.CheckConstraint(
            "state IN ('CANCELLED', 'COMPLETED', 'FAILED', 'QUEUED', 'RUNNING', 'STOPPED')",
            name=op.f("ck_trials_state"),
        ),
    )
    op.create_index(
        "ix_trials_leases",
        "trials",
        ["lease_expires_at"],
        postgresql_where=sa.text("state = 'RUNNING'"),
        sqlite_where=sa.text("state = 'RUNNING'"),
    )
    op.create_index(
        "ix_trials_parent",
        "trials",
        ["parent_trial_id"],
        postgresql_where=sa.text("parent_trial_id IS NOT NULL"),
        sqlite_where=sa.text("parent_trial_id IS NOT NULL"),
    )
    op.create_index(
        "ix_trials_queue",
        "trials",
        ["search_id", "number"],
        postgresql_where=sa.text("state = 'QUEUED'"),
        sqlite_where=sa.text("state = 'QUEUED'"),
    )
    op.create_index(
        "ix_trials_score",
        "trials",
        ["search_id", "score", "number"],
        postgresql_where=sa.text("score IS NOT NULL"),
        sqlite_where=sa.text("score IS NOT NULL"),
    )
    op.create_index(
        "uq_trials_ended_seq",
        "trials",
        ["search_id", "ended_seq"],
        unique=True,
        postgresql_where=sa.text("ended_seq IS NOT NULL"),
        sqlite_where=sa.text("ended_seq IS NOT NULL"),
    )
    op.create_table(
        "artifacts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("trial_id", sa.Text()),
        sa.Column("search_id", sa.Text()),
        sa.Column("attempt", sa.Integer()),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("execution", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_artifacts"),
        sa.ForeignKeyConstraint(["search_id"], ["searches.id"], name="fk_artifacts_search_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["trial_id"], ["trials.id"], name="fk_artifacts_trial_id", ondelete="CASCADE"),
        sa.UniqueConstraint("key", name="uq_artifacts_key"),
        sa.CheckConstraint("kind IN ('best', 'dataset', 'last', 'model')", name=op.f("ck_artifacts_kind")),
    )
    op.create_index("ix_artifacts_search", "artifacts", ["search_id"])
    op.create_index("ix_artifacts_trial", "artifacts", ["trial_id", "kind", "execution"])
    op.create_table(
        "attempts",
        sa.Column("trial_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("device", sa.Text()),
        sa.Column("failure", sa.Text()),
        sa.Column("seconds", sa.Double()),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("log", sa.Text()),
        sa.PrimaryKeyConstraint("trial_id", "number", name="pk_attempts"),
        sa.ForeignKeyConstraint(["trial_id"], ["trials.id"], name="fk_attempts_trial_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name="fk_attempts_worker_id"),
        sa.CheckConstraint("(state = 'RUNNING') = (ended_at IS NULL)", name=op.f("ck_attempts_ended_at")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_attempts_number")),
        sa.CheckConstraint(
            "state IN ('CANCELLED', 'COMPLETED', 'FAILED', 'LOST', 'RELEASED', 'RUNNING', 'STOPPED')",
            name=op.f("ck_attempts_state"),
        ),
    )
    op.create_index(
        "uq_attempts_running",
        "attempts",
        ["trial_id"],
        unique=True,
        postgresql_where=sa.text("state = 'RUNNING'"),
        sqlite_where=sa.text("state = 'RUNNING'"),
    )
    op.create_table(
        "epochs",
        sa.Column("trial_id", sa.Text(), nullable=False),
        sa.Column("execution", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("epoch", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("fold", sa.Integer()),
        sa.Column("objective", sa.Double()),
        sa.Column("objective_kind", sa.Text(), nullable=False),
        sa.Column("metrics", sa.Text(), nullable=False),
        sa.Column("odd_metrics", sa.Text()),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", "execution", "epoch", name="pk_epochs"),
        sa.ForeignKeyConstraint(["trial_id"], ["trials.id"], name="fk_epochs_trial_id", ondelete="CASCADE"),
        sa.CheckConstraint("(objective_kind = 'finite') = (objective IS NOT NULL)", name=op.f("ck_epochs_objective")),
        sa.CheckConstraint(
            "objective_kind IN ('absent', 'finite', 'inf', '-inf', 'nan')", name=op.f("ck_epochs_objective_kind")
        ),
        sa.CheckConstraint("execution >= 0 AND epoch >= 0", name=op.f("ck_epochs_place")),
        sqlite_with_rowid=False,
    )
    # Signs this database's page tokens.
    installation = sa.table("installation", sa.column("id", sa.Integer()), sa.column("page_key", sa.Text()))
    op.bulk_insert(installation, [{"id": 1, "page_key": secrets.token_hex(32)}])


def downgrade() -> None:
    op.drop_table("epochs")
    op.drop_table("attempts")
    op.drop_table("artifacts")
    op.drop_table("trials")
    op.drop_table("oracles")
    op.drop_table("definitions")
    op.drop_table("workers")
    op.drop_table("tokens")
    op.drop_table("searches")
    op.drop_table("leaders")
    op.drop_table("installation")
    op.drop_table("events")
    op.drop_table("datasets")

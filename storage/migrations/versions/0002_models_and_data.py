"""Room for more kinds of data, models and jobs.

Purpose: what a data set holds beyond one plain array; searches that retrain and test a trial or look for learning
rates; reports and bundles; uploaded weights.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


OLD_KINDS = "kind IN ('best', 'dataset', 'last', 'model')"
KINDS = "kind IN ('best', 'bundle', 'dataset', 'last', 'model', 'report')"


def upgrade() -> None:
    op.add_column("datasets", sa.Column("details", sa.Text(), nullable=False, server_default=sa.text("'{}'")))
    op.add_column("definitions", sa.Column("options", sa.Text(), nullable=False, server_default=sa.text("'{}'")))
    op.add_column("searches", sa.Column("kind", sa.Text(), nullable=False, server_default=sa.text("'search'")))
    op.add_column("searches", sa.Column("source_trial_id", sa.Text()))
    op.create_index("ix_searches_source", "searches", ["source_trial_id"])
    _allow_kinds(KINDS)
    op.create_table(
        "weights",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_weights"),
        sa.UniqueConstraint("owner", "name", name="uq_weights_owner_name"),
    )
    op.create_index("ix_weights_newest", "weights", ["created_at", "id"])


def downgrade() -> None:
    op.drop_table("weights")
    # What an older version cannot name goes with its column; the files are found by `headstock fsck`.
    op.execute("DELETE FROM artifacts WHERE kind IN ('bundle', 'report')")
    op.execute("DELETE FROM searches WHERE kind <> 'search'")
    _allow_kinds(OLD_KINDS)
    op.drop_index("ix_searches_source", "searches")
    op.drop_column("searches", "source_trial_id")
    op.drop_column("searches", "kind")
    op.drop_column("definitions", "options")
    op.drop_column("datasets", "details")


def _allow_kinds(kinds: str) -> None:
    name = op.f("ck_artifacts_kind")
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(name, "artifacts", type_="check")
        op.create_check_constraint(name, "artifacts", kinds)
        return
    # SQLite cannot change a constraint: the rows move to a new table.
    op.drop_index("ix_artifacts_search", "artifacts")
    op.drop_index("ix_artifacts_trial", "artifacts")
    op.rename_table("artifacts", "artifacts_before")
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
        sa.CheckConstraint(kinds, name=name),
    )
    columns = "id, trial_id, search_id, attempt, key, kind, sha256, size_bytes, execution, epoch, created_at"
    op.execute(f"INSERT INTO artifacts ({columns}) SELECT {columns} FROM artifacts_before")
    op.drop_table("artifacts_before")
    op.create_index("ix_artifacts_search", "artifacts", ["search_id"])
    op.create_index("ix_artifacts_trial", "artifacts", ["trial_id", "kind", "execution"])

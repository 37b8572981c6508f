"""Learning curves of ended trials, packed.

Purpose: bands of a search's learning curves read one row for each trial and metric, not one for each epoch. The curves
of trials that have ended by now are packed here, which takes a quarter of a minute for a million epochs; trials that an
older version ends from now on keep theirs in `epochs` alone, and are read there.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LONGEST_NAME = 1000
TRIALS_AT_ONCE = 200


def upgrade() -> None:
    op.create_table(
        "curves",
        sa.Column("search_id", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("ended_seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("epochs", sa.LargeBinary()),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("search_id", "metric", "ended_seq", name="pk_curves"),
        sa.ForeignKeyConstraint(["search_id"], ["searches.id"], name="fk_curves_search_id", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        # Measured numbers do not get smaller by compressing them.
        op.execute("ALTER TABLE curves ALTER COLUMN content SET STORAGE EXTERNAL")
    op.add_column("trials", sa.Column("curves_seq", sa.Integer()))
    op.create_index(
        "ix_trials_unpacked",
        "trials",
        ["search_id", "ended_seq"],
        sqlite_where=sa.text("curves_seq IS NOT ended_seq"),
        postgresql_where=sa.text("curves_seq IS DISTINCT FROM ended_seq"),
    )
    _pack()


def downgrade() -> None:
    op.drop_index("ix_trials_unpacked", "trials")
    op.drop_column("trials", "curves_seq")
    op.drop_table("curves")


trials = sa.table("trials", *map(sa.column, ("id", "search_id", "ended_seq", "curves_seq")))
epochs = sa.table("epochs", *map(sa.column, ("trial_id", "epoch", "metrics")))
curves = sa.table("curves", *map(sa.column, ("search_id", "metric", "ended_seq", "first", "epochs", "content")))


def _pack() -> None:
    connection = op.get_bind()
    seen = ""
    while True:
        found = connection.execute(
            sa.select(trials.c.id, trials.c.search_id, trials.c.ended_seq)
            .where(trials.c.id > seen, trials.c.ended_seq.is_not(None))
            .order_by(trials.c.id)
            .limit(TRIALS_AT_ONCE)
        ).all()
        if not found:
            break
        seen = found[-1].id
        owners = {row.id: row for row in found}
        of_trial: dict[str, dict[str, dict[int, list[float]]]] = {}
        ids = sa.select(epochs).where(epochs.c.trial_id.in_(list(owners)))
        for trial_id, epoch, metrics in connection.execute(ids):
            by_name = of_trial.setdefault(trial_id, {})
            for name, value in json.loads(metrics).items():
                if value is not None:
                    by_name.setdefault(name, {}).setdefault(epoch, []).append(value)
        rows = [row for trial_id, by_name in of_trial.items() for row in _rows(owners[trial_id], by_name)]
        if rows:
            connection.execute(sa.insert(curves), rows)
    connection.execute(sa.update(trials).where(trials.c.ended_seq.is_not(None)).values(curves_seq=trials.c.ended_seq))


def _rows(trial: Any, by_name: dict[str, dict[int, list[float]]]) -> Iterator[dict[str, Any]]:
    for name, by_epoch in by_name.items():
        metric = json.dumps(name)
        if len(metric) > LONGEST_NAME:
            continue
        places = sorted(by_epoch)
        # Shares rather than a sum: the sum of two huge numbers is infinite.
        means = [math.fsum(value / len(by_epoch[place]) for value in by_epoch[place]) for place in places]
        whole = places[-1] - places[0] + 1 == len(places)
        yield {
            "search_id": trial.search_id,
            "metric": metric,
            "ended_seq": trial.ended_seq,
            "first": places[0],
            "epochs": None if whole else struct.pack(f"<{len(places)}q", *places),
            "content": struct.pack(f"<{len(places)}d", *means),
        }

"""Run by Alembic for every command. The connection comes from `storage.migrations`, inside its lock and transaction."""

from __future__ import annotations

from alembic import context

from storage.sql.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("run migrations through `headstock migrate`")

context.configure(
    connection=connection,
    target_metadata=metadata,
    compare_type=True,
    compare_server_default=True,
    # SQLite changes a table by making a new one and moving the rows.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

"""Alembic's entry: runs the migrations on the connection it is handed."""

import sqlalchemy as sa
from alembic import context

connection: sa.Connection = context.config.attributes["connection"]

context.configure(
    connection=connection,
    target_metadata=context.config.attributes.get("metadata"),
    transaction_per_migration=False,
    render_as_batch=False,
)
with context.begin_transaction():
    context.run_migrations()

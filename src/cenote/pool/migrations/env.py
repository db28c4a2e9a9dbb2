"""Run by Alembic, with the connection that Store.upgrade gives it."""

from __future__ import annotations

from alembic import context

from cenote.pool.models import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()

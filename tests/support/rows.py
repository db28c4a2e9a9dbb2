"""A whole database as plain rows: taken, and put back later, as from a backup."""

from __future__ import annotations

from typing import Any

from sqlalchemy import create_engine, func, insert, select, text

from cenote.pool.models import Base

Rows = dict[str, list[dict[str, Any]]]

_TABLES = Base.metadata.sorted_tables


def save(url: str) -> Rows:
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = {table.name: [dict(row._mapping) for row in connection.execute(select(table))] for table in _TABLES}
    engine.dispose()
    return rows


def restore(url: str, rows: Rows) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in reversed(_TABLES):
            connection.execute(table.delete())
        for table in _TABLES:
            if rows[table.name]:
                connection.execute(insert(table), rows[table.name])
            if connection.dialect.name == "postgresql" and f"{table.name}_id_seq" in _sequences(connection):
                last = max((row["id"] for row in rows[table.name]), default=1)
                connection.execute(select(func.setval(f"{table.name}_id_seq", last)))
    engine.dispose()


def _sequences(connection: Any) -> set[str]:
    return set(connection.execute(text("SELECT sequencename FROM pg_sequences")).scalars())

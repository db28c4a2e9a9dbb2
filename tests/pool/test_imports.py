from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "cenote.cli.main",
        "cenote.client.launch",
        "cenote.server.supervisor",
        "cenote.server.ledger",
        "cenote.server.member",
        "cenote.pool.orders",
        "cenote.credentials",
    ],
)
def test_only_a_manager_loads_the_store(module: str) -> None:
    heavy = ("sqlalchemy", "alembic", "psycopg", "fastapi", "pydantic", "uvicorn", "anyio")
    code = f"import sys, {module}; print(*(name for name in {heavy} if name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"

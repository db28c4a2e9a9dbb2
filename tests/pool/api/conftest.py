"""The API of a manager on SQLite, unless a test asks for PostgreSQL, on which the tests of the services run as well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cenote.pool.models import Role
from tests.pool.conftest import MakeServer
from tests.support import postgres
from tests.support.api import Api
from tests.support.pool import GIB, FakeServer, Manager


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path) -> str:
    if request.param == "postgresql":
        server: postgres.Postgres = request.getfixturevalue("postgresql")
        return server.new_database()
    file = tmp_path / "pool.db"
    file.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{file}"


@pytest.fixture
def api(manager: Manager, tmp_path: Path) -> Iterator[Api]:
    running = Api(manager, tmp_path)
    yield running
    running.close()


@pytest.fixture
def admin(api: Api) -> str:
    return api.token("root", Role.ADMIN)


@pytest.fixture
def ann(api: Api) -> str:
    return api.token("ann")


@pytest.fixture
def host(server: MakeServer) -> FakeServer:
    """A server with two devices of 8 GiB."""
    return server("one", devices=2, memory=8 * GIB)

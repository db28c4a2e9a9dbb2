"""Databases for the tests of the pool: each test that asks for one runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cenote.pool.store import Store
from tests.support import postgres
from tests.support.pool import GIB, Clock, FakeServer, Manager, listed


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Postgres]:
    try:
        with postgres.running() as server:
            yield server
    except postgres.NotInstalled as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "pool.db"
    store = Store(f"sqlite:///{file}")
    store.upgrade()
    store.close()
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new database."""
    if request.param == "sqlite":
        file = tmp_path / "pool.db"
        file.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        yield f"sqlite:///{file}"
        return
    server: postgres.Postgres = request.getfixturevalue("postgresql")
    url = server.new_database()
    yield url
    server.drop(url)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def manager(database: str, clock: Clock) -> Iterator[Manager]:
    running = Manager(database, clock)
    yield running
    running.close()


MakeServer = Callable[..., FakeServer]


@pytest.fixture
def server(manager: Manager, clock: Clock, tmp_path: Path) -> MakeServer:
    """Makes a server that has joined: ``server("one", devices=2, memory=8 * GIB)``."""

    def make(name: str, devices: int = 2, memory: int = 8 * GIB, device_name: str = "A100") -> FakeServer:
        lent = [listed(index, name=device_name, memory=memory) for index in range(devices)]
        made = FakeServer(name, tmp_path / name, clock, lent)
        made.join(manager)
        return made

    return make

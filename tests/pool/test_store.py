from __future__ import annotations

import os
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from cenote.errors import StoreFailed
from cenote.pool.core import POOL, Core
from cenote.pool.models import Base, State
from cenote.pool.queue import Limits
from cenote.pool.request import WHOLE, Request
from cenote.pool.store import Store
from tests.pool.conftest import MakeServer
from tests.support import postgres
from tests.support.pool import Clock, Manager, deliver_all

FIRST = "0001"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/pool.db"
    server: postgres.Postgres = request.getfixturevalue("postgresql")
    return server.new_database(empty=True)


def test_from_the_first_tables_to_todays(empty: str) -> None:
    store = Store(empty)
    store.upgrade(FIRST)
    with store.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO users (name, role, used, used_at, active, revision) VALUES ('ann', 'user', 0, 0, :yes, 1)"
            ),
            {"yes": True},
        )
    store.upgrade()
    store.upgrade()
    with store.engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    assert [user.name for user in Manager(empty, Clock()).accounts.users(POOL)] == ["ann"]
    store.close()


def test_two_managers_may_make_the_tables_at_once(empty: str) -> None:
    failed: list[Exception] = []

    def upgrade() -> None:
        try:
            Store(empty).upgrade()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_what_is_written_survives(database: str, clock: Clock) -> None:
    first = Manager(database, clock)
    ann = first.user("ann", limits=Limits(devices=3))
    first.close()
    again = Manager(database, clock)
    assert [(user.name, user.limits) for user in again.accounts.users(ann)] == [("ann", Limits(devices=3))]
    again.close()


def test_sqlite_is_set_to_lose_nothing(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/folder/pool.db")
    with store.engine.connect() as connection:
        settings = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]
    assert settings == ["wal", 2]
    store.close()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_full_disk(manager: Manager, server: MakeServer) -> None:
    ann, host = manager.user("ann"), server("one")
    held = manager.allocations.submit(ann, Request())
    deliver_all(manager, [host])
    with manager.store.engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    for pragma in (pages, 1 << 30):
        with manager.store.engine.connect() as connection:
            connection.execute(text(f"PRAGMA max_page_count = {pragma}"))
        if pragma == pages:
            with pytest.raises(StoreFailed, match="its disk is full; nothing was changed"):
                for _ in range(200):
                    manager.allocations.submit(ann, Request(weight=WHOLE // 10, round_trips=(("x" * 900, 1.0),)))
    assert manager.allocations.get(ann, held.id).state == State.ACTIVE
    manager.allocations.submit(ann, Request())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_set_aside_is_for_giving_back(
    manager: Manager, server: MakeServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, host = manager.user("ann"), server("one")
    held = manager.allocations.submit(ann, Request())
    spare = Path(database.removeprefix("sqlite:///") + ".spare")
    assert spare.stat().st_blocks * 512 >= 8 << 20
    with monkeypatch.context() as patch:
        patch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_bavail=10, f_frsize=4096))
        with pytest.raises(StoreFailed, match="devices are given back, but none are lent"):
            manager.allocations.submit(ann, Request())
        assert not spare.exists()
        manager.allocations.release(ann, held.id)
        deliver_all(manager, [host])
        assert manager.allocations.get(ann, held.id).state == State.ENDED
    assert manager.allocations.submit(ann, Request()).state == State.PLACING
    assert spare.exists()


def test_a_read_only_database(database: str, manager: Manager) -> None:
    ann = manager.user("ann")
    if database.startswith("sqlite"):
        file = database.removeprefix("sqlite:///")
        read_only = Manager(f"sqlite:///file:{file}?mode=ro&uri=true", Clock())
    else:
        read_only = Manager(database + "&options=-c%20default_transaction_read_only%3Don", Clock())
    with pytest.raises(StoreFailed, match="it is read-only; nothing was changed"):
        read_only.user("ben")
    assert [user.name for user in manager.accounts.users(ann)] == ["ann"]
    read_only.close()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("pool.db", "the store's URL is not one"),
        ("oracle://x", "the store's URL is not one"),
        ("postgresql+asyncpg://x/y", "the store's driver is missing"),
        ("sqlite:////proc/pool/pool.db", "/proc/pool cannot be made"),
        ("sqlite:////proc/pool.db", "its file cannot be opened"),
        ("postgresql://pool@/x?host=/nowhere", "the pool's database cannot be used: .*/nowhere"),
    ],
)
def test_no_database(url: str, reason: str) -> None:
    with pytest.raises(StoreFailed, match=reason):
        Store(url, patience=0.2).upgrade()


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "pool.db").write_text("This is not a database, it is a text. " * 100)
    with pytest.raises(StoreFailed, match="its file is not a database"):
        Store(f"sqlite:///{tmp_path}/pool.db").upgrade()


def test_another_program_keeps_the_database_locked(database: str, clock: Clock) -> None:
    manager = Manager(database, clock)
    ann = manager.user("ann")
    impatient = Core(Store(database, patience=0.3))
    with manager.store.transaction() as (session, _):
        with pytest.raises(StoreFailed, match="keeps it locked"), impatient.change():
            pass
        session.rollback()
    assert manager.accounts.users(ann)
    manager.close()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_connection_that_breaks(manager: Manager, server: MakeServer, postgresql: postgres.Postgres) -> None:
    ann = manager.user("ann")
    server("one")
    postgresql.cut_all()
    held = manager.allocations.submit(ann, Request())
    with pytest.raises(StoreFailed, match="nothing was changed"), manager.core.change() as change:
        change.audit(ann, "test", "of it")
        postgresql.cut_all()
    assert manager.allocations.get(ann, held.id).state == State.PLACING
    assert next(entry.action for entry in manager.accounts.audit(POOL)) == "allocation.submit"


def test_many_at_once(manager: Manager, server: MakeServer, database: str, clock: Clock) -> None:
    """Two managers, each used by several threads, never lend more than there is."""
    ann, host = manager.user("ann"), server("one", devices=2)
    managers = [manager, Manager(database, clock)]
    failed: list[BaseException] = []

    def use(one: Manager) -> None:
        try:
            for _ in range(6):
                held = one.allocations.submit(ann, Request(weight=WHOLE // 4))
                one.allocations.release(ann, held.id)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=use, args=(one,)) for one in managers for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        deliver_all(managers[0], [host])
    deliver_all(managers[0], [host])
    assert not failed
    assert not host.report().held and not manager.servers.outstanding()
    assert {view.state for view in manager.allocations.listing(ann, ended=True)} == {State.ENDED}
    managers[1].close()

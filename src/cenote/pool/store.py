"""The database of a pool: SQLite, or PostgreSQL where several managers share a fleet.

Everything that changes the pool runs in ``transaction``, which takes the lock of the pool's one row first. Writers of
all managers therefore follow one another, so that a decision cannot be overtaken, nothing deadlocks, and the revisions
are committed in their order.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, create_engine, delete, event, insert, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session, sessionmaker

from cenote.errors import CenoteError, StoreFailed
from cenote.pool.models import Revision
from cenote.pool.spare import Spare

PATIENCE = 10.0  # seconds that a transaction waits for others, or for a database that is just coming back
_PAUSE = 0.1
_HISTORY = 10_000  # revisions that are remembered; a manager that is further behind reads everything again
_LOCK = text("UPDATE pool SET revision = revision + 1 WHERE id = 1 RETURNING revision")
_RECORD = insert(Revision)
_MIGRATION_LOCK = 0x63656E6F7465
_CHECKPOINT = "wal_autocheckpoint = 10000"  # pages; of 4 KiB mostly
_READING = "cenote_reading"
_BEFORE_FLUSH = "cenote_before_flush"

_REASONS = {  # SQLSTATE, or words of SQLite's message
    "53100": "its disk is full",
    "database or disk is full": "its disk is full",
    "25006": "it is read-only",
    "readonly database": "it is read-only",
    "unable to open database file": "its file cannot be opened",
    "disk I/O error": "its disk fails",
    "malformed": "its file is damaged",
    "not a database": "its file is not a database",
    "database is locked": "another program keeps it locked",
    "55P03": "another manager keeps it locked",
}
_PASSING = ("40001", "40P01", "55P03", "57P03", "database is locked")


class Store:
    """Raises StoreFailed, with nothing changed, when the database cannot be used."""

    def __init__(self, url: str | URL, *, patience: float = PATIENCE) -> None:
        self._patience = patience
        self.failures = 0
        """How often the database could not be used."""
        self._counting = threading.Lock()
        try:
            self.engine = _engine(make_url(url), patience)
        except ArgumentError:
            raise StoreFailed("the store's URL is not one; write sqlite:////path/file or postgresql://…") from None
        except OSError as error:
            raise StoreFailed(f"the store's folder {error.filename} cannot be made: {error.strerror}") from None
        except (ImportError, NoSuchModuleError) as error:
            raise StoreFailed(
                f"the store's driver is missing ({error}); for PostgreSQL: pip install “cenote[postgresql]”"
            ) from None
        file = self.engine.url.database or ""
        on_disk = self.engine.dialect.name == "sqlite" and file and not file.startswith("file:")
        self._spare = Spare(Path(file)) if on_disk else None
        self._session = sessionmaker(self.engine, expire_on_commit=False, autoflush=False)
        event.listen(self._session, "before_flush", _before_flush)

    def upgrade(self, to: str = "head") -> None:
        """Makes the tables, or brings those of an older version up to date. Several managers may do so at once."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self._failing(), self.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, to)

    @contextmanager
    def transaction(self, *, grows: bool = False) -> Iterator[tuple[Session, int]]:
        """A session that holds the pool's lock, and the number of the revision that it makes if it changes anything.

        It is committed at the end, and rolled back when an exception leaves it. One that ``grows`` is refused on a
        disk that is nearly full, so that others are not.
        """
        with self._failing(), self._begin(grows=grows) as (session, revision):
            yield session, revision
            try:
                session.commit()
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                raise StoreFailed(
                    "the connection to the pool's database was lost at the last moment; it may have been done or not, "
                    "and can safely be asked for again"
                ) from error

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that changes nothing and waits for nobody."""
        with self._failing(), self._session() as session:
            session.connection(execution_options={_READING: True})
            yield session

    def before_flush(self, session: Session, work: Callable[[Session], None]) -> None:
        """What is to be done in this session before its rows are written."""
        session.info[_BEFORE_FLUSH] = work

    def tidy(self) -> None:
        """To be called now and then. Else SQLite does it inside of whatever transaction has filled its log."""
        if self._spare:
            with self._failing(), closing(self.engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _begin(self, *, grows: bool) -> Iterator[tuple[Session, int]]:
        """Takes the lock, again where others were in the way; from then on nothing is."""
        if self._spare and not self._spare.has_room() and grows:
            raise StoreFailed(
                "the disk of the pool's database is full: until there is room devices are given back, but none are lent"
            )
        deadline = time.monotonic() + self._patience
        with self._session() as session:
            while True:
                try:
                    revision = session.execute(_LOCK).scalar_one()
                    break
                except DBAPIError as error:
                    session.rollback()
                    passing = error.connection_invalidated or any(sign in _signs(error) for sign in _PASSING)
                    if not passing or time.monotonic() > deadline:
                        raise
                    time.sleep(_PAUSE)
            yield session, int(revision)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            with self._translating():
                yield
        except StoreFailed:
            with self._counting:
                self.failures += 1
            raise

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except CenoteError:
            raise
        except NoConnection as error:
            raise StoreFailed("the pool's database is too busy; nothing was changed") from error
        except DBAPIError as error:
            signs = _signs(error)
            reason = next((reason for sign, reason in _REASONS.items() if sign in signs), None)
            if reason is None and not error.connection_invalidated and not _is_operational(error):
                raise  # a mistake of ours
            first_line = (str(error.orig).splitlines() or [""])[0]
            raise StoreFailed(
                f"the pool's database cannot be used: {reason or first_line}; nothing was changed"
            ) from error


def record(session: Session, revision: int, tables: set[str]) -> str:
    """Notes what a transaction has changed; returns its mark."""
    mark = secrets.token_hex(8)
    row = {"number": revision, "mark": mark, "tables": " ".join(sorted(tables))}
    session.connection().execute(_RECORD, row)
    if revision % 100 == 0:
        session.execute(delete(Revision).where(Revision.number < revision - _HISTORY))
    return mark


def _before_flush(session: Session, *_: object) -> None:
    if work := session.info.get(_BEFORE_FLUSH):
        work(session)


def _engine(url: URL, patience: float) -> Engine:
    if url.get_backend_name() == "sqlite":
        if url.database and not url.database.startswith("file:"):
            Path(url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = create_engine(url, connect_args={"timeout": patience, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if url.get_backend_name() != "postgresql":
        raise ArgumentError
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    # A manager that is stopped in the middle of a transaction must not hold up the others.
    limits = [f"-c {name}={int(patience * 1000)}" for name in ("lock_timeout", "idle_in_transaction_session_timeout")]
    options = " ".join([str(url.query.get("options", "")), *limits])
    return create_engine(
        url, pool_pre_ping=True, connect_args={"options": options, "connect_timeout": max(int(patience), 2)}
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver when it sees fit
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", _CHECKPOINT):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(_READING) else "BEGIN IMMEDIATE")


def _signs(error: DBAPIError) -> str:
    return f"{getattr(error.orig, 'sqlstate', None) or ''} {error.orig}"


def _is_operational(error: DBAPIError) -> bool:
    return type(error).__name__ in ("OperationalError", "InterfaceError", "InternalError")

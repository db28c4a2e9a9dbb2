"""A PostgreSQL of the tests' own, in a folder of its own, reached through a socket there."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from cenote.pool.store import Store

_OWNER = "nobody"  # PostgreSQL does not run as root
_TEMPLATE = "template_pool"


class NotInstalled(Exception):
    pass


class Postgres:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()
        self._admin = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        self._execute(f"CREATE DATABASE {_TEMPLATE}")
        template = Store(self.url(_TEMPLATE))
        template.upgrade()
        template.close()

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://pool@/{database}?host={self._folder}"

    def new_database(self, *, empty: bool = False) -> str:
        """The URL of a new database, with today's tables unless it is to be empty."""
        name = f"pool{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {'template0' if empty else _TEMPLATE}")
        return self.url(name)

    def drop(self, url: str) -> None:
        self._execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def cut_all(self) -> None:
        """Ends every connection but our own, as a failing server does."""
        self._execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )

    def close(self) -> None:
        self._admin.dispose()

    def _execute(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))


@contextmanager
def running(*, durable: bool = False) -> Iterator[Postgres]:
    """``durable``: as in production, with what is committed on the disk. Raises NotInstalled."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = str(programs[-1]) if programs else shutil.which("initdb")
    if not initdb:
        raise NotInstalled("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="cenote-postgres-"))
    owner = _OWNER if os.geteuid() == 0 else None
    if owner:
        shutil.chown(folder, owner)
    data = folder / "data"
    try:
        subprocess.run(
            [initdb, "-D", data, "-U", "pool", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
            check=True, capture_output=True, user=owner, cwd=folder,
        )  # fmt: skip
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "fsync": "on" if durable else "off",
            "max_connections": "50",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [str(Path(initdb).with_name("postgres")), "-D", data, *options],
                stdout=log,
                stderr=log,
                user=owner,
                cwd=folder,
            )
        try:
            ready = str(Path(initdb).with_name("pg_isready"))
            for _ in range(100):
                if subprocess.run([ready, "-q", "-h", folder, "-t", "1"]).returncode == 0:
                    break
                if server.poll() is not None:
                    raise RuntimeError((folder / "log").read_text())
                time.sleep(0.1)
            postgres = Postgres(folder)
            try:
                yield postgres
            finally:
                postgres.close()
        finally:
            server.terminate()
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)

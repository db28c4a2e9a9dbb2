"""Devices of a server, held by the test itself."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cenote.client.borrowing import Borrowed, asked
from cenote.client.login import Login
from cenote.client.pool import Pool
from tests.support import data_plane
from tests.support.servers import Server


@contextmanager
def holding(server: Server, **wanted: Any) -> Iterator[data_plane.Server]:
    """As much as ``asked`` understands, of one server, until the block ends."""
    with Pool(Login.load(server.token)) as pool:
        held = Borrowed.anew(pool, asked(tethered=True, **wanted), lambda _: None)
    try:
        with tempfile.TemporaryDirectory(prefix="cenote-test-") as folder:
            file = Path(folder) / "allocation"
            held.write(file)
            (server_there,) = data_plane.read_allocation(file)
        yield server_there
    finally:
        held.close()

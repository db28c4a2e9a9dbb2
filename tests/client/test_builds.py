"""A shim whose messages are not the worker's is told so, as long as the protocol is being developed."""

from __future__ import annotations

import sys

from cenote import protocol
from tests.support.servers import Server

SCRIPT = """
import os, sys
from pathlib import Path
from cenote.protocol import Kind, Preamble
from tests.support.data_plane import connect, enter, read_allocation
own = read_allocation(Path(os.environ["CENOTE_ALLOCATION_FILE"]))[0]
for build in map(int, sys.argv[1:]):
    with connect(own.host, own.port) as sock:
        print(enter(sock, Preamble(Kind.SESSION, id=own.allocation, build=build).encode()).status.name)
"""


def test_another_build_is_told_so(own_server: Server) -> None:
    statuses = own_server.run([sys.executable, "-c", SCRIPT, "0", "1"]).stdout.split()
    assert statuses == ["GO_ON", "GO_ON" if protocol.RELEASED else "OTHER_BUILD"]
    if not protocol.RELEASED:
        own_server.wait_for_log("the client is from another build, whose messages are not ours")

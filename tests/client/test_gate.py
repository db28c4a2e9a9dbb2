"""Whatever a server says in place of its proof is one of our errors."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import pytest

from cenote.client import gate
from cenote.errors import CenoteError, NotAllowed, ProtocolError, Unreachable
from cenote.protocol import LINE_LIMIT, Address


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"[]\n", ProtocolError),
        (b"{}\n", ProtocolError),
        (b'{"error": 1}\n', ProtocolError),
        (b"no JSON\n", ProtocolError),
        (b"x" * (2 * LINE_LIMIT), ProtocolError),
        (b'{"error": {}}\n', NotAllowed),
        (b'{"ok": {}}\n', NotAllowed),
        (b'{"ok": {"proof": "00"}}\n', NotAllowed),
        (b"", Unreachable),
    ],
    ids=lambda value: value[:20].decode() if isinstance(value, bytes) else value.__name__,
)
def test_an_impostor(said: bytes, error: type[CenoteError]) -> None:
    ours, theirs = socket.socketpair()

    def speak() -> None:
        with theirs, suppress(OSError):  # it may have heard enough
            theirs.recv(4096)
            theirs.sendall(said)

    speaking = threading.Thread(target=speak)
    speaking.start()
    with ours, pytest.raises(error):
        gate.prove(Address("gpu1", 7654), ours, bytes(32), b"", b"", time.monotonic() + 5)
    speaking.join()

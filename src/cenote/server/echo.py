"""The far end of ``cenote netperf``: takes and gives as many bytes as each request says.

A request is two u32, the bytes that follow it and the bytes wanted back.
"""

from __future__ import annotations

import contextlib
import struct
import threading

from cenote.server.channel import BlockingChannel

REQUEST = struct.Struct("<II")
LARGEST = 64 << 20
_ZEROS = memoryview(bytes(1 << 20))


def serve_in_thread(channel: BlockingChannel) -> None:
    """Answers until the client closes. A thread, because the event loop would be part of what is measured."""
    threading.Thread(target=_serve, args=(channel,), name="echo", daemon=True).start()


def _serve(channel: BlockingChannel) -> None:
    with contextlib.suppress(OSError), contextlib.closing(channel):
        while len(header := _take(channel, REQUEST.size)) == REQUEST.size:
            coming, wanted = REQUEST.unpack(header)
            if max(coming, wanted) > LARGEST:
                return
            while coming and (data := channel.read(min(coming, len(_ZEROS)))):
                coming -= len(data)
            for start in range(0, wanted, len(_ZEROS)):
                channel.write(_ZEROS[: min(len(_ZEROS), wanted - start)])


def _take(channel: BlockingChannel, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := channel.read(size - len(data))):
        data += more
    return data

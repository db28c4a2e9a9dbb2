"""Random bytes at the gate: preambles, control connections and proofs that are none."""

from __future__ import annotations

import json
import socket
import time
from collections import Counter
from contextlib import suppress
from random import Random

from cenote import protocol
from cenote.protocol import Kind, Preamble
from tests.fuzz.target import Failure, Target
from tests.support import data_plane

_AT_ONCE = 8  # connections that stand at the gate together


def run(target: Target, seeds: range, deadline: float) -> Counter[str]:
    counts: Counter[str] = Counter()
    open_ones: list[socket.socket] = []
    before = target.descriptors()
    for seed in seeds:
        if time.monotonic() > deadline:
            break
        random = Random(seed)
        sock = data_plane.connect("127.0.0.1", target.server.port)
        open_ones.append(sock)
        counts["connections"] += 1
        with suppress(OSError):
            _speak(random, sock, target)
        if len(open_ones) == _AT_ONCE:
            open_ones.pop(random.randrange(_AT_ONCE)).close()
    for sock in open_ones:
        sock.close()
    _settle(target, before)
    return counts


def _settle(target: Target, before: int) -> None:
    """All that came with the connections goes with them."""
    end = time.monotonic() + 20
    while target.descriptors() > before:
        if time.monotonic() > end:
            raise Failure(f"the supervisor keeps {target.descriptors() - before} descriptors of connections that ended")
        time.sleep(0.1)
    target.judge()


def _speak(random: Random, sock: socket.socket, target: Target) -> None:
    own, other = target.allocation, random.randbytes(16)
    preamble = random.choice(
        (
            random.randbytes(random.choice((0, 1, 47, 48, 200))),
            _flipped(random, Preamble(Kind.SESSION, id=own.allocation).encode()),
            _flipped(random, Preamble(Kind.TETHER, id=own.allocation).encode()),
            Preamble(Kind.SESSION, id=other).encode(),
            Preamble(Kind.STREAM, id=other, stream=1).encode(),
            Preamble(Kind.STREAM, id=target.neighbour.session, stream=random.choice((1, 2, 7, 65535))).encode(),
            Preamble(Kind.SESSION, id=own.allocation).encode(),
            Preamble(Kind.SESSION, id=own.allocation, tls=True).encode(),
            Preamble(Kind.TETHER, id=own.allocation).encode(),
            Preamble(Kind.TETHER, id=own.allocation, tls=True).encode(),
            Preamble(Kind.MANAGER, tls=True).encode(),
        )
    )
    sock.sendall(preamble)
    if random.random() < 0.3:
        return
    sock.settimeout(0.5)
    sock.recv(protocol.ANSWER_SIZE, socket.MSG_WAITALL)
    sock.sendall(_hello(random))
    if random.random() < 0.5:
        sock.recv(4096)


def _hello(random: Random) -> bytes:
    """What may come after the answer: a proof, a first request, the beginning of TLS, or none of these."""
    hexes = [random.randbytes(size).hex() for size in (32, 31)]
    requests: tuple[object, ...] = (
        {"id": 0, "op": "hello", "nonce": random.choice(hexes), "proof": random.choice(hexes)},
        {"id": 0, "op": "hello", "nonce": 7, "proof": None},
        {"op": "list"},
        [],
        "hello",
        None,
    )
    return random.choice(
        (
            random.randbytes(random.choice((1, 64, 5000, 70000))),
            json.dumps(random.choice(requests)).encode() + b"\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + random.randbytes(508),
            b"{" * 70000,
        )
    )


def _flipped(random: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 4))):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)

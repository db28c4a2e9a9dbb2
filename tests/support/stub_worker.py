"""Stands in for cenote-worker: speaks the supervisor's protocol and proves the secret, but has no driver.

Then it obeys its client's lines: ``want DEVICE BYTES`` and ``giveback DEVICE BYTES`` go to the supervisor (the answer
comes back), ``die`` crashes, ``hang`` stops listening to everything, ``say TEXT`` sends a packet, the rest is echoed.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import sys

from cenote import protocol


def device(index: int) -> dict[str, object]:
    return {
        "index": index,
        "name": f"Stub device {index}",
        "vendor": "Nobody",
        "version": "OpenCL 3.0",
        "driver_version": "7",
        "type": "CPU" if index == 0 else "GPU",
        "global_mem_size": 1 << 30,
        "max_alloc": 1 << 28,
        "compute_units": 4,
        "overhead": 0,
    }


LISTING = {
    "platforms": [
        {
            "name": "Stub platform",
            "version": "OpenCL 3.0",
            "vendor": "Nobody",
            "profile": "FULL_PROFILE",
            "extensions": "",
            "devices": [device(0), device(1)],
        }
    ]
}


def prove(client: socket.socket, session: bytes, secret: bytes, preamble: bytes, stream: int) -> bool:
    answer = protocol.Answer(protocol.Status.GO_ON, secrets.token_bytes(32), session).encode()
    client.sendall(answer)
    client.settimeout(2)
    try:
        shown = client.recv(64, socket.MSG_WAITALL)
    except TimeoutError:
        return False
    client.settimeout(None)
    key = protocol.stream_key(secret, session, stream)
    if shown[32:] != protocol.proof(key, "client", preamble, answer, shown[:32]):
        return False
    client.sendall(protocol.proof(key, "server", preamble, answer, shown[:32]))
    return True


def obey(control: socket.socket, client: socket.socket) -> None:
    for line in client.makefile():
        word, _, rest = line.strip().partition(" ")
        if word == "die":
            os.kill(os.getpid(), signal.SIGSEGV)
        elif word == "hang":
            while True:
                signal.pause()
        elif word == "say":
            control.send(rest.encode())
        elif word in ("want", "giveback"):
            control.send(line.strip().encode())
            if word == "want":
                while not (line := control.recv(4096).decode() + "\n").startswith("grant"):
                    control.send(b"used 1 2 3 0 0:5")
        client.sendall(line.encode())


def main() -> None:
    if "--list-devices" in sys.argv:
        print(json.dumps(LISTING))
        return
    control = socket.socket(fileno=3)
    control.send(b"ready")
    packet, descriptors, _, _ = socket.recv_fds(control, 4096, 1)
    if not packet:
        return
    _, session, secret, preamble, _, _ = packet.decode().split(" ")
    client = socket.socket(fileno=descriptors[0])
    client.setblocking(True)
    if not prove(client, bytes.fromhex(session), bytes.fromhex(secret), bytes.fromhex(preamble), 0):
        control.send(b"refused 0 wrong proof")
        return
    control.send(b"authenticated 0")
    obey(control, client)


main()

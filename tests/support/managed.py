"""Servers that belong to a pool, and managers as they come to a server's gate, over real sockets and TLS."""

from __future__ import annotations

import asyncio
import json
import secrets
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from cenote import protocol, tls
from cenote.devices import Device
from cenote.listening import listen
from cenote.pool import wire
from cenote.pool.authority import Authority, signing_request
from cenote.pool.orders import Answer, Order, Report, Reserve, Share
from cenote.pool.request import WHOLE
from cenote.protocol import Address, Kind, Preamble, Status
from cenote.server.allocation import Allocation
from cenote.server.gate import Gate
from cenote.server.ledger import Capacity, LentLedger
from cenote.server.lender import Lender
from cenote.server.membership import Membership, files
from cenote.server.pooled import Pooled
from cenote.server.sessions import Use
from cenote.tls import Role
from tests.support.data_plane import connect, enter
from tests.support.machines import Machine
from tests.support.servers import Server, serving

GIB = 1 << 30


def member(authority: Authority, folder: Path, name: str = "gpu1", managers: tuple[str, ...] = ()) -> Membership:
    """What a server has after it has joined."""
    made = Membership(folder, name, "token", managers or ("127.0.0.1:1",))
    made.files.key.parent.mkdir(parents=True, exist_ok=True)
    issued = authority.issue(signing_request(made.files.key), Role.SERVER, name)
    made.files.certificate.write_bytes(issued.certificate)
    files(folder).authority.write_bytes(authority.certificate)
    made.save()
    return made


@contextmanager
def pooled(
    authority: Authority,
    state: Path,
    native: Path | None = None,
    name: str = "gpu1",
    env: Mapping[str, str] | None = None,
    port: int = 0,
    machines: tuple[Machine, Machine] | None = None,
) -> Iterator[Server]:
    """``cenote serve`` of a host that belongs to a pool, if nothing else was prepared to one without managers.

    Workers are real unless those in ``native`` are others.
    """
    folder = state / "cenote" / "pool"
    if not folder.exists():
        member(authority, folder, name)
    environment = {"CENOTE_LINK_TIMEOUT": "5"} | dict(env or {})
    if native:
        environment["CENOTE_NATIVE"] = str(native)
    with serving("--verbose", state=state, env=environment, port=port, machines=machines) as running:
        yield running


def reserve(name: int, *, epoch: int = 1, term: int = 600, tethered: bool = False, index: int = 0) -> Reserve:
    """Half of one of the stub worker's devices."""
    shares = (Share(index, GIB // 2, WHOLE // 2),)
    return Reserve(f"{name:032x}", epoch, shares, term, "ann", secrets.token_bytes(32), tethered)


@dataclass
class Caller:
    """A manager's connection to a gate."""

    socket: ssl.SSLSocket

    @classmethod
    def dial(cls, port: int, context: ssl.SSLContext) -> Caller:
        sock = connect("127.0.0.1", port)
        assert enter(sock, Preamble(Kind.MANAGER, tls=True).encode()).status == Status.GO_ON
        return cls(context.wrap_socket(sock))

    def ask(self, operation: str, **fields: Any) -> Any:
        self.socket.sendall(json.dumps({"id": 7, "op": operation, **fields}).encode() + b"\n")
        with self.socket.makefile("rb") as file:
            reply = json.loads(file.readline() or b"null")
        if reply is None:
            raise ConnectionResetError("the server closed the connection")
        assert reply["id"] == 7
        return reply.get("ok", reply)

    def carry_out(self, order: Order) -> Answer:
        return wire.answer_from_json(self.ask("carry_out", order=wire.order_to_json(order)))

    def report(self) -> Report:
        return wire.report_from_json(self.ask("report"))

    def close(self) -> None:
        self.socket.close()


def tether(port: int, order: Reserve, secret: bytes | None = None, *, context: ssl.SSLContext | None = None) -> Any:
    """A proved tether of an allocation; raises ConnectionError where the server does not want it."""
    sock = connect("127.0.0.1", port)
    preamble = Preamble(Kind.TETHER, id=bytes.fromhex(order.allocation), tls=context is not None).encode()
    answer = enter(sock, preamble)
    if answer.status != Status.GO_ON:
        raise ConnectionRefusedError(answer.status.name)
    if context:
        sock = context.wrap_socket(sock)
    key, nonce = secret or order.secret, secrets.token_bytes(32)
    shown = protocol.proof(key, "client", preamble, answer.encode(), nonce)
    sock.sendall(json.dumps({"id": 0, "op": "hello", "nonce": nonce.hex(), "proof": shown.hex()}).encode() + b"\n")
    with sock.makefile("rb") as file:
        reply = json.loads(file.readline())
    if "error" in reply:
        raise PermissionError(reply["error"]["code"])
    assert reply["ok"]["proof"] == protocol.proof(key, "server", preamble, answer.encode(), nonce).hex()
    return sock


def anybody() -> ssl.SSLContext:
    """Somebody without a certificate who believes everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def manager_files(authority: Authority, folder: Path, name: str = "main") -> tls.Files:
    folder.mkdir(parents=True, exist_ok=True)
    return authority.manager(folder, name, ["127.0.0.1"])[0]


class Nothing:
    """Running that runs nothing, or, when it is ``slow``, does not end before it is told to."""

    def __init__(self) -> None:
        self.slow = False
        self.ended: list[Allocation] = []
        self.told: list[str] = []
        self.used = Use(0, 0, unfinished=False)
        self.may_go = asyncio.Event()

    def end(self, allocation: Allocation, why: str = "") -> int:
        self.ended.append(allocation)
        self.told.append(why)
        return 0

    def use(self, allocation: Allocation) -> Use:
        return self.used

    def spent(self, allocation: Allocation) -> dict[int, float]:
        return {0: 1.5}

    def ask_for_usage(self) -> None: ...

    async def gone(self, allocation: Allocation) -> None:
        if self.slow:
            await self.may_go.wait()


@dataclass
class Small:
    """A server without processes, in the test's own event loop: a real gate, a real ledger."""

    name: str
    port: int
    lender: Lender
    running: Nothing
    gate: Gate

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


@asynccontextmanager
async def small(
    authority: Authority, folder: Path, name: str = "gpu1", *, port: int = 0, revoked: frozenset[str] = frozenset()
) -> AsyncIterator[Small]:
    made = member(authority, folder, name) if not (folder / "server.pem").exists() else Membership.load(folder)
    assert made is not None
    running = Nothing()
    capacities = {device.index: Capacity(device.memory) for device in DEVICES}
    lender = Lender(LentLedger(folder / "lent", capacities), DEVICES, running)
    listener = listen(Address("127.0.0.1", port))
    gate = Gate([listener], cast(Any, None), Pooled(lender, made.files, lambda: revoked))
    lender.restore()
    lender.start()
    gate.open()
    try:
        yield Small(name, listener.getsockname()[1], lender, running, gate)
    finally:
        await gate.close()
        await lender.close()


DEVICES = [Device(index, "A100", "CUDA", "1", "NVIDIA", "1", "1", "gpu", GIB, 100) for index in range(2)]

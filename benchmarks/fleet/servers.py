"""The servers of a fleet in one process: what they say and when is as of real ones, only their devices are simulated.

Each has its own address (of 127.0.0.0/8), certificate, token and connections; their ledgers are lines of one file,
which is synced before a change is confirmed. ``python -m benchmarks.fleet.servers JSON`` prints figures for each line
of input.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.fleet import seed
from benchmarks.fleet.https import Https
from cenote import protocol, tls
from cenote.pool import wire
from cenote.pool.orders import Answer, Extend, Held, Order, Release, Report, Reserve, Result, Stamp
from cenote.pool.request import WHOLE
from cenote.protocol import Status
from cenote.server.agent import LONGEST_PAUSE, PERIOD

_FIRST_PAUSE = 0.5
_TOGETHER = 0.1  # seconds in which several changes are one beat
_LINE = 1 << 20


@dataclass(frozen=True)
class Fleet:
    """``folder`` has the authority's certificate, the servers' key and their certificates, and the ledger."""

    servers: int
    sessions: int
    port: int
    manager: str
    folder: str

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls(**json.loads(text))

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    def files(self, name: str) -> tls.Files:
        folder = Path(self.folder)
        return tls.Files(folder / f"{name}.pem", folder / "servers.key", folder / "ca.pem")


class Node:
    """What one server has lent."""

    def __init__(self, number: int, held: list[Held]) -> None:
        self.number = number
        self.name = seed.server_name(number)
        self.serial = 1
        self.held = {(one.allocation, one.epoch): one for one in held}
        self.over: dict[str, int] = {}
        self.changed = asyncio.Event()
        self.agreed = False
        """Whether the manager last said that it knows all."""

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.name, seed.BOOT, self.serial)

    def report(self) -> Report:
        return Report(self.stamp, tuple(self.held.values()))

    def carry_out(self, order: Order) -> tuple[Answer, bool]:
        """The answer, and whether anything has changed."""
        key = order.allocation, order.epoch
        before = len(self.held)
        match order:
            case Reserve() if key not in self.held:
                if order.epoch <= self.over.get(order.allocation, 0) or not self._fits(order):
                    return Answer(Result.REFUSED, self.stamp, "it does not fit"), False
                self.held[key] = Held(*key, order.shares, order.term, order.term, order.user, order.secret)
                result = Result.HELD
            case Reserve() | Extend():
                result = Result.HELD if key in self.held else Result.FREE
            case Release():
                for one in [one for one in self.held if one[0] == order.allocation and one[1] <= order.epoch]:
                    del self.held[one]
                self.over[order.allocation] = max(order.epoch, self.over.get(order.allocation, 0))
                result = Result.FREE
        if changed := len(self.held) != before:
            self.serial += 1
            self.changed.set()
        return Answer(result, self.stamp), changed

    def _fits(self, order: Reserve) -> bool:
        for share in order.shares:
            others = [one for held in self.held.values() for one in held.shares if one.index == share.index]
            if sum(one.memory for one in others) + share.memory > seed.MEMORY:
                return False
            if sum(one.weight for one in others) + share.weight > WHOLE:
                return False
        return True


class Servers:
    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.nodes = [Node(number, held) for number, held in seed.lent(fleet.servers).items()]
        self._trusting = tls.trusting((Path(fleet.folder) / "ca.pem").read_text())
        self._ledger = os.open(Path(fleet.folder) / "ledger", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._writing = ThreadPoolExecutor(1)
        self._beats: list[float] = []
        self._error = ""
        self._counts = dict.fromkeys(("orders", "reports", "refused", "failed"), 0)

    async def run(self) -> None:
        await asyncio.start_server(self._enter, "0.0.0.0", self._fleet.port, backlog=4096, limit=_LINE)  # noqa: S104
        tasks = [asyncio.create_task(self._beat(node)) for node in self.nodes]
        reader = asyncio.StreamReader()
        reading = asyncio.StreamReaderProtocol(reader)
        await asyncio.get_running_loop().connect_read_pipe(lambda: reading, sys.stdin)
        print("ready", flush=True)
        while await reader.readline():
            print(json.dumps(self._figures()), flush=True)
        for task in tasks:
            task.cancel()

    def _figures(self) -> dict[str, Any]:
        times = sorted(self._beats)
        self._beats.clear()
        middle, late = (times[int(len(times) * part)] if times else 0.0 for part in (0.5, 0.99))
        agreed = sum(node.agreed for node in self.nodes)
        return self._counts | {
            "agreed": agreed,
            "error": self._error,
            "beats": len(times),
            "beat": middle,
            "late beat": late,
        }

    async def _beat(self, node: Node) -> None:
        """As a server's agent."""
        path = f"/servers/{node.name}/heartbeat"
        https = Https(self._fleet.manager, self._trusting, seed.token_of(node.name))
        failures = 0
        await asyncio.sleep(random.uniform(0, PERIOD))  # noqa: S311
        while True:
            node.changed.clear()
            began = time.monotonic()
            try:
                answer = await https.ask("POST", path, self._said(node))
                self._beats.append(time.monotonic() - began)
                node.agreed, failures = not answer["report"], 0
                await asyncio.sleep(_TOGETHER)
                with suppress(TimeoutError):
                    async with asyncio.timeout(PERIOD):
                        await node.changed.wait()
            except (OSError, EOFError, AssertionError) as error:
                node.agreed, self._error = False, repr(error)
                self._counts["failed"] += 1
                longest = min(_FIRST_PAUSE * 2 ** min(failures := failures + 1, 10), LONGEST_PAUSE)
                await asyncio.sleep(random.uniform(0.5, 1.0) * longest)  # noqa: S311

    def _said(self, node: Node) -> dict[str, Any]:
        number = self._fleet.sessions // self._fleet.servers
        held = list(node.held.values())
        sessions = [
            {
                "allocation": held[at % len(held)].allocation,
                "user": held[at % len(held)].user,
                "pid": 1000 + at,
                "since": 1_700_000_000.0,
                "memory": [{"index": 0, "bytes": 1 << 30}],
                "calls": int(time.monotonic() * 1000),
                "busy": round(time.monotonic(), 3),
                "received": 1 << 32,
                "sent": 1 << 30,
            }
            for at in range(number if held else 0)
        ]
        return {"stamp": wire.stamp_to_json(node.stamp), "accepting": True, "sessions": sessions, "more": 0}

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """As a server's gate, for managers alone."""
        with suppress(OSError, EOFError, TimeoutError):
            first, second = map(int, writer.get_extra_info("sockname")[0].split(".")[2:])
            node = self.nodes[first * 250 + second - 1]
            await reader.readexactly(protocol.PREAMBLE_SIZE)
            writer.write(protocol.Answer(Status.GO_ON, bytes(32)).encode())
            await writer.start_tls(self._fleet.files(node.name).serving_peers())
            while line := await reader.readline():
                asked = json.loads(line)
                ok = await self._answer(node, asked)
                writer.write(json.dumps({"id": asked["id"], "ok": ok}).encode() + b"\n")
        writer.transport.abort()

    async def _answer(self, node: Node, asked: dict[str, Any]) -> object:
        match asked["op"]:
            case "report":
                self._counts["reports"] += 1
                return wire.report_to_json(node.report())
            case "stamp":
                return wire.stamp_to_json(node.stamp)
            case _:
                order = wire.order_from_json(asked["order"])
                answer, changed = node.carry_out(order)
                self._counts["orders"] += 1
                self._counts["refused"] += answer.result == Result.REFUSED
                if changed:
                    entry = f"{node.name} {asked['order']}\n".encode()
                    await asyncio.get_running_loop().run_in_executor(self._writing, self._write, entry)
                return wire.answer_to_json(answer)

    def _write(self, entry: bytes) -> None:
        os.write(self._ledger, entry)
        os.fdatasync(self._ledger)


if __name__ == "__main__":
    asyncio.run(Servers(Fleet.from_json(sys.argv[1])).run())

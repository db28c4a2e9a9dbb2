"""The server under fire: what becomes of each session, and that nobody else notices."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cenote import paths
from tests.fuzz.dialogue import Dialogue, Ended
from tests.fuzz.grammar import WANTS_REPLY, Grammar, encode, frame, make_id
from tests.support import data_plane
from tests.support.differential import Driver
from tests.support.holding import holding
from tests.support.sanitizers import Reports
from tests.support.servers import Server, serving

BROKEN_PROTOCOL = "exit status 65"
_END_TIMEOUT = 30.0
_FATE = re.compile(r"session ([0-9a-f]{8}) of .*?(?:: its worker crashed: (.*)| ended)$")


class Failure(Exception):
    """What no input may bring about."""


class Target:
    """``allocation`` is for the sessions under fire, ``other`` for one that must not notice."""

    def __init__(
        self,
        server: Server,
        reports: Reports,
        grammar: Grammar,
        allocation: data_plane.Server,
        other: data_plane.Server,
    ) -> None:
        self.server, self.reports, self.allocation = server, reports, allocation
        self._read = 0
        self._fates: dict[str, str] = {}
        self.neighbour = Neighbour(grammar, other)

    def fate(self, session: bytes) -> str:
        """How a session's worker ended: nothing for an orderly end."""
        name = session.hex()[:8]
        end = time.monotonic() + _END_TIMEOUT
        while name not in self._fates:
            if time.monotonic() > end:
                raise Failure(f"its worker is still there {_END_TIMEOUT:.0f} s after its client's end")
            for line in self.server.log[self._read :]:
                self._read += 1
                if found := _FATE.search(line):
                    self._fates[found[1]] = found[2] or ""
            time.sleep(0.005)
        return self._fates.pop(name)

    def judge(self, fate: str = "") -> None:
        """Fails for a crash, for a sanitizer's report, and for whatever reached beyond the session."""
        if found := self.reports.take():
            raise Failure(f"its worker ended by {fate or 'itself'}:\n{found}")
        if fate not in ("", BROKEN_PROTOCOL):
            raise Failure(f"its worker crashed: {fate}")
        if self.server.process.poll() is not None:
            raise Failure("the supervisor ended:\n" + "\n".join(self.server.log[-20:]))
        if errors := [line for line in self.server.log[-50:] if "Traceback" in line or "error of ours" in line]:
            raise Failure("the supervisor failed:\n" + "\n".join(errors + self.server.log[-50:]))
        self.neighbour.ask()

    def descriptors(self) -> int:
        """How many the supervisor has."""
        return len(list(Path(f"/proc/{self.server.process.pid}/fd").iterdir()))

    def close(self) -> None:
        self.neighbour.close()


class Neighbour:
    """An honest session beside the others."""

    def __init__(self, grammar: Grammar, allocation: data_plane.Server) -> None:
        self._grammar, self._dialogue = grammar, Dialogue(allocation)
        self.session = self._dialogue.id
        device, context, self._queue = (
            make_id(grammar.types[kind], 1, slot) for slot, kind in enumerate(("Device", "Context", "Queue"))
        )
        self._tell("BindDevice", index=0, result=device)
        self._tell("CreateContext", devices=[device], properties=[], result=context)
        self._tell("CreateQueue", context=context, device=device, properties=[], result=self._queue)
        self.ask()

    def ask(self) -> None:
        try:
            status = self._dialogue.wait_for(self._tell("Finish", command_queue=self._queue), 30)
        except (Ended, TimeoutError) as error:
            raise Failure(f"another client's session suffered: {error!r}") from None
        if status != bytes(8):
            raise Failure(f"another client's session got status {status.hex()}")

    def close(self) -> None:
        self._dialogue.close()

    def _tell(self, name: str, **values: int | list[int]) -> int:
        message = self._grammar.messages[name]
        return self._dialogue.send(frame(message.opcode, encode(message, values), WANTS_REPLY))


def null_driver() -> Driver:
    return Driver("null", paths.native() / "lib" / paths.NULL_DRIVER)


@contextmanager
def target(driver: Driver, grammar: Grammar) -> Iterator[Target]:
    """A server with the worker that $CENOTE_NATIVE names."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cenote-fuzz-")))
        reports = Reports(folder / "reports")
        environment = reports.environment() | driver.environment(folder) | {"CENOTE_NULL_MEMORY": "1"}
        server = stack.enter_context(serving("--verbose", env=environment))
        halves = [stack.enter_context(holding(server, share="0.5")) for _ in range(2)]
        made = Target(server, reports, grammar, *halves)
        stack.callback(made.close)
        yield made

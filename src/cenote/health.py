"""``cenote health``: everything between a program of this machine and the devices of the pool, link by link."""

from __future__ import annotations

import secrets
import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cenote import doctor, protocol, tls
from cenote.client import gate, login
from cenote.client.login import Login
from cenote.client.pool import Pool
from cenote.doctor import Finding
from cenote.errors import CenoteError, NoDevice, Unreachable
from cenote.protocol import Address, Kind, Preamble
from cenote.units import human_duration

_AT_ONCE = 64  # servers that are dialled at the same time
_SOON = 14 * 86400  # seconds
_LATE = 60 * 86400  # a manager renews its certificate when a third of a year is left
_SILENT = 15.0  # seconds; a server beats every five
_WHOLE = 1_000_000


@dataclass(frozen=True)
class Checked(Finding):
    """``about`` is the part that was looked at: this machine, the login, a manager or a server."""

    about: str = ""


def examine(token: Path | None = None) -> Iterator[Checked]:
    """All findings, each as soon as it is known; what comes behind a broken link is left out."""
    for finding in doctor.examine():
        yield Checked(**asdict(finding), about="this machine")
    try:
        who = login.need(token)
    except CenoteError as error:
        yield Checked("wrong", str(error), about="login")
        return
    servers: dict[str, dict[str, Any]] = {}
    answered = False
    for manager in who.credential.managers:
        only = replace(who, credential=replace(who.credential, managers=(manager,)))
        with Pool(only) as pool:
            try:
                yield Checked("ok", _manager(pool, manager), about=f"manager {manager}")
                yield from _certificate(only, manager)
                if not answered:
                    yield from _token(pool)
                _merge(servers, pool.servers())
                answered = True
            except CenoteError as error:
                yield Checked("wrong", str(error), about=f"manager {manager}")
    if answered:
        yield from _servers(servers.values())


def _manager(pool: Pool, manager: str) -> str:
    version = pool.ask("GET", "/health")["version"]
    start = time.perf_counter()  # the connection is there now
    pool.ask("GET", "/health")
    return f"the manager at {manager} answers in {_milliseconds(time.perf_counter() - start)} (Cenote {version})"


def _certificate(who: Login, manager: str) -> Iterator[Checked]:
    address = Address.parse(manager)
    with suppress(OSError):  # with those of TLS; the manager has just answered
        with (
            socket.create_connection((address.host, address.port), gate.TIMEOUT) as sock,
            tls.trusting(who.authority).wrap_socket(sock, server_hostname=tls.MANAGER_HOST) as connection,
        ):
            shown: Mapping[str, Any] = connection.getpeercert() or {}
        left = ssl.cert_time_to_seconds(shown["notAfter"]) - time.time()
        what = f"the certificate of {manager} is the pool’s, for another {human_duration(left)}"
        remedy = "the manager should have renewed it: its log says why it has not" if left < _LATE else ""
        yield Checked("note" if remedy else "ok", what, remedy, about=f"manager {manager}")


def _token(pool: Pool) -> Iterator[Checked]:
    me = pool.me()
    what = f"the token of {me['name']} ({me['role']}) is valid"
    number = pool.login.credential.token.split("-")[1]
    ends = next((one["expires_at"] for one in pool.ask("GET", "/tokens") if one["id"] == number), None)
    if ends is None:
        yield Checked("ok", what, about="login")
        return
    left = ends - time.time()
    remedy = "“cenote token create” makes another, for “cenote login”" if left < _SOON else ""
    yield Checked("note" if remedy else "ok", f"{what}, for another {human_duration(left)}", remedy, about="login")


def _merge(known: dict[str, dict[str, Any]], told: list[dict[str, Any]]) -> None:
    """A server beats at one of the managers: the one that heard it last knows best."""
    for server in told:
        before = known.setdefault(server["name"], server)
        ages = [one["silent"] for one in (before, server) if one["silent"] is not None]
        before["silent"] = min(ages, default=None)


def _servers(found: Iterable[dict[str, Any]]) -> Iterator[Checked]:
    if not (servers := list(found)):
        yield Checked("note", "the pool has no server", "“cenote join-string” lets one in", about="servers")
        return
    with ThreadPoolExecutor(min(_AT_ONCE, len(servers)), thread_name_prefix="cenote-health") as threads:
        yield from threads.map(_server, servers)


def _server(server: dict[str, Any]) -> Checked:
    reached, failure = "", ""
    try:
        reached = f"answers in {_milliseconds(_dial(Address.parse(server['address'])))}"
    except CenoteError as error:
        failure = str(error)
    devices = server["devices"]
    lent = sum(device["free_weight"] < _WHOLE or device["free_memory"] < device["memory"] for device in devices)
    about = f"server {server['name']}"
    where = f"{server['name']} at {server['address']}"
    beat = "no heartbeat yet" if server["silent"] is None else f"heartbeat {server['silent']:.0f} s ago"
    used = f"{len(devices)} device(s), {lent} lent"
    if server["state"] == "unreachable":
        held = f"{lent} of its devices stay lent, nobody knows whether in use" if lent else "nothing of it is lent"
        why = f": {server['trouble']}" if server["trouble"] else ""
        remedy = f"is “cenote serve” running? “cenote server write-off {server['name']}” if it will not come back"
        return Checked("wrong", f"{where}: the managers cannot reach it ({beat}; {held}){why}", remedy, about=about)
    if failure:
        remedy = "a firewall between here and it, or an address that is known there only"
        return Checked("wrong", f"{where}, which the managers reach ({beat}): {failure}", remedy, about=about)
    line = f"{where} {reached}, {beat}, {used}"
    if server["silent"] is not None and server["silent"] > _SILENT:
        return Checked("note", line, "five seconds would be usual; it may beat at another manager", about=about)
    if server["state"] != "ready":
        why = server["trouble"] or "it has yet to report"
        return Checked("note", f"{line}; nothing is placed there now: {why}", about=about)
    if server["draining"]:
        return Checked("note", f"{line}; draining", f"“cenote undrain {server['name']}” lends it again", about=about)
    return Checked("ok", line, about=about)


def _dial(address: Address) -> float:
    """Seconds until a gate has told that it does not know an allocation that nobody has."""
    start = time.monotonic()
    deadline = start + gate.TIMEOUT
    sock, where = gate.connect(address, deadline)
    with sock:
        nobody = Preamble(Kind.TETHER, tls=not protocol.is_loopback(where.host), id=secrets.token_bytes(16))
        try:
            gate.pass_gate(address, sock, nobody.encode(), deadline)
        except NoDevice:
            return time.monotonic() - start
        except OSError as error:
            raise Unreachable(f"{address} accepts connections but does not answer ({error})") from None
    return time.monotonic() - start


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"

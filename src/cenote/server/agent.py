"""Speaks for a server with the managers of its pool: joins, and says every few seconds where and what it is."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import time
import urllib.parse
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import httpx

from cenote import tls
from cenote.devices import Device
from cenote.errors import CenoteError, Conflict, NoKey, NotAllowed, ProtocolError, Unreachable
from cenote.listening import reached_from
from cenote.pool import wire
from cenote.private import write_private
from cenote.protocol import Address
from cenote.server.figures import Figures
from cenote.server.lender import Lender
from cenote.server.membership import Membership, files

log = logging.getLogger("cenote.agent")
for _library in ("httpx", "httpcore"):  # which tell of every beat
    logging.getLogger(_library).setLevel(logging.WARNING)

PERIOD = 5.0
TIMEOUT = 4.0
LONGEST_PAUSE = 30.0
_FIRST_PAUSE = 0.5
_LEAST = 0.1
_SOON = 0.3
_RENEWAL_PAUSE = 60.0  # after it has failed


async def join(folder: Path, managers: Sequence[str], fingerprint: str, secret: str, name: str) -> Membership:
    """Makes this host a server of the pool whose authority's certificate has this SHA-256 (hex).

    The secret is spoken only to a manager that this authority has certified, and the private key to nobody.
    """
    from cenote.pool.authority import signing_request  # loads a library that only this needs

    failure: CenoteError = Unreachable("the join string names no manager")
    new = files(folder)
    for manager in managers:
        try:
            host = Address.parse(manager)
            authority = await asyncio.to_thread(tls.authority, host.host, host.port, fingerprint, TIMEOUT)
            plain = {"secret": secret, "name": name, "request": signing_request(new.key).decode("ascii")}
            async with _Manager(manager, authority) as connected:
                answer = await connected.ask("POST", "/join", plain)
            name, token, renew_at = _text(answer, "name"), _text(answer, "token"), _moment(answer, "renew_at")
            member = Membership(folder, name, token, tuple(managers), renew_at=renew_at)
            write_private(new.authority, authority.encode("ascii"))
            write_private(new.certificate, _text(answer, "certificate").encode("ascii"))
            member.save()
        except Unreachable as error:
            failure = error
        except OSError as error:
            raise NoKey(f"what belongs to the pool cannot be kept in {folder}: {error.strerror}") from None
        else:
            return member
    raise failure


class Agent:
    """``gate`` is where the gate listens, ``address`` where the pool reaches it, if that is known."""

    def __init__(
        self,
        member: Membership,
        lender: Lender,
        devices: Sequence[Device],
        gate: Sequence[Address],
        figures: Figures,
        *,
        address: str | None = None,
        period: float = PERIOD,
    ) -> None:
        self._member = member
        self._lender = lender
        self._offers = [device.to_json() for device in devices]
        self._gate = gate
        self._address = address
        self._figures = figures
        self._period = period
        self.settled = asyncio.Event()
        """Set once the pool knows all about this server and may place on it."""
        self._changed = asyncio.Event()
        self._moved = asyncio.Event()
        self._described = ""
        """The address at which the managers know the devices to be."""
        self._said = ""
        self._renewal_pause = 0.0
        self.on_renewal: Callable[[], None] = lambda: None
        """Called when the certificate is another."""
        lender.on_change = self._changed.set

    def revoked(self) -> frozenset[str]:
        """The serials of the managers' certificates that no longer count."""
        return self._member.revoked

    def moved(self, managers: Iterable[str]) -> None:
        """The managers are there now, and answer."""
        self._know(self._member.told(managers, self._member.revoked))
        self._moved.set()

    async def run(self) -> None:
        """Beats for ever: to one manager while it answers, else to the next, after ever longer pauses."""
        authority = self._member.files.authority.read_text(encoding="ascii")
        failures = turn = 0
        while True:
            managers = self._member.managers
            manager = managers[turn % len(managers)]
            try:
                async with _Manager(manager, authority, self._member.token) as connected:
                    while True:
                        await self._beat(connected)
                        failures = 0
                        await self._pause()
            except CenoteError as error:
                self._say(logging.WARNING, str(error))
            turn, failures = turn + 1, failures + 1
            rounds = failures // len(managers)
            longest = min(_FIRST_PAUSE * 2 ** min(rounds, 10), LONGEST_PAUSE)
            with suppress(TimeoutError):
                async with asyncio.timeout(random.uniform(0.5, 1.0) * longest):  # noqa: S311 - so that not all come at once
                    await self._moved.wait()
            self._moved.clear()

    async def _beat(self, manager: _Manager) -> None:
        self._changed.clear()
        path = f"/servers/{urllib.parse.quote(self._member.name, safe='')}"
        address = str(self._reached(await manager.local()))
        if address != self._described:
            await manager.ask("PUT", path, {"address": address, "devices": self._offers})
            self._described = address
        plain = {"stamp": wire.stamp_to_json(self._lender.stamp), "accepting": self._lender.accepting}
        plain |= self._figures.take()
        try:
            answer = await manager.ask("POST", f"{path}/heartbeat", plain)
        except (ProtocolError, Conflict):
            self._described = ""  # a database that was restored may not know this server
            raise
        if not answer.get("report"):
            self.settled.set()
        if trouble := answer.get("trouble"):
            self._say(logging.WARNING, f"the pool cannot use this server: {trouble}")
        else:
            self._say(logging.INFO, f"this is {self._member.name} of the pool, reached at {address}")
        self._know(self._member.told(_texts(answer, "managers"), _texts(answer, "revoked")))
        if time.time() >= self._member.renew_at and time.monotonic() >= self._renewal_pause:
            try:
                await self._renew(manager, path)
            except CenoteError as error:
                log.error("the server’s certificate cannot be renewed: %s", error)
                self._renewal_pause = time.monotonic() + _RENEWAL_PAUSE

    def _reached(self, local: str) -> Address:
        if self._address:
            return Address.parse(self._address, self._gate[0].port)
        return reached_from(self._gate, local)

    async def _renew(self, manager: _Manager, path: str) -> None:
        """Another certificate for the same key."""
        from cenote.pool.authority import signing_request  # loads a library that only this needs

        files = self._member.files
        request = await asyncio.to_thread(signing_request, files.key)
        answer = await manager.ask("POST", f"{path}/certificate", {"request": request.decode("ascii")})
        certificate = _text(answer, "certificate").encode("ascii", "replace")
        try:
            await asyncio.to_thread(write_private, files.certificate, certificate)
        except OSError as error:
            raise NoKey(f"{files.certificate} cannot be written: {error.strerror}") from None
        self._know(replace(self._member, renew_at=_moment(answer, "renew_at")))
        self.on_renewal()
        log.info("the server’s certificate is renewed")

    async def _pause(self) -> None:
        await asyncio.sleep(_LEAST)  # several changes are one beat
        with suppress(TimeoutError):
            async with asyncio.timeout(self._period if self.settled.is_set() else _SOON):
                await self._changed.wait()

    def _know(self, member: Membership) -> None:
        if member == self._member:
            return
        self._member = member
        try:
            member.save()
        except OSError as error:
            log.error("what is known of the pool cannot be kept: %s", error.strerror)

    def _say(self, level: int, sentence: str) -> None:
        if sentence != self._said:
            log.log(level, "%s", sentence)
            self._said = sentence


class _Manager:
    """A connection to a manager, which has shown the certificate of one before anything is sent."""

    def __init__(self, address: str, authority: str, token: str = "") -> None:
        self._address = address
        self._local = ""
        self._client = httpx.AsyncClient(
            base_url=f"https://{address}/api/v1",
            verify=tls.trusting(authority),
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=TIMEOUT,
            limits=httpx.Limits(max_connections=1, keepalive_expiry=None),
            trust_env=False,  # a proxy is not where the pool is
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def local(self) -> str:
        """Our own address on this connection: where others reach this host, too. Its name may lead to 127.0.1.1."""
        if not self._local:
            await self._send("GET", "/health")
        return self._local

    async def ask(self, method: str, path: str, plain: dict[str, Any]) -> dict[str, Any]:
        response = await self._send(method, path, plain)
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if response.status_code in (401, 403):
            raise NotAllowed(f"the manager at {self._address} does not let this server in: {_reason(answer)}")
        if response.status_code == 409:
            raise Conflict(f"the manager at {self._address} refuses: {_reason(answer)}")
        if response.is_client_error:
            raise ProtocolError(f"the manager at {self._address} did not understand: {_reason(answer)}")
        if not response.is_success:
            raise Unreachable(f"the manager at {self._address} has difficulties: {_reason(answer)}")
        if not isinstance(answer, dict):
            raise ProtocolError(f"the manager at {self._address} gave an answer that is not readable")
        return answer

    async def _send(self, method: str, path: str, plain: object = None) -> httpx.Response:
        try:
            response = await self._client.request(
                method, path, json=plain, extensions={"sni_hostname": tls.MANAGER_HOST}
            )
        except httpx.TimeoutException:
            raise Unreachable(f"the manager at {self._address} does not answer") from None
        except (httpx.HTTPError, ssl.SSLError) as error:
            raise Unreachable(f"the manager at {self._address} cannot be reached: {error}") from None
        self._local = response.extensions["network_stream"].get_extra_info("client_addr")[0]
        return response


def _reason(answer: object) -> str:
    detail = answer.get("detail") or answer.get("title") if isinstance(answer, dict) else None
    return str(detail)[:300] if detail else "it does not say why"


def _text(answer: Mapping[str, Any], name: str) -> str:
    if not isinstance(value := answer.get(name), str) or not value:
        raise ProtocolError(f"the manager's answer has no {name}")
    return value


def _moment(answer: Mapping[str, Any], name: str) -> float:
    if isinstance(value := answer.get(name), bool) or not isinstance(value, int | float):
        raise ProtocolError(f"the manager's answer has no {name}")
    return float(value)


def _texts(answer: Mapping[str, Any], name: str) -> list[str]:
    value = answer.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ProtocolError(f"the manager's answer has no {name}")
    return value

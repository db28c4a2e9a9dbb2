"""Tethers to other machines: TLS, with the server that is meant and no other."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cenote import protocol
from cenote.client.tether import Door, Tether
from cenote.errors import CenoteError, NoDevice, NotAllowed
from cenote.pool.authority import Authority
from cenote.protocol import Address
from tests.support.managed import Small, reserve, small
from tests.support.servers import wait_until


@pytest.fixture(autouse=True)
def far_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client takes this host for another one."""
    monkeypatch.setattr(protocol, "is_here", lambda _: False)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.open(tmp_path / "authority")


def test_a_tether_holds_and_lets_go(authority: Authority, tmp_path: Path) -> None:
    async def main() -> None:
        async with small(authority, tmp_path / "gpu1") as server:
            order = reserve(1, tethered=True)
            await server.lender.carry_out(order)
            door = _door(server, authority, order.allocation, order.secret)
            assert " tls " in door.line()
            tether = await asyncio.to_thread(Tether, door)
            assert (await server.lender.report()).held
            tether.close()
            await asyncio.to_thread(wait_until, lambda: server.running.ended, 2)
            with pytest.raises(NoDevice):
                await asyncio.to_thread(Tether, door)

    asyncio.run(main())


def test_who_lets_go_while_the_server_is_away_tells_the_next_one(authority: Authority, tmp_path: Path) -> None:
    async def main() -> None:
        async with small(authority, tmp_path / "gpu1") as server:
            order = reserve(1, tethered=True)
            await server.lender.carry_out(order)
            tether = await asyncio.to_thread(Tether, _door(server, authority, order.allocation, order.secret))
            tether.RETRY = 600.0
            tether.keep()
        async with small(authority, tmp_path / "gpu1", port=server.port) as server:
            assert (await server.lender.report()).held
            await asyncio.to_thread(tether.close)
            await asyncio.to_thread(wait_until, lambda: server.running.ended, 2)

    asyncio.run(main())


def test_another_server_of_the_pool_or_of_another_pool_is_told_nothing(authority: Authority, tmp_path: Path) -> None:
    other = Authority.open(tmp_path / "other")

    async def refused(door: Door, error: type[CenoteError]) -> None:
        with pytest.raises(error):
            await asyncio.to_thread(Tether, door)

    async def main() -> None:
        async with small(authority, tmp_path / "gpu2", "gpu2") as server:
            order = reserve(1, tethered=True)
            await server.lender.carry_out(order)
            await refused(_door(server, authority, order.allocation, order.secret, "gpu1"), NotAllowed)
            await refused(_door(server, other, order.allocation, order.secret, "gpu2"), NotAllowed)
            await refused(_door(server, authority, order.allocation, bytes(32), "gpu2"), NotAllowed)

    asyncio.run(main())


def _door(server: Small, authority: Authority, allocation: str, secret: bytes, name: str = "gpu1") -> Door:
    address = Address("127.0.0.1", server.port)
    return Door(name, address, allocation, secret.hex(), authority.certificate.decode())

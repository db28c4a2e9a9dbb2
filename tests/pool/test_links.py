from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from cenote import protocol, tls
from cenote.errors import Unreachable
from cenote.pool import links as module
from cenote.pool.authority import Authority
from cenote.pool.links import Links
from cenote.pool.orders import Release, Result
from tests.support.managed import manager_files, reserve, small


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.open(tmp_path / "authority")


@pytest.fixture
def files(tmp_path: Path, authority: Authority) -> tls.Files:
    return manager_files(authority, tmp_path / "manager")


def test_orders_go_over_one_connection(tmp_path: Path, authority: Authority, files: tls.Files) -> None:
    async def main() -> None:
        links = Links(files)
        async with small(authority, tmp_path / "one", "one") as server:
            link = links.to("one", server.address)
            answers = await asyncio.gather(*(link.carry_out(reserve(number)) for number in range(1, 4)))
            assert [answer.result for answer in answers] == [Result.HELD, Result.HELD, Result.REFUSED]
            report = await link.report()
            assert len(report.held) == 2 and report.stamp == await link.stamp() == server.lender.stamp
            assert len(server.gate._tasks) == 2  # the one that accepts, and this connection
            links.close()

    asyncio.run(main())


def test_a_server_that_was_started_anew_is_dialled_again(
    tmp_path: Path, authority: Authority, files: tls.Files
) -> None:
    async def main() -> None:
        links = Links(files)
        async with small(authority, tmp_path / "one", "one") as server:
            port = server.port
            link = links.to("one", server.address)
            await link.carry_out(reserve(1))
        with pytest.raises(Unreachable, match=rf"one at 127.0.0.1:{port} cannot be reached: connection refused"):
            await link.report()
        async with small(authority, tmp_path / "one", "one", port=port):
            await link.report()
        async with small(authority, tmp_path / "one", "one", port=port):
            assert len((await link.report()).held) == 1
        links.close()

    asyncio.run(main())


def test_only_the_server_that_is_meant(tmp_path: Path, authority: Authority, files: tls.Files) -> None:
    """Another one of the pool, one of another pool, one whose certificate or ours was revoked."""

    async def main() -> None:
        links = Links(files)
        strangers = Links(manager_files(Authority.open(tmp_path / "other"), tmp_path / "stranger"))
        async with small(authority, tmp_path / "one", "one") as server:
            with pytest.raises(Unreachable, match="what answers there is cenote:server:one"):
                await links.to("two", server.address).report()
            with pytest.raises(Unreachable, match="certificate verify failed"):
                await strangers.to("one", server.address).report()
            link = links.to("one", server.address)
            await link.report()
            _, writer = await module._enter(protocol.Address.parse(server.address), files.dialling())
            links.revoked = frozenset({tls.peer(writer.get_extra_info("ssl_object")).serial})
            writer.close()
            with pytest.raises(Unreachable, match="its certificate has been revoked"):
                await link.report()
        mine = authority.manager(tmp_path / "manager", "main", [])
        async with small(authority, tmp_path / "two", "two", revoked=frozenset({mine[1].serial})) as server:
            with pytest.raises(Unreachable, match="closed the connection"):
                await Links(mine[0]).to("two", server.address).report()
        links.close()

    asyncio.run(main())


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0\r\n", bytes(64), protocol.MAGIC * 8])
def test_what_is_no_server(files: tls.Files, monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    monkeypatch.setattr(module, "DIAL_TIMEOUT", 0.5)

    async def main() -> None:
        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(answer)
            await writer.drain()
            if not answer:
                writer.close()

        listening = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(Unreachable):
            await Links(files).to("one", f"127.0.0.1:{port}").report()
        listening.close()

    asyncio.run(main())


def test_few_connections_to_many_servers(tmp_path: Path, authority: Authority, files: tls.Files) -> None:
    async def main() -> None:
        links = Links(files, most=3)
        async with AsyncExitStack() as stack:
            servers = [
                await stack.enter_async_context(small(authority, tmp_path / f"{number}", f"{number}"))
                for number in range(10)
            ]
            all_links = [links.to(server.name, server.address) for server in servers]
            for _ in range(2):
                for link in all_links:
                    await link.carry_out(reserve(1))
                    assert len(links._open) <= 3
            for link in all_links:
                await link.carry_out(Release(reserve(1).allocation, 1))
            assert len(links._open) == 3
            links.close()
            assert not links._open

    asyncio.run(main())


def test_an_order_that_was_cancelled_is_carried_out_whole(
    tmp_path: Path, authority: Authority, files: tls.Files
) -> None:
    """The server's picture and its ledger agree, and the next answer is not mistaken for the lost one."""

    async def main() -> None:
        links = Links(files)
        async with small(authority, tmp_path / "one", "one") as server:
            link = links.to("one", server.address)
            await link.report()
            for number in range(1, 30):
                order = reserve(number)
                task = asyncio.create_task(link.carry_out(order))
                await asyncio.sleep(0.0002 * number)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                answer = await link.carry_out(Release(order.allocation, 1))
                assert answer.result in (Result.ENDING, Result.FREE)
            await asyncio.sleep(0.1)
            assert (await link.report()).held == ()
            assert server.lender._loans == {}
            links.close()

    asyncio.run(main())

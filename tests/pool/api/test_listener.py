"""The API as it is served: HTTPS over a socket, to clients that know nothing but the word that they were given."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from cenote import tls
from cenote.credentials import read_join, read_token
from cenote.pool.api.app import PREFIX, create
from cenote.pool.authority import signing_request
from cenote.pool.inventory import Inventory
from cenote.pool.models import Role
from tests.support.api import NotedCourier, Served, services
from tests.support.pool import GIB, Clock, FakeServer, Manager, deliver_all, listed


@pytest.fixture
def served(manager: Manager, tmp_path: Path) -> Iterator[Served]:
    app = create(services(manager, tmp_path, NotedCourier()))
    files, _ = app.state.runtime.services.certificates.manager(tmp_path, "main", ["127.0.0.1"])
    running = Served(app, files.serving())
    yield running
    running.close()


@contextmanager
def client(served: Served, tmp_path: Path, token: str | None = None) -> Iterator[httpx.Client]:
    trusted = tls.trusting((tmp_path / "authority" / "ca.pem").read_text())
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(
        base_url=f"https://127.0.0.1:{served.port}{PREFIX}", verify=trusted, headers=headers, timeout=70
    ) as made:
        send = made.send

        def as_manager(request: httpx.Request, **more: object) -> httpx.Response:
            request.extensions |= {"sni_hostname": tls.MANAGER_HOST}
            return send(request, **more)  # type: ignore[arg-type]

        made.send = as_manager  # type: ignore[method-assign]
        yield made


def test_the_journey(served: Served, manager: Manager, tmp_path: Path, clock: Clock) -> None:
    first = manager.accounts.bootstrap()
    with client(served, tmp_path, first) as admin:
        joining = read_join(admin.post("/join-strings", json={}).json()["text"])
        admin.post("/users", json={"name": "ann"})
        credential = read_token(admin.post("/tokens", json={"user": "ann"}).json()["text"])
    with client(served, tmp_path) as nobody:
        request = signing_request(tmp_path / "server.key").decode()
        joined = nobody.post("/join", json={"secret": joining.secret, "name": "gpu1", "request": request}).json()
    host = FakeServer("gpu1", tmp_path / "gpu1", clock, [listed(0)])
    with client(served, tmp_path, joined["token"]) as server:
        described = {"address": "10.0.0.1:7654", "devices": [listed(0).to_json()]}
        assert server.put("/servers/gpu1", json=described).status_code == 200
        stamp = {"ledger": host.ledger.stamp.ledger, "boot": host.ledger.stamp.boot, "serial": 1}
        assert server.post("/servers/gpu1/heartbeat", json={"stamp": stamp}).json()["report"] is True
    host.id = Inventory(manager.core).number("gpu1")
    manager.servers.reported(host.id, host.report(), "")
    with client(served, tmp_path, credential.token) as ann, ThreadPoolExecutor(1) as thread:
        asked = ann.post("/allocations", json={"memory": 4 * GIB}, headers={"Idempotency-Key": "one"}).json()
        poll = thread.submit(ann.get, f"/allocations/{asked['id']}?wait=30&seen=placing")
        time.sleep(0.3)
        assert not poll.done()
        deliver_all(manager, [host])
        assert poll.result().json()["state"] == "active"
        (door,) = ann.get(f"/allocations/{asked['id']}/doors").json()
        assert door["address"] == "10.0.0.1:7654" and len(bytes.fromhex(door["secret"])) == 32
        ann.delete(f"/allocations/{asked['id']}")
        poll = thread.submit(ann.get, f"/allocations/{asked['id']}?wait=30&seen=releasing")
        deliver_all(manager, [host])
        assert poll.result().json()["outcome"] == "released"


def test_who_does_not_trust_the_pool_is_told_nothing(served: Served, tmp_path: Path) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"https://127.0.0.1:{served.port}{PREFIX}/health")


def raw(served: Served, data: bytes) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", served.port), 10) as plain,
        context.wrap_socket(plain) as connection,
    ):
        connection.sendall(data)
        received = b""
        while piece := connection.recv(4096):
            received += piece
        return received


@pytest.mark.parametrize(
    "head",
    [
        b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nX: ",
        b"GET /api/v1/health",
        b"POST /api/v1/join HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
    ],
)
def test_what_never_ends_is_cut_off(served: Served, head: bytes) -> None:
    with suppress(OSError):
        assert raw(served, head + b"x" * (1 << 20)) == b""


def test_many_requests_on_one_connection(served: Served) -> None:
    one = b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 1000 + b"\r\n"
    last = one + b"Connection: close\r\n\r\n"
    assert raw(served, (one + b"\r\n") * 1000 + last).count(b"HTTP/1.1 200") == 1001


def test_a_body_is_not_read_beyond_its_bound(served: Served, manager: Manager) -> None:
    token = manager.accounts.bootstrap()
    head = f"POST {PREFIX}/tokens HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n".encode()
    told = raw(served, head + b"Content-Length: 999999999\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 413") and b"connection: close" in told
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    assert raw(served, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 3).startswith(b"HTTP/1.1 413")


def test_a_long_poll_does_not_hold_up_the_end(manager: Manager, tmp_path: Path, host: FakeServer) -> None:
    served = Served(create(services(manager, tmp_path, NotedCourier())))
    ann = manager.user("ann", Role.USER)
    token = manager.accounts.create_token(ann, "ann")
    base = f"http://127.0.0.1:{served.port}{PREFIX}"
    headers = {"Authorization": f"Bearer {token}"}
    asked = httpx.post(f"{base}/allocations", json={}, headers=headers).json()["id"]
    with ThreadPoolExecutor(1) as thread:
        poll = thread.submit(httpx.get, f"{base}/allocations/{asked}?wait=60&seen=placing", headers=headers, timeout=70)
        time.sleep(0.5)
        started = time.monotonic()
        served.close()
        assert time.monotonic() - started < 15
        assert poll.exception(10) is not None or poll.result().status_code == 500

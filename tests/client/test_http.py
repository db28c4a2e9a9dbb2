"""The client's connection to a manager, against managers that misbehave."""

from __future__ import annotations

import http.client
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cenote import tls
from cenote.client.http import Connection, NoAnswer, NotConnected
from cenote.pool.authority import Authority
from tests.support.managed import manager_files

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.open(tmp_path / "authority")


@pytest.fixture
def serve(authority: Authority, tmp_path: Path) -> Callable[[bytes], Connection]:
    """A connection to a manager that gives this answer to each first request, and closes."""

    def start(answer: bytes) -> Connection:
        listening = socket.create_server(("127.0.0.1", 0))
        context = manager_files(authority, tmp_path / "manager").serving()

        def run() -> None:
            with listening:
                while True:
                    with context.wrap_socket(listening.accept()[0], server_side=True) as connection:
                        if connection.recv(4096).count(b"HTTP/1.1") == 1:
                            connection.sendall(answer)
                        if not answer:
                            connection.recv(1)

        threading.Thread(target=run, daemon=True).start()
        return _to(listening, authority)

    return start


def _to(listening: socket.socket, authority: Authority) -> Connection:
    context = tls.trusting(authority.certificate.decode())
    return Connection(f"127.0.0.1:{listening.getsockname()[1]}", context)


def test_what_was_closed_meanwhile_is_dialled_again(serve: Callable[[bytes], Connection]) -> None:
    connection = serve(ANSWER)
    for _ in range(3):
        response = connection.ask("GET", "/", None, {}, 5)
        assert (response.status, response.body) == (200, b"{}")


@pytest.mark.parametrize(
    ("answer", "reason"), [(b"", "no answer"), (b"garbage\r\n\r\n", "garbage"), (ANSWER[:-1], "IncompleteRead")]
)
def test_bad_answers(serve: Callable[[bytes], Connection], answer: bytes, reason: str) -> None:
    with pytest.raises(NoAnswer, match=reason):
        serve(answer).ask("GET", "/", None, {}, 0.5)


def test_a_request_that_is_interrupted_leaves_nothing_behind(
    serve: Callable[[bytes], Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a signal whose handler raises."""
    connection = serve(ANSWER)
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(http.client.HTTPConnection, "endheaders", lambda *_, **__: sys.exit(1))
        connection.ask("GET", "/", None, {}, 5)
    assert connection.ask("GET", "/", None, {}, 5).status == 200


def test_nothing_is_sent_to_strangers(authority: Authority, tmp_path: Path) -> None:
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        context = manager_files(Authority.open(tmp_path / "other"), tmp_path / "manager").serving()

        def run() -> None:
            with (
                pytest.raises(ssl.SSLError),
                context.wrap_socket(listening.accept()[0], server_side=True) as connection,
            ):
                heard.append(connection.recv(4096))

        thread = threading.Thread(target=run)
        thread.start()
        with pytest.raises(NotConnected, match="certificate verify failed"):
            _to(listening, authority).ask("GET", "/", None, {}, 5)
        thread.join(5)
    assert not heard


def test_nobody_listens(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connection = _to(listening, authority)
    with pytest.raises(NotConnected, match="refused"):
        connection.ask("GET", "/", None, {}, 5)

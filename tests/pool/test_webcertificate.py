from __future__ import annotations

import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cenote import tls
from cenote.errors import NoKey
from cenote.pool.authority import Authority
from cenote.pool.webcertificate import WebCertificate
from tests.support.managed import anybody, manager_files

NAME = "pool.example.org"


def make(folder: Path, name: str = NAME) -> tuple[Path, Path]:
    folder.mkdir(exist_ok=True)
    command = (
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 30 -subj /CN={name}"
        f" -addext subjectAltName=DNS:{name} -keyout web.key -out web.pem"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return folder / "web.pem", folder / "web.key"


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Callable[[str | None], bytes | None]]:
    """The certificate that a manager shows to who asks for a name."""
    context = manager_files(Authority.open(tmp_path / "authority"), tmp_path / "manager").serving()
    WebCertificate(*make(tmp_path / "own")).show_on(context)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with context.wrap_socket(sock, server_side=True) as secure:
                secure.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()

    def ask(name: str | None) -> bytes | None:
        with (
            socket.create_connection(listener.getsockname()) as sock,
            anybody().wrap_socket(sock, server_hostname=name) as secure,
        ):
            return secure.getpeercert(binary_form=True)

    yield ask
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def der(file: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(file.read_text())


def test_each_is_shown_to_whom_it_is_for(shown: Callable[[str | None], bytes | None], tmp_path: Path) -> None:
    own = der(tmp_path / "own" / "web.pem")
    assert shown(NAME) == shown("other.example.org") == own
    ours = shown(None)
    assert ours and ours != own and shown(tls.MANAGER_HOST) == ours


def test_a_renewed_one_is_read_again(shown: Callable[[str | None], bytes | None], tmp_path: Path) -> None:
    file, key = tmp_path / "own" / "web.pem", tmp_path / "own" / "web.key"
    first = shown(NAME)
    new, new_key = make(tmp_path / "new")
    new.replace(file)  # and the key, only a moment later
    assert shown(NAME) == first
    new_key.replace(key)
    assert shown(NAME) == der(file) != first


def test_what_cannot_be_shown(tmp_path: Path) -> None:
    file, key = make(tmp_path / "own")
    key.chmod(0o640)
    WebCertificate(file, key)
    key.chmod(0o644)
    with pytest.raises(NoKey, match=f"can be read by everybody: run “chmod o= {key}”"):
        WebCertificate(file, key)
    _, other = make(tmp_path / "other")
    with pytest.raises(NoKey, match=r"cannot be used: .*mismatch"):
        WebCertificate(file, other)
    with pytest.raises(NoKey, match="cannot be used: No such file"):
        WebCertificate(tmp_path / "none.pem", other)
    os.truncate(file, 0)
    with pytest.raises(NoKey, match="cannot be used"):
        WebCertificate(file, other)

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote import protocol
from cenote.errors import CenoteError, ProtocolError
from cenote.listening import own_address
from cenote.protocol import Address, Answer, Kind, Preamble, Status


def test_sizes_are_those_of_the_document() -> None:
    assert (protocol.PREAMBLE_SIZE, protocol.ANSWER_SIZE) == (48, 64)


def test_preamble_layout() -> None:
    data = Preamble(Kind.STREAM, True, bytes(range(16)), 0x0102).encode()
    assert data == b"CENOTE\r\n" + b"\1\0\0\0\2\0\1\0" + bytes(range(16)) + b"\2\1" + bytes(14)


@given(st.booleans(), st.binary(min_size=16, max_size=16), st.integers(1, 65535))
def test_preamble_round_trip(tls: bool, id_: bytes, stream: int) -> None:
    preamble = Preamble(Kind.STREAM, tls, id_, stream, build=7 << 56)
    assert Preamble.decode(preamble.encode()) == preamble


@given(st.binary(min_size=48, max_size=48))
def test_any_preamble_is_decoded_or_refused(data: bytes) -> None:
    for candidate in (data, protocol.MAGIC + data[8:], protocol.MAGIC + b"\1\0\0\0" + data[12:]):
        try:
            Preamble.decode(candidate)
        except ProtocolError:
            continue


def test_managers_and_tethers() -> None:
    manager = Preamble(Kind.MANAGER, tls=True)
    assert manager.encode()[12:16] == b"\0\0\1\0" and Preamble.decode(manager.encode()) == manager
    tether = Preamble(Kind.TETHER, id=bytes(range(16)))
    assert tether.encode()[12:16] == b"\3\0\0\0" and Preamble.decode(tether.encode()) == tether
    for wrong in (
        Preamble(Kind.MANAGER),
        Preamble(Kind.MANAGER, tls=True, id=bytes(range(16))),
        Preamble(Kind.TETHER, stream=1),
    ):
        with pytest.raises(ProtocolError):
            Preamble.decode(wrong.encode())


@given(st.sampled_from(Status), st.binary(min_size=32, max_size=32), st.binary(min_size=16, max_size=16))
def test_answer_round_trip(status: Status, nonce: bytes, session: bytes) -> None:
    answer = Answer(status, nonce, session)
    assert Answer.decode(answer.encode()) == answer


def test_stream_key_is_hkdf() -> None:
    secret, session = bytes(range(32)), bytes(range(16))
    extracted = hmac.new(session, secret, hashlib.sha256).digest()
    expanded = hmac.new(extracted, b"cenote stream \x07\x00\x01", hashlib.sha256).digest()
    assert protocol.stream_key(secret, session, 7) == expanded
    assert protocol.stream_key(secret, session, 7) != protocol.stream_key(secret, session, 8)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("gpu1", "gpu1", 7654),
        ("gpu1:80", "gpu1", 80),
        ("10.0.0.1:7", "10.0.0.1", 7),
        ("::1", "::1", 7654),
        ("[::1]", "::1", 7654),
        ("[::1]:9", "::1", 9),
    ],
)
def test_addresses(text: str, host: str, port: int) -> None:
    assert Address.parse(text) == Address(host, port)
    assert Address.parse(str(Address(host, port))) == Address(host, port)


@pytest.mark.parametrize("text", ["", ":80", "gpu1:", "gpu1:http", "gpu1:99999", "[::1]x", "[::1]:x"])
def test_broken_addresses(text: str) -> None:
    with pytest.raises(CenoteError, match="is not an address"):
        Address.parse(text)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("fe80::1%eth0", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert protocol.is_loopback(host) is expected


@pytest.mark.parametrize(("host", "expected"), [("127.0.0.1", True), ("::1", True), ("192.0.2.1", False)])
def test_what_does_not_leave_this_machine(host: str, expected: bool) -> None:
    assert protocol.is_here(host) is expected


def test_this_machines_own_address() -> None:
    assert protocol.is_here(own_address())

from __future__ import annotations

import pytest

from cenote import listening
from cenote.protocol import Address


@pytest.mark.parametrize(
    ("gate", "local", "expected"),
    [
        # it listens everywhere
        (["0.0.0.0:7654", "[::]:7654"], "10.0.0.5", "10.0.0.5:7654"),
        (["0.0.0.0:7654", "[::]:7655"], "fd00::5", "[fd00::5]:7655"),
        (["0.0.0.0:7654", "[::]:7654"], "127.0.0.1", "198.51.100.7:7654"),
        (["[::]:7654", "0.0.0.0:7654"], "::1", "198.51.100.7:7654"),
        (["127.0.0.1:1", "0.0.0.0:2"], "10.0.0.5", "10.0.0.5:2"),
        # at some addresses
        (["192.168.1.5:7654"], "10.0.0.5", "192.168.1.5:7654"),
        (["192.168.1.5:7654", "10.0.0.5:7655"], "10.0.0.5", "10.0.0.5:7655"),
        (["127.0.0.1:7654", "192.168.1.5:7655"], "127.0.0.1", "192.168.1.5:7655"),
        (["127.0.0.1:7654"], "127.0.0.1", "127.0.0.1:7654"),
        (["127.0.0.1:7654"], "10.0.0.5", "127.0.0.1:7654"),
    ],
)
def test_where_others_reach_a_gate(gate: list[str], local: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "own_address", lambda: "198.51.100.7")
    assert str(listening.reached_from(list(map(Address.parse, gate)), local)) == expected

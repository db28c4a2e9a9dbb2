"""What travels is written down: a change of opcodes or layouts must be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from cenote import protocol
from cenote.codegen.render import Api, protocol_header, protocol_lock


def test_protocol_lock_is_what_the_spec_says() -> None:
    lock = (Path(__file__).parents[2] / "protocol.lock").read_text()
    assert protocol_lock(Api("opencl")) == lock, (
        "run: python -m cenote.codegen --lock > protocol.lock, and think of the version"
    )


def test_an_unreleased_protocol_is_told_apart_by_its_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api("opencl")
    now = protocol_header([api])
    api.functions.pop()
    assert protocol_header([api]) != now
    monkeypatch.setattr(protocol, "RELEASED", True)
    assert "kBuild = 0x0;" in protocol_header([api])

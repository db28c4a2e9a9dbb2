"""What travels is written down: a change of opcodes or layouts must be meant."""

from __future__ import annotations

from pathlib import Path

from cenote.codegen.render import Api, protocol_lock


def test_protocol_lock_is_what_the_spec_says() -> None:
    lock = (Path(__file__).parents[2] / "protocol.lock").read_text()
    assert protocol_lock(Api("opencl")) == lock, (
        "run: python -m cenote.codegen --lock > protocol.lock, and think of the version"
    )

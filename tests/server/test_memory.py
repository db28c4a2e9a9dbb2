from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cenote.server.memory import Ledger
from tests.pool.test_manager import DEVICES

STEP = st.tuples(st.sampled_from("gbf"), st.integers(0, 3), st.integers(0, 2), st.integers(0, 1 << 30))


@given(st.lists(STEP))
def test_never_more_than_the_device_has_and_nothing_is_lost(steps: list[tuple[str, int, int, int]]) -> None:
    ledger = Ledger(DEVICES)
    for what, worker, device, amount in steps:
        before = ledger.free(device)
        if what == "g":
            given_out = ledger.grant(worker, device, amount)
            assert given_out == min(amount, before)
        elif what == "b":
            ledger.give_back(worker, device, amount)
        else:
            ledger.forget(worker)
        assert all(0 <= ledger.free(d.index) <= d.memory for d in DEVICES)
    for worker in range(4):
        ledger.forget(worker)
    assert all(ledger.free(device.index) == device.memory for device in DEVICES)

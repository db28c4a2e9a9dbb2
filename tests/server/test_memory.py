from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cenote.devices import Device
from cenote.pool.orders import Share
from cenote.server.allocation import Allocation
from cenote.server.memory import Ledger

GIB = 1 << 30
FIRST = Device(0, "A", "P", "OpenCL 3.0", "V", "3.0", "1", "gpu", GIB, 8)
SECOND = replace(FIRST, index=1)
ALLOCATIONS = [
    Allocation("ann", (FIRST, SECOND), (Share(0, GIB // 4, 1), Share(1, GIB // 4, 1)), b"1" * 16, bytes(32)),
    Allocation("ben", (FIRST,), (Share(0, GIB // 2, 1),), b"2" * 16, bytes(32)),
]
STEP = st.tuples(st.sampled_from("gbf"), st.integers(0, 5), st.integers(0, 1), st.integers(0, GIB))


@given(st.lists(STEP))
def test_never_more_than_the_share_has_and_nothing_is_lost(steps: list[tuple[str, int, int, int]]) -> None:
    ledger = Ledger()
    shares = [Counter({share.index: share.memory for share in allocation.shares}) for allocation in ALLOCATIONS]
    held: dict[int, Counter[int]] = {worker: Counter() for worker in range(6)}
    for worker in held:
        ledger.add(worker, ALLOCATIONS[worker % 2], {})
    for what, worker, device, amount in steps:
        if what == "g":
            siblings = sum(held[other][device] for other in held if other % 2 == worker % 2)
            given_out = ledger.grant(worker, device, amount)
            assert given_out == min(amount, shares[worker % 2][device] - siblings)
            held[worker][device] += given_out
        elif what == "b":
            ledger.give_back(worker, device, amount)
            held[worker][device] -= min(amount, held[worker][device])
        else:
            ledger.forget(worker)
            ledger.add(worker, ALLOCATIONS[worker % 2], {})
            held[worker].clear()
        assert ledger.held(worker) == +held[worker]
    for worker in held:
        ledger.forget(worker)
    ledger.add("another", ALLOCATIONS[0], {})
    assert [ledger.grant("another", index, GIB) for index in range(2)] == [GIB // 4] * 2


def test_an_adopted_worker_holds_what_it_held() -> None:
    ledger = Ledger()
    ledger.add("a", ALLOCATIONS[1], {0: GIB // 2, 7: 5})
    ledger.add("b", ALLOCATIONS[1], {})
    assert ledger.grant("b", 0, 1) == 0
    ledger.forget("a")
    assert ledger.grant("b", 0, GIB) == GIB // 2


def test_a_device_that_is_not_lent_any_more() -> None:
    ledger = Ledger()
    ledger.add("a", ALLOCATIONS[1], {})
    assert ledger.grant("a", 1, 1) == 0

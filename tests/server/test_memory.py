from __future__ import annotations

import asyncio
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from cenote.pool.manager import Allocation
from cenote.pool.orders import Share
from cenote.server.memory import Ledger
from tests.pool.test_manager import DEVICES, FIRST, HOLDER

GIB = 1 << 30
# Allocation 0 shares whole devices, 1 and 2 have shares of two devices that fill the first.
ALLOCATIONS = [
    Allocation(HOLDER, tuple(DEVICES)),
    Allocation(HOLDER, tuple(DEVICES[:2]), (Share(0, GIB // 4, 1), Share(1, GIB // 4, 1))),
    Allocation(HOLDER, (FIRST,), (Share(0, GIB // 2, 1),)),
]
STEP = st.tuples(st.sampled_from("gbf"), st.integers(0, 5), st.integers(0, 2), st.integers(0, GIB))


def started() -> Ledger:
    ledger = Ledger(DEVICES)
    for allocation in ALLOCATIONS:
        ledger.begin(allocation)
    return ledger


@given(st.lists(STEP))
def test_never_more_than_the_share_or_the_device_has_and_nothing_is_lost(
    steps: list[tuple[str, int, int, int]],
) -> None:
    ledger = started()
    set_aside = [{share.index: share.memory for share in allocation.shares} for allocation in ALLOCATIONS]
    held: dict[int, Counter[int]] = {worker: Counter() for worker in range(6)}
    for worker in held:
        ledger.add(worker, ALLOCATIONS[worker % 3], {})
    for what, worker, device, amount in steps:
        allocation = worker % 3
        if what == "g":
            own = set_aside[allocation].get(device)
            siblings = sum(held[other][device] for other in held if other % 3 == allocation)
            left = ledger.free(device) if own is None else own - siblings
            given_out = ledger.grant(worker, device, amount)
            assert given_out == min(amount, left)
            held[worker][device] += given_out
        elif what == "b":
            ledger.give_back(worker, device, amount)
            held[worker][device] -= min(amount, held[worker][device])
        else:
            ledger.forget(worker)
            ledger.add(worker, ALLOCATIONS[allocation], {})
            held[worker].clear()
        assert ledger.held(worker) == +held[worker]
        for one in DEVICES:
            lent = sum(shares.get(one.index, 0) for shares in set_aside)
            unshared = sum(mine[one.index] for other, mine in held.items() if one.index not in set_aside[other % 3])
            assert ledger.free(one.index) == one.memory - lent - unshared >= 0
    for ended in ALLOCATIONS:
        ledger.end(ended)
    for worker in held:
        ledger.forget(worker)
    assert all(ledger.free(device.index) == device.memory for device in DEVICES)


def test_a_share_comes_back_when_its_last_worker_is_gone() -> None:
    ledger = started()
    ledger.add("a", ALLOCATIONS[2], {})
    ledger.add("b", ALLOCATIONS[2], {})
    ledger.end(ALLOCATIONS[2])
    ledger.forget("a")
    assert ledger.free(0) == GIB // 4
    ledger.forget("b")
    assert ledger.free(0) == GIB // 4 * 3


def test_what_comes_back_is_waited_for() -> None:
    async def wait() -> list[bool]:
        ledger = started()
        ledger.add("a", ALLOCATIONS[2], {})
        outcomes = [await ledger.more_returned(1)]  # nobody has ended
        ledger.end(ALLOCATIONS[2])
        outcomes.append(await ledger.more_returned(0.01))
        asyncio.get_running_loop().call_later(0.01, ledger.forget, "a")
        return [*outcomes, await ledger.more_returned(1)]

    assert asyncio.run(wait()) == [False, False, True]


def test_an_adopted_worker_holds_what_it_held() -> None:
    ledger = started()
    ledger.add("a", ALLOCATIONS[2], {0: GIB // 2, 7: 5})
    ledger.add("b", ALLOCATIONS[2], {})
    assert ledger.grant("b", 0, 1) == 0
    ledger.forget("a")
    assert ledger.grant("b", 0, GIB) == GIB // 2

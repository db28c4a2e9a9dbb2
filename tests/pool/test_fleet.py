from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from cenote.pool import filters
from cenote.pool.fleet import Fleet, Search, Slice
from cenote.pool.request import WHOLE, Request
from tests.support.fleets import GIB, fleet, half, kind, take

KINDS = [kind("A100", 8), kind("A100", 16), kind("V100", 8)]
FILTERS = ["", "name=V100", "memory>=16GiB", "server=s1", "index=0 or name=V100", "server!=s0 and index<2", "name=X"]

STEP = st.tuples(st.sampled_from(["take", "give", "close", "open", "replace"]), st.integers(0, 20), st.integers(1, 4))
REQUESTS = st.builds(
    Request,
    count=st.integers(1, 3),
    weight=st.sampled_from([None, WHOLE // 4, WHOLE // 2]),
    memory=st.sampled_from([None, 2 * GIB, 8 * GIB]),
    filter=st.sampled_from(FILTERS),
)


def naive(made: Fleet, request: Request, avoid: frozenset[int]) -> list[tuple[int, int, int]]:
    """Free bytes, weight and number of every device where it fits, found by looking at each."""
    found = []
    for device in made.devices.values():
        server = made.servers[device.server]
        fields = device.kind.fields() | {"server": server.name, "address": server.address, "index": device.index}
        need = request.need(device.kind.memory, device.kind.smallest)
        matches = filters.parse(request.filter).decide(fields) and server.open and device.id not in avoid
        if need and matches and device.free_bytes >= need[0] and device.free_weight >= need[1]:
            found.append(device.entry)
    return sorted(found)


@settings(max_examples=200)
@given(
    st.lists(STEP, max_size=30), st.lists(REQUESTS, min_size=1, max_size=4), st.frozensets(st.sampled_from([0, 10, 11]))
)
def test_the_index_finds_what_looking_at_each_device_finds(
    steps: list[tuple[str, int, int]], requests: list[Request], avoid: frozenset[int]
) -> None:
    made = fleet(KINDS, KINDS[:2], [KINDS[2]] * 3)
    parts: list[Slice] = []
    for what, which, quarters in steps:
        server = made.servers[which % 3]
        if what == "take":
            device = list(made.devices.values())[which % len(made.devices)]
            if quarters * WHOLE // 4 <= device.free_weight:
                parts.append(take(made, device.id, quarters / 4))
        elif what == "give" and parts:
            made.give(parts.pop(which % len(parts)))
        else:
            devices = {d: (made.devices[d].index, made.devices[d].kind) for d in server.devices}
            name = f"{server.name}x" if what == "replace" else server.name
            made.put_server(server.id, name, server.address, open=what != "close", devices=devices)
        for request in requests:
            expected = naive(made, request, avoid)
            search = Search(made, request, avoid=avoid)
            assert [made.devices[d].entry for d in search.tightest()] == expected
            assert [made.devices[d].entry for d in search.emptiest()] == expected[::-1]
            enough = {
                server
                for server in made.servers
                if sum(made.devices[entry[2]].server == server for entry in expected) >= request.count
            }
            assert {s for s in search.servers() if len(search.on_server(s)) >= request.count} == enough


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(1, 4)), max_size=10))
def test_a_trial_leaves_no_trace(takes: list[tuple[int, int]]) -> None:
    made = fleet(KINDS, KINDS, KINDS)
    take(made, 0, 0.25)
    before = [device.entry for device in made.devices.values()]
    order = list(Search(made, half()).tightest())
    with made.trial():
        for device, quarters in takes:
            take(made, list(made.devices)[device], quarters / 4)
            with made.trial():
                take(made, 0, 0.25)
    assert [device.entry for device in made.devices.values()] == before
    assert list(Search(made, half()).tightest()) == order


def test_what_is_lent_of_devices_that_are_away_is_remembered() -> None:
    made = fleet(KINDS)
    part = take(made, 0, 0.5)
    made.put_server(0, "s0", "s0:1", open=True, devices={})
    made.put_server(0, "s0", "s0:1", open=True, devices={0: (0, KINDS[0])})
    assert made.devices[0].free_bytes == 4 * GIB
    made.give(part)
    assert made.devices[0].free_bytes == 8 * GIB


def test_a_budget_leaves_out_what_is_too_dear() -> None:
    made = fleet(KINDS)
    assert list(Search(made, Request(), budget=8 * GIB).tightest()) == [0, 2]
    assert list(Search(made, Request(count=2), budget=15 * GIB).tightest()) == []


def test_many_filters_are_not_remembered_for_ever() -> None:
    made = fleet(KINDS)
    rng = random.Random(1)  # noqa: S311
    for _ in range(600):
        made.match(f"index={rng.randrange(10**9)}")
    assert len(made._matches) <= 256

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.errors import Invalid
from cenote.pool.request import GRANT, WHOLE, Request, from_words, parse_share, smallest_share

GIB = 1 << 30


@pytest.mark.parametrize(
    ("words", "need"),
    [
        ({}, (8 * GIB, WHOLE)),
        ({"share": "0.5"}, (4 * GIB, WHOLE // 2)),
        ({"share": "25%"}, (2 * GIB, WHOLE // 4)),
        ({"memory": "2GiB"}, (2 * GIB, WHOLE // 4)),
        ({"share": "0.5", "memory": "1GiB"}, (GIB, WHOLE // 2)),
        ({"memory": "9GiB"}, None),
        ({"share": "0.001"}, None),
    ],
)
def test_what_is_needed_of_a_device(words: dict[str, Any], need: tuple[int, int] | None) -> None:
    assert from_words(**words).need(8 * GIB, smallest_share(0)) == need


def test_the_drivers_own_context_is_part_of_the_share() -> None:
    request = Request(memory=GIB)
    assert request.need(8 * GIB, smallest_share(GIB - GRANT)) == (GIB, WHOLE // 8)
    assert request.need(8 * GIB, smallest_share(GIB)) is None


@given(st.integers(1, WHOLE), st.integers(GRANT, 1 << 40))
def test_as_many_shares_as_make_a_whole_fit_one_device(weight: int, memory: int) -> None:
    need = Request(weight=weight).need(memory, 1)
    if need:
        count = WHOLE // weight
        assert count * need[0] <= memory and count * need[1] <= WHOLE


@given(st.integers(1, 1 << 40), st.integers(GRANT, 1 << 40))
def test_weights_of_shares_of_memory_never_exceed_the_device(size: int, memory: int) -> None:
    need = Request(memory=size).need(memory, GRANT)
    if need:
        assert (memory // size) * need[1] <= WHOLE


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"count": 0}, "0 devices cannot be asked for"),
        ({"count": 2000}, "1 to 1024 can"),
        ({"share": "0"}, "more than 0 and at most 1"),
        ({"share": "1.1"}, "more than 0 and at most 1"),
        ({"share": "nan"}, "is not a share"),
        ({"share": "inf"}, "is not a share"),
        ({"share": "half"}, "is not a share"),
        ({"memory": "0"}, "at least one byte"),
        ({"memory": "much"}, "is not a size"),
        ({"term": "0"}, "at least one second"),
        ({"term": "soon"}, "is not a duration"),
        ({"priority": 11}, "between 0 and 10"),
        ({"key": ""}, "1 to 100 characters"),
        ({"filter": "name"}, "the filter “name” is wrong"),
        ({"round_trips": (("a", -1.0),)}, "0 seconds or more"),
        ({"round_trips": (("a", float("nan")),)}, "0 seconds or more"),
    ],
)
def test_what_makes_no_sense(words: dict[str, Any], reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        from_words(**words)


def test_a_term_is_limited() -> None:
    Request(term=600).limited(600)
    with pytest.raises(Invalid, match="at most 10m here"):
        Request(term=601).limited(600)


def test_shares_are_exact() -> None:
    assert parse_share("0.1") == 100_000 and parse_share("1") == WHOLE

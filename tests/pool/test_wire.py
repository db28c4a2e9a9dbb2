from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.errors import ProtocolError
from cenote.pool import wire
from cenote.pool.orders import (
    Answer,
    Ended,
    Extend,
    Held,
    Order,
    Release,
    Report,
    Reserve,
    Result,
    Share,
    Spent,
    Stamp,
    Why,
)

ids = st.binary(min_size=16, max_size=16).map(bytes.hex)
secrets = st.binary(min_size=32, max_size=32)
numbers = st.integers(0, 1 << 62)
texts = st.text(st.characters(categories=("L", "N", "P")), max_size=64)
shares = st.lists(st.builds(Share, numbers, numbers, numbers), min_size=1, max_size=4).map(tuple)
stamps = st.builds(Stamp, texts, texts, numbers)
orders: st.SearchStrategy[Order] = st.one_of(
    st.builds(Reserve, ids, numbers, shares, numbers, texts, secrets, st.booleans(), st.none() | numbers),
    st.builds(Extend, ids, numbers, numbers),
    st.builds(Release, ids, numbers, st.sampled_from(Why)),
)
left = st.floats(allow_nan=False, allow_infinity=False)
spent = st.builds(Spent, ids, numbers, st.lists(st.tuples(numbers, left), max_size=3).map(tuple))
spents = st.lists(spent, max_size=2).map(tuple)
answers = st.builds(Answer, st.sampled_from(Result), stamps, texts, spents)
held = st.builds(
    Held, ids, numbers, shares, numbers, left, texts, secrets, st.booleans(), st.none() | numbers, st.booleans()
)
ended = st.builds(Ended, ids, numbers, st.sampled_from(Why))
reports = st.builds(
    Report,
    stamps,
    st.lists(held, max_size=3).map(tuple),
    st.booleans(),
    st.lists(ended, max_size=2).map(tuple),
    spents,
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def over_the_wire(plain: dict[str, Any]) -> Any:
    return json.loads(json.dumps(plain))


@given(orders)
def test_orders(order: Order) -> None:
    assert wire.order_from_json(over_the_wire(wire.order_to_json(order))) == order


@given(answers)
def test_answers(answer: Answer) -> None:
    assert wire.answer_from_json(over_the_wire(wire.answer_to_json(answer))) == answer


@given(reports)
def test_reports(report: Report) -> None:
    assert wire.report_from_json(over_the_wire(wire.report_to_json(report))) == report


@given(st.data())
def test_anything_else_is_refused(data: st.DataObject) -> None:
    """One field after another is replaced by anything, at any depth."""
    plain = over_the_wire(wire.report_to_json(data.draw(reports)))
    place: Any = plain
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(anything)
        break
    for read in (wire.report_from_json, wire.order_from_json, wire.answer_from_json, wire.stamp_from_json):
        try:
            read(plain)
        except ProtocolError:
            continue


@pytest.mark.parametrize(
    "change",
    [
        {"allocation": "../../etc"},
        {"allocation": "AB" * 16},
        {"epoch": True},
        {"epoch": -1},
        {"epoch": 1 << 80},
        {"term": 1.5},
        {"secret": "00"},
        {"shares": [[0, 1]]},
        {"shares": {"0": 1}},
        {"user": "ann\n"},
        {"tethered": 1},
        {"idle": 0.5},
        {"order": "sell"},
    ],
)
def test_orders_that_are_none(change: dict[str, Any]) -> None:
    good = wire.order_to_json(Reserve("ab" * 16, 1, (Share(0, 1, 1),), 60, "ann", bytes(32)))
    assert wire.order_from_json(good)
    with pytest.raises(ProtocolError):
        wire.order_from_json(good | change)

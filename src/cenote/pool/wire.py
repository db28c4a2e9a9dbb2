"""Orders, answers and reports as JSON, checked by whoever reads them: neither end trusts the other's.

What is malformed raises ProtocolError.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from cenote.errors import ProtocolError
from cenote.pool.orders import (
    Answer,
    Ended,
    Extend,
    Held,
    Order,
    Probe,
    Release,
    Report,
    Reserve,
    Result,
    Share,
    Spent,
    Stamp,
    Why,
)

T = TypeVar("T")

_ALLOCATION = re.compile(r"[0-9a-f]{32}")
_SECRET = re.compile(r"[0-9a-f]{64}")
_MOST = 1 << 62
_DEVICES_LIMIT = 4096
_TEXT_LIMIT = 1000


def order_to_json(order: Order) -> dict[str, Any]:
    plain: dict[str, Any] = {"allocation": order.allocation, "epoch": order.epoch}
    match order:
        case Reserve():
            plain |= {"order": "reserve", "term": order.term, "user": order.user, "secret": order.secret.hex()}
            return plain | {"shares": _shares(order.shares), "tethered": order.tethered, "idle": order.idle}
        case Extend():
            return plain | {"order": "extend", "term": order.term}
        case Release():
            return plain | {"order": "release", "why": order.why.value}


def order_from_json(plain: object) -> Order:
    return _checked(plain, _order)


def answer_to_json(answer: Answer) -> dict[str, Any]:
    return {
        "result": answer.result.value,
        "stamp": stamp_to_json(answer.stamp),
        "reason": answer.reason,
        "spent": list(map(_spent_to_json, answer.spent)),
    }


def answer_from_json(plain: object) -> Answer:
    return _checked(
        plain,
        lambda p: Answer(Result(p["result"]), _stamp(p["stamp"]), _text(p["reason"]), _read_spent(p["spent"])),
    )


def stamp_to_json(stamp: Stamp) -> dict[str, Any]:
    return {"ledger": stamp.ledger, "boot": stamp.boot, "serial": stamp.serial}


def stamp_from_json(plain: object) -> Stamp:
    return _checked(plain, _stamp)


def report_to_json(report: Report) -> dict[str, Any]:
    return {
        "stamp": stamp_to_json(report.stamp),
        "accepting": report.accepting,
        "held": [
            {
                "allocation": held.allocation,
                "epoch": held.epoch,
                "shares": _shares(held.shares),
                "term": held.term,
                "left": held.left,
                "user": held.user,
                "secret": held.secret.hex(),
                "tethered": held.tethered,
                "idle": held.idle,
                "ending": held.ending,
            }
            for held in report.held
        ],
        "ended": [{"allocation": one.allocation, "epoch": one.epoch, "why": one.why.value} for one in report.ended],
        "spent": list(map(_spent_to_json, report.spent)),
    }


def report_from_json(plain: object) -> Report:
    return _checked(
        plain,
        lambda p: Report(
            _stamp(p["stamp"]),
            tuple(map(_held, _list(p["held"]))),
            _bool(p["accepting"]),
            tuple(
                Ended(_matching(_ALLOCATION, one["allocation"]), _whole(one["epoch"]), Why(one["why"]))
                for one in _list(p["ended"])
            ),
            _read_spent(p["spent"]),
        ),
    )


def _checked(plain: object, read: Callable[[Any], T]) -> T:
    try:
        return read(plain)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ProtocolError(f"what came over the connection is malformed: {type(error).__name__}: {error}") from None


def _order(plain: dict[str, Any]) -> Order:
    allocation, epoch = _matching(_ALLOCATION, plain["allocation"]), _whole(plain["epoch"])
    match plain["order"]:
        case "reserve":
            secret = bytes.fromhex(_matching(_SECRET, plain["secret"]))
            term, user, tethered = _whole(plain["term"]), _text(plain["user"]), _bool(plain["tethered"])
            shares, idle = _read_shares(plain["shares"]), _maybe_whole(plain["idle"])
            return Reserve(allocation, epoch, shares, term, user, secret, tethered, idle)
        case "extend":
            return Extend(allocation, epoch, _whole(plain["term"]))
        case "release":
            return Release(allocation, epoch, Why(plain["why"]))
        case _:
            raise ValueError("there is no such order")


def _spent_to_json(spent: Spent) -> dict[str, Any]:
    return {"allocation": spent.allocation, "epoch": spent.epoch, "busy": [list(pair) for pair in spent.busy]}


def _read_spent(plain: object) -> tuple[Spent, ...]:
    return tuple(map(_spent, _list(plain)))


def _spent(plain: dict[str, Any]) -> Spent:
    pairs = [_list(pair) for pair in _list(plain["busy"])]
    busy = tuple((_whole(index), _seconds(seconds)) for index, seconds in pairs)
    return Spent(_matching(_ALLOCATION, plain["allocation"]), _whole(plain["epoch"]), busy)


def _held(plain: dict[str, Any]) -> Held:
    shares = _read_shares(plain["shares"])
    if not shares:
        raise ValueError("no share is held")
    return Held(
        _matching(_ALLOCATION, plain["allocation"]),
        _whole(plain["epoch"]),
        shares,
        _whole(plain["term"]),
        _seconds(plain["left"]),
        _text(plain["user"]),
        bytes.fromhex(_matching(_SECRET, plain["secret"])),
        _bool(plain["tethered"]),
        _maybe_whole(plain["idle"]),
        _bool(plain["ending"]),
    )


def probe_from_json(plain: object) -> Probe:
    return _checked(plain, lambda p: Probe(_matching(_ALLOCATION, p["id"]), _matching(_SECRET, p["secret"])))


def _stamp(plain: dict[str, Any]) -> Stamp:
    return Stamp(_text(plain["ledger"]), _text(plain["boot"]), _whole(plain["serial"]))


def _shares(shares: Iterable[Share]) -> list[list[int]]:
    return [[share.index, share.memory, share.weight] for share in shares]


def _read_shares(plain: object) -> tuple[Share, ...]:
    shares = _list(plain)
    if len(shares) > _DEVICES_LIMIT:
        raise ValueError("too many devices")
    return tuple(Share(*(_whole(number) for number in _list(share))) for share in shares)


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST:
        raise ValueError("not a number in its range")
    return value


def _seconds(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError("not a time")
    return float(value)


def _maybe_whole(value: object) -> int | None:
    return None if value is None else _whole(value)


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _TEXT_LIMIT or not value.isprintable():
        raise ValueError("not a short text")
    return value


def _matching(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError("not written as it must be")
    return value

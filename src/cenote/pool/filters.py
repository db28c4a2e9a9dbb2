"""The language of filters: ``name~A100 and (memory>=40GiB or not server=gpu7)``.

Comparisons know the fields in TEXT (= != ~, case never matters) and NUMBERS (= != < <= > >=, sizes as in 4GiB); values
with spaces or parentheses stand in quotes. ``not`` binds closer than ``and``, ``and`` closer than ``or``.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from cenote.errors import Invalid
from cenote.units import parse_size

Value = str | int

TEXT = ("name", "platform", "vendor", "type", "version", "driver_version", "server", "address")
NUMBERS = ("memory", "compute_units", "index")

LENGTH_LIMIT = 1000
_PATTERN_LIMIT = 100
_SUBJECT_LIMIT = 120
_REPETITION_LIMIT = 2
_DEPTH_LIMIT = 50

_ORDER: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TOKEN = re.compile(
    r"""\s*(?:(?P<operator><=|>=|!=|[=~<>])|(?P<bracket>[()])|"(?P<double>[^"]*)"|'(?P<single>[^']*)'"""
    r"""|(?P<word>[^\s()=~<>!"']+))"""
)


class Node(Protocol):
    """A piece of a filter."""

    def decide(self, known: Mapping[str, Value]) -> bool | None:
        """Whether it holds; None where that depends on fields that are not among the known ones."""
        ...


@dataclass(frozen=True)
class Everything:
    """The empty filter."""

    def decide(self, known: Mapping[str, Value]) -> bool | None:
        return True


@dataclass(frozen=True)
class Comparison:
    field: str
    operator: str
    value: Value

    def decide(self, known: Mapping[str, Value]) -> bool | None:
        actual = known.get(self.field)
        if actual is None:
            return None
        if isinstance(self.value, int):
            return _ORDER[self.operator](int(actual), self.value)
        text = str(actual)[:_SUBJECT_LIMIT]
        if self.operator == "~":
            return re.search(self.value, text, re.IGNORECASE) is not None
        return (text.lower() == self.value.lower()) is (self.operator == "=")


@dataclass(frozen=True)
class Not:
    inner: Node

    def decide(self, known: Mapping[str, Value]) -> bool | None:
        verdict = self.inner.decide(known)
        return None if verdict is None else not verdict


@dataclass(frozen=True)
class All:
    parts: tuple[Node, ...]

    def decide(self, known: Mapping[str, Value]) -> bool | None:
        verdicts = [part.decide(known) for part in self.parts]
        return False if False in verdicts else None if None in verdicts else True


@dataclass(frozen=True)
class Any:
    parts: tuple[Node, ...]

    def decide(self, known: Mapping[str, Value]) -> bool | None:
        verdicts = [part.decide(known) for part in self.parts]
        return True if True in verdicts else None if None in verdicts else False


@lru_cache(maxsize=512)
def parse(text: str) -> Node:
    """The tree of a filter. Raises Invalid with the position, counted from 1, of what is wrong."""
    if len(text) > LENGTH_LIMIT:
        raise Invalid(f"the filter is longer than {LENGTH_LIMIT} characters")
    if not text.strip():
        return Everything()
    return _Parser(text).whole()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split(text)
        self._next = 0

    def whole(self) -> Node:
        tree = self._any(0)
        if self._peek().kind != "end":
            raise self._wrong(self._peek(), "expected “and” or “or”")
        return tree

    def _split(self, text: str) -> list[_Token]:
        tokens, at = [], 0
        while at < len(text.rstrip()):
            found = _TOKEN.match(text, at)
            if not found or not found.lastgroup:
                at += len(text[at:]) - len(text[at:].lstrip())
                raise self._wrong(_Token("", text[at], at), "this cannot be read; a quote may be missing")
            kind = found.lastgroup
            tokens.append(_Token(kind, found[kind], found.start(kind)))
            at = found.end()
        return [*tokens, _Token("end", "", len(text))]

    def _any(self, depth: int) -> Node:
        parts = [self._all(depth)]
        while self._take_word("or"):
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def _all(self, depth: int) -> Node:
        parts = [self._one(depth)]
        while self._take_word("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self, depth: int) -> Node:
        if depth > _DEPTH_LIMIT:
            raise self._wrong(self._peek(), "nested too deeply")
        if self._take_word("not"):
            return Not(self._one(depth + 1))
        if self._peek().kind == "bracket" and self._peek().text == "(":
            self._advance()
            inner = self._any(depth + 1)
            if self._peek().text != ")" or self._peek().kind != "bracket":
                raise self._wrong(self._peek(), "expected “)”")
            self._advance()
            return inner
        return self._comparison()

    def _comparison(self) -> Node:
        field, sign, value = self._advance(), self._advance(), self._advance()
        name = field.text.lower()
        if field.kind != "word" or name not in TEXT + NUMBERS:
            raise self._wrong(field, f"expected one of {', '.join(TEXT + NUMBERS)}")
        if sign.kind != "operator":
            raise self._wrong(sign, "expected one of = != ~ < <= > >=")
        if value.kind not in ("word", "single", "double"):
            raise self._wrong(value, "expected a value")
        if name in NUMBERS:
            if sign.text == "~":
                raise self._wrong(sign, f"“{name}” is a number, which ~ cannot compare")
            try:
                return Comparison(name, sign.text, parse_size(value.text))
            except Invalid:
                raise self._wrong(value, "expected a number or a size like 4GiB") from None
        if sign.text not in ("=", "!=", "~"):
            raise self._wrong(sign, f"“{name}” is a text, which only = != and ~ can compare")
        if sign.text == "~" and (reason := _objection(value.text)):
            raise self._wrong(value, reason)
        return Comparison(name, sign.text, value.text)

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _advance(self) -> _Token:
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _take_word(self, word: str) -> bool:
        if self._peek().kind == "word" and self._peek().text.lower() == word:
            self._advance()
            return True
        return False

    def _wrong(self, token: _Token, reason: str) -> Invalid:
        where = f"“{token.text}” at position {token.at + 1}" if token.text else "the end"
        return Invalid(f"the filter “{self._text}” is wrong at {where}: {reason}")


def _objection(pattern: str) -> str:
    """Why a regular expression is not taken: it is run by the manager for anybody, so its time must be bounded."""
    if len(pattern) > _PATTERN_LIMIT:
        return f"a regular expression has at most {_PATTERN_LIMIT} characters"
    if len(re.findall(r"[*+?{]", pattern)) > _REPETITION_LIMIT:
        return f"a regular expression has at most {_REPETITION_LIMIT} of the signs * + ? and {{"
    if re.search(r"\)[*+{]", pattern):
        return "a regular expression cannot repeat a group"
    try:
        re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError) as error:
        return f"this is no regular expression: {error}"
    return ""

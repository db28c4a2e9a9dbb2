"""What people copy to get into a pool: one word that says where its managers are, how to know them, and who asks.

``cenote-token-1.BASE64URL(JSON)`` has a user's token, ``cenote-join-1.…`` the secret by which a server joins once.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from typing import Any

from cenote.errors import NoKey

_LIMIT = 8192
_MANAGERS = 64
_TOKEN = "cenote-token"  # noqa: S105 - what a token begins with
_JOIN = "cenote-join"
_VERSION = "1"
_MANAGER = re.compile(r"(\[[0-9a-fA-F:.]+(%\w+)?\]|[\w.-]+):\d{1,5}", re.ASCII)


@dataclass(frozen=True)
class TokenCredential:
    """Managers as “host:port”; ``ca`` is the SHA-256, in hex, of the certificate of the pool's authority."""

    managers: tuple[str, ...]
    ca: str
    token: str = field(repr=False)

    @property
    def text(self) -> str:
        return _write(_TOKEN, {"managers": self.managers, "ca": self.ca, "token": self.token})


@dataclass(frozen=True)
class JoinCredential:
    managers: tuple[str, ...]
    ca: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        return _write(_JOIN, {"managers": self.managers, "ca": self.ca, "secret": self.secret})


def read_token(text: str) -> TokenCredential:
    """Raises NoKey, whose message never has the secret in it."""
    return TokenCredential(*_read(_TOKEN, "a token", "token", text))


def read_join(text: str) -> JoinCredential:
    """Raises NoKey, whose message never has the secret in it."""
    return JoinCredential(*_read(_JOIN, "a join string", "secret", text))


def _write(kind: str, fields: dict[str, Any]) -> str:
    plain = json.dumps(fields, separators=(",", ":")).encode()
    return f"{kind}-{_VERSION}.{base64.urlsafe_b64encode(plain).decode().rstrip('=')}"


def _read(kind: str, called: str, secret: str, text: str) -> tuple[tuple[str, ...], str, str]:
    word = text.strip()
    head, _, body = word.partition(".")
    if not word:
        raise NoKey(f"{called} is expected, but there is nothing")
    if head != f"{kind}-{_VERSION}":
        raise NoKey(_instead(kind, called, head))
    damaged = NoKey(f"{called} is damaged: copy all of it, from “{kind}” to its end")
    if len(word) > _LIMIT:
        raise damaged
    try:
        plain = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        fields = json.loads(plain)
        managers, ca, found = fields["managers"], fields["ca"], fields[secret]
    except (binascii.Error, ValueError, RecursionError, KeyError, TypeError):
        raise damaged from None
    if (
        not isinstance(managers, list)
        or not 1 <= len(managers) <= _MANAGERS
        or not all(isinstance(one, str) and _MANAGER.fullmatch(one) for one in managers)
        or not (isinstance(ca, str) and re.fullmatch("[0-9a-f]{64}", ca))
        or not (isinstance(found, str) and re.fullmatch("[!-~]{1,200}", found))
    ):
        raise damaged
    return tuple(managers), ca, found


def _instead(kind: str, called: str, head: str) -> str:
    """What somebody has copied in its place."""
    if head in (f"{_TOKEN}-{_VERSION}", f"{_JOIN}-{_VERSION}"):
        other = "a token" if kind == _JOIN else "a join string"
        return f"{called} is expected, but this is {other}"
    if re.fullmatch(rf"{kind}-\d{{1,9}}", head):
        return f"{called} of this kind ({head}) needs a newer Cenote"
    return f"this is not {called} of Cenote’s: it would begin with “{kind}-{_VERSION}.”"

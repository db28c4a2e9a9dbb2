from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.credentials import JoinCredential, TokenCredential, read_join, read_token
from cenote.errors import NoKey

MANAGERS = ("pool.example.org:7660", "10.0.0.1:7660", "[fe80::1]:7660")
TOKEN = TokenCredential(MANAGERS, "ab" * 32, "cenote-0011-ff")
JOIN = JoinCredential(MANAGERS, "ab" * 32, "0011-ff")


def word(head: str = "cenote-token-1", **changes: Any) -> str:
    fields = {"managers": list(MANAGERS), "ca": "ab" * 32, "token": "t"} | changes
    plain = json.dumps({name: value for name, value in fields.items() if value is not None}).encode()
    return f"{head}.{base64.urlsafe_b64encode(plain).decode().rstrip('=')}"


def test_they_are_one_word_and_come_back() -> None:
    assert TOKEN.text.startswith("cenote-token-1.") and JOIN.text.startswith("cenote-join-1.")
    assert len(TOKEN.text.split()) == 1 and "=" not in TOKEN.text
    assert read_token(f"  {TOKEN.text}\n") == TOKEN
    assert read_join(JOIN.text) == JOIN


def test_secrets_do_not_show() -> None:
    assert TOKEN.token not in repr(TOKEN) and JOIN.secret not in repr(JOIN)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "there is nothing"),
        (JOIN.text, "a token is expected, but this is a join string"),
        ("cenote-token-2.e30", "needs a newer Cenote"),
        ("cenote-0011-ff", "this is not a token of Cenote’s"),
        (TOKEN.text[:-7], "copy all of it"),
        (TOKEN.text + "é", "copy all of it"),
        ("cenote-token-1.", "copy all of it"),
        (word(token=None), "copy all of it"),
        (word(token=5), "copy all of it"),
        (word(token=" "), "copy all of it"),  # noqa: S106 - it is none
        (word(managers=[]), "copy all of it"),
        (word(managers="a:1"), "copy all of it"),
        (word(managers=["a:1/b"]), "copy all of it"),
        (word(managers=["a:1"] * 65), "copy all of it"),
        (word(ca="xy"), "copy all of it"),
        (word(ca="ab" * 10_000), "copy all of it"),
        ("cenote-token-1." + base64.urlsafe_b64encode(b"[" * 5000).decode(), "copy all of it"),
    ],
)
def test_what_is_no_token(text: str, reason: str) -> None:
    with pytest.raises(NoKey, match=reason) as raised:
        read_token(text)
    assert "\n" not in str(raised.value)


def test_what_is_no_join_string() -> None:
    with pytest.raises(NoKey, match="a join string is expected, but this is a token"):
        read_join(TOKEN.text)


@given(st.text() | st.binary().map(lambda data: "cenote-token-1." + base64.urlsafe_b64encode(data).decode()))
def test_nothing_else_is_raised(text: str) -> None:
    with pytest.raises(NoKey):
        read_token(text)

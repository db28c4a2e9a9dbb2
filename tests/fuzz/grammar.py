"""The messages that a worker knows, as the code generator writes them down, and their bytes."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

NULL = 2**64 - 1
WANTS_REPLY = 1


@dataclass(frozen=True)
class Raw:
    """Bytes in the place of a field, whether or not they are one."""

    data: bytes


Value = int | list[int] | bytes | None | Raw
Values = dict[str, Value]


@dataclass(frozen=True)
class Field:
    name: str
    kind: str  # word, handle, new; handles, array; bytes, text
    handle: str
    count: str
    optional: bool


@dataclass(frozen=True)
class Message:
    name: str
    opcode: int
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Grammar:
    types: Mapping[str, int]
    messages: Mapping[str, Message]


def load(build: Path) -> Grammar:
    """The grammar of what was built there."""
    read = json.loads((build / "generated" / "fuzz" / "opencl.json").read_text())
    messages = [
        Message(entry["name"], entry["opcode"], tuple(Field(**field) for field in entry["fields"]))
        for entry in read["messages"]
    ]
    return Grammar(read["types"], {message.name: message for message in messages})


def word(value: int) -> bytes:
    return struct.pack("<Q", value % 2**64)


def encode(message: Message, values: Mapping[str, Value]) -> bytes:
    """The body of a call. What has no value is 0, empty, or NULL where that may be."""
    return b"".join(_encode(field, values.get(field.name)) for field in message.fields)


def _encode(field: Field, value: Value) -> bytes:
    match value:
        case Raw(data):
            return data
        case None if field.kind in ("word", "handle", "new"):
            return word(0)
        case None:
            return word(NULL if field.optional else 0)
        case int():
            return word(value)
        case bytes():
            return word(len(value)) + value + bytes(-len(value) % 8)
        case list():
            return word(len(value)) + b"".join(map(word, value))


def frame(opcode: int, body: bytes, flags: int = 0) -> bytes:
    return struct.pack("<IHH", (8 + len(body)) % 2**32, opcode % 2**16, flags) + body


def make_id(kind: int, generation: int, slot: int) -> int:
    return (kind & 0xFF) << 56 | (generation & 0xFFFFFF) << 32 | slot & 0xFFFFFFFF

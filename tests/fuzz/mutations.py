"""How a call goes wrong: in its values, in its ids, in its layout, and in what surrounds it."""

from __future__ import annotations

import struct

from tests.fuzz.client import EXTREMES, Client
from tests.fuzz.grammar import NULL, WANTS_REPLY, Field, Message, Raw, Value, Values, encode, frame, make_id, word


def disturb(client: Client, message: Message, values: Values) -> None:
    """Other values, in the right layout: what an API call may get wrong."""
    fields = [field for field in message.fields if field.kind not in ("new", "handle", "handles")]
    if fields:
        field = client.pick(fields)
        values[field.name] = _other(client, field, values.get(field.name))


def _other(client: Client, field: Field, value: Value) -> Value:
    match value:
        case int():
            return client.pick((*EXTREMES, value + 1, value - 1, value ^ 1 << client.random.randrange(64)))
        case list():
            changed = list(value)
            match client.random.randrange(4):
                case 0:
                    return None
                case 1:
                    return changed[:-1]
                case 2:
                    return changed + [client.pick(EXTREMES)] * client.pick((1, 3, 1000))
            if changed:
                changed[client.random.randrange(len(changed))] = client.pick(EXTREMES)
            return changed
        case bytes():
            cut = client.random.randrange(len(value) + 1)
            return client.pick((None, b"", value[:cut], value + client.bytes(client.pick((1, 7, 5000))), value[cut:]))
        case _:
            return client.pick((None, [], [client.pick(EXTREMES)])) if field.kind == "array" else b"\0" * 9


def confuse(client: Client, message: Message, values: Values) -> None:
    """An id that no honest client sends here."""
    fields = [field for field in message.fields if field.kind in ("new", "handle", "handles")]
    if not fields:
        return
    field = client.pick(fields)
    wrong = _wrong_id(client, field)
    if field.kind != "handles":
        values[field.name] = wrong
    else:
        ids = values.get(field.name)
        values[field.name] = [*(ids if isinstance(ids, list) else []), wrong]


def _wrong_id(client: Client, field: Field) -> int:
    kind = client.grammar.types[field.handle]
    right = client.some(field.handle)
    return client.pick(
        (
            0,
            client.anything(),
            client.pick(client.dead) if client.dead else 1,
            right ^ 1 << 32,
            right ^ 1 << 56,
            make_id(kind, 1, client.pick((2**32 - 1, 2**22, 2**22 - 1, 70_000, 5))),
            client.random.getrandbits(64),
        )
    )


def broken_layout(client: Client, message: Message, values: Values) -> bytes:
    """A body that does not decode, or decodes as something else."""
    body = encode(message, values)
    match client.random.randrange(5):
        case 0:
            return body[: client.random.randrange(len(body) // 8 + 1) * 8]
        case 1:
            return body + word(client.pick(EXTREMES)) * client.pick((1, 2, 100))
        case 2 if body:
            at = client.random.randrange(len(body))
            return body[:at] + client.random.randbytes(1) + body[at + 1 :]
        case 3:
            counted = [field for field in message.fields if field.kind in ("handles", "array", "bytes", "text")]
            if counted:
                count = client.pick((NULL, NULL - 1, 2**63, 2**61, 2**61 + 1, 2**32, len(body) // 8 + 1, 1))
                wrong: Values = values | {client.pick(counted).name: Raw(word(count))}
                return encode(message, wrong)
    return bytes(8 * client.random.randrange(len(message.fields) + 2))


def broken_frame(client: Client, message: Message, body: bytes) -> bytes:
    """A whole message that is none."""
    sizes = (0, 4, 7, 8, 9, 12, 2**31, 2**32 - 1, (256 << 20) + 8, 256 << 20, 8 + len(body) + 8, 8 + len(body) - 8)
    return client.pick(
        (
            struct.pack("<IHH", client.pick(sizes) % 2**32, message.opcode, 0) + body,
            frame(client.pick((0, 46, 399, 499, 65535, client.random.getrandbits(16))), body, WANTS_REPLY),
            frame(message.opcode, body, 0xFFFF),
            client.random.randbytes(8 * client.pick((1, 2, 50))),
            frame(message.opcode, body)[: client.pick((1, 4, 7, 8, 12))],
        )
    )


def bulk(client: Client, pulls: list[tuple[int, int, int]], *, wrong: float) -> bytes:
    """Bulk data: what the worker asked for, or with the probability `wrong` what it did not."""
    sequence, offset, length = pulls.pop(0) if pulls else (client.random.randrange(50), 0, 64)
    if client.often(wrong):
        sequence, offset, length = (
            client.pick((right, right, right + 8, right - 8, *EXTREMES)) for right in (sequence, offset, length)
        )
    header = struct.pack("<QQQ", sequence % 2**64, offset % 2**64, length % 2**64)
    data = header + client.bytes(min(length % 2**64, 512 << 10))
    return data[: client.random.randrange(len(data))] if client.often(wrong / 2) else data

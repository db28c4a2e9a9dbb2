"""docs/api.md: the REST API as its own description says it, with a beginning by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from cenote.pool.api import errors
from cenote.pool.api.app import PREFIX, description

Schema = Mapping[str, Any]

_GENERATED = "<!-- Generated from src/cenote/pool/api by “make pages”. -->"

_BEGINNING = f"""
What a manager of a pool offers over HTTPS, below `{PREFIX}`. Bodies are JSON, of at most 64 KiB. Sizes are bytes,
durations seconds, moments seconds since 1970; weights are millionths of a device's compute time. Fields and parameters
that are not described here are refused. The same description for programs, as OpenAPI, is at `{PREFIX}/openapi.json`.

## Who asks

Every request but those to `/health` and `/join` carries a token: `Authorization: Bearer cenote-…`. The managers'
certificates are checked by the certificate of the pool's authority, not by host name: each manager has the name
`manager.cenote.internal`. The word that is handed to people, `cenote-token-1.` and JSON in base64url, says where the
managers are (`managers`), by what to know the authority (`ca`, the SHA-256 of its certificate), and the `token`. With
curl, and the authority's certificate in `ca.pem`:

    curl --cacert ca.pem --connect-to manager.cenote.internal:7660:pool.example.org:7660 \\
      -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" \\
      --json '{{"memory": 8589934592, "term": 3600}}' https://manager.cenote.internal:7660{PREFIX}/allocations

A user has one role: `admin` does everything; `user` borrows devices and sees what is their own; `viewer` sees
everything and changes nothing; `server` speaks for the server of its name. Each route says for whom it is. What one may
not see is answered like what does not exist.

Ten wrong tokens from one address (or one IPv6 network of 64 bits) are answered at once, further ones every three
seconds, the others with 429. A right one from the same address is let in all the same.

## Asking again

A request to `POST /allocations` that is sent again with the same `Idempotency-Key`, by the same user, is the same
request: it returns the allocation that the first one made, in its present state. So whoever has got no answer asks
again. `DELETE` and `PUT` may be repeated as they are; extending adds each time.

## Waiting

`GET /allocations/ID?wait=30&seen=waiting` is answered as soon as the state is not `waiting`, or after 30 seconds, and
says the place in the queue and when it should start; then a client asks again. A request with `tethered` leaves the
queue when nobody has asked for it for half a minute; one without waits until it is released.

The states: `waiting` → `placing` (servers have yet to confirm it) → `active` → `releasing` (servers have yet to free
it) → `ended`. What a server refuses goes from `placing` back to `waiting`, at its old place.

## Errors

are problem documents (RFC 9457, `{errors.MEDIA_TYPE}`). `code` is for programs and stays; `detail` is one sentence for
the user.
"""


def page() -> str:
    document = description()
    schemas: Mapping[str, Schema] = document["components"]["schemas"]
    return (
        "\n\n".join(
            [
                "# The manager's REST API",
                _GENERATED,
                _BEGINNING.strip(),
                _table(["status", "code", "what it means"], _errors()),
                *_routes(document["paths"]),
                "## Schemas",
                *(_schema(name, schema) for name, schema in sorted(schemas.items())),
            ]
        )
        + "\n"
    )


def _errors() -> Iterator[list[str]]:
    rows = [(status, code, title) for status, code, title in errors.TABLE.values()]
    rows += [(status, code, title) for status, (code, title) in errors.HTTP.items()]
    for status, code, title in sorted(rows, key=lambda row: row[0]):
        yield [str(status), f"`{code}`", title]


def _routes(paths: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    operations = [(path, method, one) for path, methods in paths.items() for method, one in methods.items()]
    for tag, group in groupby(operations, key=lambda entry: entry[2]["tags"][0]):
        yield f"## {tag.capitalize()}"
        for path, method, operation in group:
            yield "\n\n".join(_route(path.removeprefix(PREFIX), method.upper(), operation))


def _route(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    roles = operation["x-roles"]
    yield f"### {method} {path}"
    yield " ".join(operation["description"].split())
    answer = next((code, one) for code, one in operation["responses"].items() if code.startswith("2"))
    content = answer[1].get("content", {}).get("application/json", {}).get("schema")
    text = "text/plain" in answer[1].get("content", {})
    what = f" with {_type(content)}" if content else " with text" if text else ", without a body"
    said = f"{answer[0]}{what}"
    lines = [f"For {', '.join(roles) if roles else 'everybody, without a token'}. Answers {said}."]
    if body := operation.get("requestBody"):
        lines.append(f"Body: {_type(body['content']['application/json']['schema'])}.")
    yield " ".join(lines)
    # What stands in the path needs no table.
    if parameters := [one for one in operation.get("parameters", ()) if one["in"] != "path"]:
        rows = [
            [f"`{one['name']}`", one["in"], _type(one["schema"]), _default(one["schema"], one["required"]), _said(one)]
            for one in parameters
        ]
        yield _table(["parameter", "in", "type", "default", "what it is"], rows)


def _schema(name: str, schema: Schema) -> str:
    if "enum" in schema:
        return f"### {name}\n\nOne of {_values(schema)}."
    required = schema.get("required", ())
    said = " ".join(schema.get("description", "").split())
    rows = [
        [f"`{field}`", _type(one), _default(one, field in required), _said(one)]
        for field, one in schema["properties"].items()
    ]
    return "\n\n".join(
        part for part in (f"### {name}", said, _table(["field", "type", "default", "what it is"], rows)) if part
    )


def _type(schema: Schema) -> str:
    match schema:
        case {"$ref": str(reference)}:
            name = reference.rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"anyOf": options}:
            return " or ".join(_type(option) for option in options)
        case {"enum": _}:
            return _values(schema)
        case {"type": "array", "items": items}:
            return f"list of {_type(items)}"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"object of {_type(values)}"
        case {"type": kind}:
            return f"{kind}{_bounds(schema)}"
    return "anything"


def _bounds(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" {_number(low)} … {_number(high)}"
    if "maxLength" in schema:
        return f" of at most {schema['maxLength']} characters"
    return ""


def _number(value: float) -> str:
    whole = int(value)
    if whole > 1 << 20 and whole & (whole - 1) == 0:
        return f"2^{whole.bit_length() - 1}"
    return f"{whole:,}" if whole == value else str(value)


def _values(schema: Schema) -> str:
    return ", ".join(f"`{value}`" for value in schema["enum"])


def _default(schema: Schema, required: bool) -> str:
    if required:
        return ""
    value = schema.get("default")
    return "none" if value in (None, {}, [], "") else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _said(schema: Schema) -> str:
    return str(schema.get("description", "")).replace("|", "\\|")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |") for cells in lines)

"""Servers as users name them, by their names in the pool or by addresses, as filters of devices."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Sequence

from cenote import listening, protocol
from cenote.errors import CenoteError
from cenote.protocol import Address


def narrowed(servers: Sequence[str], filter: str | None = None) -> str | None:
    """The filter, for devices of these servers alone if any is named."""
    if not servers:
        return filter
    here = " or ".join(dict.fromkeys(part for word in servers for part in _ways(word)))
    return f"({here}) and ({filter})" if filter else here


def _ways(word: str) -> Iterator[str]:
    yield f'server="{word}"'
    try:
        named = Address.parse(word, 0)
    except CenoteError:
        return
    hosts = dict.fromkeys([named.host, *_numbers(named.host)])
    if any(map(_is_loopback, hosts)):
        yield f'server="{socket.gethostname()}"'
        hosts[listening.own_address()] = None
    for host in hosts:
        if named.port:
            yield f'address="{Address(host, named.port)}"'
        else:
            start = str(Address(host, 0)).removesuffix("0")
            yield f'address~"^{re.escape(start)}"'


def _numbers(host: str) -> list[str]:
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except OSError:
        return []


def _is_loopback(host: str) -> bool:
    try:
        return protocol.is_loopback(host)
    except ValueError:  # a name
        return False

"""Sockets that listen, and the addresses at which they do."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence

from cenote.errors import CannotListen
from cenote.protocol import Address, is_loopback

_BACKLOG = 512
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - beyond loopback only over TLS
_FAR_AWAY = ("192.0.2.1", 9)  # for documentation; nothing is sent there


def listen_on(addresses: Sequence[Address], port: int) -> list[socket.socket]:
    """Listens on all of the addresses, or, when none is named, on the port wherever this machine can be reached."""
    if addresses:
        return [listen(address) for address in addresses]
    everywhere = _EVERYWHERE if _has_ipv6() else _EVERYWHERE[:1]
    return [listen(Address(host, port)) for host in everywhere]


def listen(address: Address) -> socket.socket:
    """A listening socket on a numeric address, or one sentence why not."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((address.host, address.port))
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        reason = {
            errno.EADDRINUSE: "is in use already; another server may be running, or name another one with --listen",
            errno.EADDRNOTAVAIL: "is not an address of this machine",
            errno.EACCES: "is not ours to use; ports below 1024 are for root",
        }.get(error.errno or 0, f"cannot be listened on: {error.strerror}")
        raise CannotListen(f"{address} {reason}") from None
    sock.setblocking(False)
    return sock


def address_of(listener: socket.socket) -> Address:
    host, port = listener.getsockname()[:2]
    return Address(host, port)


def reached_at(listener: socket.socket) -> Address:
    """Where others reach it: for one that listens everywhere, this host's address on the way to other networks.

    The host's name is not asked: it may lead to 127.0.1.1.
    """
    address = address_of(listener)
    return address if address.host not in _EVERYWHERE else Address(own_address(), address.port)


def reached_from(gate: Sequence[Address], local: str) -> Address:
    """Where others reach a gate that listens at these addresses, on a host with the ``local`` address towards them.

    Where that is loopback, they are on this host, and others than they may come.
    """
    here = is_loopback(local)
    if everywhere := [one for one in gate if one.host in _EVERYWHERE]:
        family = [one for one in everywhere if (":" in one.host) == (":" in local)]
        return Address(own_address() if here else local, (family or everywhere)[0].port)
    same = [one for one in gate if one.host == local and not here]
    outward = [one for one in gate if not is_loopback(one.host)]
    return (same or outward or list(gate))[0]


def own_address() -> str:
    """This host's on the way to other networks; that of loopback where there is no way."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_FAR_AWAY)
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False

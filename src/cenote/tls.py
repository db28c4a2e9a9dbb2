"""The pool's certificates on a connection: contexts for both ends, and who the peer is that has shown one.

Peers are known by the role and the name that the pool's authority has written into their certificates, as a URI
``cenote:ROLE:NAME``; never by the host name that was dialled. Managers also have a fixed DNS name, so that an HTTPS
client can have it checked before it sends anything.
"""

from __future__ import annotations

import hashlib
import hmac
import socket
import ssl
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from cenote.errors import NoKey, NotAllowed, Unreachable
from cenote.protocol import Address

MANAGER_HOST = "manager.cenote.internal"

_SCHEME = "cenote"


class Role(StrEnum):
    SERVER = "server"
    MANAGER = "manager"


@dataclass(frozen=True)
class Peer:
    """Who has shown a certificate; ``serial`` is the certificate's, in hex."""

    role: Role
    name: str
    serial: str

    @property
    def uri(self) -> str:
        return uri(self.role, self.name)


@dataclass(frozen=True)
class Files:
    """A certificate with those that lead to the authority's, its private key, and the authority's certificate."""

    certificate: Path
    key: Path
    authority: Path

    def serving_peers(self) -> ssl.SSLContext:
        """For accepting connections from those who have a certificate of the pool themselves."""
        context = self.serving()
        context.verify_mode = ssl.CERT_REQUIRED
        return _trusting(context, self._read(self.authority))

    def serving(self) -> ssl.SSLContext:
        """For accepting connections from anybody."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.num_tickets = 0  # a resumed connection would not look at the certificate again
        self.show(context)
        return context

    def dialling(self) -> ssl.SSLContext:
        """For connections to servers, whose names are to be looked at with ``peer`` before anything is sent."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        self.show(context)
        return _trusting(context, self._read(self.authority))

    def show(self, context: ssl.SSLContext) -> None:
        """From now on connections with this context show what the files have now."""
        try:
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise NoKey(f"the certificate {self.certificate} cannot be used: {error.strerror or error}") from None

    @staticmethod
    def _read(file: Path) -> str:
        try:
            return file.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise NoKey(f"the certificate {file} cannot be read: {error}") from None


def trusting(authority: str) -> ssl.SSLContext:
    """For HTTPS to a manager of the pool with this authority (PEM). Connect with MANAGER_HOST as the server's name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.hostname_checks_common_name = False  # a server's may be anything
    return _trusting(context, authority)


def fingerprint_of(certificate: str) -> str:
    """The SHA-256 of a certificate in PEM, in hex, by which a pool's authority is known. Raises ValueError."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()


def authority(host: str, port: int, fingerprint: str, timeout: float) -> str:
    """The certificate (PEM) of the pool's authority, which a manager shows together with its own.

    Believes nothing but the ``fingerprint``, its SHA-256 in hex. Nothing may be said to the manager before a connection
    that is made with ``trusting``. Raises Unreachable, and NotAllowed when the manager is of another pool.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), timeout) as sock,
            context.wrap_socket(sock, server_hostname=MANAGER_HOST) as connection,
        ):
            shown = _chain(connection)
    except TimeoutError:
        raise Unreachable(f"no manager answers at {Address(host, port)}") from None
    except OSError as error:  # with those of TLS
        reason = error.strerror or str(error)
        raise Unreachable(f"no manager can be reached at {Address(host, port)}: {reason}") from None
    for certificate in shown:
        if hmac.compare_digest(hashlib.sha256(certificate).hexdigest(), fingerprint):
            return ssl.DER_cert_to_PEM_cert(certificate)
    raise NotAllowed(f"what answers at {Address(host, port)} is no manager of this pool")


def _chain(connection: Any) -> list[bytes]:
    """All certificates that were shown, in DER. Python has this in public from 3.13 on."""
    if hasattr(connection, "get_unverified_chain"):
        return list(connection.get_unverified_chain())
    return [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in connection._sslobj.get_unverified_chain()]


def uri(role: Role, name: str) -> str:
    return f"{_SCHEME}:{role}:{urllib.parse.quote(name, safe='')}"


def peer(connection: ssl.SSLObject | ssl.SSLSocket) -> Peer:
    """Who is at the other end, after the handshake has verified the certificate. Raises NotAllowed."""
    return peer_of(connection.getpeercert() or {})


def peer_of(certificate: Mapping[str, Any]) -> Peer:
    """The same from what ``getpeercert`` returned."""
    for kind, value in certificate.get("subjectAltName", ()):
        scheme, _, rest = value.partition(":")
        role, _, name = rest.partition(":")
        if kind == "URI" and scheme == _SCHEME and role in list(Role):
            return Peer(Role(role), urllib.parse.unquote(name), f"{int(certificate['serialNumber'], 16):x}")
    raise NotAllowed("the certificate names no role in this pool")


def _trusting(context: ssl.SSLContext, authority: str) -> ssl.SSLContext:
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # an operator's authority may itself be certified by another
    try:
        context.load_verify_locations(cadata=authority)
    except (ssl.SSLError, ValueError):
        raise NoKey("the certificate of the pool’s authority cannot be used") from None
    return context

"""How a host comes to belong to a pool when its server starts: by a join string, or by the manager that it keeps."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cenote.credentials import JoinCredential, read_join
from cenote.errors import Conflict, NoKey
from cenote.pool.home import Home, Resident
from cenote.protocol import Address
from cenote.server.membership import Membership
from cenote.server.own_manager import OwnManager


@dataclass(frozen=True)
class Wish:
    """What the server was asked to do about pools; ``name`` is the one that it is to have there."""

    name: str
    start: bool = False
    """A pool here, with a manager of its own, which later starts keep as well."""
    manager_listens: Sequence[Address] = ()
    join: JoinCredential | None = field(default=None, repr=False)
    address: str | None = None
    """Where the pool reaches this server, if that cannot be seen from here."""


class Enrolment:
    """``folder`` is that of the membership."""

    def __init__(self, wish: Wish, folder: Path, home: Home) -> None:
        self._wish = wish
        self._folder = folder
        self._home = home
        self.manager = OwnManager(home, wish.manager_listens) if wish.start or home.kept else None
        self.resident: Resident | None = None

    async def prepare(self) -> None:
        """After this the host is a member of the pool that was wished for, if any was. Raises Conflict, among others,
        when it is one of another pool."""
        member = Membership.load(self._folder)
        if self.manager and self._wish.join:
            raise Conflict("a server that keeps a manager belongs to that manager’s pool and cannot join another")
        if self.manager:
            if member and not self._home.kept:
                raise Conflict(f"this host belongs to a pool elsewhere; to leave it, remove {self._folder}")
            self.resident = await self.manager.ensure()
            await self._join_own(member, self.resident)
            self._home.keep()
        elif self._wish.join:
            await self._join(member, self._wish.join)

    async def _join_own(self, member: Membership | None, resident: Resident) -> None:
        if member is None:
            invitation = await asyncio.to_thread(_invitation, self._home, self._wish.name)
            await self._join(None, invitation)
        elif member.managers != resident.managers:  # this host has another address now
            member.told(resident.managers, member.revoked).save()

    async def _join(self, member: Membership | None, credential: JoinCredential) -> None:
        """One that is a member already stays it: units and containers are started with the same string each time."""
        if member is None:
            from cenote.server.agent import join  # with an HTTP client

            await join(self._folder, credential.managers, credential.ca, credential.secret, self._wish.name)
        elif _fingerprint(member) != credential.ca:
            raise Conflict(f"this host belongs to another pool; to leave it, remove {self._folder}")


def _invitation(home: Home, name: str) -> JoinCredential:
    from cenote.client.pool import Pool, read_token_file

    try:
        credential = read_token_file(home.admin_token)
    except NoKey as error:
        raise NoKey(f"this host cannot join its own pool by itself ({error})") from None
    with Pool.open(credential) as pool:
        return read_join(pool.ask("POST", "/join-strings", {"server": name})["text"])


def _fingerprint(member: Membership) -> str:
    try:
        text = member.files.authority.read_text(encoding="ascii")
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text)).hexdigest()
    except (OSError, ValueError) as error:
        raise NoKey(f"the certificate {member.files.authority} cannot be used: {error}") from None

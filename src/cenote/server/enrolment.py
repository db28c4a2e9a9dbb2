"""How a host comes to belong to a pool when its server starts: by a join string, or by the manager that it keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cenote import tls
from cenote.client.pool import Pool, read_token_file
from cenote.credentials import JoinCredential, read_join
from cenote.errors import Conflict, NoKey
from cenote.pool.home import Home
from cenote.protocol import Address
from cenote.server.agent import join
from cenote.server.member import Member
from cenote.server.membership import Membership
from cenote.server.own_manager import OwnManager


@dataclass(frozen=True)
class Wish:
    """What the server was asked to do about pools; ``name`` is the one that it is to have there."""

    name: str
    manager_listens: Sequence[Address] = ()
    """Where a manager of this host's own listens, if its settings do not say."""
    join: JoinCredential | None = field(default=None, repr=False)
    address: str | None = None
    """Where the pool reaches this server, if that cannot be seen from here."""


class Enrolment:
    """``folder`` is that of the membership."""

    def __init__(self, wish: Wish, folder: Path, home: Home) -> None:
        self._wish = wish
        self._folder = folder
        self._home = home
        self._member = Membership.load(folder)
        elsewhere = self._member or wish.join
        self.manager = OwnManager(home, wish.manager_listens) if home.kept or not elsewhere else None

    async def prepare(self) -> Membership:
        """That of the pool that the host is to join, or has joined, or else of one of its own. Raises Conflict, among
        others, when it belongs to another pool. Who has joined needs no manager for that."""
        if self.manager and self._wish.join:
            raise Conflict(f"this host keeps a pool of its own; to give that up, remove {self._home.folder}")
        if self._wish.join:
            self._member = await self._join(self._wish.join)
        if self._member is None:
            assert self.manager
            await self.manager.ensure()
            self._member = await self._join(await asyncio.to_thread(_invitation, self._home, self._wish.name))
            self._home.keep()
        return self._member

    async def tend(self, member: Member) -> None:
        """Sees to it that this host's own manager runs, if it has one, and that the member knows where."""
        if self.manager:
            await self.manager.watch(lambda resident: member.moved(resident.managers))

    async def _join(self, credential: JoinCredential) -> Membership:
        """One that is a member already stays it: units and containers are started with the same string each time."""
        if self._member is None:
            return await join(self._folder, credential.managers, credential.ca, credential.secret, self._wish.name)
        if _fingerprint(self._member) != credential.ca:
            raise Conflict(f"this host belongs to another pool; to leave it, remove {self._folder}")
        return self._member


def _invitation(home: Home, name: str) -> JoinCredential:
    try:
        credential = read_token_file(home.admin_token)
    except NoKey as error:
        raise NoKey(f"this host cannot join its own pool by itself ({error})") from None
    with Pool.open(credential) as pool:
        return read_join(pool.ask("POST", "/join-strings", {"server": name})["text"])


def _fingerprint(member: Membership) -> str:
    try:
        return tls.fingerprint_of(member.files.authority.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise NoKey(f"the certificate {member.files.authority} cannot be used: {error}") from None

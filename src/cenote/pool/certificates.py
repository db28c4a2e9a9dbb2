"""The certificates that a pool has issued, and those of them that no longer count."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select

from cenote import tls
from cenote.errors import Invalid, NotAllowed
from cenote.pool.authority import Authority, Issued
from cenote.pool.core import POOL, Actor, Change, Core
from cenote.pool.models import Certificate
from cenote.pool.models import Role as UserRole
from cenote.tls import Role

_FRESH = 5.0  # seconds for which what was revoked is not read again


class Certificates:
    """What can go wrong with the store is raised as StoreFailed."""

    def __init__(self, core: Core, authority: Authority) -> None:
        self._core = core
        self.authority = authority
        self._revoked: dict[Role, tuple[float, frozenset[str]]] = {}

    def manager(self, folder: Path, name: str, hosts: Iterable[str]) -> tuple[tls.Files, float]:
        """A manager's own, anew at each of its starts, and the moment at which it is to be renewed.

        ``hosts`` are the names and addresses by which the manager is reached.
        """
        files, issued = self.authority.manager(folder, name, hosts)
        with self._core.change() as change:
            self._record(change, POOL, issued)
        return files, issued.renew_at

    def server(self, change: Change, actor: Actor, request: bytes, name: str) -> Issued:
        """One for the server ``name``; those that it had before do not count from now on. Raises Invalid."""
        issued = self.authority.issue(request, Role.SERVER, name)
        self.end(change, Role.SERVER, name)
        self._record(change, actor, issued)
        return issued

    def renew(self, actor: Actor, request: bytes, name: str) -> Issued:
        """One more for a server, by itself: it may not get the answer, so those that it has go on. Raises Invalid."""
        if actor.role != UserRole.SERVER or actor.name != name:
            raise NotAllowed(f"{actor.name} may not speak for the server “{name}”")
        issued = self.authority.issue(request, Role.SERVER, name)
        with self._core.change() as change:
            self._record(change, actor, issued)
        return issued

    def end(self, change: Change, role: Role, name: str) -> list[str]:
        """From now on no certificate counts that this server or manager has; their serials."""
        rows = self._valid(change, role, name)
        for row in rows:
            row.revoked_at = change.now
        self._revoked.clear()
        return [row.serial for row in rows]

    def revoke(self, actor: Actor, role: Role, name: str) -> None:
        """From now on nobody is taken for this server or manager. Raises NotAllowed, and Invalid when there is none."""
        if not actor.is_admin:
            raise NotAllowed(f"{actor.name} is no admin")
        with self._core.change() as change:
            if not (serials := self.end(change, role, name)):
                raise Invalid(f"there is no {role} “{name}” with a certificate")
            change.audit(actor, "certificate.revoke", name, role=role, serials=serials)

    def revoked(self, role: Role) -> frozenset[str]:
        """The serials of this role's certificates that have been revoked and would not have expired yet."""
        read_at, found = self._revoked.get(role, (-_FRESH, frozenset()))
        if time.monotonic() - read_at >= _FRESH:
            query = select(Certificate.serial).where(
                Certificate.role == role,
                Certificate.revoked_at.is_not(None),
                Certificate.expires_at > self._core.clock(),
            )
            with self._core.store.reading() as session:
                found = frozenset(session.scalars(query))
            self._revoked[role] = time.monotonic(), found
        return found

    @staticmethod
    def _record(change: Change, actor: Actor, issued: Issued) -> None:
        row = Certificate(serial=issued.serial, role=issued.role, name=issued.name, issued_at=change.now)
        row.expires_at, row.revoked_at = issued.expires_at, None
        change.session.add(row)
        change.audit(actor, "certificate.issue", issued.name, role=issued.role, serial=issued.serial)

    @staticmethod
    def _valid(change: Change, role: Role, name: str) -> list[Certificate]:
        query = select(Certificate).where(
            Certificate.role == role, Certificate.name == name, Certificate.revoked_at.is_(None)
        )
        return list(change.session.scalars(query))

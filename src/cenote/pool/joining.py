"""How a server becomes one of the pool's, and ceases to be: an admin invites it, and it joins with a secret."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cenote.errors import Conflict, NotAllowed, WrongToken
from cenote.pool import lending
from cenote.pool.accounts import check_name, digest, new_token, new_user
from cenote.pool.certificates import Certificates
from cenote.pool.core import Actor, Change, Core
from cenote.pool.models import Invitation, Part, Role, Server, ServerState, Token, User
from cenote.pool.servers import named
from cenote.tls import Role as CertificateRole

LIFETIME = 3600.0


@dataclass(frozen=True)
class Invited:
    """``secret`` is shown once."""

    secret: str = field(repr=False)
    expires_at: float


@dataclass(frozen=True)
class Joined:
    """What a server has from then on: ``certificate`` in PEM, and the token of its user."""

    name: str
    certificate: bytes
    renew_at: float
    token: str = field(repr=False)


class Joining:
    """All methods raise StoreFailed when the database cannot be used."""

    def __init__(self, core: Core, certificates: Certificates) -> None:
        self._core = core
        self._certificates = certificates

    def invite(self, actor: Actor, server: str | None = None) -> Invited:
        """For one server, within an hour: a new one, or the one of that name, which then starts anew."""
        if not actor.is_admin:
            raise NotAllowed(f"{actor.name} may not invite servers")
        if server is not None:
            check_name(server)
        number, secret = secrets.token_hex(8), secrets.token_hex(32)
        with self._core.change() as change:
            expires = change.now + LIFETIME
            change.session.add(
                Invitation(id=number, hash=digest(secret), server=server, created_at=change.now, expires_at=expires)
            )
            change.audit(actor, "server.invite", server or "", invitation=number)
            return Invited(f"{number}-{secret}", expires)

    def check(self, secret: str) -> None:
        """Raises WrongToken, without saying why, for what lets nobody join. Waits for nobody."""
        with self._core.store.reading() as session:
            _valid(session, self._core.clock(), secret)

    def join(self, secret: str, server: str, request: bytes) -> Joined:
        """``request`` is a signing request. What the server of that name had before does not count any more.

        Raises WrongToken, without saying why, Invalid, and Conflict for a name that is taken.
        """
        check_name(server)
        with self._core.change() as change:
            row = _valid(change.session, change.now, secret)
            user = self._user(change, row, server)
            actor = Actor(user.name, user.role, user.id)
            issued = self._certificates.server(change, actor, request, server)
            row.used_at = change.now
            _revoke_tokens(change, user)
            token = new_token(change, actor, user, "joined")
            change.audit(actor, "server.admit", server, invitation=row.id)
            return Joined(server, issued.certificate, issued.renew_at, token.text)

    def remove(self, actor: Actor, server: str, *, force: bool = False) -> None:
        """From now on a server is none of the pool's: its certificates and its token do not count.

        What it lends must be over, or with ``force`` counts as over, whatever still runs there. Raises Conflict.
        """
        with self._core.change() as change:
            row = named(change.session, actor, server)
            parts = change.session.scalars(select(Part).where(Part.server_id == row.id)).all()
            if parts and not force:
                raise Conflict(f"“{server}” still lends {len(parts)} device(s) or shares: drain it, and wait")
            change.audit(actor, "server.remove", server, lent=len(parts))
            self._certificates.end(change, CertificateRole.SERVER, server)
            user = change.session.scalars(select(User).where(User.name == server, User.role == Role.SERVER))
            for one in user:
                one.active = False
                _revoke_tokens(change, one)
            row.state, row.draining = ServerState.REMOVED, False
            for device in row.devices:
                device.present = False
            lending.free_all(change, parts)
            lending.reschedule(change)

    @staticmethod
    def _user(change: Change, invitation: Invitation, server: str) -> User:
        named = invitation.server == server
        if invitation.server is not None and not named:
            raise Conflict(f"this invitation is for the server “{invitation.server}”")
        user = change.session.scalars(select(User).where(User.name == server)).one_or_none()
        if user is None:
            if not named and _known(change.session, server):
                raise _taken(server)
            change.session.add(user := new_user(change, server, Role.SERVER))
        elif user.role != Role.SERVER or not named:
            raise _taken(server)
        user.active = True
        change.session.flush()
        return user


def _revoke_tokens(change: Change, user: User) -> None:
    old = update(Token).where(Token.user_id == user.id, Token.revoked_at.is_(None))
    change.session.execute(old.values(revoked_at=change.now))


def _valid(session: Session, now: float, secret: str) -> Invitation:
    number, _, rest = secret.strip().partition("-")
    row = session.get(Invitation, number)
    right = hmac.compare_digest(row.hash if row else b"", digest(rest))
    if row is None or not right or row.used_at is not None or now >= row.expires_at:
        raise WrongToken("the join string is not valid: each is for one server and one hour")
    return row


def _known(session: Session, server: str) -> bool:
    return session.scalars(select(Server.id).where(Server.name == server)).one_or_none() is not None


def _taken(server: str) -> Conflict:
    return Conflict(f"the name “{server}” is taken; if it is the same server, let it be invited by its name")

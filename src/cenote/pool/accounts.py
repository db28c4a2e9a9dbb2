"""Users, groups, their limits, and the tokens by which they are known."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session, joinedload

from cenote.errors import Conflict, Invalid, NotAllowed, NotFound, WrongToken
from cenote.pool import lending
from cenote.pool.core import POOL, Actor, Change, Core
from cenote.pool.models import Allocation, Audit, Group, Outcome, Role, State, Token, User
from cenote.pool.queue import Limits

_PREFIX = "cenote"
_RECOVERED = "recovered"
_FIRST = ("first", _RECOVERED)  # labels of tokens whose file a manager keeps
NAME = r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,63}"


@dataclass(frozen=True)
class UserView:
    name: str
    role: Role
    group: str | None
    limits: Limits
    active: bool


@dataclass(frozen=True)
class TokenView:
    """Moments are seconds since 1970."""

    id: str
    user: str
    label: str
    created_at: float
    expires_at: float | None
    revoked_at: float | None


@dataclass(frozen=True)
class GroupView:
    name: str
    limits: Limits


@dataclass(frozen=True)
class NewToken:
    """``text`` is shown once."""

    id: str
    text: str = field(repr=False)
    expires_at: float | None = None


@dataclass(frozen=True)
class Login:
    actor: Actor
    expires_at: float | None


class Accounts:
    """Changes are for admins, and are in the audit log. Methods raise NotAllowed, Invalid and StoreFailed."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def bootstrap(self, name: str = "admin") -> str | None:
        """The token of a first admin; None when the pool has users already."""
        with self._core.change() as change:
            if change.session.scalar(select(func.count()).select_from(User)):
                return None
            change.session.add(user := new_user(change, name, Role.ADMIN))
            change.audit(POOL, "user.create", name, role=Role.ADMIN)
            return new_token(change, POOL, user, _FIRST[0]).text

    def recover(self) -> str:
        """A new token of the first admin, whom this lets in again, for who has the manager's host and lost the token.

        The one from the pool's start, and one that was recovered before, do not work any more.
        """
        with self._core.change() as change:
            admins = select(User).where(User.role == Role.ADMIN).order_by(User.active.desc(), User.id)
            user = change.session.scalars(admins).first()
            if user is None:
                raise NotFound("the pool has no admin yet; its manager’s first start makes one")
            user.active = True
            lost = update(Token).where(Token.user_id == user.id, Token.label.in_(_FIRST), Token.revoked_at.is_(None))
            change.session.execute(lost.values(revoked_at=change.now))
            change.audit(POOL, "user.recover", user.name)
            return new_token(change, POOL, user, _RECOVERED).text

    def create_user(
        self, actor: Actor, name: str, role: Role = Role.USER, group: str | None = None, limits: Limits | None = None
    ) -> UserView:
        with self._administered(actor) as change:
            check_name(name)
            if change.session.scalars(select(User).where(User.name == name)).one_or_none():
                raise Conflict(f"there is a user “{name}” already")
            change.session.add(user := new_user(change, name, role))
            user.group = _group(change.session, group) if group else None
            _limit(user, limits or Limits())
            change.audit(actor, "user.create", name, role=role, group=group, **_told(limits or Limits()))
            return _user_view(user)

    def change_user(
        self,
        actor: Actor,
        name: str,
        *,
        role: Role | None = None,
        limits: Limits | None = None,
        active: bool | None = None,
    ) -> UserView:
        """Changes what is given. The tokens of a user who is not active do not work, and what they hold ends."""
        with self._administered(actor) as change:
            user = _user(change.session, name)
            user.role = user.role if role is None else role
            user.active = user.active if active is None else active
            if limits is not None:
                _limit(user, limits)
            _keep_an_admin(change)
            change.audit(actor, "user.change", name, role=user.role, active=user.active, **_told(_limits(user)))
            if not user.active:
                _end(change, actor, Allocation.user_id == user.id)
            lending.reschedule(change)
            return _user_view(user)

    def put_in_group(self, actor: Actor, name: str, group: str | None) -> UserView:
        with self._administered(actor) as change:
            user = _user(change.session, name)
            user.group = _group(change.session, group) if group else None
            change.audit(actor, "user.group", name, group=group)
            lending.reschedule(change)
            return _user_view(user)

    def limit_group(self, actor: Actor, name: str, limits: Limits) -> GroupView:
        """Makes the group if there is none of that name."""
        with self._administered(actor) as change:
            check_name(name)
            group = change.session.scalars(select(Group).where(Group.name == name)).one_or_none()
            if group is None:
                change.session.add(group := Group(name=name))
            _limit(group, limits)
            change.audit(actor, "group.limit", name, **_told(limits))
            lending.reschedule(change)
            return GroupView(name, limits)

    def groups(self, actor: Actor) -> list[GroupView]:
        """All groups for an admin or viewer, the actor's own otherwise."""
        query = select(Group).order_by(Group.name)
        if not (actor.is_admin or actor.role == Role.VIEWER):
            query = query.join(User, User.group_id == Group.id).where(User.id == actor.user)
        with self._core.store.reading() as session:
            return [GroupView(group.name, _limits(group)) for group in session.scalars(query)]

    def users(self, actor: Actor) -> list[UserView]:
        """All users for an admin or viewer, the actor alone otherwise."""
        query = select(User).options(joinedload(User.group)).order_by(User.name)
        if not (actor.is_admin or actor.role == Role.VIEWER):
            query = query.where(User.id == actor.user)
        with self._core.store.reading() as session:
            return list(map(_user_view, session.scalars(query)))

    def create_token(self, actor: Actor, user: str, label: str = "", lifetime: int | None = None) -> str:
        """The text of a new token."""
        return self.issue_token(actor, user, label, lifetime).text

    def issue_token(self, actor: Actor, user: str, label: str = "", lifetime: int | None = None) -> NewToken:
        """A new token, which cannot be shown again; ``lifetime`` in seconds. Users may make them for themselves."""
        with self._core.change() as change:
            if not actor.is_admin and actor.name != user:
                raise NotAllowed(f"{actor.name} may not make tokens for others")
            if lifetime is not None and lifetime < 1:
                raise Invalid("a token lives for at least one second")
            return new_token(change, actor, _user(change.session, user), label, lifetime)

    def revoke(self, actor: Actor, token: str) -> None:
        """From now on the token, of which this is the id, does not work, and what was asked for by it ends."""
        with self._core.change() as change:
            row = change.session.get(Token, token)
            if row is None or not (actor.is_admin or row.user_id == actor.user):
                raise NotFound(f"you have no token “{token}”")
            if row.revoked_at is None:
                row.revoked_at = change.now
                change.audit(actor, "token.revoke", token, user=row.user.name)
                _end(change, actor, Allocation.user_id == row.user_id, Allocation.token_id == token)
                lending.reschedule(change)

    def tokens(self, actor: Actor) -> list[TokenView]:
        """All tokens for an admin, the actor's own otherwise."""
        query = select(Token).options(joinedload(Token.user)).order_by(Token.created_at)
        if not actor.is_admin:
            query = query.where(Token.user_id == actor.user)
        with self._core.store.reading() as session:
            return [
                TokenView(row.id, row.user.name, row.label, row.created_at, row.expires_at, row.revoked_at)
                for row in session.scalars(query)
            ]

    def who(self, token: str) -> Actor:
        """Whose token this is. Raises WrongToken, without saying why."""
        return self.login(token).actor

    def login(self, token: str) -> Login:
        """The same, and until when the token is valid."""
        _, _, rest = token.strip().partition("-")
        number, _, secret = rest.partition("-")
        with self._core.store.reading() as session:
            row = session.get(Token, number, options=[joinedload(Token.user)])
            known = row.hash if row else b""
            if row is None or not hmac.compare_digest(known, digest(secret)):
                raise WrongToken("the token is not valid")
            now = self._core.clock()
            if (
                row.revoked_at is not None
                or not row.user.active
                or (row.expires_at is not None and now >= row.expires_at)
            ):
                raise WrongToken("the token is not valid")
            return Login(Actor(row.user.name, row.user.role, row.user.id, row.id), row.expires_at)

    def audit(self, actor: Actor, *, limit: int = 100, before: int | None = None) -> list[Audit]:
        """The latest entries first; ``before`` an id continues."""
        if not actor.is_admin:
            raise NotAllowed(f"{actor.name} may not read the audit log")
        query = select(Audit).order_by(Audit.id.desc()).limit(limit)
        with self._core.store.reading() as session:
            return list(session.scalars(query if before is None else query.where(Audit.id < before)))

    @contextmanager
    def _administered(self, actor: Actor) -> Iterator[Change]:
        if not actor.is_admin:
            raise NotAllowed(f"{actor.name} is no admin")
        with self._core.change() as change:
            yield change


def check_name(name: str) -> None:
    """Raises Invalid for what cannot be the name of a user, group or server."""
    if not re.fullmatch(NAME, name):
        raise Invalid(f"“{name}” is no name: letters, digits and . @ + - _ only, at most 64")


def digest(secret: str) -> bytes:
    """Plain SHA-256 is enough for what is 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def new_user(change: Change, name: str, role: Role) -> User:
    return User(name=name, role=role, active=True, used=0.0, used_at=change.now)


def new_token(change: Change, actor: Actor, user: User, label: str, lifetime: int | None = None) -> NewToken:
    number, secret = secrets.token_hex(8), secrets.token_hex(32)
    expires = None if lifetime is None else change.now + lifetime
    change.session.add(
        Token(id=number, user=user, hash=digest(secret), label=label[:100], created_at=change.now, expires_at=expires)
    )
    told = {"user": user.name, "label": label[:100], "lifetime": lifetime, "by": actor.token}
    change.audit(actor, "token.create", number, **told)
    return NewToken(number, f"{_PREFIX}-{number}-{secret}", expires)


def _end(change: Change, actor: Actor, *which: ColumnElement[bool]) -> None:
    alive = Allocation.state.not_in((State.RELEASING, State.ENDED))
    for row in change.session.scalars(select(Allocation).where(alive, *which)).all():
        lending.end(change, row, Outcome.REVOKED)
        change.audit(actor, "allocation.revoke", row.id)


def _user(session: Session, name: str) -> User:
    user = session.scalars(select(User).where(User.name == name)).one_or_none()
    if user is None:
        raise NotFound(f"there is no user “{name}”")
    return user


def _group(session: Session, name: str) -> Group:
    group = session.scalars(select(Group).where(Group.name == name)).one_or_none()
    if group is None:
        raise Invalid(f"there is no group “{name}”")
    return group


def _keep_an_admin(change: Change) -> None:
    change.session.flush()
    admins = select(func.count()).select_from(User).where(User.role == Role.ADMIN, User.active)
    if not change.session.scalar(admins):
        raise Conflict("the pool would be left without an admin")


def _limit(row: User | Group, limits: Limits) -> None:
    if any(limit is not None and limit < 0 for limit in (limits.devices, limits.memory)):
        raise Invalid("a limit is 0 or more")
    row.max_devices, row.max_memory = limits.devices, limits.memory


def _limits(row: User | Group) -> Limits:
    return Limits(row.max_devices, row.max_memory)


def _told(limits: Limits) -> dict[str, int | None]:
    return {"max_devices": limits.devices, "max_memory": limits.memory}


def _user_view(user: User) -> UserView:
    return UserView(user.name, user.role, user.group.name if user.group else None, _limits(user), user.active)

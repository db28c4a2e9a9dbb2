from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from cenote.errors import Invalid, NotAllowed, NotFound
from cenote.pool.core import POOL, Actor
from cenote.pool.models import Outcome, Role, State, Token
from cenote.pool.queue import Limits
from cenote.pool.request import WHOLE, Request
from tests.pool.conftest import MakeServer
from tests.support.pool import GIB, Clock, Manager, deliver_all


@pytest.fixture
def admin(manager: Manager) -> Actor:
    token = manager.accounts.bootstrap()
    assert token
    return manager.accounts.who(token)


def test_the_first_admin_is_made_once(manager: Manager, admin: Actor) -> None:
    assert (admin.name, admin.role) == ("admin", Role.ADMIN)
    assert manager.accounts.bootstrap() is None


def test_a_lost_admin(manager: Manager) -> None:
    with pytest.raises(NotFound, match="no admin yet"):
        manager.accounts.recover()
    first = manager.accounts.bootstrap()
    assert first
    manager.accounts.create_user(POOL, "eve", Role.ADMIN)
    own = manager.accounts.create_token(POOL, "admin", "laptop")
    manager.accounts.change_user(POOL, "admin", active=False)
    assert manager.accounts.who(manager.accounts.recover()).name == "eve", "who is active comes first"
    manager.accounts.change_user(POOL, "admin", active=True)
    tokens = [manager.accounts.recover() for _ in range(2)]
    assert manager.accounts.who(tokens[1]).name == manager.accounts.who(own).name == "admin"
    for lost in (first, tokens[0]):
        with pytest.raises(NotAllowed):
            manager.accounts.who(lost)
    entries = [(entry.actor, entry.action) for entry in manager.accounts.audit(POOL, limit=2)]
    assert entries == [("pool", "token.create"), ("pool", "user.recover")]


def test_a_token_is_known_but_not_kept(manager: Manager, admin: Actor) -> None:
    manager.accounts.create_user(admin, "ann")
    token = manager.accounts.create_token(admin, "ann", "laptop")
    assert manager.accounts.who(f" {token}\n").name == "ann"
    with manager.store.reading() as session:
        kept = [row.hash for row in session.scalars(select(Token))]
    assert all(token.rpartition("-")[2].encode() not in hash for hash in kept)
    assert token.rpartition("-")[2] not in str([entry.detail for entry in manager.accounts.audit(admin)])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"),
        lambda token: token.replace("-", "", 1),
        lambda token: "cenote-0000000000000000-" + token.rpartition("-")[2],
        lambda token: "cenote--",
    ],
)
def test_what_is_no_token(manager: Manager, admin: Actor, spoil: Callable[[str], str]) -> None:
    token = manager.accounts.create_token(admin, "admin")
    with pytest.raises(NotAllowed, match=r"^the token is not valid$"):
        manager.accounts.who(spoil(token))


def test_tokens_end(manager: Manager, admin: Actor, clock: Clock) -> None:
    manager.accounts.create_user(admin, "ann")
    short, long = (manager.accounts.create_token(admin, "ann", lifetime=seconds) for seconds in (60, None))
    clock.wall += 60
    with pytest.raises(NotAllowed):
        manager.accounts.who(short)
    ann = manager.accounts.who(long)
    manager.accounts.revoke(ann, long.split("-")[1])
    with pytest.raises(NotAllowed):
        manager.accounts.who(long)
    assert [one.revoked_at is None for one in manager.accounts.tokens(ann)] == [True, False]
    new = manager.accounts.create_token(admin, "ann")
    manager.accounts.change_user(admin, "ann", active=False)
    with pytest.raises(NotAllowed):
        manager.accounts.who(new)


@pytest.mark.parametrize("how", ["token", "user"])
def test_what_was_borrowed_ends_with_its_token_and_its_user(
    manager: Manager, admin: Actor, server: MakeServer, how: str
) -> None:
    host = server("one", devices=2)
    manager.accounts.create_user(admin, "ann")
    laptop, desk = (manager.accounts.create_token(admin, "ann") for _ in range(2))
    by_laptop, by_desk = manager.accounts.who(laptop), manager.accounts.who(desk)
    held = [manager.allocations.submit(who, Request(weight=WHOLE // 2)).id for who in (by_laptop, by_laptop, by_desk)]
    waits = manager.allocations.submit(by_laptop, Request(count=2)).id
    others = manager.allocations.submit(ben := manager.user("ben"), Request()).id
    deliver_all(manager, [host])
    if how == "token":
        manager.accounts.revoke(by_desk, laptop.split("-")[1])
    else:
        manager.accounts.change_user(admin, "ann", active=False)
    deliver_all(manager, [host])
    outcomes = [manager.allocations.get(POOL, name).outcome for name in (*held, waits)]
    revoked = Outcome.REVOKED
    assert outcomes == [revoked, revoked, None if how == "token" else revoked, revoked]
    assert {one.allocation for one in host.report().held} == {others, *([held[2]] if how == "token" else [])}
    assert manager.allocations.get(ben, others).state == State.ACTIVE
    entries = [entry for entry in manager.accounts.audit(POOL) if entry.action == "allocation.revoke"]
    assert {entry.subject for entry in entries} == {*held[: 2 if how == "token" else 3], waits}
    assert {entry.actor for entry in entries} == {"ann" if how == "token" else "admin"}


def test_what_others_may_not_do(manager: Manager, admin: Actor) -> None:
    ann = manager.user("ann")
    theirs = manager.accounts.create_token(admin, "admin").split("-")[1]
    for forbidden in (
        lambda: manager.accounts.create_user(ann, "ben"),
        lambda: manager.accounts.change_user(ann, "ann", role=Role.ADMIN),
        lambda: manager.accounts.limit_group(ann, "lab", Limits()),
        lambda: manager.accounts.put_in_group(ann, "ann", None),
        lambda: manager.accounts.create_token(ann, "admin"),
        lambda: manager.accounts.revoke(ann, theirs),
        lambda: manager.accounts.revoke(ann, "none"),
        lambda: manager.accounts.audit(ann),
    ):
        with pytest.raises(NotAllowed):
            forbidden()
    assert [user.name for user in manager.accounts.users(ann)] == ["ann"]
    assert [user.name for user in manager.accounts.users(manager.user("eve", Role.VIEWER))] == ["admin", "ann", "eve"]
    assert {one.user for one in manager.accounts.tokens(ann)} == {"ann"}
    assert manager.accounts.who(manager.accounts.create_token(ann, "ann")).name == "ann"


def test_what_makes_no_sense(manager: Manager, admin: Actor) -> None:
    manager.user("ann")
    for wrong, reason in (
        (lambda: manager.accounts.create_user(admin, "a b"), "is no name"),
        (lambda: manager.accounts.create_user(admin, "ann"), "there is a user “ann” already"),
        (lambda: manager.accounts.create_user(admin, "ben", group="lab"), "there is no group “lab”"),
        (lambda: manager.accounts.change_user(admin, "ann", limits=Limits(devices=-1)), "0 or more"),
        (lambda: manager.accounts.create_token(admin, "ann", lifetime=0), "at least one second"),
        (lambda: manager.accounts.limit_group(admin, "", Limits()), "is no name"),
        (lambda: manager.accounts.change_user(admin, "admin", role=Role.USER), "without an admin"),
        (lambda: manager.accounts.change_user(admin, "admin", active=False), "without an admin"),
    ):
        with pytest.raises(Invalid, match=reason):
            wrong()
    with pytest.raises(NotFound, match="there is no user “cy”"):
        manager.accounts.change_user(admin, "cy", active=True)
    assert manager.accounts.users(admin)[0].role == Role.ADMIN


def test_the_audit_log_says_who_when_and_what(manager: Manager, admin: Actor, clock: Clock) -> None:
    clock.wall = 5.0
    manager.accounts.limit_group(admin, "lab", Limits(devices=2))
    manager.accounts.create_user(admin, "ann", group="lab", limits=Limits(memory=GIB))
    manager.accounts.put_in_group(admin, "ann", None)
    latest = manager.accounts.audit(POOL, limit=3)
    assert [(entry.actor, entry.at, entry.action, entry.subject) for entry in latest] == [
        ("admin", 5.0, "user.group", "ann"),
        ("admin", 5.0, "user.create", "ann"),
        ("admin", 5.0, "group.limit", "lab"),
    ]
    assert latest[1].detail == {"role": "user", "group": "lab", "max_devices": None, "max_memory": GIB}
    (mine,) = manager.accounts.tokens(admin)
    manager.accounts.create_token(admin, "ann")
    assert manager.accounts.audit(POOL, limit=1)[0].detail["by"] == mine.id, "which token has made another"
    older = manager.accounts.audit(POOL, before=latest[-1].id)
    assert [entry.action for entry in older] == ["token.create", "user.create"]

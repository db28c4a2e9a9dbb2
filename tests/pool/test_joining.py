from __future__ import annotations

from pathlib import Path

import pytest

from cenote import tls
from cenote.errors import Conflict, Invalid, NoDevice, NotAllowed, NotFound, WrongToken
from cenote.pool.authority import Authority, signing_request
from cenote.pool.census import take
from cenote.pool.certificates import Certificates
from cenote.pool.core import POOL
from cenote.pool.history import History
from cenote.pool.inventory import Inventory
from cenote.pool.joining import Joining
from cenote.pool.models import Outcome, Role, State
from cenote.pool.request import Request
from tests.pool.conftest import MakeServer
from tests.support.pool import Clock, Manager, deliver_all


@pytest.fixture
def certificates(manager: Manager, tmp_path: Path) -> Certificates:
    return Certificates(manager.core, Authority.open(tmp_path / "authority"))


@pytest.fixture
def joining(manager: Manager, certificates: Certificates) -> Joining:
    return Joining(manager.core, certificates)


@pytest.fixture
def request_(tmp_path: Path) -> bytes:
    return signing_request(tmp_path / "server.key")


def test_a_secret_lets_one_server_join_once(joining: Joining, manager: Manager, request_: bytes) -> None:
    invited = joining.invite(POOL)
    assert invited.secret not in repr(invited)
    joining.check(invited.secret)
    joined = joining.join(f" {invited.secret}\n", "gpu1", request_)
    actor = manager.accounts.who(joined.token)
    assert (actor.name, actor.role) == ("gpu1", Role.SERVER) and joined.token not in repr(joined)
    with pytest.raises(WrongToken, match="one server and one hour"):
        joining.join(invited.secret, "gpu2", request_)
    with pytest.raises(WrongToken):
        joining.check(invited.secret)
    actions = [entry.action for entry in manager.accounts.audit(POOL)]
    assert actions == ["server.admit", "token.create", "certificate.issue", "server.invite"]


def test_what_fails_uses_nothing_up(joining: Joining, request_: bytes, manager: Manager) -> None:
    secret = joining.invite(POOL).secret
    manager.user("ann")
    with pytest.raises(Invalid):
        joining.join(secret, "gpu1", b"no request")
    with pytest.raises(Invalid, match="is no name"):
        joining.join(secret, "gpu 1", request_)
    with pytest.raises(Conflict, match="is taken"):
        joining.join(secret, "ann", request_)
    assert joining.join(secret, "gpu1", request_).name == "gpu1"


@pytest.mark.parametrize("secret", ["", "-", "0000000000000000-", "x" * 1000])
def test_what_is_no_secret(joining: Joining, request_: bytes, secret: str) -> None:
    with pytest.raises(WrongToken):
        joining.check(secret)
    with pytest.raises(WrongToken):
        joining.join(secret, "gpu1", request_)


def test_an_hour(joining: Joining, request_: bytes, clock: Clock) -> None:
    secret = joining.invite(POOL).secret
    clock.pass_by(3600)
    with pytest.raises(WrongToken):
        joining.join(secret, "gpu1", request_)


def test_a_server_starts_anew_when_it_is_invited_by_its_name(
    joining: Joining, manager: Manager, certificates: Certificates, request_: bytes, server: MakeServer
) -> None:
    first = joining.join(joining.invite(POOL).secret, "gpu1", request_)
    server("gpu2")  # which an admin has added
    for name in ("gpu1", "gpu2"):
        with pytest.raises(Conflict, match="let it be invited by its name"):
            joining.join(joining.invite(POOL).secret, name, request_)
        with pytest.raises(Conflict, match="is for the server"):
            joining.join(joining.invite(POOL, "other").secret, name, request_)
    manager.user("root", Role.ADMIN)
    manager.accounts.change_user(POOL, "gpu1", active=False)
    anew = joining.join(joining.invite(POOL, "gpu1").secret, "gpu1", request_)
    assert manager.accounts.who(anew.token).name == "gpu1"
    with pytest.raises(WrongToken):
        manager.accounts.who(first.token)
    assert len(certificates.revoked(tls.Role.SERVER)) == 1
    assert joining.join(joining.invite(POOL, "gpu2").secret, "gpu2", request_).name == "gpu2"


def test_only_admins_invite(joining: Joining, manager: Manager) -> None:
    for role in (Role.USER, Role.SERVER, Role.VIEWER):
        with pytest.raises(NotAllowed, match="may not invite"):
            joining.invite(manager.user(str(role), role))
    with pytest.raises(Invalid, match="is no name"):
        joining.invite(POOL, "a b")


def test_a_server_is_removed_once_it_lends_nothing(
    joining: Joining, manager: Manager, certificates: Certificates, request_: bytes, server: MakeServer
) -> None:
    joined = joining.join(joining.invite(POOL).secret, "one", request_)
    host = server("one")
    ann = manager.user("ann")
    held = manager.allocations.submit(ann, Request(count=2))
    deliver_all(manager, [host])
    with pytest.raises(NotAllowed):
        joining.remove(ann, "one")
    with pytest.raises(Conflict, match="still lends 2 device"):
        joining.remove(POOL, "one")
    assert manager.accounts.who(joined.token).name == "one"
    manager.allocations.release(ann, held.id)
    deliver_all(manager, [host])
    joining.remove(POOL, "one")
    with pytest.raises(WrongToken):
        manager.accounts.who(joined.token)
    assert len(certificates.revoked(tls.Role.SERVER)) == 1
    inventory = Inventory(manager.core)
    assert not inventory.servers() and not inventory.devices()
    assert not take(manager.core).servers and take(manager.core).devices == 0
    with pytest.raises(NotFound):
        inventory.server("one")
    for again in (joining.remove, manager.servers.drain, manager.servers.write_off):
        with pytest.raises(NotFound):
            again(POOL, "one")
    host.tell(manager)  # a report that was on its way
    manager.servers.unreachable(host.id)
    assert manager.core.away(host.id) and inventory.servers() == []
    with pytest.raises(NoDevice, match="this pool has"):
        manager.allocations.submit(ann, Request())
    assert manager.core.reachable() == []
    used = History(manager.core).usage(POOL, 0)
    assert [one.server for one in used] == ["one", "one"], "what was lent there is not forgotten"
    with pytest.raises(Conflict, match="is taken"):
        joining.join(joining.invite(POOL).secret, "one", request_)
    joining.join(joining.invite(POOL, "one").secret, "one", request_)
    host.join(manager)
    assert manager.allocations.submit(ann, Request(count=2)).parts


def test_a_lost_server_is_removed_by_force(
    joining: Joining, manager: Manager, server: MakeServer, clock: Clock
) -> None:
    """What it held is over, and nothing more is said to it."""
    host, other = server("one"), server("two", devices=1)
    ann = manager.user("ann")
    held = manager.allocations.submit(ann, Request(count=2))
    deliver_all(manager, [host])
    waits = manager.allocations.submit(ann, Request(filter="server=two or server=one", count=1))
    host.cut = True
    joining.remove(POOL, "one", force=True)
    assert manager.allocations.get(ann, held.id).outcome == Outcome.LOST
    assert manager.servers.outstanding() == [other.id]
    deliver_all(manager, [other])
    assert manager.allocations.get(ann, waits.id).state == State.ACTIVE

"""Everything at once, in any order: what must hold whatever is lost, repeated, late, restarted or restored."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from cenote.errors import CenoteError, Unreachable
from cenote.pool.core import POOL
from cenote.pool.models import Allocation, Part, State
from cenote.pool.orders import Answer, Order, Report
from cenote.pool.queue import Limits, Rules, Waiting, bound
from cenote.pool.request import WHOLE, Request
from tests.support import postgres
from tests.support.pool import GIB, Clock, FakeServer, Manager, deliver, deliver_all, listed, report_all
from tests.support.rows import Rows, restore, save

RULES = Rules(max_time=1000, ageing=100.0, handover=10.0)

REQUESTS = st.builds(
    Request,
    count=st.sampled_from([1, 1, 1, 2, 3]),
    weight=st.sampled_from([None, None, WHOLE // 2, WHOLE // 4]),
    memory=st.sampled_from([None, None, 2 * GIB, 8 * GIB]),
    filter=st.sampled_from(["", "", "memory>=16GiB", "server=one or index=0"]),
    term=st.integers(1, 1000),
    priority=st.integers(0, 10),
    policy=st.sampled_from(["pack", "spread", "same-server", "nearest"]),
    round_trips=st.sampled_from([(), (("two", 0.001), ("one", 0.002))]),
)


class Machine(RuleBasedStateMachine):
    """Two managers on one database, two servers, three users, and a network that keeps no order."""

    def __init__(self, url: str, folder: Path, drop: Callable[[], None]) -> None:
        super().__init__()
        self.url = url
        self.folder = folder
        self.drop = drop
        self.clock = Clock()
        self.managers = [Manager(url, self.clock, RULES) for _ in range(2)]
        self.orders: list[tuple[FakeServer, int, Order]] = []
        self.answers: list[tuple[FakeServer, Order, Answer]] = []
        self.reports: list[tuple[FakeServer, Report, str]] = []
        self.saved: Rows | None = None
        self.restored = False
        self.known: list[str] = []

    @initialize()
    def begin(self) -> None:
        first = self.managers[0]
        limits = {"ann": Limits(), "ben": Limits(devices=2), "cy": Limits(devices=4, memory=20 * GIB)}
        self.users = [first.user(name, limits=most) for name, most in limits.items()]
        self.servers = [
            FakeServer(
                name, self.folder / name, self.clock, [listed(i, memory=size) for i in range(count)], overhead=GIB // 4
            )
            for name, count, size in (("one", 2, 8 * GIB), ("two", 3, 16 * GIB))
        ]
        for server in self.servers:
            server.join(first)

    # What users do.

    @rule(who=st.integers(0, 2), manager=st.integers(0, 1), request=REQUESTS, twice=st.booleans(), now=st.booleans())
    def submit(self, who: int, manager: int, request: Request, twice: bool, now: bool) -> None:
        if twice:
            key = f"key {len(self.known)}"
            request = Request(**{**request.__dict__, "key": key})
        try:
            view = self.managers[manager].allocations.submit(self.users[who], request)
        except CenoteError:  # no such devices, or too many for this user
            return
        if twice:
            assert self.managers[1 - manager].allocations.submit(self.users[who], request).id == view.id
        self.known.append(view.id)
        if now:
            deliver_all(self.managers[manager], self.servers)

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0), manager=st.integers(0, 1), now=st.booleans())
    def release(self, which: int, manager: int, now: bool) -> None:
        with suppress(CenoteError):  # a restored database may not know it
            self.managers[manager].allocations.release(POOL, self.known[which % len(self.known)])
        if now:
            deliver_all(self.managers[manager], self.servers)

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0), seconds=st.integers(1, 500))
    def extend(self, which: int, seconds: int) -> None:
        with suppress(CenoteError):
            self.managers[0].allocations.extend(POOL, self.known[which % len(self.known)], seconds)

    # What the network does.

    @rule(which=st.integers(0, 1), manager=st.integers(0, 1))
    def send(self, which: int, manager: int) -> None:
        server = self.servers[which]
        self.orders += [(server, server.boot, order) for order in self.managers[manager].servers.orders(server.id)]

    @precondition(lambda self: self.orders)
    @rule(which=st.integers(0), again=st.booleans(), lost=st.booleans())
    def arrive(self, which: int, again: bool, lost: bool) -> None:
        at = which % len(self.orders)
        server, boot, order = self.orders[at]
        if not again:
            del self.orders[at]
        if server.cut or boot != server.boot:  # the connection of an earlier boot is gone with it
            return
        answer = server.carry_out(order)
        if not lost:
            self.answers.append((server, order, answer))

    @precondition(lambda self: self.answers)
    @rule(which=st.integers(0), again=st.booleans(), manager=st.integers(0, 1))
    def take_answer(self, which: int, again: bool, manager: int) -> None:
        at = which % len(self.answers)
        server, order, answer = self.answers[at]
        if not again:
            del self.answers[at]
        self.managers[manager].servers.settle(server.id, [(order, answer)])

    @rule(which=st.integers(0, 1), manager=st.integers(0, 1))
    def report(self, which: int, manager: int) -> None:
        if not self.servers[which].cut:
            server = self.servers[which]
            self.reports.append((server, server.report(), self.managers[manager].servers.place(server.id).ledger))

    @precondition(lambda self: self.reports)
    @rule(which=st.integers(0), again=st.booleans(), manager=st.integers(0, 1))
    def take_report(self, which: int, again: bool, manager: int) -> None:
        at = which % len(self.reports)
        server, report, ledger = self.reports[at]
        if not again:
            del self.reports[at]
        self.managers[manager].servers.reported(server.id, report, ledger)

    @rule(which=st.integers(0, 1), manager=st.integers(0, 1))
    def deliver(self, which: int, manager: int) -> None:
        with suppress(Unreachable):
            deliver(self.managers[manager], self.servers[which])

    @rule(manager=st.integers(0, 1))
    def all_goes_well_for_a_while(self, manager: int) -> None:
        report_all(self.managers[manager], self.servers)
        deliver_all(self.managers[manager], self.servers)

    # What happens to servers and managers.

    @rule(which=st.integers(0, 1), manager=st.integers(0, 1))
    def cut(self, which: int, manager: int) -> None:
        self.servers[which].cut = True
        self.managers[manager].servers.unreachable(self.servers[which].id)

    @rule(which=st.integers(0, 1))
    def mend(self, which: int) -> None:
        self.servers[which].cut = False

    @rule(which=st.integers(0, 1), how=st.sampled_from(["restart", "reboot", "new disk"]))
    def restart_server(self, which: int, how: str) -> None:
        self.servers[which].restart(reboot=how != "restart", new_disk=how == "new disk")

    @rule(which=st.integers(0, 1), slow=st.booleans())
    def workers_linger(self, which: int, slow: bool) -> None:
        self.servers[which].slow = slow
        if not slow:
            self.servers[which].reap()

    @rule(which=st.integers(0, 1), draining=st.booleans())
    def drain(self, which: int, draining: bool) -> None:
        self.managers[0].servers.drain(POOL, self.servers[which].name, draining=draining)

    @rule(manager=st.integers(0, 1))
    def restart_manager(self, manager: int) -> None:
        self.managers[manager].close()
        self.managers[manager] = Manager(self.url, self.clock, RULES)

    @rule()
    def save(self) -> None:
        self.saved = save(self.url)

    @precondition(lambda self: self.saved)
    @rule()
    def restore(self) -> None:
        """The database is what it was, while managers and servers go on."""
        assert self.saved
        restore(self.url, self.saved)
        self.restored = True

    @rule(seconds=st.integers(1, 1500))
    def time_passes(self, seconds: int) -> None:
        self.clock.pass_by(seconds)
        for server in self.servers:
            server.expire()
        for manager in self.managers:
            manager.allocations.tick()

    @rule(seconds=st.integers(-5000, 5000))
    def someone_sets_the_managers_clock(self, seconds: int) -> None:
        self.clock.wall += seconds

    # What must hold.

    @invariant()
    def no_device_is_lent_twice(self) -> None:
        for server in getattr(self, "servers", []):
            lent: Counter[tuple[int, str]] = Counter()
            for held in server.ledger.report().held:
                for share in held.shares:
                    lent[share.index, "memory"] += share.memory
                    lent[share.index, "weight"] += share.weight
            for device in server.devices:
                assert lent[device.index, "memory"] <= device.memory
                assert lent[device.index, "weight"] <= WHOLE

    @invariant()
    def the_store_never_thinks_free_what_a_server_holds(self) -> None:
        if self.restored or not hasattr(self, "servers"):
            return
        known = self.parts()
        for server in self.servers:
            assert self.held(server) <= known[server.id]

    def teardown(self) -> None:
        try:
            if hasattr(self, "servers"):
                self.all_heals()
                self.the_queue_moves()
                self.all_comes_back()
        finally:
            for manager in self.managers:
                manager.close()
            for server in getattr(self, "servers", []):
                server.ledger.close()
            self.drop()

    def all_heals(self) -> None:
        self.calm()
        known = self.parts()
        for server in self.servers:
            assert self.held(server) == known[server.id]

    def the_queue_moves(self) -> None:
        healed = self.clock.wall
        manager = self.managers[0]
        while waits := self.states(State.WAITING):
            with manager.store.reading() as session:
                rows = [session.get_one(Allocation, one) for one in waits]
                deadlines = {
                    row.id: healed
                    + bound(
                        Waiting(row.id, row.user_id, Request(priority=row.priority), row.submitted_at), len(rows), RULES
                    )
                    for row in rows
                }
            assert self.clock.wall < max(deadlines.values()), f"{len(rows)} requests wait for ever"
            left = [held.left for server in self.servers for held in server.ledger.report().held]
            self.clock.pass_by(max(min(left, default=RULES.ageing), 1))
            for server in self.servers:
                server.expire()
            self.calm()

    def all_comes_back(self) -> None:
        for one in self.states(State.PLACING, State.ACTIVE):
            self.managers[1].allocations.release(POOL, one)
        self.calm()
        assert not any(self.parts().values())
        assert not any(self.held(server) for server in self.servers)
        assert not self.states(State.WAITING, State.PLACING, State.ACTIVE, State.RELEASING)

    def calm(self) -> None:
        """Nothing fails for as long as it takes; what was under way before has arrived nowhere."""
        self.orders, self.answers, self.reports = [], [], []
        for server in self.servers:
            server.cut = server.slow = False
            server.reap()
            self.managers[0].servers.drain(POOL, server.name, draining=False)
        for manager in self.managers:
            manager.allocations.tick()
            for _ in range(2):
                report_all(manager, self.servers)
                deliver_all(manager, self.servers)
        assert not self.managers[0].servers.outstanding()
        self.restored = False

    def parts(self) -> dict[int, set[tuple[str, int, int]]]:
        found: dict[int, set[tuple[str, int, int]]] = {server.id: set() for server in self.servers}
        with self.managers[0].store.reading() as session:
            for part in session.scalars(select(Part)):
                found[part.server_id].add((part.allocation_id, part.epoch, part.device.index))
        return found

    @staticmethod
    def held(server: FakeServer) -> set[tuple[str, int, int]]:
        return {(h.allocation, h.epoch, share.index) for h in server.ledger.report().held for share in h.shares}

    def states(self, *states: State) -> list[str]:
        with self.managers[0].store.reading() as session:
            return list(session.scalars(select(Allocation.id).where(Allocation.state.in_(states))))


@pytest.mark.parametrize(("kind", "examples"), [("sqlite", 30), ("postgresql", 8)])
def test_whatever_happens(kind: str, examples: int, request: pytest.FixtureRequest) -> None:
    class OnDatabase(Machine):
        def __init__(self) -> None:
            folder = Path(tempfile.mkdtemp(prefix="cenote-pool-"))
            if kind == "sqlite":
                shutil.copy(request.getfixturevalue("sqlite_template"), folder / "pool.db")
                super().__init__(f"sqlite:///{folder}/pool.db", folder, lambda: shutil.rmtree(folder))
                return
            server: postgres.Postgres = request.getfixturevalue("postgresql")
            url = server.new_database()

            def drop() -> None:
                server.drop(url)
                shutil.rmtree(folder)

            super().__init__(url, folder, drop)

    run_state_machine_as_test(
        OnDatabase,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
        ),
    )

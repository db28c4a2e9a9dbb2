"""What accounts, allocations and servers share: the store, the picture of it in memory, and changes to both."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from cenote.pool.mirror import Followed, Mirror
from cenote.pool.models import Allocation, Audit, Device, Group, Part, Role, Server, ServerState, Token, User
from cenote.pool.queue import Rules
from cenote.pool.store import Store, record


@dataclass(frozen=True)
class Actor:
    """Who does something, as a token has shown, or the pool itself."""

    name: str
    role: Role
    user: int | None = None
    token: str | None = None

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN


_AWAY = (ServerState.UNREACHABLE, ServerState.REMOVED)
_LOG = insert(Audit)
POOL = Actor("pool", Role.ADMIN)


@dataclass
class Change:
    """One transaction. ``now`` is its moment, in seconds since 1970."""

    session: Session
    mirror: Mirror
    rules: Rules
    now: float
    revision: int
    tables: set[str] = field(default_factory=set)
    """Those in which rows have changed, as far as anybody follows them."""
    unseen: dict[Followed, None] = field(default_factory=dict)
    """What has changed and the mirror does not have yet."""
    log: list[dict[str, Any]] = field(default_factory=list)
    written: bool = False
    looked: bool = False

    def look(self) -> None:
        """Lets the mirror see what this transaction has changed so far."""
        self.session.flush()
        self.looked |= bool(self.unseen)
        self.mirror.take_in(self.unseen)
        self.unseen.clear()

    def audit(self, actor: Actor, action: str, subject: str, **detail: Any) -> None:
        """Writes down who did what, to be committed together with it."""
        self.log.append({"at": self.now, "actor": actor.name, "action": action, "subject": subject, "detail": detail})

    def stamp(self, session: Session) -> None:
        """Before every flush: rows that mirrors follow get this transaction's number."""
        changed = [*session.new, *session.deleted, *(row for row in session.dirty if session.is_modified(row))]
        for row in changed:
            self.written = True
            match row:
                case Group() | User() | Server() | Allocation():
                    followed = row
                case Device():
                    followed = row.server
                case Token():
                    self.tables.add(Token.__tablename__)
                    continue
                case Part() if row.allocation:  # one that was taken out has left its allocation changed
                    followed = row.allocation
                case _:
                    continue
            followed.revision = self.revision
            self.unseen[followed] = None
            self.tables.add(followed.__tablename__)


class Core:
    """One manager's hold on the pool. Safe to use from several threads."""

    def __init__(self, store: Store, rules: Rules | None = None, clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self.rules = rules or Rules()
        self.clock = clock
        self.listeners: list[Callable[[int], None]] = []
        """Called with the number of each transaction of this manager that has changed something, in its thread."""
        self._mirror = Mirror(self.rules)
        self._lock = threading.Lock()

    @contextmanager
    def change(self, *, grows: bool = False) -> Iterator[Change]:
        """A transaction on the newest state: all of it happens when the block ends, or nothing if an exception does."""
        with self._lock:
            trusted = False
            change = None
            mark = ""
            try:
                with self.store.transaction(grows=grows) as (session, revision):
                    self._mirror.follow(session)
                    trusted = True
                    change = Change(session, self._mirror, self.rules, self.clock(), revision)
                    self.store.before_flush(session, change.stamp)
                    yield change
                    change.look()
                    if change.log:
                        session.connection().execute(_LOG, change.log)
                    if change.written or change.log:
                        mark = record(session, revision, change.tables)
                    else:
                        session.rollback()
                if mark:
                    self._mirror.made(revision, mark)
            except BaseException:
                if not trusted or (change and change.looked):
                    self._mirror.forget()
                raise
        if mark:
            for listener in self.listeners:
                listener(change.revision)

    def state(self, server: int) -> ServerState | None:
        """That of a server, as far as was last heard; None for one that is not known here yet."""
        return self._mirror.states.get(server)

    def away(self, server: int) -> bool:
        """Whether nothing is to be said to a server, as far as was last heard."""
        return self._mirror.states.get(server) in _AWAY

    def reachable(self) -> list[int]:
        """The servers that are not known to be away."""
        return [server for server, state in list(self._mirror.states.items()) if state not in _AWAY]

    def agrees(self, server: int) -> int | None:
        """A number that changes when servers must report anew; None when this one must, as far as was last heard."""
        return self._mirror.doubts if self._mirror.states.get(server) == ServerState.READY else None

"""Who asks: a bearer token in each request, looked at before anything else of it is.

Tokens that were found valid are remembered until the watch hears that accounts have changed, so that they cost no
database, and so that whoever sends wrong ones from the same address is not in their way.
"""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer
from starlette.types import ASGIApp, Receive, Scope, Send

from cenote.errors import CenoteError, NotAllowed, Throttled, WrongToken
from cenote.pool.accounts import Accounts, Login
from cenote.pool.api import errors
from cenote.pool.api.threads import Threads
from cenote.pool.api.throttle import Throttle
from cenote.pool.api.watch import News, Watch
from cenote.pool.core import Actor
from cenote.pool.models import Role

log = logging.getLogger("cenote.api")

_R = TypeVar("_R")

_ACTOR = "cenote.actor"
_REMEMBERED = 50_000
_LENGTH = 200
_SUSPECTS = 50  # unknown tokens from throttled addresses that may wait to be looked at


class Gatekeeper:
    """Used in one event loop."""

    def __init__(self, accounts: Accounts, clock: Callable[[], float], threads: Threads, watch: Watch) -> None:
        self._accounts = accounts
        self._clock = clock
        self._threads = threads
        self._watch = watch
        self._known: OrderedDict[bytes, tuple[Login, int]] = OrderedDict()
        self._generation = 0
        """Tokens that were looked up in an earlier one are looked up again."""
        self._throttle = Throttle()
        watch.listeners.append(self._heard)

    async def who(self, token: str, address: str) -> Actor:
        """Raises WrongToken, or Throttled where there were too many of them; a valid token waits a moment at most."""
        key = hashlib.sha256(token.encode()).digest()
        login, known_in = self._known.get(key, (None, 0))
        if login and known_in == self._generation and self._watch.current and not self._expired(login):
            self._known.move_to_end(key)
            return login.actor
        generation = self._generation
        if login:  # it was valid a moment ago
            del self._known[key]
            login = await self._threads.login(self._accounts.login, token)
        else:
            login = await self.look_up(self._accounts.login, token, address)
        self._known[key] = login, generation
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return login.actor

    async def look_up(self, look: Callable[[str], _R], secret: str, address: str) -> _R:
        """What ``look`` finds. It raises WrongToken; where there were too many of them, this raises Throttled.

        A right secret is found all the same: those of a throttled address are looked at one by one.
        """
        wait = self._throttle.wait(address)
        if wait and self._threads.suspects >= _SUSPECTS:
            raise Throttled("too many wrong tokens came from this address", 1)
        run = self._threads.suspect if wait else self._threads.login
        try:
            return await run(look, secret)
        except WrongToken:
            wait = self._throttle.wait(address)  # others may have been wrong in the meantime
            self._throttle.failed(address)
            if wait:
                raise Throttled("too many wrong tokens came from this address", wait) from None
            log.info("a wrong token from %s", address)
            raise

    def forget(self) -> None:
        """Every token is looked up again."""
        self._generation += 1

    def _heard(self, news: News) -> None:
        if news.accounts or news.everything:
            self.forget()

    def _expired(self, login: Login) -> bool:
        return login.expires_at is not None and self._clock() >= login.expires_at


class Authentication:
    """Lets nobody through to the application without a valid token, but to the paths in ``open_paths``."""

    def __init__(self, app: ASGIApp, gatekeeper: Gatekeeper, open_paths: frozenset[str]) -> None:
        self._app = app
        self._gatekeeper = gatekeeper
        self._open = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in self._open:
            try:
                scope[_ACTOR] = await self._gatekeeper.who(_token(scope), address(scope))
            except CenoteError as error:
                await errors.of(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def address(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


def _token(scope: Scope) -> str:
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    scheme, _, token = (values[0] if len(values) == 1 else b"").partition(b" ")
    if scheme.lower() != b"bearer" or not 0 < len(token) <= _LENGTH:
        raise WrongToken("a token is needed: send it as “Authorization: Bearer …”")
    return token.decode("latin-1").strip()


_BEARER = HTTPBearer(auto_error=False, bearerFormat="cenote-…", description="A token, as `POST /tokens` makes them.")


async def _actor(request: Request, _: Annotated[Any, Security(_BEARER)]) -> Actor:
    actor: Actor = request.scope[_ACTOR]
    return actor


Me = Annotated[Actor, Depends(_actor)]
EVERYBODY = tuple(Role)


def only(*roles: Role) -> dict[str, Any]:
    """How a route is declared that is for these roles."""

    async def check(me: Me) -> None:
        if me.role not in roles:
            raise NotAllowed(f"{me.name} has the role {me.role}; this is for {' and '.join(roles)}")

    return {"dependencies": [Depends(check)], "openapi_extra": {"x-roles": [str(role) for role in roles]}}

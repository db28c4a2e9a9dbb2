"""The managers' REST API (docs/api.md) for a client: whichever manager answers, and one sentence for each error."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from cenote import errors, tls
from cenote.client.http import Connection, NoAnswer, NotConnected, Response
from cenote.client.login import Login, read_token_file
from cenote.credentials import TokenCredential
from cenote.errors import CenoteError, ProtocolError, Unreachable

__all__ = ["Pool", "read_token_file"]

TIMEOUT = 10.0

ERRORS: Mapping[str, type[CenoteError]] = {
    "wrong-token": errors.WrongToken,
    "over-quota": errors.OverQuota,
    "not-found": errors.NotFound,
    "not-allowed": errors.NotAllowed,
    "conflict": errors.Conflict,
    "no-device": errors.NoDevice,
    "busy": errors.Busy,
    "invalid": errors.Invalid,
    "store-failed": errors.StoreFailed,
    "unreachable": errors.Unreachable,
}
"""By the codes of problem documents."""

_PAGE = 1000
_TOO_MANY = 429
_USAGE_PAGE = 10_000
_USAGE_TIMEOUT = 60.0  # sums over millions of rows


class Pool:
    """To be closed. A manager that has answered is asked first the next time."""

    def __init__(self, login: Login) -> None:
        self.login = login
        self._managers = list(login.credential.managers)
        context = tls.trusting(login.authority)
        self._connections = {manager: Connection(manager, context) for manager in self._managers}

    @classmethod
    def open(cls, credential: TokenCredential) -> Self:
        """Raises Unreachable when no manager answers, and NotAllowed for one of another pool."""
        return cls(Login.fetch(credential))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()

    def me(self) -> dict[str, Any]:
        return self._object("GET", "/me")

    def placement(self) -> dict[str, Any]:
        return self._object("GET", "/placement")

    def submit(self, asked: Mapping[str, Any], key: str) -> dict[str, Any]:
        return self._object("POST", "/allocations", body=asked, headers={"Idempotency-Key": key})

    def allocation(self, name: str, *, seen: str | None = None, wait: float = 0) -> dict[str, Any]:
        """At once, or as soon as the state is not the one ``seen``, or after ``wait`` seconds."""
        params = {"wait": wait, "seen": seen} if seen else {}
        return self._object("GET", f"/allocations/{_id(name)}", query=params, timeout=TIMEOUT + wait)

    def doors(self, name: str) -> list[dict[str, Any]]:
        return self._list("GET", f"/allocations/{_id(name)}/doors")

    def release(self, name: str) -> dict[str, Any]:
        return self._object("DELETE", f"/allocations/{_id(name)}")

    def extend(self, name: str, seconds: int) -> dict[str, Any]:
        """What got no answer is not sent again: it would add twice."""
        return self._object("POST", f"/allocations/{_id(name)}/extend", body={"seconds": seconds}, once=True)

    def allocations(self) -> list[dict[str, Any]]:
        """Those that have not ended; everybody's for admins and viewers."""
        return list(self._pages("/allocations", lambda last: {"before": last["id"]}))

    def servers(self) -> list[dict[str, Any]]:
        return list(self._pages("/servers", lambda last: {"after": last["name"]}))

    def devices(self, filter: str = "") -> list[dict[str, Any]]:
        after = lambda last: {"after_server": last["server"], "after_index": last["index"]}  # noqa: E731
        return list(self._pages("/devices", after, {"filter": filter} if filter else {}))

    def probe(self, server: str) -> dict[str, Any]:
        """How one connection to the server is opened that measures the link."""
        return self._object("POST", f"/servers/{urllib.parse.quote(server, safe='')}/probe")

    def queue(self) -> list[dict[str, Any]]:
        return self._list("GET", "/queue")

    def usage(self, since: float, by: Sequence[str]) -> list[dict[str, Any]]:
        """What has been lent since that moment, by “user”, “device” and “day” or some of these."""
        found: list[dict[str, Any]] = []
        while len(found) % _USAGE_PAGE == 0:
            query = {"since": since, "by": by, "limit": _USAGE_PAGE, "offset": len(found)}
            page = self._list("GET", "/usage", query=query, timeout=_USAGE_TIMEOUT)
            found += page
            if not page:
                break
        return found

    def _pages(self, path: str, after: Any, query: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        more: dict[str, Any] = {}
        while page := self._list("GET", path, query={"limit": _PAGE, **(query or {}), **more}):
            yield from page
            if len(page) < _PAGE:
                break
            more = after(page[-1])

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
        once: bool = False,
    ) -> Any:
        """The answer, None if it is empty. Errors of the API are raised as those of ours that they were.

        Managers that do not answer are passed over. ``once`` is for what must not be done twice.
        """
        where = f"/api/v1{path}" + (f"?{urllib.parse.urlencode(query, doseq=True)}" if query else "")
        sent = {"Authorization": f"Bearer {self.login.credential.token}", **(headers or {})}
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            sent["Content-Type"] = "application/json"
        reasons = []
        for manager in list(self._managers):
            try:
                response = self._connections[manager].ask(method, where, content, sent, timeout)
            except NotConnected as error:
                reasons.append(str(error))
            except NoAnswer as error:
                if once:
                    raise Unreachable(f"the manager at {manager} gave no answer; it may have done it") from None
                reasons.append(str(error))
            else:
                self._managers.remove(manager)
                self._managers.insert(0, manager)
                return _understood(manager, response)
        raise Unreachable(f"no manager of the pool answers at {' or '.join(self._managers)} ({reasons[0]})")

    def _object(self, method: str, path: str, **rest: Any) -> dict[str, Any]:
        if not isinstance(answer := self.ask(method, path, **rest), dict):
            raise ProtocolError("the manager gave an answer that is not readable")
        return answer

    def _list(self, method: str, path: str, **rest: Any) -> list[dict[str, Any]]:
        if not isinstance(answer := self.ask(method, path, **rest), list):
            raise ProtocolError("the manager gave an answer that is not readable")
        return answer


def _understood(manager: str, response: Response) -> Any:
    try:
        answer = json.loads(response.body) if response.body else None
    except ValueError:
        raise ProtocolError(f"the manager at {manager} gave an answer that is not readable") from None
    if 200 <= response.status < 300:
        return answer
    problem = answer if isinstance(answer, dict) else {}
    detail = str(problem.get("detail") or f"status {response.status}")
    if response.status == _TOO_MANY:
        raise errors.Throttled(detail, float(response.headers.get("Retry-After", 1)))
    if kind := ERRORS.get(str(problem.get("code"))):
        raise kind(detail)
    if 400 <= response.status < 500:
        raise ProtocolError(f"the manager at {manager} did not understand: {detail}")
    raise Unreachable(f"the manager at {manager} has difficulties: {detail}")


def _id(name: str) -> str:
    """Part of a path: what a user types there may be anything."""
    if not name.isalnum() or not name.isascii():
        raise errors.Invalid(f"“{name}” is not an allocation; “cenote list allocations” shows yours")
    return name

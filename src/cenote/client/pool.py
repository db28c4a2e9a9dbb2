"""A pool's managers as a client sees them: requests of one user to the REST API of whichever of them answers."""

from __future__ import annotations

import os
import ssl
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx

from cenote import paths, tls
from cenote.credentials import TokenCredential, read_token
from cenote.errors import (
    Busy,
    CenoteError,
    Conflict,
    Invalid,
    NoDevice,
    NoKey,
    NotAllowed,
    NotFound,
    OverQuota,
    ProtocolError,
    StoreFailed,
    Throttled,
    Unreachable,
    WrongToken,
)
from cenote.protocol import Address

TIMEOUT = 10.0
_CONNECT = 4.0
_ERRORS: dict[object, type[CenoteError]] = {
    "wrong-token": WrongToken,
    "over-quota": OverQuota,
    "not-allowed": NotAllowed,
    "not-found": NotFound,
    "conflict": Conflict,
    "no-device": NoDevice,
    "busy": Busy,
    "invalid": Invalid,
    "store-failed": StoreFailed,
}


def token_file(named: Path | None) -> Path:
    """The named one, else that of this user's login, else that of the first admin of a pool that started here."""
    usual = paths.user_state() / "token"
    candidates = [usual, *(folder / paths.ADMIN_TOKEN for folder in (paths.user_state(), paths.SYSTEM_STATE))]
    found = named or next((file for file in candidates if os.access(file, os.R_OK)), None)
    if found is None:
        raise NoKey("there is no token of a pool: name the file that has yours with --token")
    return found


def read_token_file(file: Path) -> TokenCredential:
    """Refuses one that others can read."""
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            mode, text = os.fstat(opened.fileno()).st_mode, opened.read(1 << 16)
    except OSError as error:
        raise NoKey(f"the token {file} cannot be read: {error.strerror}") from None
    if stat.S_ISREG(mode) and stat.S_IMODE(mode) & 0o077:
        raise NoKey(f"the token {file} can be read by others: run “chmod 600 {file}”")
    try:
        return read_token(text)
    except NoKey as error:
        raise NoKey(f"{file}: {error}") from None


class Pool:
    """A connection to one of the managers, which has shown the pool's certificate before it is told the token."""

    def __init__(self, client: httpx.Client, manager: str) -> None:
        self._client = client
        self.manager = manager

    @classmethod
    @contextmanager
    def open(cls, credential: TokenCredential) -> Iterator[Self]:
        """Raises Unreachable when no manager answers, and NotAllowed for one of another pool."""
        failure: CenoteError = Unreachable("the token names no manager")
        for manager in credential.managers:
            try:
                address = Address.parse(manager)
                authority = tls.authority(address.host, address.port, credential.ca, _CONNECT)
            except CenoteError as error:
                failure = error
                continue
            with httpx.Client(
                base_url=f"https://{manager}/api/v1",
                verify=tls.trusting(authority),
                headers={"Authorization": f"Bearer {credential.token}"},
                timeout=TIMEOUT,
                trust_env=False,  # a proxy is not where the pool is
            ) as client:
                yield cls(client, manager)
            return
        raise failure

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
    ) -> Any:
        """The answer, None if it is empty. Errors of the API are raised as those of ours that they were."""
        try:
            response = self._client.request(
                method,
                path,
                json=body,
                params=query,
                headers=headers,
                timeout=timeout,
                extensions={"sni_hostname": tls.MANAGER_HOST},
            )
        except httpx.TimeoutException:
            raise Unreachable(f"the manager at {self.manager} does not answer") from None
        except (httpx.HTTPError, ssl.SSLError) as error:
            raise Unreachable(f"the manager at {self.manager} cannot be reached: {error}") from None
        try:
            answer = response.json() if response.content else None
        except ValueError:
            raise ProtocolError(f"the manager at {self.manager} gave an answer that is not readable") from None
        if response.is_success:
            return answer
        raise self._error(response, answer if isinstance(answer, dict) else {})

    def _error(self, response: httpx.Response, problem: dict[str, Any]) -> CenoteError:
        code = problem.get("code")
        detail = str(problem.get("detail") or "it does not say why")[:300]
        if code == "throttled":
            return Throttled(detail, float(response.headers.get("Retry-After", 1)))
        if known := _ERRORS.get(code):
            return known(detail)
        if response.is_client_error:
            return ProtocolError(f"the manager at {self.manager} did not understand: {detail}")
        return Unreachable(f"the manager at {self.manager} has difficulties: {detail}")

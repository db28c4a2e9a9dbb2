"""What the API is made of: the pool's services, and who carries their orders to the servers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, Self

from cenote.pool.accounts import Accounts
from cenote.pool.allocations import Allocations
from cenote.pool.certificates import Certificates
from cenote.pool.core import Core
from cenote.pool.history import History
from cenote.pool.inventory import Inventory
from cenote.pool.joining import Joining
from cenote.pool.orders import Probe
from cenote.pool.servers import Servers


class Courier(Protocol):
    """Speaks to the servers. Its methods return at once; they are called in the API's event loop."""

    def poke(self, servers: Iterable[int]) -> None:
        """There are orders for these servers."""
        ...

    def heard(self, server: int, *, behind: bool) -> None:
        """The server lives. If the store is ``behind`` it, it must be asked to report."""
        ...

    def trouble(self, server: int) -> str:
        """Why the server cannot be reached, though it lives; empty when it can."""
        ...

    async def probe(self, server: int) -> Probe:
        """A permission to measure the link to the server."""
        ...


@dataclass(frozen=True)
class Site:
    """Where the pool's managers are, as “host:port”, and what their certificates are checked by, in PEM and hashed."""

    managers: tuple[str, ...]
    authority: str
    fingerprint: str


@dataclass(frozen=True)
class Services:
    core: Core
    accounts: Accounts
    allocations: Allocations
    servers: Servers
    inventory: Inventory
    history: History
    joining: Joining
    certificates: Certificates
    courier: Courier
    site: Site

    @classmethod
    def of(
        cls,
        core: Core,
        servers: Servers,
        certificates: Certificates,
        courier: Courier,
        managers: tuple[str, ...],
    ) -> Self:
        """``servers`` is the one that the courier uses: it remembers what it has heard."""
        authority = certificates.authority
        return cls(
            core=core,
            accounts=Accounts(core),
            allocations=Allocations(core),
            servers=servers,
            inventory=Inventory(core),
            history=History(core),
            joining=Joining(core, certificates),
            certificates=certificates,
            courier=courier,
            site=Site(managers, authority.certificate.decode("ascii"), authority.fingerprint),
        )

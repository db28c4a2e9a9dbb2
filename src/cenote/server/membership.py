"""What a server keeps of the pool that it belongs to: its certificate, its token, and where the managers are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

from cenote import tls
from cenote.errors import NoKey
from cenote.private import write_private

_FILE = "member.json"


@dataclass(frozen=True)
class Membership:
    """In a folder of mode 0700. ``managers`` are HOST:PORT; ``revoked`` are serials of managers' certificates.

    ``renew_at`` is when another certificate is to be asked for, by the managers' clock.
    """

    folder: Path = field(repr=False)
    name: str
    token: str = field(repr=False)
    managers: tuple[str, ...]
    revoked: frozenset[str] = frozenset()
    renew_at: float = 0.0

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """None for a server that has joined no pool."""
        file = folder / _FILE
        try:
            plain = json.loads(file.read_bytes())
            managers, revoked = tuple(map(str, plain["managers"])), frozenset(map(str, plain["revoked"]))
            renew_at = float(plain.get("renew_at", 0.0))
            return cls(folder, str(plain["name"]), str(plain["token"]), managers, revoked, renew_at)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise NoKey(f"{file} cannot be read: {error.strerror}") from None
        except (ValueError, KeyError, TypeError):
            raise NoKey(f"{file} is damaged: join the pool again") from None

    @property
    def files(self) -> tls.Files:
        return files(self.folder)

    def save(self) -> None:
        """Raises OSError."""
        plain = asdict(self) | {"managers": self.managers, "revoked": sorted(self.revoked)}
        del plain["folder"]
        write_private(self.folder / _FILE, json.dumps(plain).encode())

    def told(self, managers: Iterable[str], revoked: Iterable[str]) -> Self:
        """The same with what a manager has said; without managers, those known remain."""
        return replace(self, managers=tuple(managers) or self.managers, revoked=frozenset(revoked))


def files(folder: Path) -> tls.Files:
    return tls.Files(folder / "server.pem", folder / "server.key", folder / "ca.pem")

"""Who this user is in a pool: the token that “cenote login” has kept, and how the pool's managers are known."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cenote import paths
from cenote.credentials import TokenCredential, read_token
from cenote.errors import CenoteError, NoKey, NotAllowed, Unreachable
from cenote.private import write_private
from cenote.protocol import Address

VARIABLE = "CENOTE_TOKEN"
TOKEN = "token"  # noqa: S105 - the name of a file
AUTHORITY = "ca.pem"  # beside it; without it a manager shows it each time

_TIMEOUT = 4.0  # seconds for each manager


@dataclass(frozen=True)
class Login:
    """``authority`` is a certificate in PEM, whose SHA-256 the token has named."""

    credential: TokenCredential
    authority: str = field(repr=False)

    @classmethod
    def fetch(cls, credential: TokenCredential) -> Self:
        """With the certificate that the first manager shows that answers and is of this pool."""
        from cenote import tls

        failure: CenoteError = Unreachable("the token names no manager")
        for manager in credential.managers:
            address = Address.parse(manager)
            try:
                return cls(credential, tls.authority(address.host, address.port, credential.ca, _TIMEOUT))
            except (Unreachable, NotAllowed) as error:
                failure = error
        raise failure

    @classmethod
    def known(cls, credential: TokenCredential, folder: Path | None) -> Self:
        """With the certificate that lies in the folder, if that is the pool's."""
        try:
            authority = (folder / AUTHORITY).read_text(encoding="ascii") if folder else ""
        except (OSError, UnicodeDecodeError):
            authority = ""
        return cls(credential, authority) if _is(authority, credential.ca) else cls.fetch(credential)

    @classmethod
    def load(cls, file: Path) -> Self:
        """From a file with a token."""
        return cls.known(read_token_file(file), file.parent)

    def save(self) -> Path:
        folder = paths.user_config()
        if folder is None:
            raise NoKey("a user without a home folder cannot log in; set XDG_CONFIG_HOME")
        try:
            write_private(folder / AUTHORITY, self.authority.encode("ascii"))
            write_private(folder / TOKEN, f"{self.credential.text}\n".encode("ascii"))
        except OSError as error:
            raise NoKey(f"the token cannot be kept in {folder}: {error.strerror}") from None
        return folder / TOKEN


def forget() -> Path | None:
    """Removes what “cenote login” has kept; None if it has kept nothing."""
    folder = paths.user_config()
    if folder is None or not (folder / TOKEN).exists():
        return None
    (folder / TOKEN).unlink()
    (folder / AUTHORITY).unlink(missing_ok=True)
    return folder / TOKEN


def is_there() -> bool:
    """Whether this user is known to a pool, in whichever way."""
    return bool(os.environ.get(VARIABLE)) or find() is not None


def find() -> Path | None:
    """The file of this user's login, else that of the first admin of a pool that started on this host."""
    user = paths.user_config()
    candidates = [user / TOKEN] if user else []
    candidates += [folder / paths.ADMIN_TOKEN for folder in (paths.user_state(), paths.SYSTEM_STATE)]
    return next((file for file in candidates if os.access(file, os.R_OK)), None)


def need(named: Path | None = None) -> Login:
    """By the file that is named, else the token in the variable, else what is found. Raises NoKey."""
    if named is None and (text := os.environ.get(VARIABLE)):
        try:
            return Login.known(read_token(text), paths.user_config())
        except NoKey as error:
            raise NoKey(f"{VARIABLE}: {error}") from None
    if (file := named or find()) is None:
        raise NoKey("you are not logged in to a pool: run “cenote login” with a token from its administrator")
    return Login.load(file)


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


def _is(certificate: str, fingerprint: str) -> bool:
    from cenote import tls

    try:
        return tls.fingerprint_of(certificate) == fingerprint
    except ValueError:
        return False

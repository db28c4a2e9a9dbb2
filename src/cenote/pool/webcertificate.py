"""An operator's own certificate for HTTPS, for who asks for another name than a manager's: browsers and scripts.

Cenote's own clients and servers go on to see the one that the pool's authority has issued.
"""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

from cenote.errors import NoKey
from cenote.tls import MANAGER_HOST

log = logging.getLogger("cenote.manager")


class WebCertificate:
    """``certificate`` with those that lead to its authority's; read again when the file is another. Raises NoKey."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._certificate = certificate
        self._key = key
        self._read_at, self._context = self._read()

    def show_on(self, context: ssl.SSLContext) -> None:
        context.sni_callback = self._choose

    def _choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name is None or name == MANAGER_HOST:
            return
        try:
            if self._certificate.stat().st_mtime_ns != self._read_at:
                self._read_at, self._context = self._read()
                log.info("%s is shown from now on", self._certificate)
        except (NoKey, OSError) as error:  # it may just be being written
            log.warning("%s is not shown: %s", self._certificate, error)
        connection.context = self._context

    def _read(self) -> tuple[int, ssl.SSLContext]:
        try:
            if self._key.stat().st_mode & 0o007:
                raise NoKey(f"the key {self._key} can be read by everybody: run “chmod o= {self._key}”")
            changed = self._certificate.stat().st_mtime_ns
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_cert_chain(self._certificate, self._key)
        except (OSError, ssl.SSLError) as error:
            reason = error.strerror or error
            raise NoKey(f"the certificate {self._certificate} with {self._key} cannot be used: {reason}") from None
        return changed, context

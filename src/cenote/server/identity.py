"""The host's secret and its certificate: made on first use, kept for the user or for the machine."""

from __future__ import annotations

import datetime
import hashlib
import secrets
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cenote import keys, paths
from cenote.errors import NoKey

_CERTIFICATE_FILE = "host.pem"


@dataclass(frozen=True)
class Identity:
    key: keys.HostKey
    key_file: Path
    certificate_file: Path

    @classmethod
    def load(cls) -> Self:
        folder = paths.state()
        key_file, certificate_file = folder / keys.FILE_NAME, folder / _CERTIFICATE_FILE
        try:
            if not certificate_file.exists():
                keys.write_private(certificate_file, _self_signed())
            fingerprint = hashlib.sha256(_der(certificate_file)).digest()
            if not key_file.exists():
                keys.HostKey(secrets.token_bytes(32), fingerprint).write(key_file)
            key = keys.read(key_file)
            if key.certificate_sha256 != fingerprint:  # the certificate was renewed; the key need not be
                key = keys.HostKey(key.key, fingerprint)
                key.write(key_file)
        except OSError as error:
            raise NoKey(f"the key file cannot be kept in {folder}: {error.strerror}") from None
        except ValueError:
            raise NoKey(f"{certificate_file} is not a certificate; remove it and a new one is made") from None
        return cls(key, key_file, certificate_file)

    def tls_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self.certificate_file)
        return context


def _der(file: Path) -> bytes:
    text = file.read_text(encoding="ascii")
    return ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN CERTIFICATE") :])


def _self_signed() -> bytes:
    """A private key and a certificate of it. Clients pin its hash, so neither name nor dates are looked at."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Cenote")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2120, 1, 1))
        .sign(private, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    no_encryption = serialization.NoEncryption()
    return private.private_bytes(pem, serialization.PrivateFormat.PKCS8, no_encryption) + certificate.public_bytes(pem)

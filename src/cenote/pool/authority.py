"""The pool's certificate authority: one of its own, made at the first start, or the operator's.

Its folder has ``ca.pem`` and ``ca.key``. Managers that share a database share them too. What it issues is for a year at
most, and is renewed by who has it when two thirds of that are over.
"""

from __future__ import annotations

import datetime
import fcntl
import hashlib
import ipaddress
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cenote import tls
from cenote.errors import Invalid, NoKey
from cenote.private import write_private
from cenote.tls import Role

AUTHORITY_LIFETIME = datetime.timedelta(days=365 * 30)
LIFETIME = datetime.timedelta(days=365)

_EARLIER = datetime.timedelta(days=365)  # hosts whose clocks are behind
_REQUEST_LIMIT = 16 * 1024
_SMALLEST_KEY = 256
_PEM = serialization.Encoding.PEM
_Signer = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_USAGES = {
    Role.SERVER: [ExtendedKeyUsageOID.SERVER_AUTH],
    Role.MANAGER: [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH],
}


@dataclass(frozen=True)
class Issued:
    """A new certificate, in PEM, and what the pool has to remember of it."""

    certificate: bytes
    serial: str
    role: Role
    name: str
    expires_at: float
    renew_at: float


class Authority:
    """Raises NoKey when its files cannot be used."""

    def __init__(
        self, certificate: x509.Certificate, key: _Signer, file: Path, lifetime: datetime.timedelta = LIFETIME
    ) -> None:
        """``lifetime`` is that of what it issues."""
        self._certificate = certificate
        self._key = key
        self._lifetime = lifetime
        self.file = file
        """Of its certificate."""

    @classmethod
    def open(cls, folder: Path, lifetime: datetime.timedelta = LIFETIME) -> Self:
        """That of the ``folder``, in which one is made if there is none."""
        own, own_key = folder / "ca.pem", folder / "ca.key"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _alone(folder):
                there = [file.name for file in (own, own_key) if file.exists()]
                if len(there) == 1:
                    raise NoKey(f"{folder} has {there[0]} alone; an authority is ca.pem and ca.key, its private key")
                if not there:
                    _make(own, own_key)
            return cls(*_read(own, own_key), own, lifetime)
        except OSError as error:
            raise NoKey(f"the pool’s authority in {folder} cannot be used: {error.strerror}") from None

    @property
    def expires_at(self) -> float:
        return self._certificate.not_valid_after_utc.timestamp()

    @property
    def certificate(self) -> bytes:
        """Its own, in PEM."""
        return self._certificate.public_bytes(_PEM)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its certificate, in hex: what the strings that people copy carry."""
        return hashlib.sha256(self._certificate.public_bytes(serialization.Encoding.DER)).hexdigest()

    def issue(self, request: bytes, role: Role, name: str, hosts: Iterable[str] = ()) -> Issued:
        """A certificate for the key of a signing request; nothing else of the request counts.

        ``hosts`` are names and addresses by which browsers reach a manager. Raises Invalid.
        """
        return self._sign(_public_key(request), role, name, hosts)

    def manager(self, folder: Path, name: str, hosts: Iterable[str]) -> tuple[tls.Files, Issued]:
        """A new certificate for a manager itself, in ``folder``, whose private key is made when there is none."""
        files = tls.Files(folder / "manager.pem", folder / "manager.key", self.file)
        try:
            issued = self.issue(signing_request(files.key), Role.MANAGER, name, hosts)
            write_private(files.certificate, issued.certificate + self.certificate)
        except OSError as error:
            raise NoKey(f"the manager’s certificate cannot be kept in {folder}: {error.strerror}") from None
        return files, issued

    def _sign(self, public: ec.EllipticCurvePublicKey, role: Role, name: str, hosts: Iterable[str]) -> Issued:
        now = datetime.datetime.now(datetime.UTC)
        names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(tls.uri(role, name))]
        if role == Role.MANAGER:
            names += [x509.DNSName(tls.MANAGER_HOST), *map(_general, dict.fromkeys(hosts))]
        serial = x509.random_serial_number()
        expires = min(now + self._lifetime, self._certificate.not_valid_after_utc)
        if self._certificate.not_valid_after_utc <= now:
            raise NoKey(f"the certificate {self.file} has expired")
        issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_subject(name, role))
            .issuer_name(self._certificate.subject)
            .public_key(public)
            .serial_number(serial)
            .not_valid_before(max(now - _EARLIER, self._certificate.not_valid_before_utc))
            .not_valid_after(expires)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(_USAGES[role]), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(issuer_id, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        renew = now + (expires - now) * 2 / 3
        return Issued(certificate.public_bytes(_PEM), f"{serial:x}", role, name, expires.timestamp(), renew.timestamp())


def signing_request(key_file: Path) -> bytes:
    """A request for the private key in a file, which is made when there is none. The issuer decides on the names."""
    if not key_file.exists():
        write_private(key_file, _private_bytes(ec.generate_private_key(ec.SECP256R1())))
    key = _private_key(key_file)
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(key, hashes.SHA256()).public_bytes(_PEM)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Other managers that start at the same moment wait."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make(certificate_file: Path, key_file: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(f"Cenote pool {secrets.token_hex(4)}", "authority")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(key_file, _private_bytes(key))
    write_private(certificate_file, certificate.public_bytes(_PEM))


def _read(certificate_file: Path, key_file: Path) -> tuple[x509.Certificate, _Signer]:
    key = _private_key(key_file)
    try:
        certificate, *others = x509.load_pem_x509_certificates(certificate_file.read_bytes())
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usages = [one.value for one in certificate.extensions if isinstance(one.value, x509.KeyUsage)]
    except (ValueError, x509.ExtensionNotFound):
        raise NoKey(f"{certificate_file} is not the certificate of an authority") from None
    if others:  # whom they have certified would count here, too
        raise NoKey(f"{certificate_file} has several certificates; only the authority’s own belongs there")
    if not constraints.ca or not all(usage.key_cert_sign for usage in usages):
        raise NoKey(f"the certificate {certificate_file} is not an authority’s: it may not issue others")
    if certificate.public_key() != key.public_key():
        raise NoKey(f"the certificate {certificate_file} is not of the key {key_file}")
    if certificate.not_valid_after_utc <= datetime.datetime.now(datetime.UTC):
        raise NoKey(f"the certificate {certificate_file} has expired")
    return certificate, key


def _private_key(file: Path) -> _Signer:
    if file.stat().st_mode & 0o077:
        raise NoKey(f"the key {file} can be read by others: run “chmod 600 {file}”")
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, _Signer):
        raise NoKey(f"{file} is not a private key of an elliptic curve or RSA, without a password")
    return key


def _private_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _public_key(request: bytes) -> ec.EllipticCurvePublicKey:
    try:
        if len(request) > _REQUEST_LIMIT:
            raise ValueError
        parsed = x509.load_pem_x509_csr(request)
        key = parsed.public_key()
        if not parsed.is_signature_valid or not isinstance(key, ec.EllipticCurvePublicKey):
            raise ValueError
        if key.curve.key_size < _SMALLEST_KEY:
            raise ValueError
    except (ValueError, TypeError, InvalidSignature):
        raise Invalid("that is not a signing request for a key on an elliptic curve") from None
    return key


def _subject(name: str, role: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, role), x509.NameAttribute(NameOID.COMMON_NAME, name[:64])]
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    try:
        return x509.DNSName(host.encode("idna").decode("ascii"))
    except UnicodeError:
        raise Invalid(f"“{host}” is not the name of a host") from None

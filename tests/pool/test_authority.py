from __future__ import annotations

import datetime
import hashlib
import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cenote import tls
from cenote.errors import Invalid, NoKey, NotAllowed
from cenote.pool.authority import Authority, signing_request
from cenote.pool.certificates import Certificates
from cenote.pool.core import POOL, Actor
from cenote.pool.models import Role as UserRole
from cenote.tls import Peer, Role
from tests.support.pool import Manager


def server_files(authority: Authority, folder: Path, name: str = "gpu1") -> tls.Files:
    files = tls.Files(folder / "server.pem", folder / "server.key", authority.file)
    folder.mkdir(exist_ok=True)
    issued = authority.issue(signing_request(files.key), Role.SERVER, name)
    files.certificate.write_bytes(issued.certificate)
    return files


def shake(serving: ssl.SSLContext, dialling: ssl.SSLContext, host: str | None = None) -> tuple[Peer | str, Peer | str]:
    """Who each end takes the other for, or why it does not: (as the server sees it, as the client sees it)."""
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    theirs.settimeout(5)
    seen: list[Peer | str] = []

    def serve() -> None:
        try:
            with serving.wrap_socket(theirs, server_side=True) as sock:
                seen.append(tls.peer(sock) if sock.getpeercert() else "nobody")
                sock.sendall(b"!")
        except (OSError, NotAllowed) as error:
            seen.append(str(error))
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    client: Peer | str
    try:
        with dialling.wrap_socket(ours, server_hostname=host) as sock:
            sock.recv(1)
            client = tls.peer(sock)
    except (OSError, NotAllowed) as error:
        client = str(error)
    thread.join()
    return seen[0], client


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.open(tmp_path / "authority")


def test_it_is_made_once_and_for_nobody_else_to_read(tmp_path: Path, authority: Authority) -> None:
    folder = tmp_path / "authority"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()} == {"ca.pem": 0o600, "ca.key": 0o600}
    again = Authority.open(folder)
    assert again.fingerprint == authority.fingerprint
    der = ssl.PEM_cert_to_DER_cert(authority.certificate.decode())
    assert authority.fingerprint == hashlib.sha256(der).hexdigest()


def test_both_ends_know_each_other(tmp_path: Path, authority: Authority) -> None:
    manager, issued = authority.manager(tmp_path, "main", ["10.0.0.1", "pool.example.org", "::1"])
    server = server_files(authority, tmp_path / "server", "gpu 1/ä")
    of_manager, of_server = shake(server.serving_peers(), manager.dialling())
    assert of_manager == Peer(Role.MANAGER, "main", issued.serial)
    assert isinstance(of_server, Peer) and (of_server.role, of_server.name) == (Role.SERVER, "gpu 1/ä")


def test_who_has_no_certificate_of_the_pool_is_not_let_in(tmp_path: Path, authority: Authority) -> None:
    server = server_files(authority, tmp_path / "server")
    anonymous = tls.trusting(authority.certificate.decode())
    anonymous.check_hostname = False
    assert "PEER_DID_NOT_RETURN_A_CERTIFICATE" in str(shake(server.serving_peers(), anonymous)[0])
    other = Authority.open(tmp_path / "other")
    stranger, _ = other.manager(tmp_path / "other", "main", [])
    unverified = stranger.dialling()
    unverified.verify_mode = ssl.CERT_NONE
    assert "CERTIFICATE_VERIFY_FAILED" in str(shake(server.serving_peers(), unverified)[0])
    assert "CERTIFICATE_VERIFY_FAILED" in str(shake(server.serving_peers(), stranger.dialling())[1])
    impostor = server_files(authority, tmp_path / "impostor", "gpu2").dialling()
    assert "unsuitable certificate purpose" in str(shake(server.serving_peers(), impostor)[0])


def test_a_client_can_tell_a_manager_before_it_sends_anything(tmp_path: Path, authority: Authority) -> None:
    manager, _ = authority.manager(tmp_path, "main", [])
    server = server_files(authority, tmp_path / "server", tls.MANAGER_HOST)
    client = tls.trusting(authority.certificate.decode())
    assert isinstance(shake(manager.serving(), client, tls.MANAGER_HOST)[1], Peer)
    assert "Hostname mismatch" in str(shake(server.serving(), client, tls.MANAGER_HOST)[1])


def test_what_has_expired_does_not_count(tmp_path: Path, authority: Authority) -> None:
    server = server_files(authority, tmp_path / "server")
    brief = Authority.open(tmp_path / "authority", datetime.timedelta(seconds=-1))
    manager, _ = brief.manager(tmp_path, "main", [])
    assert "expired" in str(shake(server.serving_peers(), manager.dialling())[0])


def test_an_operators_own_authority(tmp_path: Path) -> None:
    """One that another authority has certified, with an RSA key, is trusted by itself."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Department")]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Company")]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    folder = tmp_path / "own"
    folder.mkdir()
    file, key_file = folder / "ca.pem", folder / "ca.key"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    key_file.chmod(0o644)
    with pytest.raises(NoKey, match="can be read by others"):
        Authority.open(folder)
    key_file.chmod(0o600)
    own = Authority.open(folder)
    assert own.expires_at == pytest.approx(now.timestamp() + 86400, abs=1)
    manager, issued = own.manager(tmp_path, "main", [])
    assert issued.expires_at == own.expires_at, "nothing lives longer than its authority"
    assert issued.renew_at == pytest.approx(now.timestamp() + 57600, abs=60)
    server = server_files(own, tmp_path / "server")
    assert all(isinstance(peer, Peer) for peer in shake(server.serving_peers(), manager.dialling()))
    kept = file.read_bytes()
    file.write_bytes(server.certificate.read_bytes())
    with pytest.raises(NoKey, match="is not an authority’s"):
        Authority.open(folder)
    file.write_bytes(Authority.open(tmp_path / "other").certificate)
    with pytest.raises(NoKey, match="is not of the key"):
        Authority.open(folder)
    file.write_bytes(kept + Authority.open(tmp_path / "other").certificate)
    with pytest.raises(NoKey, match="several certificates"):
        Authority.open(folder)
    file.write_text("nonsense")
    with pytest.raises(NoKey, match="is not the certificate of an authority"):
        Authority.open(folder)
    for missing, there in ((file, key_file), (key_file, file)):
        rest, found = missing.read_bytes(), there.read_bytes()
        missing.unlink()
        with pytest.raises(NoKey, match=f"has {there.name} alone"):
            Authority.open(folder)
        assert there.read_bytes() == found and not missing.exists(), "nothing of the operator's is replaced"
        missing.write_bytes(rest)


def test_an_authority_by_openssl(tmp_path: Path) -> None:
    """As an operator makes one, with and without a password."""
    folder = tmp_path / "own"
    folder.mkdir()
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -subj /CN=Own -keyout ca.key -out ca.pem"
    subprocess.run([*made.split(), "-noenc"], cwd=folder, check=True, capture_output=True)
    (folder / "ca.key").chmod(0o600)
    own = Authority.open(folder)
    manager, _ = own.manager(tmp_path, "main", [])
    server = server_files(own, tmp_path / "server")
    assert all(isinstance(peer, Peer) for peer in shake(server.serving_peers(), manager.dialling()))
    subprocess.run([*made.split(), "-passout", "pass:secret"], cwd=folder, check=True, capture_output=True)
    (folder / "ca.key").chmod(0o600)
    with pytest.raises(NoKey, match="without a password"):
        Authority.open(folder)


def test_expired_and_not_made_to_sign(tmp_path: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    for name, ends, signs, reason in (("old", -1, True, "has expired"), ("other", 1, False, "may not issue others")):
        folder = tmp_path / name
        folder.mkdir()
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        usage = dict.fromkeys(USAGES, False) | {"digital_signature": True, "key_cert_sign": signs}
        certificate = (
            x509.CertificateBuilder(subject, subject, key.public_key(), 1)
            .not_valid_before(now - datetime.timedelta(days=2))
            .not_valid_after(now + datetime.timedelta(days=ends))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        (folder / "ca.pem").write_bytes(certificate.public_bytes(pem))
        (folder / "ca.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
        (folder / "ca.key").chmod(0o600)
        with pytest.raises(NoKey, match=reason):
            Authority.open(folder)


USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@pytest.mark.parametrize(
    "request_",
    [b"", b"nonsense", b"-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n", b"x" * 20000],
)
def test_what_is_no_signing_request(authority: Authority, request_: bytes) -> None:
    with pytest.raises(Invalid):
        authority.issue(request_, Role.SERVER, "gpu1")


def test_a_request_cannot_name_itself(tmp_path: Path, authority: Authority) -> None:
    """Whatever it asks for, the certificate says what the pool says."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "main")])
    wish = x509.SubjectAlternativeName([x509.UniformResourceIdentifier("cenote:manager:main")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).add_extension(wish, critical=True)
    pem = request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    issued = authority.issue(pem, Role.SERVER, "gpu1")
    parsed = x509.load_pem_x509_certificate(issued.certificate)
    found = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert found.get_values_for_type(x509.UniformResourceIdentifier) == ["cenote:server:gpu1"]


def test_openssl_agrees(tmp_path: Path, authority: Authority) -> None:
    manager, _ = authority.manager(tmp_path, "main", ["10.0.0.1"])
    command = ["openssl", "verify", "-x509_strict", "-CAfile", str(authority.file), str(manager.certificate)]
    assert subprocess.run(command, capture_output=True, text=True).stdout.endswith("OK\n")


def test_revoked_serials(tmp_path: Path, manager: Manager, authority: Authority) -> None:
    certificates = Certificates(manager.core, authority)
    request = signing_request(tmp_path / "server.key")
    with manager.core.change() as change:
        first = certificates.server(change, POOL, request, "gpu1")
    assert not certificates.revoked(Role.SERVER)
    with manager.core.change() as change:
        second = certificates.server(change, POOL, request, "gpu1")
    assert first != second
    with pytest.raises(NotAllowed):
        certificates.revoke(Actor("ann", UserRole.USER, 1), Role.SERVER, "gpu1")
    with pytest.raises(Invalid):
        certificates.revoke(POOL, Role.SERVER, "gpu2")
    certificates.revoke(POOL, Role.SERVER, "gpu1")
    assert certificates.revoked(Role.SERVER) == {first.serial, second.serial}
    assert not certificates.revoked(Role.MANAGER)

"""TLS: who is trusted, and what is said when it fails."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomferry.dimse import (
    AssociationLostError,
    Peer,
    Timeouts,
    Tls,
    UnreachableError,
)
from dicomferry.errors import FerryError
from support.certificates import Identity, identity
from support.instances import CT_IMAGE, EXPLICIT_LITTLE
from support.misbehaving import HOST, Receiver, serving
from support.patience import PATIENCE

CT = (CT_IMAGE, EXPLICIT_LITTLE)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identity(tmp_path_factory.mktemp("tls"), "server")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identity(tmp_path_factory.mktemp("tls"), "client")


@pytest.fixture
def secure(server: Identity, client: Identity) -> Iterator[Receiver]:
    """Give a receiver that wants to know who calls."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client.certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(server.certificate, server.key)
    with serving(Receiver(tls=context)) as running:
        yield running


def _peer(port: int, tls: Tls, *, connect: float = PATIENCE) -> Peer:
    return Peer(HOST, port, "XNAT", "FERRY", Timeouts(connect, PATIENCE, PATIENCE), tls)


def test_a_data_set_arrives_over_tls(
    secure: Receiver, server: Identity, client: Identity, associate, store
) -> None:
    tls = Tls(server.certificate, client.certificate, client.key)
    association = associate(_peer(secure.port, tls), [CT])

    answer, digest = store(association, length=3_000_000)
    association.release()

    assert answer.status == 0
    assert secure.stored[0].sha256 == digest


def test_a_stranger_is_not_trusted(
    secure: Receiver, client: Identity, associate, server: Identity
) -> None:
    tls = Tls(client.certificate, client.certificate, client.key)

    with pytest.raises(UnreachableError) as caught:
        associate(_peer(secure.port, tls), [CT])

    assert "ca:" in caught.value.hint or "TLS" in caught.value.hint


def test_a_receiver_may_refuse_who_shows_no_certificate(
    secure: Receiver, server: Identity, associate
) -> None:
    with pytest.raises((UnreachableError, AssociationLostError)):
        associate(_peer(secure.port, Tls(server.certificate)), [CT])

    assert secure.associations == 0


def test_tls_with_a_receiver_without_it_is_told(associate, server: Identity) -> None:
    with serving(Receiver()) as plain, pytest.raises(UnreachableError, match="unreachable"):
        associate(_peer(plain.port, Tls(server.certificate), connect=1.5), [CT])


def test_a_missing_file_is_named() -> None:
    with pytest.raises(FerryError, match=r"no-such-ca\.pem: unusable as CA certificates"):
        Tls("no-such-ca.pem").context()


def test_a_file_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("hello")

    with pytest.raises(FerryError, match=r"note\.txt: unusable as certificate and key"):
        Tls("", str(file), str(file)).context()


def test_an_encrypted_key_is_refused_rather_than_asked_for(tmp_path: Path) -> None:
    own = identity(tmp_path, "locked")
    locked = tmp_path / "locked.pem"
    command = ["openssl", "rsa", "-aes256", "-passout", "pass:x", "-in", own.key]
    subprocess.run([*command, "-out", str(locked)], check=True, capture_output=True)

    with pytest.raises(FerryError, match="must not be encrypted"):
        Tls("", own.certificate, str(locked)).context()

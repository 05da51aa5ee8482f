"""A PACS is queried and asked for images over TLS, and only one that is vouched for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest
from pydicom import dcmread

from support import pacs, servers
from support.certificates import Identity, identity
from support.cli import ferry
from support.pacs_recipes import MOVER, csv_source, pacs_recipe

STUDIES = 2


@pytest.fixture(autouse=True)
def _programs(dcmtk: Callable[[str], str]) -> None:
    dcmtk("dcmsend")
    if servers.program("Orthanc") is None:
        pytest.skip("Orthanc is not installed: sudo apt-get install orthanc")


@pytest.fixture
def server(tmp_path: Path) -> Identity:
    return identity(tmp_path, "server")


@pytest.fixture
def client(tmp_path: Path) -> Identity:
    return identity(tmp_path, "client")


@contextmanager
def secure(
    folder: Path, server: Identity, client: Identity, port: int = 11112
) -> Iterator[servers.Orthanc]:
    """Run a PACS with two studies that wants to know who calls. It is filled without TLS."""
    for number in range(1, STUDIES + 1):
        pacs.study(folder / "in", number)
    with pacs.orthanc(folder / "pacs") as plain:
        pacs.fill(plain, folder / "in")
    with pacs.orthanc(
        folder / "pacs",
        movers={MOVER: port},
        DicomTlsEnabled=True,
        DicomTlsCertificate=server.certificate,
        DicomTlsPrivateKey=server.key,
        DicomTlsTrustedCertificates=client.certificate,
    ) as running:
        yield running


@pytest.mark.parametrize("retrieve", ["c-get", "c-move"])
def test_studies_are_found_and_retrieved_over_tls(
    tmp_path: Path, server: Identity, client: Identity, retrieve: str
) -> None:
    port = servers.free_port()
    tls = {"ca": server.certificate} | asdict(client)
    with (
        secure(tmp_path, server, client, port) as running,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        source = csv_source(tmp_path, "Accession Number\nA0001\nA0002\n")
        recipe = pacs_recipe(
            tmp_path, running, xnat, source, retrieve=retrieve, tls=tls, associations=2,
            move_ae_title=MOVER, move_port=port,
        )  # fmt: skip
        result = ferry("run", recipe)
        arrived = {str(dcmread(file).SOPInstanceUID) for file in xnat.files()}

    assert result.returncode == 0, result.stdout + result.stderr
    assert arrived == {str(dcmread(p).SOPInstanceUID) for p in (tmp_path / "in").iterdir()}


def test_a_pacs_that_nobody_vouches_for_is_not_asked(
    tmp_path: Path, server: Identity, client: Identity
) -> None:
    tls = {"ca": client.certificate} | asdict(client)
    with (
        secure(tmp_path, server, client) as running,
        servers.storescp(tmp_path / "xnat") as xnat,
    ):
        source = csv_source(tmp_path, "Accession Number\nA0001\n")
        result = ferry("run", pacs_recipe(tmp_path, running, xnat, source, tls=tls))

    assert result.returncode == 2
    assert "certificate" in result.stderr
    assert "ca: under tls:" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_pacs_with_tls_is_not_asked_without_it(
    tmp_path: Path, server: Identity, client: Identity
) -> None:
    with (
        secure(tmp_path, server, client) as running,
        servers.storescp(tmp_path / "xnat") as xnat,
    ):
        source = csv_source(tmp_path, "Accession Number\nA0001\n")
        result = ferry("run", pacs_recipe(tmp_path, running, xnat, source))
        assert not xnat.files()

    # It hangs up at once, or upon the first question, which rejects the row.
    assert result.returncode in {1, 2}
    assert "Everything is stored" not in result.stdout
    assert "Traceback" not in result.stderr

"""The receivers that other tests trust are what they claim to be."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support import legacy_archive, servers
from support.instances import make_instances


def test_storescp_keeps_what_storescu_sends(
    storescp: servers.StoreScp, dcmtk: Callable[[str], str], tmp_path: Path
) -> None:
    path, *_ = make_instances(tmp_path / "made", 1)
    peer = ["--call", storescp.ae_title, storescp.host, str(storescp.port)]

    subprocess.run([dcmtk("storescu"), *peer, str(path)], check=True, capture_output=True)

    (arrived,) = storescp.files()
    assert arrived.read_bytes().endswith(path.read_bytes()[-512:])


def test_orthanc_starts_empty_and_counts_what_arrives(
    orthanc: servers.Orthanc, dcmtk: Callable[[str], str], tmp_path: Path
) -> None:
    path, *_ = make_instances(tmp_path / "made", 1)
    peer = ["--call", orthanc.ae_title, orthanc.host, str(orthanc.port)]
    assert orthanc.instances() == []

    subprocess.run([dcmtk("storescu"), *peer, str(path)], check=True, capture_output=True)

    (instance,) = orthanc.instances()
    assert orthanc.file(instance).endswith(path.read_bytes()[-512:])


def test_the_archive_is_the_same_on_every_build(legacy: Path, tmp_path: Path) -> None:
    legacy_archive.build(tmp_path)

    assert _contents(tmp_path) == _contents(legacy)


def test_the_archive_is_not_built_over_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")

    with pytest.raises(FileExistsError, match="not empty"):
        legacy_archive.build(tmp_path)


def test_made_instances_have_uids_of_their_own(tmp_path: Path) -> None:
    from pydicom import dcmread

    headers = [dcmread(path) for path in make_instances(tmp_path, 24, sessions=3, series=2)]

    assert len({header.SOPInstanceUID for header in headers}) == 24
    assert len({header.SeriesInstanceUID for header in headers}) == 6
    assert len({header.StudyInstanceUID for header in headers}) == 3
    assert len({header.PatientID for header in headers}) == 3


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }

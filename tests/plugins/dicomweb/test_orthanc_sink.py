"""Orthanc as a receiver by STOW-RS: what it has then is what was sent, each instance once."""

from __future__ import annotations

from pathlib import Path
from socket import socket
from typing import Any

import pytest
from pydicom.data import get_testdata_file

from dicomferry.testing import check_sink
from dicomferry_plugins._dicomweb.site import WebSite
from dicomferry_plugins._dicomweb.stow import StowSink
from dicomferry_plugins._resend import BackOff
from support import pacs
from support.lying_web import Reply, lying_web
from support.servers import Orthanc

QUICK = BackOff(lambda seconds: None)


def url_of(server: Orthanc) -> str:
    return f"http://{server.host}:{server.http_port}/dicom-web"


def held(server: Orthanc) -> list[bytes]:
    return sorted(server.file(one) for one in server.instances())


@pytest.fixture
def legacy_files(tmp_path: Path) -> list[Path]:
    """Two studies of uncompressed images, and one compressed image."""
    files = [*pacs.study(tmp_path / "in", 1, series=2), *pacs.study(tmp_path / "in", 2)]
    compressed = get_testdata_file("JPEG2000.dcm")
    assert isinstance(compressed, str)
    files.append(tmp_path / "in" / "compressed.dcm")
    files[-1].write_bytes(Path(compressed).read_bytes())
    return files


def test_orthanc_has_what_was_sent_and_a_second_run_sends_nothing(
    orthanc_web: Orthanc, legacy_files: list[Path], recipe: Any, run: Any
) -> None:
    path = recipe(url_of(orthanc_web), folder="in")
    ended = run("run", path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert held(orthanc_web) == sorted(file.read_bytes() for file in legacy_files)
    changes = orthanc_web.get("/changes?limit=1000")
    again = run("run", path)
    assert again.returncode == 0, again.stderr
    assert orthanc_web.get("/changes?limit=1000") == changes


def test_edits_are_all_that_changes(
    orthanc_web: Orthanc, tmp_path: Path, recipe: Any, run: Any
) -> None:
    pacs.study(tmp_path / "in", 1)
    remap = {"remap": {"set": {"PatientID": "MC1", "StudyDescription": "GONE OVER"}}}
    ended = run("run", recipe(url_of(orthanc_web), folder="in", transforms=[remap]))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for one in orthanc_web.instances():
        simple = orthanc_web.get(f"/instances/{one}/simplified-tags").decode()
        assert '"MC1"' in simple
        assert "GONE OVER" in simple
    assert len(orthanc_web.instances()) == 2


def test_the_sink_keeps_its_contract(orthanc_web: Orthanc, tmp_path: Path) -> None:
    files = pacs.study(tmp_path / "in", 1)

    def read_back(uid: str) -> bytes:
        (found,) = [c for c in held(orthanc_web) if uid.encode() in c]
        return found

    def sink(url: str, timeout: float = 60.0) -> StowSink:
        return StowSink(WebSite(url, timeout=timeout), 1, f"DICOMweb@{url}", 1, back_off=QUICK)

    html = Reply(200, b"<html>stored!</html>", {"Content-Type": "text/html"})
    with lying_web(reply=lambda method, path: html) as lying, socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        outcomes = check_sink(
            sink(url_of(orthanc_web)),
            files,
            read_back,
            lying=sink(lying.url),
            silent=sink(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2),
        )
    assert len(outcomes) == len(files)
    assert len(orthanc_web.instances()) == len(files)

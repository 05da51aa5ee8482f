"""Orthanc as a source, by its DICOMweb plug-in: what it has arrives, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from dicomferry.model import RemoteInstance
from dicomferry.testing import check_fetcher, check_source
from dicomferry_plugins._dicomweb.by_query import WebQuery
from dicomferry_plugins._dicomweb.fetch import WadoFetcher
from dicomferry_plugins._dicomweb.server import DicomWebServer
from dicomferry_plugins._dicomweb.site import WebSite
from dicomferry_plugins._pacs.choice import SeriesChoice
from support import pacs
from support.instances import uid
from support.servers import Orthanc


class NothingKept:
    """Answers that are asked for each time."""

    def kept(self, question: str) -> None:
        return None

    def keep(self, question: str, answer: bytes, studies: object = ()) -> None:
        pass

    def forget(self, study_instance_uid: str) -> None:
        pass

    def turn(self) -> None:
        pass


def url_of(server: Orthanc) -> str:
    return f"http://{server.host}:{server.http_port}/dicom-web"


def fill(server: Orthanc, paths: list[Path]) -> dict[str, bytes]:
    """Put files into Orthanc by its own interface; return them by SOP Instance UID."""
    files = {}
    for path in paths:
        content = path.read_bytes()
        address = f"http://{server.host}:{server.http_port}/instances"
        with urlopen(Request(address, data=content, method="POST")) as answer:
            assert answer.status == 200
        files[str(dcmread(path, stop_before_pixels=True).SOPInstanceUID)] = content
    return files


@pytest.fixture
def held(orthanc_web: Orthanc, tmp_path: Path) -> dict[str, bytes]:
    paths = [path for n in (1, 2, 3) for path in pacs.study(tmp_path / "in", n, series=2)]
    return fill(orthanc_web, paths)


def test_what_orthanc_has_arrives_byte_for_byte(
    orthanc_web: Orthanc, held: dict[str, bytes], recipe: Any, run: Any, exported: Any
) -> None:
    path = recipe(url_of(orthanc_web))
    ended = run("run", path)
    assert ended.returncode == 0, ended.stderr
    assert exported() == held
    again = run("run", path)
    assert again.returncode == 0, again.stderr


def test_criteria_choose_and_wildcards_and_lists_are_understood(
    orthanc_web: Orthanc, held: dict[str, bytes], recipe: Any, run: Any, exported: Any
) -> None:
    where = [{"PatientID": "P000?", "AccessionNumber": "A0001\\A0003"}]
    ended = run("run", recipe(url_of(orthanc_web), where=where))
    assert ended.returncode == 0, ended.stderr
    wanted = {uid("sop", study, series, i) for study in (1, 3) for series in (1, 2) for i in (1, 2)}
    assert set(exported()) == wanted


def test_a_name_is_found_by_a_server_that_does_not_decode_its_query(
    orthanc_web: Orthanc, held: dict[str, bytes], recipe: Any, run: Any, exported: Any
) -> None:
    ended = run("run", recipe(url_of(orthanc_web), where={"PatientName": "DOE^NR2"}))
    assert ended.returncode == 0, ended.stderr
    assert set(exported()) == {uid("sop", 2, series, i) for series in (1, 2) for i in (1, 2)}


def test_a_compressed_instance_comes_in_the_transfer_syntax_it_is_stored_in(
    orthanc_web: Orthanc, recipe: Any, run: Any, exported: Any
) -> None:
    file = get_testdata_file("JPEG2000.dcm")
    assert isinstance(file, str)
    dataset = dcmread(file)
    (stored,) = fill(orthanc_web, [Path(file)])
    where = {"StudyInstanceUID": str(dataset.StudyInstanceUID)}
    ended = run("run", recipe(url_of(orthanc_web), where=where))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    held = orthanc_web.file(orthanc_web.instances()[0])
    assert exported() == {stored: held}


def test_source_and_fetcher_keep_their_contracts(
    orthanc_web: Orthanc, held: dict[str, bytes], tmp_path: Path
) -> None:
    site = WebSite(url_of(orthanc_web))
    where = {"AccessionNumber": "A0002"}
    source = WebQuery(site, NothingKept(), "clinic", (where,), SeriesChoice(), "any", 10)
    found = [one for one in check_source(source) if isinstance(one, RemoteInstance)]
    assert len(found) == 4
    manners = DicomWebServer(url=site.url).manners
    files = check_fetcher(WadoFetcher(site, manners), found, tmp_path / "spool")
    assert {path.read_bytes() for path in files} <= set(held.values())


def test_the_doctor_says_whether_searches_are_answered(
    orthanc_web: Orthanc, recipe: Callable[..., Path], run: Any
) -> None:
    ended = run("doctor", recipe(url_of(orthanc_web)))
    assert ended.returncode == 0, ended.stdout
    assert "answers searches" in ended.stdout
    elsewhere = run("doctor", recipe(url_of(orthanc_web).replace("/dicom-web", "/nowhere")))
    assert elsewhere.returncode == 1
    assert "answers 404" in elsewhere.stdout

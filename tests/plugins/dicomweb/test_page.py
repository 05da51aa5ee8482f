"""What docs/dicomweb.md prints works: from an empty folder to a verified archive."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from dicomferry.contract.stand_in import StandIn
from dicomferry.testing.receiver import open_receiver
from dicomferry.xnat.naming.identifiers import ClassicIdentifier
from dicomferry.xnat.naming.options import Identification
from support import pacs
from support.lying_web import lying_web

PAGE = Path(__file__).parents[3] / "docs" / "dicomweb.md"
BLOCKS = re.findall(r"^```yaml\n(recipe: 1\n.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def written(recipe: str, folder: Path, web: str, xnat: StandIn) -> Path:
    """Write a recipe of the page for the servers of the test."""
    recipe = (
        recipe.replace("https://pacs.example.org/dicom-web", web)
        .replace("https://xnat.example.org", xnat.url)
        .replace("host: xnat.example.org, port: 8104", f"host: {xnat.host}, port: {xnat.port}")
    )
    path = folder / "memory.yaml"
    path.write_text(recipe)
    return path


def test_the_source_of_the_page_brings_a_study_that_is_verified(
    tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    hosts = ("pacs.example.org", "xnat.example.org")
    netrc.write_text("".join(f"machine {host} login ferry password p\n" for host in hosts))
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    identifier = ClassicIdentifier(Identification(projects=["MEMORY"]))
    with lying_web() as web, open_receiver(tmp_path / "xnat", identifier) as xnat:
        web.add(pacs.study(tmp_path / "in", 1, series=2, StudyDate="20210304"))
        path = written(BLOCKS[0], tmp_path, web.url, xnat)
        assert run("doctor", path).returncode in (0, 1)
        ended = run("run", path)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        xnat.build()
        verified = run("verify", path)
        assert verified.returncode == 0, verified.stdout + verified.stderr
        stored = {one.sop_instance_uid for one in xnat.receipts()}
    assert stored == set(web.files)


def test_the_sink_of_the_page_stores_a_disk(
    tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine archive.example.org login ferry password p\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    pacs.study(tmp_path / "disk", 1, instances=3, OtherPatientIDs="1")
    path = tmp_path / "research.yaml"
    with lying_web() as web:
        recipe = BLOCKS[1].replace("https://archive.example.org/dicom-web", web.url)
        path.write_text(recipe.replace("/mnt/disk3", "disk"))
        ended = run("run", path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    stored = [dcmread(BytesIO(content)) for content in web.files.values()]
    assert len(stored) == 3
    assert not any("OtherPatientIDs" in one for one in stored)

"""The fixtures of the test kit; no other module of the product imports pytest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dicomferry.contract.stand_in import StandIn
from dicomferry.dicom.header import Header
from dicomferry.testing.building import build_stage
from dicomferry.testing.instances import header_of, instance_bytes
from dicomferry.testing.pacs import Pacs
from dicomferry.testing.receiver import open_receiver


@pytest.fixture
def make_header() -> Callable[..., Header]:
    """Return a function that makes a header: `make_header(PatientID="P7", StudyDate=None)`."""

    def make(**attributes: object) -> Header:
        return header_of(attributes)

    return make


@pytest.fixture
def make_instance(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes an instance: `make_instance("a/b.dcm", PatientID="P7")`.

    The path is below the test's own folder.
    """

    def make(path: str = "instance.dcm", **attributes: object) -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(instance_bytes(attributes))
        return file

    return make


@pytest.fixture
def make_study(make_instance: Callable[..., Path]) -> Callable[..., list[Path]]:
    """Return a function that writes a study: `make_study("study", count=6, series=2)`.

    The images are numbered. They share one StudyInstanceUID; those of a series share its UID.
    """

    def make(
        folder: str = "study", *, count: int = 3, series: int = 1, **attributes: object
    ) -> list[Path]:
        whole = header_of({**attributes, "SeriesDescription": folder}).ref
        paths = []
        for number in range(count):
            one = number % series + 1
            more = {
                "StudyInstanceUID": whole.study_instance_uid,
                "SeriesInstanceUID": f"{whole.series_instance_uid[:58]}.{one}",
                "SeriesNumber": one,
                "InstanceNumber": number // series + 1,
            }
            paths.append(make_instance(f"{folder}/{number + 1:06}.dcm", **more | attributes))
        return paths

    return make


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Any]:
    """Return a function that builds a stage: `build(COMPONENT, ward="7")`.

    Relative paths in the options start at the test's own folder.
    """

    def built(component: Any, /, **options: object) -> Any:
        return build_stage(component, options, tmp_path)

    return built


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[StandIn]:
    """Yield a running stand-in XNAT on a free port; it keeps the received files."""
    with open_receiver(tmp_path / "receiver") as stand_in:
        yield stand_in


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[Pacs]:
    """Yield a running PACS on a free port; it serves the files in `pacs.folder`."""
    folder = tmp_path / "held"
    folder.mkdir()
    with Pacs(folder) as server:
        yield server

"""Real files in both generations, beside a reading of their bytes that shares no code with ours.

No recorded answers of XNAT's own classes name these files.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset, dcmread

from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.errors import FerryError
from dicomferry.model import Forecast, Location
from dicomferry.xnat.naming.classic import refused_without_uids
from dicomferry.xnat.naming.identifiers import ClassicIdentifier
from dicomferry.xnat.naming.notes import GENERATIONS_DIFFER
from dicomferry.xnat.naming.options import Identification
from dicomferry.xnat.reading.generation import Generation

WHEEL = Path(pydicom.__file__).parent / "data" / "test_files"
SHARED = Path(__file__).parents[5] / "shared" / "data" / "dicom"
FILES = sorted(
    path for folder in (WHEEL, SHARED) if folder.exists() for path in folder.rglob("*")
    if path.is_file() and path.suffix not in {".tsv", ".txt", ".json", ".zip", ".md", ".py"}
)  # fmt: skip
NAME, ID = 0x00100010, 0x00100020
COMMENTS = (0x00104000, 0x00324000, 0x001021B0)


def forecast(header: Header, xnat: Generation | None) -> Forecast:
    options = Identification(xnat=xnat, projects=["P"])
    return refused_without_uids(header) or ClassicIdentifier(options).forecast(header)


def opened(path: Path) -> Header | None:
    location = Location(str(path))
    try:
        with open_instance(open_blob(location), location) as instance:
            return instance.header
    except FerryError:
        return None


def read(path: Path) -> Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dcmread(path, force=True, stop_before_pixels=True)


def raw(dataset: Dataset, tag: int) -> bytes | None:
    """Return the bytes of a text element; None where they are no plain ASCII of one value."""
    if tag not in dataset:
        return b""
    element = dataset.get_item(tag)
    value = getattr(element, "value", None)
    if value is None:
        return b""
    plain = isinstance(value, bytes) and value.isascii() and not re.search(rb"[\\\x00-\x1f]", value)
    return value if plain and getattr(element, "VR", "") in ("PN", "LO", None) else None


def expected(dataset: Dataset, xnat: Generation) -> tuple[str | None, str] | None:
    """Return subject and session by the plainest rules; None where a file needs others."""
    name, patient = raw(dataset, NAME), raw(dataset, ID)
    if name is None or patient is None or any(tag in dataset for tag in COMMENTS):
        return None
    ends = b"^ " if xnat is Generation.XNAT_1_9 else b" "
    subject = name.lstrip(b" ").rstrip(ends).decode()
    session = patient.strip(b" ").decode()
    return (
        re.sub(r"[^A-Za-z0-9_-]", "_", subject) or None,
        re.sub(r"[^A-Za-z0-9_-]", "_", session) or "dicom_upload",
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_real_file_is_forecast_in_both_generations(path: Path) -> None:
    header = opened(path)
    if header is None:
        return
    dataset = read(path)
    found = {xnat: forecast(header, xnat) for xnat in Generation}
    for xnat, made in found.items():
        if made.refused is None and made.unknown is None and (told := expected(dataset, xnat)):
            assert (made.destination.subject, made.destination.session) == told, xnat
        assert made.refused is None or made.unknown is None
    older, newer = found[Generation.XNAT_1_9], found[Generation.XNAT_1_10]
    both = forecast(header, None)
    assert both.destination == newer.destination
    noted = any(note.startswith(GENERATIONS_DIFFER) for note in both.notes)
    alike = (older.destination, older.refused is None, older.unknown is None) == (
        newer.destination, newer.refused is None, newer.unknown is None,
    )  # fmt: skip
    assert noted is not alike


def test_most_real_files_are_plain_enough_to_be_told_by_other_means() -> None:
    plain = [read(path) for path in WHEEL.glob("*.dcm")]
    told = [dataset for dataset in plain if expected(dataset, Generation.XNAT_1_9)]
    assert len(told) > 50

"""Real files to open, and ways to make others."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.data import get_testdata_file
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from dicomferry.dicom.instance import Instance, open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.dicom.syntax import BIG, EXPLICIT, IMPLICIT, Syntax
from dicomferry.model import Location

UIDS = {
    IMPLICIT: "1.2.840.10008.1.2",
    EXPLICIT: "1.2.840.10008.1.2.1",
    BIG: "1.2.840.10008.1.2.2",
}


def element(tag: int, vr: str, value: bytes) -> bytes:
    """Return an element in explicit VR little endian."""
    head = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little") + vr.encode()
    if vr in ("OB", "OW", "SQ", "UN", "UT"):
        return head + b"\0\0" + len(value).to_bytes(4, "little") + value
    return head + len(value).to_bytes(2, "little") + value


@pytest.fixture
def wheel_file() -> Callable[[str], Path]:
    """Return a function that finds a file of pydicom's wheel."""

    def find(name: str) -> Path:
        path = get_testdata_file(name, download=False)
        assert isinstance(path, str)
        return Path(path)

    return find


@pytest.fixture
def opened() -> Iterator[Callable[[Path], Instance]]:
    """Return a function that opens an instance; all are closed at the end."""
    instances: list[Instance] = []

    def start(path: Path) -> Instance:
        location = Location(str(path))
        instance = open_instance(open_blob(location), location)
        instances.append(instance)
        return instance

    yield start
    for instance in instances:
        instance.close()


@pytest.fixture
def part10() -> Callable[[bytes, Syntax], bytes]:
    """Return a function that puts a preamble and a meta group in front of a data set."""

    def make(data_set: bytes, syntax: Syntax = EXPLICIT) -> bytes:
        uid = UIDS[syntax].encode()
        body = element(0x00020001, "OB", b"\0\1")
        body += element(0x00020010, "UI", uid + b"\0" * (len(uid) % 2))
        length = element(0x00020000, "UL", len(body).to_bytes(4, "little"))
        return b"\0" * 128 + b"DICM" + length + body + data_set

    return make


@pytest.fixture
def written(tmp_path: Path, part10: Callable[..., bytes]) -> Callable[..., Path]:
    """Return a function that writes a pydicom data set to a file, in a given syntax."""

    def write(dataset: Dataset, syntax: Syntax = EXPLICIT, name: str = "made") -> Path:
        file = DicomBytesIO()
        file.is_implicit_VR, file.is_little_endian = syntax.implicit, syntax.little
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write_dataset(file, dataset)
        path = tmp_path / name
        path.write_bytes(part10(file.getvalue(), syntax))
        return path

    return write


@pytest.fixture
def bytes_of() -> Callable[..., bytes]:
    """Return a function that joins the chunks of a spliced instance."""

    def join(spliced: object, size: int = 1 << 20) -> bytes:
        file = BytesIO()
        for chunk in spliced.chunks(size):
            file.write(chunk)
        assert len(file.getvalue()) == spliced.length
        return file.getvalue()

    return join

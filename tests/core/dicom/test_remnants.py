"""Files whose beginning is gone: they were instances, and are not passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.errors import DamagedError, NotDicomError
from dicomferry.model import Location
from support.instances import make_instances


def open_bytes(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.write_bytes(data)
    location = Location(str(path))
    open_instance(open_blob(location), location).close()


@pytest.fixture
def whole(tmp_path: Path) -> bytes:
    (path,) = make_instances(tmp_path / "made", 1)
    return path.read_bytes()


@pytest.mark.parametrize("ahead", [1, 128, 512, 3000])
def test_a_prefix_at_another_place_is_told_with_its_byte(
    tmp_path: Path, whole: bytes, ahead: int
) -> None:
    with pytest.raises(DamagedError, match=f"byte {ahead + 128}"):
        open_bytes(tmp_path, "shifted", b"\1" * ahead + whole)


def test_a_file_that_lost_its_preamble_is_damaged(tmp_path: Path, whole: bytes) -> None:
    with pytest.raises(DamagedError, match="at byte 0,"):
        open_bytes(tmp_path, "IM1", whole[128:])


def test_a_file_that_lost_its_prefix_is_damaged(tmp_path: Path, whole: bytes) -> None:
    with pytest.raises(DamagedError, match="no DICOM prefix"):
        open_bytes(tmp_path, "IM1", whole[:128] + bytes(4) + whole[132:])


@pytest.mark.parametrize("name", ["a.dcm", "B.DCM", "c.dicom", "d.IMA"])
@pytest.mark.parametrize("data", [b"", bytes(5000), b"<html>404</html>", b"\x5a" * 700])
def test_what_is_named_as_an_instance_and_is_none_is_damaged(
    tmp_path: Path, name: str, data: bytes
) -> None:
    with pytest.raises(DamagedError, match="named as an instance"):
        open_bytes(tmp_path, name, data)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("._a.dcm", b"\0\x05\x16\x07\0\2\0\0Mac OS X        " + bytes(100)),
        ("notes.txt", b"DICM is what a prefix says"),
        ("empty", b""),
        ("zeros", bytes(5000)),
    ],
)
def test_what_never_was_an_instance_is_passed(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(NotDicomError):
        open_bytes(tmp_path, name, data)

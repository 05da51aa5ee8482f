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


@pytest.mark.parametrize("lost", [200, 333, 512, 600])
def test_a_file_whose_first_block_is_lost_is_damaged(
    tmp_path: Path, whole: bytes, lost: int
) -> None:
    for name, data in (("cut", whole[lost:]), ("foreign", b"\xa5" * lost + whole[lost:])):
        with pytest.raises(DamagedError, match="elements of a data set stand at byte"):
            open_bytes(tmp_path, name, data)


@pytest.mark.parametrize("size", [132, 5000, (3 << 20) + 1])
def test_a_file_of_nothing_but_nuls_has_lost_what_was_in_it(tmp_path: Path, size: int) -> None:
    with pytest.raises(DamagedError, match=f"nothing but {size:,} NULs"):
        open_bytes(tmp_path, "IM1", bytes(size))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("._a.dcm", b"\0\x05\x16\x07\0\2\0\0Mac OS X        " + bytes(100)),
        ("notes.txt", b"DICM is what a prefix says"),
        ("empty", b""),
        ("few zeros", bytes(131)),
        ("image.img", bytes(3 << 20) + b"\1"),
        ("words", b"words: " + b"\x08\0\x20\0DA\x08\x0020200101" * 40),
    ],
)
def test_what_never_was_an_instance_is_passed(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(NotDicomError):
        open_bytes(tmp_path, name, data)

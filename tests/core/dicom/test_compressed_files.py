"""Compressed files and archives in archives are read in place, and bombs do not fill the disk."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dicomferry.dicom.archive import is_archive, list_members
from dicomferry.dicom.archive.files import OnDisk
from dicomferry.dicom.opening import open_blob
from dicomferry.dicom.passing import is_of_the_machine
from dicomferry.dicom.unpack import bound
from dicomferry.errors import DamagedError, FerryError, NotDicomError, UnreadableError
from dicomferry.model import Location
from support.instances import image, part10

Pack = Callable[[bytes], bytes]


def zipped(**members: bytes) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return whole.getvalue()


def tarred(mode: str = "w", **members: bytes) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode=mode) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return whole.getvalue()


def zstd(data: bytes) -> bytes:
    return bytes(pytest.importorskip("backports.zstd").compress(data))


PACKERS: dict[str, Pack] = {
    "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd
}  # fmt: skip


@pytest.fixture(params=PACKERS)
def ending(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def scan() -> bytes:
    return part10(image({"PatientID": "MC1"}))


def contents(path: Path) -> dict[str, bytes]:
    """Return the bytes of every member that can be opened."""
    found = {}
    for member in list_members(path):
        if not member.code:
            blob = open_blob(Location(str(path), member.name))
            found[member.name] = blob.read(0, blob.size)
            blob.close()
    return found


def test_a_compressed_file_has_one_member_without_the_ending(
    ending: str, scan: bytes, tmp_path: Path
) -> None:
    path = tmp_path / f"scan.dcm.{ending}"
    path.write_bytes(PACKERS[ending](scan))

    assert is_archive(path)
    assert contents(path) == {"scan.dcm": scan}


def test_a_compressed_file_is_known_by_its_content(
    ending: str, scan: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "IM0001"
    path.write_bytes(PACKERS[ending](scan))

    assert contents(path) == {"IM0001": scan}


def test_a_compressed_tar_archive_is_an_archive(ending: str, scan: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"a.tar.{ending}"
    path.write_bytes(PACKERS[ending](tarred(one=scan, two=scan)))

    assert contents(path) == {"one": scan, "two": scan}


@pytest.mark.parametrize("behind", [0, 4, 70_000])
def test_several_streams_in_one_file_are_one_file(
    ending: str, behind: int, scan: bytes, tmp_path: Path
) -> None:
    pack, path = PACKERS[ending], tmp_path / f"scan.{ending}"
    path.write_bytes(pack(scan[:1000]) + pack(scan[1000:]) + bytes(behind))

    assert contents(path) == {"scan": scan}


@pytest.mark.parametrize("behind", [b"junk", b"\n", bytes(4) + b"junk" * 20_000])
def test_what_else_stands_behind_a_stream_breaks_the_file(
    ending: str, behind: bytes, scan: bytes, tmp_path: Path
) -> None:
    """It may be a stream of which the beginning is damaged."""
    path = tmp_path / f"scan.{ending}"
    path.write_bytes(PACKERS[ending](scan) + behind)

    with pytest.raises(DamagedError, match="the archive is damaged: "):
        contents(path)


def test_a_stream_that_is_cut_breaks_the_file(ending: str, scan: bytes, tmp_path: Path) -> None:
    packed, path = PACKERS[ending](scan), tmp_path / f"scan.{ending}"
    for kept in (len(packed) - 1, len(packed) // 2):
        path.write_bytes(packed[:kept])
        with pytest.raises(DamagedError):
            contents(path)


def test_archives_in_archives_are_read_in_place(ending: str, scan: bytes, tmp_path: Path) -> None:
    pack = PACKERS[ending]
    path = tmp_path / "disk.zip"
    inner = {f"b.dcm.{ending}": pack(scan), "deep.tar": tarred(c=scan)}
    outer = {"a.zip": zipped(**inner), f"d.tar.{ending}": pack(tarred(e=scan)), "f": scan}
    path.write_bytes(zipped(**outer))

    assert contents(path) == dict.fromkeys(
        (f"a.zip!b.dcm.{ending}!b.dcm", "a.zip!deep.tar!c", f"d.tar.{ending}!e", "f"), scan
    )


def test_the_path_of_a_member_takes_archives_for_folders(scan: bytes, tmp_path: Path) -> None:
    path = tmp_path / "disk.tar"
    path.write_bytes(
        tarred(**{"a/b.zip": zipped(**{"c/d": scan}), "e.dcm.gz": gzip.compress(scan)})
    )
    alone = tmp_path / "f.dcm.gz"
    alone.write_bytes(gzip.compress(scan))

    assert [member.path for member in list_members(path)] == ["a/b.zip/c/d", "e.dcm.gz"]
    assert [member.path for member in list_members(alone)] == [""]


def test_a_name_with_an_exclamation_mark_is_found(scan: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a!b.zip"
    path.write_bytes(zipped(**{"c!d": scan, "e!.zip": zipped(**{"f!g": scan})}))

    assert contents(path) == {"c!d": scan, "e!.zip!f!g": scan}


@pytest.mark.parametrize("size", [40, 600])
def test_a_broken_archive_in_an_archive_is_listed_and_the_rest_goes_on(
    size: int, scan: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "disk.zip"
    members = {"a.zip": zipped(one=scan)[:size], "b.gz": gzip.compress(scan)[:size], "c": scan}
    path.write_bytes(zipped(**members))

    codes = {member.name: member.code for member in list_members(path)}
    assert codes["a.zip"] == "broken-archive"
    assert contents_or_damage(path, "b.gz!b") is DamagedError
    assert codes["c"] == ""


def contents_or_damage(path: Path, member: str) -> type[FerryError] | bytes:
    try:
        blob = open_blob(Location(str(path), member))
    except FerryError as error:
        return type(error)
    return blob.read(0, blob.size)


def test_a_member_that_only_its_name_calls_an_archive_is_a_file(
    scan: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "disk.zip"
    path.write_bytes(zipped(**{"a.zip": scan, "b.gz": b"text"}))

    assert contents(path) == {"a.zip": scan, "b.gz": b"text"}


def test_archives_are_opened_to_a_depth(scan: bytes, tmp_path: Path) -> None:
    data = scan
    for _ in range(7):
        data = zipped(**{"x.zip": data})
    path = tmp_path / "disk.zip"
    path.write_bytes(data)

    (member,) = list_members(path)
    assert (member.code, member.settled) == ("nested-too-deep", False)


@pytest.mark.parametrize("cut", [20, 400])
def test_a_cut_compressed_file_is_damaged(
    ending: str, cut: int, scan: bytes, tmp_path: Path
) -> None:
    path = tmp_path / f"scan.{ending}"
    path.write_bytes(PACKERS[ending](scan)[:cut])

    with pytest.raises(DamagedError):
        contents(path)


def test_what_holds_no_dicom_is_known_at_its_first_bytes(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"zeros.{ending}"
    path.write_bytes(PACKERS[ending](bytes(64 << 20)))

    with pytest.raises(NotDicomError):
        open_blob(Location(str(path), "zeros"))


def test_a_bomb_that_begins_like_dicom_is_stopped(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dicomferry.dicom.unpack._SURE", 1 << 20)
    path = tmp_path / f"bomb.{ending}"
    path.write_bytes(PACKERS[ending](bytes(128) + b"DICM" + bytes(64 << 20)))

    with pytest.raises(DamagedError, match="more than"):
        open_blob(Location(str(path), "bomb"))


def test_a_bomb_in_an_archive_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dicomferry.dicom.unpack._SURE", 1 << 20)
    path = tmp_path / "bomb.zip"
    path.write_bytes(zipped(zeros=bytes(64 << 20)))

    with pytest.raises(DamagedError, match="more than"):
        open_blob(Location(str(path), "zeros"))


def test_a_tar_archive_of_zeros_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dicomferry.dicom.unpack._SURE", 1 << 20)
    path = tmp_path / "bomb.tgz"
    path.write_bytes(gzip.compress(tarred(zeros=bytes(64 << 20))))

    with pytest.raises(DamagedError, match="more than"):
        list(list_members(path))


def test_files_may_grow_as_pixel_data_does() -> None:
    assert bound(1000) == 1 << 30
    assert bound(100 << 20) == 100 * (100 << 20)
    assert bound(1 << 40) == 16 << 30


def test_a_method_that_is_not_known_is_listed(scan: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    data = bytearray(zipped(one=scan))
    for signature, at in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        start = data.index(signature) + at
        data[start : start + 2] = (9).to_bytes(2, "little")  # Deflate64, as Windows makes it
    path.write_bytes(data)

    (member,) = list_members(path)
    assert (member.code, member.settled) == ("unknown-compression", False)
    assert "method 9" in member.reason
    with pytest.raises(FerryError, match="method 9"):
        open_blob(Location(str(path), "one"))


class Failing(io.FileIO):
    """A file on a disk that fails: it can be opened, and not read."""

    def readinto(self, _buffer: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def read(self, _size: int | None = -1) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == io.SEEK_END:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().seek(offset, whence)


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.gz"])
def test_a_disk_that_fails_while_an_archive_is_listed_breaks_no_archive(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    if name.endswith("zip"):
        with zipfile.ZipFile(path, "w") as made:
            made.writestr("x", b"text")
    elif name.endswith("tar"):
        with tarfile.open(path, "w") as tar:
            tar.addfile(tarfile.TarInfo("x"))
    else:
        path.write_bytes(gzip.compress(b"text"))
    monkeypatch.setattr(OnDisk, "file", lambda self: Failing(self.path))

    with pytest.raises(UnreadableError, match="Input/output error"):
        list(list_members(path))


def test_an_offset_out_of_the_file_is_no_trouble_of_the_machine() -> None:
    assert not is_of_the_machine(OSError(errno.EINVAL, "Invalid argument"))
    assert is_of_the_machine(OSError(errno.EIO, "Input/output error"))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("end", [1024, 1300, 1536, 2047, 2048])
def test_a_tar_archive_that_is_cut_at_any_place_is_broken(
    end: int, pack: Pack, tmp_path: Path
) -> None:
    whole = tarred(a=bytes(512), b=b"text")
    path = tmp_path / "a.tar"
    path.write_bytes(pack(whole[:end]))

    with pytest.raises(DamagedError):
        list(list_members(path))
    path.write_bytes(pack(whole))
    assert [member.name for member in list_members(path)] == ["a", "b"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("between", [0, 10240, 102_400])
def test_an_archive_behind_another_in_one_file_is_read_too(
    pack: Pack, between: int, tmp_path: Path
) -> None:
    path = tmp_path / "two.tar"
    path.write_bytes(pack(tarred(a=b"one", b=b"two") + bytes(between) + tarred(c=b"three")))

    assert [member.name for member in list_members(path)] == ["a", "b", "c"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("hole", "size"), [(1024, 512), (1024, 4096), (8192, 512), (8192, 1536), (2048, 40_000)]
)
def test_a_tar_archive_with_a_hole_of_zeros_is_broken(
    pack: Pack, hole: int, size: int, tmp_path: Path
) -> None:
    whole = bytearray(tarred(**{f"m{number:02}": b"x" * 512 for number in range(60)}))
    whole[hole : hole + size] = bytes(size)
    path = tmp_path / "hole.tar"
    path.write_bytes(pack(bytes(whole)))

    with pytest.raises(DamagedError):
        list(list_members(path))


@pytest.mark.parametrize("lost", [30, 58])
def test_a_tar_archive_whose_rest_is_zeros_is_broken(lost: int, tmp_path: Path) -> None:
    whole = tarred(**{f"m{number:02}": b"x" * 512 for number in range(60)})
    left = (60 - lost) * 1024
    path = tmp_path / "rest.tar"
    path.write_bytes(whole[:left] + bytes(len(whole) - left))

    with pytest.raises(DamagedError, match="zeros stand at its end"):
        list(list_members(path))


@pytest.mark.parametrize("factor", [1, 20, 64, 128, 2048])
def test_a_tar_archive_of_any_record_is_whole(factor: int, tmp_path: Path) -> None:
    whole = tarred(a=b"one", b=b"two").rstrip(b"\0")
    record = factor * 512
    size = -(-(len(whole) + 1024) // record) * record
    path = tmp_path / "whole.tar"
    path.write_bytes(whole + bytes(size - len(whole)))

    assert [member.name for member in list_members(path)] == ["a", "b"]


def test_archives_that_were_compressed_apart_are_read_one_behind_the_other(tmp_path: Path) -> None:
    path = tmp_path / "two.tgz"
    path.write_bytes(gzip.compress(tarred(a=b"one")) + gzip.compress(tarred(b=b"two")))

    assert [member.name for member in list_members(path)] == ["a", "b"]


def test_what_else_stands_behind_a_tar_archive_breaks_it(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(tarred(a=b"one") + b"junk" * 300)

    with pytest.raises(DamagedError):
        list(list_members(path))


def test_an_archive_in_front_of_a_zip_archive_breaks_it(tmp_path: Path) -> None:
    path = tmp_path / "two.zip"
    path.write_bytes(zipped(a=b"one") + zipped(b=b"two"))

    with pytest.raises(DamagedError, match="in front of it"):
        list(list_members(path))


def test_a_tar_archive_with_a_damaged_header_is_broken(tmp_path: Path) -> None:
    whole = bytearray(tarred(a=bytes(512), b=b"text", c=b"text"))
    whole[1024 + 20] ^= 0xFF
    (tmp_path / "a.tar").write_bytes(whole)

    with pytest.raises(DamagedError, match="at byte 1024"):
        list(list_members(tmp_path / "a.tar"))


def test_a_stored_member_whose_checksum_differs_is_damaged(tmp_path: Path) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("a", b"a member")
        archive.writestr("b", b"another one")
    bad = bytearray(whole.getvalue())
    bad[bad.index(b"a member")] ^= 1
    path = tmp_path / "a.zip"
    path.write_bytes(bad)

    with pytest.raises(DamagedError):
        open_blob(Location(str(path), "a"))
    open_blob(Location(str(path), "b")).close()

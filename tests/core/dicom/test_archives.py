"""Members of archives are instances like others, and broken archives say so."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dicomferry.dicom.archive import is_archive, list_members
from dicomferry.dicom.blob import FileBlob
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.errors import DamagedError, FerryError
from dicomferry.model import Location

Maker = Callable[[Path, dict[str, bytes]], None]


def zip_with(compression: int) -> Maker:
    def make(path: Path, members: dict[str, bytes]) -> None:
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, data in members.items():
                archive.writestr(name, data)

    return make


def tar_with(mode: str) -> Maker:
    def make(path: Path, members: dict[str, bytes]) -> None:
        with tarfile.open(path, mode) as archive:
            for name, data in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))

    return make


MAKERS = {
    "stored zip": zip_with(zipfile.ZIP_STORED),
    "deflated zip": zip_with(zipfile.ZIP_DEFLATED),
    "lzma zip": zip_with(zipfile.ZIP_LZMA),
    "tar": tar_with("w"),
    "tar.gz": tar_with("w:gz"),
    "tar.bz2": tar_with("w:bz2"),
    "tar.xz": tar_with("w:xz"),
}


def sizes(path: Path) -> dict[str, int]:
    return {member.name: member.size for member in list_members(path)}


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Maker:
    return MAKERS[request.param]


@pytest.fixture
def ct(wheel_file: Callable[[str], Path]) -> bytes:
    return wheel_file("CT_small.dcm").read_bytes()


def test_an_instance_in_an_archive_is_read_whole(make: Maker, ct: bytes, tmp_path: Path) -> None:
    path = tmp_path / "no suffix"
    make(path, {"a/one": b"junk", "b/ct": ct})
    location = Location(str(path), "b/ct")

    with open_instance(open_blob(location), location) as instance:
        instance.check()
        assert b"".join(instance.file(instance.header).chunks()) == ct


def test_an_archive_is_known_by_its_content(make: Maker, ct: bytes, tmp_path: Path) -> None:
    path = tmp_path / "no suffix"
    make(path, {"ct": ct})

    assert is_archive(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"text\n" * 100, b"\x1f\x8b", b"BZh9junk"])
def test_other_files_are_no_archives(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "looks.zip"
    path.write_bytes(content)

    assert not is_archive(path)


def test_an_instance_is_no_archive(ct: bytes, tmp_path: Path) -> None:
    path = tmp_path / "ct"
    path.write_bytes(b"PK\3\4" + ct[4:])

    assert not is_archive(path)


def test_members_are_listed_with_their_size(make: Maker, tmp_path: Path) -> None:
    path = tmp_path / "archive"
    make(path, {"a/one": b"junk", "two": b""})

    assert sizes(path) == {"a/one": 4, "two": 0}


def test_links_and_devices_are_listed_with_their_reason(tmp_path: Path) -> None:
    path = tmp_path / "archive"
    with tarfile.open(path, "w") as archive:
        for name, kind, target in (
            ("folder", tarfile.DIRTYPE, ""),
            ("folder/file", tarfile.REGTYPE, ""),
            ("folder/inside", tarfile.SYMTYPE, "file"),
            ("hard", tarfile.LNKTYPE, "folder/file"),
            ("whole", tarfile.SYMTYPE, "./folder"),
            ("outside", tarfile.SYMTYPE, "/etc/passwd"),
            ("lost", tarfile.LNKTYPE, "nowhere"),
            ("pipe", tarfile.FIFOTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)

    found = {member.name: (member.code, member.settled) for member in list_members(path)}
    assert found == {
        "folder/file": ("", False),
        "folder/inside": ("link-repeated", True),
        "hard": ("link-repeated", True),
        "whole": ("link-repeated", True),
        "outside": ("link-outside", False),
        "lost": ("link-outside", False),
        "pipe": ("not-a-file", True),
    }


@pytest.mark.parametrize("kind", ["stored zip", "tar"])
def test_plain_members_are_read_in_place(kind: str, ct: bytes, tmp_path: Path) -> None:
    path = tmp_path / "archive"
    MAKERS[kind](path, {"ct": ct})
    blob = open_blob(Location(str(path), "ct"))

    assert isinstance(blob, FileBlob)
    assert blob.read(0, blob.size) == ct
    blob.close()


def test_a_member_that_does_not_exist_is_named(make: Maker, tmp_path: Path) -> None:
    path = tmp_path / "archive"
    make(path, {"one": b"junk"})

    with pytest.raises(FerryError, match="archive!two: the archive has no such member"):
        open_blob(Location(str(path), "two"))


def test_a_cut_archive_is_damaged(make: Maker, tmp_path: Path) -> None:
    path = tmp_path / "archive"
    make(path, {"one": os.urandom(90000)})
    path.write_bytes(path.read_bytes()[:50000])

    with pytest.raises(FerryError):
        open_blob(Location(str(path), "one"))


def test_a_member_longer_than_declared_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    MAKERS["deflated zip"](path, {"one": bytes(1 << 20)})
    data = bytearray(path.read_bytes())
    size = (1 << 20).to_bytes(4, "little")
    while size in data:
        at = data.index(size)
        data[at : at + 4] = (100).to_bytes(4, "little")
    path.write_bytes(data)

    with pytest.raises(DamagedError):
        open_blob(Location(str(path), "one"))


def test_an_encrypted_member_is_refused_with_a_hint(tmp_path: Path) -> None:
    path = tmp_path / "locked"
    MAKERS["deflated zip"](path, {"one": b"junk"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    data[6] |= 1
    path.write_bytes(data)

    with pytest.raises(FerryError, match="encrypted") as refused:
        open_blob(Location(str(path), "one"))
    assert "unpack" in refused.value.hint
    (member,) = list_members(path)
    assert (member.name, member.code, member.settled) == ("one", "encrypted", False)


@pytest.mark.parametrize("member", ["", "one"])
def test_a_missing_file_is_named(member: str, tmp_path: Path) -> None:
    with pytest.raises(FerryError, match="nowhere"):
        open_blob(Location(str(tmp_path / "nowhere"), member))


def test_members_too_big_for_memory_are_read_like_others(make: Maker, tmp_path: Path) -> None:
    path = tmp_path / "archive"
    members = {"one": os.urandom(5 << 20), "two": os.urandom(5 << 20)}
    make(path, members)

    for name, data in members.items():
        blob = open_blob(Location(str(path), name))
        assert blob.read(1000, blob.size - 1000) == data[1000:]
        blob.close()


def test_an_archive_that_was_replaced_is_read_anew(make: Maker, tmp_path: Path) -> None:
    path = tmp_path / "archive"
    for data in (b"first", b"second one"):
        make(path, {"one": data})
        blob = open_blob(Location(str(path), "one"))
        assert blob.read(0, blob.size) == data
        blob.close()

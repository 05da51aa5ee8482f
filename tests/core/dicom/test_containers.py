"""What may hold DICOM and is not opened is known by its first bytes, and never "not DICOM"."""

from __future__ import annotations

import base64
import binascii
import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from dicomferry.dicom.archive import is_archive, list_members, open_member
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.errors import NotDicomError, UnopenedError
from dicomferry.model import Location
from support.instances import image, part10

SCAN = part10(image({"PatientID": "MC1"}))


def at(offset: int, magic: bytes) -> bytes:
    return bytes(offset) + magic + bytes(3000)


def zipped(*names: str) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name in names:
            archive.writestr(name, b"x" * 700)
    return whole.getvalue()


def tarred(form: int) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=form) as archive:
        info = tarfile.TarInfo("scan")
        info.size = len(SCAN)
        archive.addfile(info, io.BytesIO(SCAN))
    return whole.getvalue()


def v7_tar() -> bytes:
    """Return a tar archive of before POSIX: no `ustar`, and a checksum of its own."""
    data = bytearray(tarred(tarfile.GNU_FORMAT))
    data[257:265] = bytes(8)
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    return bytes(data)


def program(behind: bytes) -> bytes:
    """Return a program of Windows of one section, with bytes behind it."""
    header = b"PE\0\0" + struct.pack("<HHIIIHH", 0x14C, 1, 0, 0, 0, 0, 0)
    section = b".text\0\0\0" + struct.pack("<IIII", 512, 0x1000, 512, 512) + bytes(16)
    head = b"MZ" + bytes(58) + struct.pack("<I", 64) + header + section
    return head.ljust(512, b"\0") + b"\x90" * 512 + behind


def mail(kind: bytes) -> bytes:
    received = b"Received: from a by b; Mon, 1 Jan 2024 10:00:00 +0000\n" * 20
    return received + b"From: a@b.example\nContent-Type: " + kind + b"\n\nhello\n"


CONTAINERS = {
    "7z archive": at(0, b"7z\xbc\xaf\x27\x1c"),
    "rar archive": at(0, b"Rar!\x1a\7\1\0"),
    "rar archive ": at(0, b"Rar!\x1a\7\0"),
    "ISO 9660": at(0x8001, b"CD001"),
    "UDF": at(0x8001, b"BEA01"),
    "raw CD": at(37649, b"CD001"),
    ".Z": at(0, b"\x1f\x9d\x90"),
    "cabinet": at(0, b"MSCF\0\0\0\0"),
    "lz4": at(0, b"\x04\x22\x4d\x18"),
    "lzip": at(0, b"LZIP\1"),
    "LHA": at(2, b"-lh5-"),
    "cpio": at(0, b"070701"),
    "Apple disk": bytes(4096) + b"koly" + bytes(508),
    "(NTFS)": at(3, b"NTFS    "),
    "(FAT)": at(54, b"FAT16   "),
    "(FAT) ": at(82, b"FAT32   "),
    "(E01)": at(0, b"EVF\t\r\n\xff\0"),
    "rpm package": at(0, b"\xed\xab\xee\xdb"),
    "uuencoded": b"begin 644 scan.dcm\n" + binascii.b2a_uu(SCAN[:45]) + b"`\nend\n",
    "base64": base64.encodebytes(SCAN),
    "base64 ": base64.b64encode(zipped("scan")),
    "mail": mail(b"multipart/mixed; boundary=x"),
    "(VHD)": at(0, b"conectix"),
    "(VHD) ": bytes(4096) + b"conectix" + bytes(504),
    "(VHDX)": at(0, b"vhdxfile"),
    "(QCOW)": at(0, b"QFI\xfb"),
    "(VMDK)": at(0, b"KDMV"),
    "(VDI)": at(0x40, b"\x7f\x10\xda\xbe"),
    "raw CD ": at(0, b"\0" + b"\xff" * 10 + b"\0"),
    "Tape Format": at(0, b"TAPE\0\0"),
    "openssl": at(0, b"Salted__"),
    "age": at(0, b"age-encryption.org/v1\n"),
    "PGP": b"-----BEGIN PGP MESSAGE-----\n\nabc\n",
    "git-annex": b"/annex/objects/MD5E-s40--ab.dcm\n",
    "Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 40\n",
    "zip archive": zipped("scan"),
    "zip archive ": zipped("scan")[:300],
    "tar archive": tarred(tarfile.PAX_FORMAT),
    "tar archive ": v7_tar(),
    "gzip file": gzip.compress(SCAN),
    "bzip2 file": bz2.compress(SCAN),
    "xz file": lzma.compress(SCAN),
    "gzip file ": gzip.compress(tarred(tarfile.GNU_FORMAT)),
    "gzip file  ": gzip.compress(zipped("scan")),
    "zip archive  ": program(zipped("scan")),
    "7z archive ": program(b"7z\xbc\xaf\x27\x1c" + bytes(700)),
    "7z archive  ": program(b";!@Install@!UTF-8!" + bytes(700)),
    "rar archive  ": program(b"Rar!\x1a\7\0" + bytes(700)),
    "gzip file that is damaged": gzip.compress(SCAN)[:14],
}


def opened(path: Path) -> None:
    location = Location(str(path))
    with open_instance(open_blob(location), location):
        pass


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_is_named_and_told_from_what_is_no_dicom(name: str, tmp_path: Path) -> None:
    path = tmp_path / "IM0001"
    path.write_bytes(CONTAINERS[name])

    with pytest.raises(UnopenedError) as found:
        opened(path)
    assert name.strip() in found.value.message


@pytest.mark.parametrize("ending", [".gpg", ".pgp", ".lzma"])
def test_some_containers_are_known_by_name_only(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"scan{ending}"
    path.write_bytes(bytes(range(40, 200)))

    with pytest.raises(UnopenedError):
        opened(path)


def test_the_hint_opens_what_can_be_opened(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(zipped("scan"))

    with pytest.raises(UnopenedError, match="archives: true"):
        opened(path)


def test_the_zip_archive_behind_a_program_is_read_in_place(tmp_path: Path) -> None:
    path = tmp_path / "setup.exe"
    path.write_bytes(program(zipped("scan")))

    assert is_archive(path)
    assert [member.name for member in list_members(path)] == ["scan"]
    assert open_member(Location(str(path), "scan")).read(0, 9) == b"x" * 9


NO_CONTAINERS = {
    "text": b"text\n" * 400,
    "a mail without files": mail(b"text/plain"),
    "a letter": b"From: the ward\nTo: the archive\n\nThe scans are on the disk.\n" * 20,
    "base64 of a text": base64.encodebytes(b"text\n" * 400),
    "one long word": b"AAAA" * 500,
    "a compressed text": gzip.compress(b"text\n" * 400),
    "a compressed volume": gzip.compress((348).to_bytes(4, "little") + bytes(40_000)),
    "a word document": zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml"),
    "a spreadsheet": zipped("docProps/app.xml", "xl/workbook.xml", "[Content_Types].xml"),
    "an OpenDocument": zipped("mimetype", "content.xml"),
    "a program of Windows": program(b""),
    "a program of Windows that knows 7z": program(b"")[:600] + b"7z\xbc\xaf\x27\x1c" + bytes(418),
    "a program of Windows that is cut": program(b"")[:90],
    "a program of DOS": b"MZ" + bytes(range(256)) * 9,
    "a program of Windows around a Java archive": program(zipped("META-INF/MANIFEST.MF", "a")),
    "a program": zipped("META-INF/MANIFEST.MF", "Viewer.class"),
}


@pytest.mark.parametrize("name", NO_CONTAINERS)
def test_other_files_are_no_dicom(name: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(NO_CONTAINERS[name])

    with pytest.raises(NotDicomError) as found:
        opened(path)
    assert not isinstance(found.value, UnopenedError)


@pytest.mark.parametrize("ending", ["docx", "xlsx", "jar"])
def test_a_document_is_no_archive_even_where_it_is_cut(ending: str, tmp_path: Path) -> None:
    whole = zipped("META-INF/x" if ending == "jar" else "docProps/app.xml", "[Content_Types].xml")
    for size in (len(whole), 500):
        path = tmp_path / f"file.{ending}"
        path.write_bytes(whole[:size])

        assert not is_archive(path)
        with pytest.raises(NotDicomError) as found:
            opened(path)
        assert not isinstance(found.value, UnopenedError)


def test_dicom_is_no_container_whatever_its_preamble(tmp_path: Path) -> None:
    path = tmp_path / "scan"
    for magic in (b"PK\3\4", b"\x1f\x8b\x08", b"Rar!\x1a\7", b"7z\xbc\xaf\x27\x1c"):
        path.write_bytes(magic + SCAN[len(magic) :])

        assert not is_archive(path)
        opened(path)

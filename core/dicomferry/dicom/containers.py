"""Containers known by their first bytes: what may hold DICOM, and is not DICOM itself."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from dicomferry.dicom.self_extracting import behind_program, ends_as_zip, is_program

if TYPE_CHECKING:
    from dicomferry.dicom.blob import Blob

ENOUGH: Final = 512
"""Bytes at the start of a file that tell nearly every kind."""


class Opens(Enum):
    """How the inside of a container is reached."""

    AS_ZIP = "zip"
    AS_TAR = "tar"
    UNPACKED = "unpacked"
    """it is one compressed file, which may be a tar archive"""
    NEVER = "never"


class ContainerKind(Struct, frozen=True):
    """One kind of container: what people call it, how it opens, what to do where it does not."""

    name: str
    opens: Opens = Opens.NEVER
    help: str = "unpack it"


ZIP: Final = ContainerKind("a zip archive", Opens.AS_ZIP)
TAR: Final = ContainerKind("a tar archive", Opens.AS_TAR)
GZIP: Final = ContainerKind("a gzip file", Opens.UNPACKED)
BZIP2: Final = ContainerKind("a bzip2 file", Opens.UNPACKED)
XZ: Final = ContainerKind("an xz file", Opens.UNPACKED)
ZSTD: Final = ContainerKind("a zstd file", Opens.UNPACKED)
SEVEN_ZIP: Final = ContainerKind("a 7z archive", help="unpack it: 7z x")
RAR: Final = ContainerKind("a rar archive", help="unpack it: unrar x")


def _disk(name: str) -> ContainerKind:
    return ContainerKind(name, help="mount it, or unpack it: 7z x")


_TELLING: Final = 4 * 45
"""Letters of base64 that tell what is behind them: a preamble of DICOM, or an archive."""
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/]+=*")
_MAIL: Final = re.compile(rb"From \S|[A-Za-z][A-Za-z-]+:[ \t]")
_PARTS: Final = re.compile(
    rb"^content-type:\s*multipart/|^content-transfer-encoding:\s*base64",
    re.IGNORECASE | re.MULTILINE,
)
_HEADERS: Final = 1 << 16
"""Bytes in which the headers of a mail are looked for (RFC 2045)."""
_RAW_CD: Final = ContainerKind("a raw CD image", help="convert it to ISO 9660 and mount it")
_VHD: Final = _disk("a disk image (VHD)")
_BZIP2_BLOCKS: Final = (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90")
_MAGIC: Final[tuple[tuple[int, bytes, ContainerKind], ...]] = (
    (0, b"PK\3\4", ZIP),
    (0, b"PK\5\6", ZIP),
    (0, b"PK\7\x08PK\3\4", ZIP),  # the first part of several
    (0, b"PK00PK\3\4", ZIP),
    (257, b"ustar", TAR),
    (0, b"\x1f\x8b\x08", GZIP),
    (0, b"\xfd7zXZ\0", XZ),
    (0, b"\x28\xb5\x2f\xfd", ZSTD),
    (0, b"7z\xbc\xaf\x27\x1c", SEVEN_ZIP),
    (0, b"Rar!\x1a\7", RAR),
    (0, b"\x1f\x9d", ContainerKind("a file of compress (.Z)", help="unpack it: uncompress")),
    (0, b"\x1f\xa0", ContainerKind("a file of compress -H", help="unpack it: gzip -d")),
    (0, b"\x1f\x1e", ContainerKind("a file of pack (.z)", help="unpack it: gzip -d")),
    (0, b"MSCF\0\0\0\0", ContainerKind("a cabinet archive", help="unpack it: cabextract")),
    (0, b"\x04\x22\x4d\x18", ContainerKind("an lz4 file", help="unpack it: lz4 -d")),
    (0, b"LZIP\1", ContainerKind("an lzip file", help="unpack it: lzip -d")),
    (0, b"\x89LZO\0\r\n\x1a\n", ContainerKind("an lzop file", help="unpack it: lzop -d")),
    (2, b"-lh", ContainerKind("an LHA archive", help="unpack it: lha x")),
    (0, b"\x60\xea", ContainerKind("an ARJ archive", help="unpack it: arj x")),
    (7, b"**ACE**", ContainerKind("an ACE archive")),
    (0, b"ZOO ", ContainerKind("a zoo archive")),
    (0, b"SIT!", ContainerKind("a StuffIt archive", help="unpack it: unar")),
    (0, b"StuffIt", ContainerKind("a StuffIt archive", help="unpack it: unar")),
    (0, b"xar!", ContainerKind("a xar archive")),
    (0, b"MSWIM\0\0\0", ContainerKind("a Windows image (WIM)", help="unpack it: 7z x")),
    (0, b"hsqs", ContainerKind("a squashfs image", help="unpack it: unsquashfs")),
    (0, b"!<arch>\n", ContainerKind("an ar archive", help="unpack it: ar x")),
    (0, b"070701", ContainerKind("a cpio archive", help="unpack it: cpio -i")),
    (0, b"070702", ContainerKind("a cpio archive", help="unpack it: cpio -i")),
    (0, b"070707", ContainerKind("a cpio archive", help="unpack it: cpio -i")),
    (0, b"Salted__", ContainerKind("a file encrypted by openssl", help="decrypt it")),
    (0, b"age-encryption.org/", ContainerKind("a file encrypted by age", help="decrypt it")),
    (0, b"-----BEGIN PGP MESSAGE", ContainerKind("a file encrypted by PGP", help="decrypt it")),
    (
        0,
        b"version https://git-lfs.github.com/",
        ContainerKind(
            "a pointer of Git LFS, whose content is not here", help="get it: git lfs pull"
        ),
    ),
    (
        0,
        b"/annex/objects/",
        ContainerKind(
            "a pointer of git-annex, whose content is not here", help="get it: git annex get"
        ),
    ),
    (0, b"conectix", _VHD),
    (0, b"vhdxfile", _disk("a disk image (VHDX)")),
    (0, b"QFI\xfb", _disk("a disk image (QCOW)")),
    (0, b"KDMV", _disk("a disk image (VMDK)")),
    (
        0x40,
        b"\x7f\x10\xda\xbe",
        _disk("a disk image (VDI)"),
    ),
    (
        0,
        b"\0" + b"\xff" * 10 + b"\0",
        _RAW_CD,
    ),
    (3, b"NTFS    ", _disk("a disk image (NTFS)")),
    (3, b"EXFAT   ", _disk("a disk image (exFAT)")),
    (54, b"FAT12   ", _disk("a disk image (FAT)")),
    (54, b"FAT16   ", _disk("a disk image (FAT)")),
    (82, b"FAT32   ", _disk("a disk image (FAT)")),
    (1024, b"H+\0\4", _disk("a disk image (HFS+)")),
    (1024, b"HX\0\5", _disk("a disk image (HFSX)")),
    (1080, b"\x53\xef", _disk("a disk image (ext)")),
    (0, b"EVF\t\r\n\xff\0", ContainerKind("an EnCase image (E01)", help="mount it: ewfmount")),
    (0, b"\xed\xab\xee\xdb", ContainerKind("an rpm package", help="unpack it: rpm2cpio")),
    (0, b"TAPE\0\0", ContainerKind("a backup in Microsoft Tape Format")),
    (0x8001, b"CD001", _disk("an ISO 9660 image")),
    (0x8001, b"BEA01", _disk("a UDF image")),
    (37649, b"CD001", _RAW_CD),
)
BY_NAME: Final[Mapping[str, ContainerKind]] = MappingProxyType(
    {
        ".lzma": ContainerKind("an lzma file", help="unpack it: xz -d"),
        ".gpg": ContainerKind("a file encrypted by PGP", help="decrypt it"),
        ".pgp": ContainerKind("a file encrypted by PGP", help="decrypt it"),
    }
)
"""Kinds that no magic number tells, by the end of the name."""


def kind_of(blob: Blob) -> ContainerKind | None:
    """Return the kind of a container; None for any other bytes.

    DICOM is no container, even where its preamble looks like one.
    """
    size = blob.size
    head = blob.read(0, min(ENOUGH, size))
    if head[128:132] == b"DICM":
        return None
    for at, magic, kind in _MAGIC:
        end = at + len(magic)
        if end <= len(head):
            if head[at:end] == magic:
                return kind
        elif ENOUGH < end <= size and blob.read(at, len(magic)) == magic:
            return kind
    if head[:3] == b"BZh" and head[4:10] in _BZIP2_BLOCKS:
        return BZIP2
    if _is_old_tar(head):
        return TAR
    if (in_letters := _in_letters(blob, head)) is not None:
        return in_letters
    if is_program(head):
        return _self_extracting(blob)
    end_of_all = blob.read(size - ENOUGH, 8) if size > ENOUGH else b""
    if end_of_all[:4] == b"koly":
        return _disk("an Apple disk image")
    if end_of_all == b"conectix":
        return _VHD
    return None


def _in_letters(blob: Blob, head: bytes) -> ContainerKind | None:
    """Return the kind of a text that stands for other bytes, as mail carries them."""
    if re.match(rb"begin [0-7]{3,4} ", head):
        return ContainerKind("a uuencoded file", help="unpack it: uudecode")
    if _MAIL.match(head) and _PARTS.search(blob.read(0, min(_HEADERS, blob.size))):
        return ContainerKind("a mail, which may have files with it", help="save its files")
    letters = b"".join(head.split())
    if len(letters) >= _TELLING and _BASE64.fullmatch(letters):
        inside = b64decode(letters[:_TELLING])
        if inside[128:132] == b"DICM" or inside.startswith((b"PK\3\4", b"\x1f\x8b\x08")):
            return ContainerKind("a file in base64", help="unpack it: base64 -d")
    return None


def _self_extracting(blob: Blob) -> ContainerKind | None:
    """Return the kind of the archive behind a program that unpacks it; None for other programs."""
    if ends_as_zip(blob):
        return ZIP
    head = behind_program(blob, 8)
    if head.startswith((b"7z\xbc\xaf\x27\x1c", b";!@Insta")):
        return SEVEN_ZIP
    return RAR if head.startswith(b"Rar!\x1a\7") else None


def _is_old_tar(head: bytes) -> bool:
    """Tell a tar archive of before POSIX by the checksum of its first header."""
    told = head[148:156].strip(b" \0")
    if len(head) < ENOUGH or not told or not re.fullmatch(rb"[0-7]{1,7}", told):
        return False
    return sum(head) - sum(head[148:156]) + 8 * 32 == int(told, 8)

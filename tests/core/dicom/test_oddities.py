"""What receivers stumble over is named with its tag, and no value is quoted."""

from __future__ import annotations

import struct

import pytest

from dicomferry.dicom.elements import Elements
from dicomferry.dicom.header import Header
from dicomferry.dicom.oddities import odd_elements
from dicomferry.dicom.syntax import EXPLICIT


def element(tag: int, vr: str, value: bytes) -> bytes:
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    if vr in ("OB", "QQ", "UN"):
        return head + b"\0\0" + struct.pack("<L", len(value)) + value
    return head + struct.pack("<H", len(value)) + value


ID = element(0x00100020, "LO", b"SECRET")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (element(0x00331005, "QQ", b"SECRET"), "(0033,1005) has the unknown VR QQ"),
        (element(0x00100020, "DS", b"SECRET"), "(0010,0020) has the VR DS, PS3.6 says LO"),
        (element(0x00280010, "US", b""), ""),
        (ID + element(0x00280010, "US", b"\1\0"), ""),
        (element(0x00280010, "US", b"\1\0") + ID, "(0010,0020) stands behind a greater tag"),
        (element(0x00181317, "DS", b"1" * 80), "(0018,1317) is longer than VR DS holds"),
        (element(0x00080018, "UI", b"1.2 3 "), "(0008,0018) is no UID (PS3.5 9.1)"),
        (element(0x00080018, "UI", b"1.2.SECRET"), "(0008,0018) is no UID (PS3.5 9.1)"),
        (
            element(0x00080018, "UI", b"1.2." + b"3" * 61 + b"\0"),
            "(0008,0018) is no UID (PS3.5 9.1)",
        ),
        (element(0x00080018, "UI", b"1.2.3."), "(0008,0018) is no UID (PS3.5 9.1)"),
        (element(0x00080018, "UI", b"1.02.3"), "(0008,0018) is no UID (PS3.5 9.1)"),
        (element(0x00080018, "UI", b"1.2.0.3\0"), ""),
        (element(0x00081150, "UI", b"1.2.0\\1.3\0"), ""),
        (element(0x00080018, "UN", b"1.2.SECRET"), "(0008,0018) is no UID (PS3.5 9.1)"),
        (element(0x00083010, "UI", b"1.2.3\\1.2\0"), ""),
        (element(0x00189073, "FD", b"SECRET"), "(0018,9073) has 6 bytes, which are no numbers of"),
    ],
)
def test_what_is_odd_is_named(data: bytes, what: str) -> None:
    told = " ".join(odd_elements(Header(Elements.of(data, EXPLICIT))))

    assert told.startswith(what) if what else told == ""
    assert "SECRET" not in told

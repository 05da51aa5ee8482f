"""A cut file is told from a whole one, and what is not DICOM from what is."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from dicomferry.dicom.blob import BytesBlob
from dicomferry.dicom.instance import Instance, open_instance
from dicomferry.dicom.syntax import EXPLICIT
from dicomferry.dicom.walk import walk
from dicomferry.dicom.window import Window
from dicomferry.errors import (
    DamagedError,
    DicomDirError,
    FerryError,
    NotDicomError,
)
from dicomferry.model import Location

HERE = Location("here")
ROOT = Path(pydicom.__file__).parent / "data" / "test_files"
UNUSUAL = {"MR_truncated.dcm", "rtplan_truncated.dcm", "no_meta.dcm"}
# A CT image that somebody took the pixel data out of.
STRIPPED = "no_meta_group_length.dcm"
WHOLE = sorted(path for path in ROOT.glob("*.dcm") if path.name not in UNUSUAL | {STRIPPED})


def examine(data: bytes) -> None:
    with open_instance(BytesBlob(data), HERE) as instance:
        instance.check()


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.name)
def test_a_whole_file_is_told_to_be_whole(path: Path) -> None:
    examine(path.read_bytes())


@pytest.mark.parametrize(
    "name",
    ["CT_small.dcm", "MR_small_implicit.dcm", "MR_small_bigendian.dcm", "JPEG2000.dcm",
     "SC_rgb_rle_2frame.dcm", "liver_1frame.dcm"],
)  # fmt: skip
def test_a_truncated_file_is_told_from_a_whole_one(name: str) -> None:
    data = (ROOT / name).read_bytes()
    with open_instance(BytesBlob(data), HERE) as instance:
        index = instance.header.elements.index
        start = len(data) - instance.data_set(instance.header).length
    # Padding behind the pixel data may be missing, the image is whole without it.
    end = start + index[0x7FE00010][2]
    described = start + index.get(0x00080008, index[0x00280002])[2]
    random.seed(name)
    cuts = {end - 1, end - 2, end - 8, *(random.randrange(described, end) for _ in range(150))}
    cuts |= {start + entry[0] for entry in index.values() if described <= start + entry[0] < end}
    for cut in sorted(cuts):
        with pytest.raises(DamagedError):
            examine(data[:cut])


def test_an_image_without_its_pixel_data_is_damaged() -> None:
    with pytest.raises(DamagedError, match="no pixel data"):
        examine((ROOT / STRIPPED).read_bytes())


def test_a_header_that_was_never_more_is_whole() -> None:
    examine((ROOT / "dicomdirtests/TINY_ALPHA/PT000000/ST000000/SE000000/IM00000J").read_bytes())


def test_a_cut_inside_of_an_element_is_told_anywhere() -> None:
    data = (ROOT / "MR_small.dcm").read_bytes()
    with open_instance(BytesBlob(data), HERE) as instance:
        start = len(data) - instance.data_set(instance.header).length
        ends = {start + entry[2] for entry in instance.header.elements.index.values()}
    for cut in set(range(start + 1, start + 1500)) - ends:
        with pytest.raises(DamagedError):
            examine(data[:cut])


def test_a_meta_group_alone_is_damaged(part10: Callable[..., bytes]) -> None:
    with pytest.raises(DamagedError, match="no data set"):
        examine(part10(b""))


def test_bytes_behind_the_last_element_are_damage() -> None:
    with pytest.raises(DamagedError):
        examine((ROOT / "CT_small.dcm").read_bytes() + b"x" * 100)


def test_native_pixels_under_a_compressed_syntax_are_damage(part10: Callable[..., bytes]) -> None:
    whole = part10(image(rows=4, columns=4, pixels=32))
    for last in ("4.50", "4.70", "4.90", "4.201", "5"):
        lying = whole.replace(b"10008.1.2.1\0", f"10008.1.2.{last}".encode()[:12].ljust(12, b"\0"))
        with pytest.raises(DamagedError, match="not encapsulated"):
            examine(lying)


def test_pixel_data_shorter_than_rows_and_columns_imply_is_damage(
    part10: Callable[..., bytes],
) -> None:
    with pytest.raises(DamagedError, match="has 30 bytes, its header implies 32"):
        examine(part10(image(rows=4, columns=4, pixels=30)))


@pytest.mark.parametrize("pixels", [32, 34, 512])
def test_padded_pixel_data_is_whole(pixels: int, part10: Callable[..., bytes]) -> None:
    examine(part10(image(rows=4, columns=4, pixels=pixels)))


def image(rows: int, columns: int, pixels: int) -> bytes:
    return (
        bytes.fromhex("28001000") + b"US\2\0" + rows.to_bytes(2, "little")
        + bytes.fromhex("28001100") + b"US\2\0" + columns.to_bytes(2, "little")
        + bytes.fromhex("28000001") + b"US\2\0" + (16).to_bytes(2, "little")
        + bytes.fromhex("e07f1000") + b"OW\0\0" + pixels.to_bytes(4, "little") + b"\0" * pixels
    )  # fmt: skip


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "empty file"),
        (b"hello", "neither"),
        (b"PatientID,StudyDate\r\n" * 100, "neither"),
        (b"\x89PNG\r\n\x1a\n" + bytes(1000), "neither"),
        (b"%PDF-1.4\n" + bytes(range(256)) * 9, "neither"),
    ],
    ids=["empty", "short", "csv", "png", "pdf"],
)
def test_other_files_are_not_dicom(data: bytes, kind: str) -> None:
    with pytest.raises(NotDicomError, match=kind):
        examine(data)


def test_random_bytes_are_never_read() -> None:
    random.seed(7)
    for _ in range(300):
        with pytest.raises(NotDicomError):
            examine(random.randbytes(400))


@pytest.mark.parametrize("name", ["DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-implicit"])
def test_a_dicomdir_is_told(name: str) -> None:
    with pytest.raises(DicomDirError):
        examine((ROOT / "dicomdirtests" / name).read_bytes())


def test_bytes_flipped_at_random_never_raise_anything_else() -> None:
    data = bytearray((ROOT / "rtplan.dcm").read_bytes())
    random.seed(1)
    for _ in range(200):
        mutant = bytearray(data)
        for _ in range(4):
            mutant[random.randrange(132, len(mutant))] = random.randrange(256)
        try:
            with open_instance(BytesBlob(bytes(mutant)), HERE) as instance:
                instance.check()
                for tag in instance.header.tags():
                    instance.header.value(tag)
                    instance.header.items(tag)
        except FerryError:
            continue


def test_deep_nesting_is_no_stack_overflow(part10: Callable[..., bytes]) -> None:
    sequence = bytes.fromhex("40007502") + b"SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    with pytest.raises(DamagedError):
        examine(part10(sequence * 5000))


def test_a_length_that_lies_allocates_nothing() -> None:
    data = bytes.fromhex("10002000") + b"UT\0\0\xfe\xff\xff\xff" + b"x" * 10
    with pytest.raises(Exception, match="are left"):
        walk(Window(BytesBlob(data), 0), 0, len(data), EXPLICIT)


def deflated(part10: Callable[..., bytes], data: bytes) -> bytes:
    whole = part10(b"", EXPLICIT)
    uid = b"UI\x14\x001.2.840.10008.1.2.1\0"
    assert uid in whole
    return whole.replace(uid, b"UI\x16\x001.2.840.10008.1.2.1.99") + data


PLAIN = bytes.fromhex("08006000") + b"CS\2\0MR" + bytes.fromhex("10002000") + b"LO\2\0ab"
PACKED = zlib.compress(PLAIN, wbits=-15)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (PLAIN, r"\(0008,0060\) at byte 188 is not deflated, its transfer syntax says so"),
        (zlib.compress(PLAIN), "what is deflated from byte 188 on cannot be inflated"),
        (zlib.compress(PLAIN, wbits=31), "what is deflated from byte 188 on cannot be inflated"),
        (PACKED[:-4], "its deflated bytes are cut short, at byte"),
    ],
)
def test_what_is_wrong_with_a_deflated_data_set_is_told_with_its_place(
    part10: Callable[..., bytes], data: bytes, what: str
) -> None:
    with pytest.raises(DamagedError, match=what):
        open_instance(BytesBlob(deflated(part10, data)), HERE)


@pytest.mark.parametrize("padding", [b"", b"\0", b"\0" * 9])
def test_a_deflated_data_set_may_be_padded(part10: Callable[..., bytes], padding: bytes) -> None:
    with open_instance(BytesBlob(deflated(part10, PACKED + padding)), HERE) as instance:
        assert b"".join(instance.data_set(instance.header).chunks()) == PLAIN


def test_bytes_behind_a_deflated_data_set_are_told() -> None:
    data = (ROOT / "image_dfl.dcm").read_bytes()
    with open_instance(BytesBlob(data), HERE) as instance:
        assert re.fullmatch(
            r"\d+ bytes behind its deflated data set, from byte \d+ on, are left out",
            instance.mends[1].text,
        )


@pytest.mark.parametrize("cut", [0, 10, 700])
def test_a_directory_is_a_directory_whether_it_is_whole_or_not(cut: int) -> None:
    data = (ROOT / "dicomdirtests" / "DICOMDIR").read_bytes()
    with pytest.raises(DicomDirError):
        open_instance(BytesBlob(data[: len(data) - cut]), HERE)


def test_native_pixels_under_a_compressed_syntax_are_damaged_and_so_is_the_mirror_case() -> None:
    native = (ROOT / "CT_small.dcm").read_bytes()
    lying = native.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0", 1)
    packed = (ROOT / "MR_small_RLE.dcm").read_bytes()
    mirror = packed.replace(b"1.2.840.10008.1.2.5\0", b"1.2.840.10008.1.2.1\0", 1)
    for data, what in ((lying, "is not encapsulated"), (mirror, "is encapsulated")):
        place = data.index(b"\xe0\x7f\x10\0")
        with (
            open_instance(BytesBlob(data), HERE) as instance,
            pytest.raises(DamagedError, match=rf"{what}.*: \(7FE0,0010\) at byte {place}"),
        ):
            instance.check()


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b"\2\0\0\0UL", b"\2\0\0\0US", r"\(0002,0000\) at byte 132 has the VR US, not UL"),
        (b"1.2.840.10008.1.2.1\0", b"explicit little end", r"\(0002,0010\) at byte .* is no UID"),
    ],
)
def test_a_meta_group_that_says_nothing_is_damage(old: bytes, new: bytes, what: str) -> None:
    data = (ROOT / "CT_small.dcm").read_bytes()
    with pytest.raises(DamagedError, match=what):
        open_instance(BytesBlob(data.replace(old, new, 1)), HERE)


class TestRepair:
    """What the walk is not sure of is mended, and the instance says how."""

    def test_a_data_set_in_another_vr_form_than_declared_is_repaired(
        self, opened: Callable[[Path], Instance]
    ) -> None:
        instance = opened(ROOT / "SC_rgb_jpeg.dcm")

        assert "implicit VR, its meta group says explicit" in instance.mends[0].text

    def test_an_element_that_occurs_twice_is_repaired(self, part10: Callable[..., bytes]) -> None:
        twice = bytes.fromhex("10002000") + b"LO\2\0ab"
        with open_instance(BytesBlob(part10(twice * 2)), HERE) as instance:
            assert "(0010,0020) at byte" in instance.mends[0].text
            assert list(instance.header.tags()) == [0x00100020]

    def test_a_cut_file_is_never_repaired(self, part10: Callable[..., bytes]) -> None:
        twice = bytes.fromhex("10002000") + b"LO\2\0ab"
        cut = bytes.fromhex("10003000") + b"LO\x20\0abcd"
        with pytest.raises(DamagedError):
            open_instance(BytesBlob(part10(twice * 2 + cut)), HERE)

    def test_a_meta_group_inside_of_the_data_set_is_left_out(
        self, part10: Callable[..., bytes]
    ) -> None:
        stray = bytes.fromhex("10002000") + b"LO\2\0ab" + bytes.fromhex("02001600") + b"AE\2\0ab"
        with open_instance(BytesBlob(part10(stray)), HERE) as instance:
            assert "(0002,0016) at byte" in instance.mends[0].text
            assert list(instance.header.tags()) == [0x00100020]

    def test_a_whole_file_is_not_repaired(self, opened: Callable[[Path], Instance]) -> None:
        assert opened(ROOT / "CT_small.dcm").mends == ()


def nested(depth: int) -> bytes:
    """Return sequences in sequences, all of explicit length."""
    inner = b""
    for _ in range(depth):
        item = b"\xfe\xff\x00\xe0" + len(inner).to_bytes(4, "little") + inner
        inner = bytes.fromhex("40007502") + b"SQ\0\0" + len(item).to_bytes(4, "little") + item
    return inner


def test_deep_nesting_of_explicit_length_is_damage(part10: Callable[..., bytes]) -> None:
    with pytest.raises(DamagedError, match="nested"):
        open_instance(BytesBlob(part10(nested(2000))), HERE)

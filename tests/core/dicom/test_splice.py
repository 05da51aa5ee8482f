"""What was not edited reaches the sink byte for byte, in bounded memory."""

from __future__ import annotations

import os
import tracemalloc
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset

from dicomferry.dicom.edits import Delete, Edits, Set
from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import Instance
from dicomferry.errors import DamagedError, UnreadableError

PATIENT_ID, SOP_INSTANCE, SOP_CLASS = 0x00100020, 0x00080018, 0x00080016
ROOT = Path(pydicom.__file__).parent / "data" / "test_files"
# Their form is not that of a normal Part 10 file, so something has to be made anew.
MADE_ANEW = {
    "ExplVR_BigEndNoMeta.dcm", "ExplVR_LitEndNoMeta.dcm", "SC_rgb_jpeg.dcm", "image_dfl.dcm",
    "meta_missing_tsyntax.dcm", "nested_priv_SQ.dcm", "rtstruct.dcm",
}  # fmt: skip
UNREADABLE = {"MR_truncated.dcm", "rtplan_truncated.dcm", "no_meta.dcm"}
NORMAL = sorted(path for path in ROOT.glob("*.dcm") if path.name not in MADE_ANEW | UNREADABLE)


@pytest.mark.parametrize("path", NORMAL, ids=lambda path: path.name)
def test_without_edits_a_file_is_identical(
    path: Path, opened: Callable[[Path], Instance], bytes_of: Callable[..., bytes]
) -> None:
    instance = opened(path)

    assert bytes_of(instance.file(instance.header)) == path.read_bytes()


@pytest.mark.parametrize("path", NORMAL, ids=lambda path: path.name)
def test_with_an_edit_all_other_elements_are_identical(
    path: Path, opened: Callable[[Path], Instance], bytes_of: Callable[..., bytes]
) -> None:
    instance = opened(path)
    before = instance.header
    after = before.edited(Edits.of([Set((0x00104000,), "carried by ferry")]))

    data = bytes_of(instance.data_set(after))

    source = path.read_bytes()[instance.data_set(before).length * -1 :]
    start, stop = prefix(source, data), suffix(source, data)
    changed = data[start : len(data) - stop]
    assert before.text(0x00104000) is not None or b"carried by ferry" in changed
    assert len(changed) < 120


def prefix(one: bytes, two: bytes) -> int:
    pairs = enumerate(zip(one, two, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(two)))


def suffix(one: bytes, two: bytes) -> int:
    return prefix(one[::-1], two[::-1])


def test_elements_behind_the_pixel_data_are_read_and_edited(
    written: Callable[..., Path], opened: Callable[[Path], Instance],
    bytes_of: Callable[..., bytes],
) -> None:  # fmt: skip
    dataset = Dataset()
    dataset.PatientID = "a"
    dataset.PixelData = b"\1\2" * 50000
    dataset["PixelData"].VR = "OW"
    dataset.DataSetTrailingPadding = b"\0" * 10
    instance = opened(written(dataset))
    assert instance.header.raw(0xFFFCFFFC) == b"\0" * 10

    header = instance.header.edited(Edits.of([Delete((0xFFFCFFFC,))]))

    read = pydicom.dcmread(BytesIO(bytes_of(instance.file(header))))
    assert (read.PixelData, "DataSetTrailingPadding" in read) == (b"\1\2" * 50000, False)


def test_pixel_data_is_present_but_not_held(
    wheel_file: Callable[[str], Path], opened: Callable[[Path], Instance]
) -> None:
    header = opened(wheel_file("CT_small.dcm")).header

    assert 0x7FE00010 in header
    assert (header.vr(0x7FE00010), header.raw(0x7FE00010)) == ("OW", None)


def test_an_edited_sop_uid_is_followed_by_the_meta_group(
    wheel_file: Callable[[str], Path], opened: Callable[[Path], Instance],
    bytes_of: Callable[..., bytes],
) -> None:  # fmt: skip
    instance = opened(wheel_file("CT_small.dcm"))
    edits = Edits.of(
        [Set((SOP_INSTANCE,), "1.2.3.4"), Set((SOP_CLASS,), "1.2.840.10008.5.1.4.1.1.4")]
    )

    read = pydicom.dcmread(BytesIO(bytes_of(instance.file(instance.header.edited(edits)))))

    meta = read.file_meta
    assert meta.MediaStorageSOPInstanceUID == "1.2.3.4"
    assert meta.MediaStorageSOPClassUID == "1.2.840.10008.5.1.4.1.1.4"
    old = pydicom.dcmread(wheel_file("CT_small.dcm")).file_meta
    assert meta.FileMetaInformationGroupLength != old.FileMetaInformationGroupLength
    assert meta.SourceApplicationEntityTitle == old.SourceApplicationEntityTitle


@pytest.mark.parametrize("name", ["ExplVR_LitEndNoMeta.dcm", "ExplVR_BigEndNoMeta.dcm"])
def test_a_missing_meta_group_is_made(
    name: str, wheel_file: Callable[[str], Path], opened: Callable[[Path], Instance],
    bytes_of: Callable[..., bytes],
) -> None:  # fmt: skip
    path = wheel_file(name)
    instance = opened(path)

    data = bytes_of(instance.file(instance.header))

    meta = pydicom.dcmread(BytesIO(data)).file_meta
    assert data.endswith(path.read_bytes())
    assert meta.MediaStorageSOPInstanceUID == instance.header.ref.sop_instance_uid
    assert meta.TransferSyntaxUID == instance.transfer_syntax_uid


def test_a_deflated_data_set_is_handed_out_inflated(
    wheel_file: Callable[[str], Path], opened: Callable[[Path], Instance],
    bytes_of: Callable[..., bytes],
) -> None:  # fmt: skip
    path = wheel_file("image_dfl.dcm")
    instance = opened(path)

    data = bytes_of(instance.file(instance.header))

    assert instance.transfer_syntax_uid == "1.2.840.10008.1.2.1"
    read, expected = pydicom.dcmread(BytesIO(data)), pydicom.dcmread(path)
    assert read.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert read.PixelData == expected.PixelData


def test_a_deflated_data_set_that_is_cut_is_damaged(
    tmp_path: Path, wheel_file: Callable[[str], Path], opened: Callable[[Path], Instance]
) -> None:
    path = tmp_path / "cut"
    path.write_bytes(wheel_file("image_dfl.dcm").read_bytes()[:-200])

    with pytest.raises(DamagedError, match="cut short"):
        opened(path)


def test_a_header_of_another_instance_is_refused(
    wheel_file: Callable[[str], Path], opened: Callable[[Path], Instance]
) -> None:
    instance = opened(wheel_file("CT_small.dcm"))

    with pytest.raises(ValueError, match="not made from"):
        instance.data_set(Header.of(Dataset()))


@pytest.fixture
def huge(tmp_path: Path, part10: Callable[..., bytes]) -> Path:
    """Return a sparse file of 300 MB."""
    length = 300 << 20
    head = part10(
        bytes.fromhex("10002000") + b"LO\2\0ab"
        + bytes.fromhex("e07f1000") + b"OW\0\0" + length.to_bytes(4, "little")
    )  # fmt: skip
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + length)
    return path


def test_a_huge_instance_takes_little_memory(
    huge: Path, opened: Callable[[Path], Instance]
) -> None:
    opened(huge).close()
    tracemalloc.start()
    try:
        instance = opened(huge)
        header = instance.header.edited(Edits.of([Set((PATIENT_ID,), "edited")]))
        size = sum(len(chunk) for chunk in instance.file(header).chunks())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert size == huge.stat().st_size + 4
    assert peak < 8 << 20


def test_a_file_that_shrinks_meanwhile_is_told(
    huge: Path, opened: Callable[[Path], Instance]
) -> None:
    instance = opened(huge)
    chunks = instance.file(instance.header).chunks()
    next(chunks)
    os.truncate(huge, 1 << 20)

    with pytest.raises(UnreadableError, match="while it was read"):
        list(chunks)


def test_a_file_that_is_written_to_meanwhile_is_told(
    huge: Path, opened: Callable[[Path], Instance]
) -> None:
    instance = opened(huge)
    with huge.open("r+b") as file:
        file.write(b"x")
    os.utime(huge, ns=(0, 0))

    with pytest.raises(UnreadableError, match="was changed"):
        list(instance.file(instance.header).chunks())


@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 20])
def test_chunks_are_no_longer_than_asked_for(
    size: int, wheel_file: Callable[[str], Path], opened: Callable[[Path], Instance]
) -> None:
    instance = opened(wheel_file("JPEG2000.dcm"))
    chunks = [bytes(chunk) for chunk in instance.data_set(instance.header).chunks(size)]

    assert max(map(len, chunks)) <= size
    assert zlib.crc32(b"".join(chunks)) == zlib.crc32(
        b"".join(instance.data_set(instance.header).chunks())
    )

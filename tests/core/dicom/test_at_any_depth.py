"""`**` names an element wherever it stands: as `dcmodify -ma` and `-ea` do, and in UN as well."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset

from dicomferry.dicom.blob import BytesBlob
from dicomferry.dicom.edits import Delete, Edits
from dicomferry.dicom.elements import Elements
from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import Instance, open_instance
from dicomferry.dicom.syntax import EXPLICIT
from dicomferry.dicom.tags import parse_pattern
from dicomferry.model import Location
from support.instances import image, part10

HERE = Location("here")


def deep(depth: int, fan: int = 2) -> Dataset:
    """Return a data set with items that have a PatientID each, down to a depth."""
    dataset = Dataset()
    dataset.PatientID = f"OLD{depth}"
    if depth:
        dataset.ReferencedSeriesSequence = [deep(depth - 1) for _ in range(fan)]
        block = dataset.private_block(0x0859, "ETIAM DCMTK", create=True)
        block.add_new(0x10, "SQ", [deep(depth - 1)])
    return dataset


def file_of(depth: int) -> bytes:
    dataset = image({"SOPInstanceUID": "1.2.3", "PatientID": "OLD", "StudyDate": "20010203"})
    dataset.ReferencedStudySequence = [deep(depth)]
    return part10(dataset)


def opened_of(data: bytes) -> Instance:
    return open_instance(BytesBlob(data), HERE)


def edits_of(header: Header, pattern: str, value: str | None) -> Edits:
    found = parse_pattern(pattern)
    if value is None:
        return Edits.of(Delete(path) for path in found.matches(header))
    return Edits(found.setting(header, value))


def dump(dcmdump: str, path: Path) -> list[str]:
    done = subprocess.run([dcmdump, "-q", "+L", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    start = next(number for number, line in enumerate(lines) if "Dicom-Data-Set" in line)
    return [
        line.split("#")[0].split("(Sequence with")[0].split("(Item with")[0].strip()
        for line in lines[start + 1 :]
        if "elimitation" not in line
    ]


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize(
    ("option", "pattern", "value"),
    [
        (["-ma", "(0010,0020)=NEW"], "**.PatientID", "NEW"),
        (["-ea", "(0010,0020)"], "**.PatientID", None),
        (["-ea", "(0008,1115)"], "**.ReferencedSeriesSequence", None),
        (["-ma", "(0010,0010)=NOBODY"], "**.PatientName", "NOBODY"),
    ],
)
def test_the_same_comes_of_it_as_of_dcmodify(
    tmp_path: Path, dcmtk: Callable[[str], str], depth: int, option: list[str], pattern: str,
    value: str | None,
) -> None:  # fmt: skip
    theirs, ours = tmp_path / "theirs.dcm", tmp_path / "ours.dcm"
    data = file_of(depth)
    theirs.write_bytes(data)
    subprocess.run([dcmtk("dcmodify"), "-nb", "-imt", *option, str(theirs)], check=False)
    with opened_of(data) as instance:
        header = instance.header.edited(edits_of(instance.header, pattern, value))
        ours.write_bytes(b"".join(instance.file(header).chunks()))

    assert dump(dcmtk("dcmdump"), ours) == dump(dcmtk("dcmdump"), theirs)


def test_it_creates_nothing() -> None:
    with opened_of(file_of(2)) as instance:
        assert not edits_of(instance.header, "**.AccessionNumber", "1")


def test_it_may_stand_behind_a_step_and_in_front_of_one() -> None:
    with opened_of(file_of(2)) as instance:
        header = instance.header
        inside = list(parse_pattern("ReferencedStudySequence[0].**.PatientID").matches(header))
        once = list(parse_pattern("**.ReferencedSeriesSequence[0].PatientID").matches(header))

    assert len(inside) == 1 + 3 + 9
    assert all(path[0] == 0x00081110 for path in inside)
    assert {path[-2] for path in once} == {0}


@pytest.mark.parametrize("text", ["**", "**.**.PatientID", "**[0].PatientID", "PatientID.**"])
def test_what_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\*\*"):
        parse_pattern(text)


def element(tag: int, vr: str, value: bytes, *, implicit: bool = False, size: int = -1) -> bytes:
    size = len(value) if size < 0 else size
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if implicit:
        return head + struct.pack("<L", size) + value
    if vr in ("UN", "SQ"):
        return head + vr.encode() + b"\0\0" + struct.pack("<L", size) + value
    return head + vr.encode() + struct.pack("<H", size) + value


def item(content: bytes) -> bytes:
    return b"\xfe\xff\x00\xe0" + struct.pack("<L", len(content)) + content


@pytest.mark.parametrize("form", ["defined", "undefined", "explicit inside", "nested"])
def test_private_items_that_are_encoded_as_un_are_reached(form: str) -> None:
    implicit = form != "explicit inside"
    inner = element(0x00100020, "LO", b"SECRET", implicit=implicit)
    if form == "nested":
        inner = element(0x08591011, "UN", item(inner), implicit=True)
    value, size = item(inner), -1
    if form == "undefined":
        value, size = value + b"\xfe\xff\xdd\xe0\0\0\0\0", 0xFFFFFFFF
    private = element(0x08590010, "LO", b"NOBODY'S") + element(0x08591010, "UN", value, size=size)
    whole = file_of(0)
    pixels = whole.index(b"\xe0\x7f\x10\x00OW")
    data = whole[:pixels] + private + whole[pixels:]
    with opened_of(data) as instance:
        header = instance.header
        changed = header.edited(edits_of(header, "**.PatientID", "NEW"))
        removed = header.edited(edits_of(header, "**.PatientID", None))
        for edited in (changed, removed):
            sent = b"".join(instance.file(edited).chunks())
            assert b"SECRET" in data
            assert b"SECRET" not in sent
            with opened_of(sent) as again:
                assert not again.mends
                again.check()


def test_both_blocks_of_a_creator_that_stands_twice_are_meant() -> None:
    dataset = Dataset()
    dataset.add_new(0x00190010, "LO", "ACME")
    dataset.add_new(0x00190011, "LO", "ACME")
    dataset.add_new(0x0019100C, "LO", "one")
    dataset.add_new(0x0019110C, "LO", "two")
    dataset.add_new(0x0019110D, "LO", "only here")
    header = Header.of(dataset)

    deleted = header.edited(edits_of(header, '(0019,"ACME",0C)', None))
    emptied = header.edited(edits_of(header, '(0019,"ACME",xx)', None))
    given = header.edited(edits_of(header, '(0019,"ACME",0C)', "new"))
    second = header.edited(edits_of(header, '(0019,"ACME",0D)', "new"))
    missing = header.edited(edits_of(header, '(0019,"ACME",0E)', "new"))

    assert list(deleted.tags()) == [0x00190010, 0x00190011, 0x0019110D]
    assert list(emptied.tags()) == []
    assert (given.text(0x0019100C), given.text(0x0019110C)) == ("new", "new")
    assert (second.text(0x0019110D), 0x0019100D in second) == ("new", False)
    assert (missing.text(0x0019100E), 0x0019110E in missing) == ("new", False)


def test_thousands_of_elements_are_deleted_in_linear_time() -> None:
    data = b"".join(element(0x00191000 + i, "LO", b"AB") for i in range(0xEFFF))
    header = Header(Elements.of(data, EXPLICIT))

    assert list(header.edited(edits_of(header, "(0019,xxxx)", None)).tags()) == []


@pytest.mark.parametrize("keyword", ["PatientID", "PatientName", "StudyDate"])
def test_group_lengths_and_the_length_to_end_are_right_after_a_deletion(keyword: str) -> None:
    dataset = image({"SOPInstanceUID": "1.2.3", "PatientID": "A", "StudyDate": "20010203",
                     "PatientName": "B"})  # fmt: skip
    plain = part10(dataset)
    start = plain.index(b"\x08\x00\x16\x00UI")
    data = bytearray(plain[start:])
    groups = element(0x00080001, "UL", b"\0\0\0\0")
    head = element(0x00080000, "UL", b"\0\0\0\0") + groups
    patient = data.index(b"\x10\x00\x10\x00PN")
    whole = plain[:start] + head + data[:patient] + element(0x00100000, "UL", b"\0\0\0\0")
    whole += data[patient:]
    with opened_of(bytes(whole)) as instance:
        header = instance.header.edited(edits_of(instance.header, keyword, None))
        sent = b"".join(instance.data_set(header).chunks())
    with opened_of(plain[:start] + sent) as again:
        elements = again.header.elements
        edited = {"StudyDate": 8}.get(keyword, 16)
        length = sum(elements.length(tag) for tag in elements.index
                     if tag >> 16 == edited and tag & 0xFFFF)  # fmt: skip
        assert again.header.text(edited << 16) == str(length)
        behind = sum(elements.length(tag) for tag in elements.index if tag > 0x00080001)
        assert again.header.text(0x00080001) == str(behind)

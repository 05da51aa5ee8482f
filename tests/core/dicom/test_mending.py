"""Faults that every reader overlooks are mended and told; other damage is named with its place."""

from __future__ import annotations

import random
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dicomferry.dicom.blob import BytesBlob
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.syntax import BIG, EXPLICIT, IMPLICIT, Syntax
from dicomferry.errors import DamagedError, FerryError
from dicomferry.model import Location
from support.instances import image, part10

HERE = Location("here")
ITEM, END, STOP = (b"\xfe\xff" + tag for tag in (b"\x00\xe0", b"\x0d\xe0", b"\xdd\xe0"))
Make = Callable[..., bytes]


def element(
    tag: int, vr: str, value: bytes, *, syntax: Syntax = EXPLICIT, length: int | None = None
) -> bytes:
    """Return an element as it is asked for, whatever is wrong with it."""
    order = "<" if syntax.little else ">"
    size = len(value) if length is None else length
    head = struct.pack(order + "HH", tag >> 16, tag & 0xFFFF)
    if syntax.implicit:
        return head + struct.pack(order + "L", size) + value
    if vr in ("OB", "OW", "SQ", "UN", "UT", "OX", "QQ"):
        return head + vr.encode() + b"\0\0" + struct.pack(order + "L", size) + value
    return head + vr.encode("latin-1") + struct.pack(order + "H", size) + value


def item(content: bytes) -> bytes:
    return ITEM + len(content).to_bytes(4, "little") + content


def mended(data: bytes) -> tuple[bytes, list[str]]:
    """Return the data set as it would be sent, and what was mended."""
    with open_instance(BytesBlob(data), HERE) as instance:
        sent = b"".join(instance.data_set(instance.header).chunks())
        return sent, [mend.text for mend in instance.mends]


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
@pytest.mark.parametrize(
    ("tag", "vr", "pad"),
    [(0x00100020, "LO", b" "), (0x00080018, "UI", b"\0"), (0x7FE00010, "OB", b"\0")],
)
def test_an_odd_value_is_padded_by_its_vr(
    part10: Make, syntax: Syntax, tag: int, vr: str, pad: bytes
) -> None:
    before = element(0x00080008, "CS", b"ORIGINAL", syntax=syntax)
    odd = element(tag, vr, b"1.2.3", syntax=syntax)
    behind = element(0x7FE10010, "LO", b"ab", syntax=syntax)
    whole = before + element(tag, vr, b"1.2.3" + pad, syntax=syntax) + behind

    sent, told = mended(part10(before + odd + behind, syntax))

    if tag == 0x7FE00010 and syntax.implicit:
        assert sent == before + element(tag, vr, b"1.2.3\0", syntax=syntax) + behind
    else:
        assert sent == whole
    at = len(part10(before, syntax))
    assert [text.split(" at byte ")[1].split()[0] for text in told] == [str(at)]
    assert "odd length 5" in told[0]


def test_an_odd_value_in_an_item_makes_all_lengths_around_it_longer(part10: Make) -> None:
    def data(value: bytes) -> bytes:
        inner = element(0x00080100, "SH", value)
        middle = element(0x00081140, "SQ", item(inner) + item(b""))
        return element(0x00082112, "SQ", item(middle)) + element(0x00100020, "LO", b"AB")

    assert mended(part10(data(b"ODD")))[0] == data(b"ODD ")


def test_the_length_of_a_mended_group_and_the_length_to_end_follow(part10: Make) -> None:
    def data(value: bytes, group: int, rest: int) -> bytes:
        return (
            element(0x00080001, "UL", struct.pack("<L", rest))
            + element(0x00100000, "UL", struct.pack("<L", group))
            + element(0x00100020, "LO", value)
        )

    assert mended(part10(data(b"ODD", 11, 23)))[0] == data(b"ODD ", 12, 24)


def test_odd_fragments_are_padded_and_the_offset_table_counts_it(part10: Make) -> None:
    def data(first: bytes, second: bytes, offsets: bytes) -> bytes:
        fragments = item(offsets) + item(first) + item(second) + STOP + b"\0\0\0\0"
        return element(0x7FE00010, "OB", fragments, length=0xFFFFFFFF)

    told = mended(part10(data(b"abc", b"defgh", struct.pack("<LL", 0, 11))))

    assert told[0] == data(b"abc\0", b"defgh\0", struct.pack("<LL", 0, 12))
    assert "and 1 more" in told[1][0]


def test_odd_fragments_without_an_offset_table_are_padded(part10: Make) -> None:
    fragments = item(b"") + item(b"abc") + STOP + b"\0\0\0\0"
    padded = item(b"") + item(b"abc\0") + STOP + b"\0\0\0\0"

    sent, _ = mended(part10(element(0x7FE00010, "OB", fragments, length=0xFFFFFFFF)))

    assert sent == element(0x7FE00010, "OB", padded, length=0xFFFFFFFF)


@pytest.mark.parametrize("vr", ["  ", "\0\0", "??", "lo", "- "])
def test_a_vr_that_is_none_is_read_by_the_dictionary(part10: Make, vr: str) -> None:
    first = element(0x00080005, "CS", b"ISO_IR 100")

    sent, told = mended(part10(first + element(0x00100020, vr, b"AB")))

    assert sent == first + element(0x00100020, "LO", b"AB")
    assert told[0].startswith("(0010,0020) at byte")


def test_a_vr_that_is_none_of_a_number_of_two_kinds_follows_the_pixels(part10: Make) -> None:
    signed = element(0x00280103, "US", b"\1\0")

    sent, _ = mended(part10(signed + element(0x00280120, "  ", b"\xff\xff")))

    assert sent == signed + element(0x00280120, "SS", b"\xff\xff")


@pytest.mark.parametrize("vr", ["OX", "QQ"])
def test_an_unknown_vr_has_the_structure_of_ob_and_is_carried(part10: Make, vr: str) -> None:
    creator = element(0x00330010, "LO", b"X ")
    unknown = element(0x00331005, vr, b"abcd")
    data = creator + unknown + element(0x00350010, "LO", b"AB")
    with open_instance(BytesBlob(part10(data)), HERE) as instance:
        assert b"".join(instance.data_set(instance.header).chunks()) == data
        assert (instance.mends, instance.header.text(0x00331005)) == ((), None)
        assert instance.header.raw(0x00331005) == b"abcd"


PIXELS = element(0x7FE00010, "OW", b"\1\2")


@pytest.mark.parametrize(
    ("last", "count"),
    [
        *((b"", count) for count in (*range(1, 18), 100, 512)),
        *((PIXELS, count) for count in (1, 8, 513, 4096, 100_000)),
        (element(0xFFFCFFFC, "OB", b"\1\2"), 4096),
    ],
)
def test_nuls_behind_the_last_element_have_one_rule(part10: Make, last: bytes, count: int) -> None:
    data = element(0x00100020, "LO", b"AB") + last

    sent, told = mended(part10(data) + b"\0" * count)

    assert sent == data
    place = f"from byte {len(part10(data))} on"
    assert told == [f"NULs behind the last element, {place}, are left out: {count}"]


@pytest.mark.parametrize("count", [513, 3624, 100_000])
def test_more_nuls_than_a_block_where_no_element_ends_a_data_set_are_something_lost(
    part10: Make, count: int
) -> None:
    with pytest.raises(DamagedError, match=rf"{count} NULs stand behind \(0010,0020\)"):
        mended(part10(element(0x00100020, "LO", b"AB")) + b"\0" * count)


def test_more_nuls_than_any_padding_are_something_lost(part10: Make) -> None:
    with pytest.raises(DamagedError, match="begin with 1048576 NULs"):
        mended(part10(element(0x00100020, "LO", b"AB")) + b"\0" * (1 << 21))


@pytest.mark.parametrize("size", [10, 1 << 26])
def test_nothing_but_nuls_behind_the_prefix_is_no_data_set(size: int) -> None:
    class Zeros(BytesBlob):
        read_bytes = 0

        def __init__(self) -> None:
            super().__init__(b"\0" * 128 + b"DICM")
            self.size = 132 + size

        def read(self, start: int, length: int) -> bytes:
            self.read_bytes += length
            return (self._data + b"\0" * (start + length))[start : start + length]

    zeros = Zeros()
    with pytest.raises(DamagedError, match="no data set"):
        open_instance(zeros, HERE)
    assert zeros.read_bytes < 1 << 22


def test_repeated_elements_without_end_are_given_up(part10: Make) -> None:
    with pytest.raises(DamagedError, match="more than 1000 faults"):
        mended(part10(element(0x00100020, "LO", b"AB") * 100_000))


@pytest.mark.parametrize(
    ("again", "code"), [(b"AB", ""), (b"CD", "element-twice"), (b"ABCD", "element-twice")]
)
@pytest.mark.parametrize("wrap", [lambda data: data, lambda data: element(0x00082112, "SQ", data)])
def test_an_element_with_two_values_needs_leave_and_the_last_one_counts(
    part10: Make, again: bytes, code: str, wrap: Callable[[bytes], bytes]
) -> None:
    def data(*values: bytes) -> bytes:
        inner = b"".join(element(0x00100020, "LO", value) for value in values)
        return wrap(inner if wrap(b"") == b"" else item(inner))

    with open_instance(BytesBlob(part10(data(b"AB", again))), HERE) as instance:
        assert [mend.code for mend in instance.mends] == [code]
        assert "(0010,0020) at byte" in instance.mends[0].text
        assert b"".join(instance.data_set(instance.header).chunks()) == data(again)


def test_a_data_set_that_stands_there_twice_is_sent_once_and_not_told_at_length(
    part10: Make,
) -> None:
    data = b"".join(element(0x00100000 + tag, "LO", b"AB") for tag in range(0x20, 0x60))
    pixels = element(0x7FE00010, "OB", b"\7" * (3 << 20))

    sent, told = mended(part10((data + pixels) * 2))

    assert sent == data + pixels
    assert len(told) == 11
    assert told[-1] == "55 more such faults"


@pytest.mark.parametrize(("length", "vr"), [(4, "OW"), (0xFFFFFFFF, "OB")])
def test_pixels_with_a_vr_of_their_own_are_read_as_dcmtk_reads_them(
    part10: Make, length: int, vr: str
) -> None:
    end = STOP + bytes(4) if length > 4 else b""
    value = ITEM + bytes(4) + end if length > 4 else b"abcd"
    _, told = mended(part10(element(0x7FE00010, "OX", value, length=length)))

    assert told[0].endswith(f"has the VR 'OX': read as {vr}")


@pytest.mark.parametrize("again", [b"1.2.840.10008.1.2\0", b"1.2.840.10008.1.2.1\0"])
def test_a_second_meta_group_needs_leave_and_the_first_counts(part10: Make, again: bytes) -> None:
    data = element(0x00100020, "LO", b"AB")
    second = element(0x00020010, "UI", again) + element(0x00020013, "SH", b"X ")
    with open_instance(BytesBlob(part10(second + data)), HERE) as instance:
        assert [mend.code for mend in instance.mends] == ["second-meta-group", ""]
        assert b"".join(instance.data_set(instance.header).chunks()) == data
        assert instance.transfer_syntax_uid == "1.2.840.10008.1.2.1"


def test_a_meta_group_in_implicit_vr_is_read_and_written_as_it_should_be() -> None:
    meta = element(0x00020002, "UI", b"1.2.3\0", syntax=IMPLICIT)
    meta += element(0x00020010, "UI", b"1.2.840.10008.1.2.1\0", syntax=IMPLICIT)
    data = element(0x00100020, "LO", b"AB")
    with open_instance(BytesBlob(b"\0" * 128 + b"DICM" + meta + data), HERE) as instance:
        assert "meta group is written in implicit VR" in instance.mends[0].text
        whole = b"".join(instance.file(instance.header).chunks())
    assert element(0x00020002, "UI", b"1.2.3\0") in whole
    assert whole.endswith(data)


@pytest.mark.parametrize(("declared", "written"), [(EXPLICIT, IMPLICIT), (IMPLICIT, EXPLICIT)])
def test_a_data_set_in_another_form_than_declared_is_written_as_declared(
    part10: Make, declared: Syntax, written: Syntax
) -> None:
    def data(syntax: Syntax) -> bytes:
        inner = element(0x00080100, "SH", b"AB", syntax=syntax)
        return (
            element(0x00080060, "CS", b"MR", syntax=syntax)
            + element(0x00082112, "SQ", item(inner), syntax=syntax)
            + element(0x00280010, "US", b"\1\0", syntax=syntax)
        )

    sent, told = mended(part10(data(written), declared))

    assert sent == data(declared)
    assert "its meta group says" in told[0]


def test_items_in_another_form_than_the_data_set_are_written_as_it_is(part10: Make) -> None:
    def data(syntax: Syntax) -> bytes:
        inner = element(0x00080100, "SH", b"AB", syntax=syntax)
        return element(0x00082112, "SQ", item(inner)) + element(0x00100020, "LO", b"AB")

    sent, told = mended(part10(data(IMPLICIT)))

    assert sent == data(EXPLICIT)
    assert "(0008,2112)" in told[0]


@pytest.mark.parametrize(
    "inner",
    [b"garbage!" * 4, element(0x00080100, "SH", b"AB", length=40), b"\xfe\xff\x00\xe0\xff"],
)
def test_damage_in_a_sequence_of_defined_length_is_found(part10: Make, inner: bytes) -> None:
    sequence = element(0x00082112, "SQ", item(inner))
    with pytest.raises(DamagedError):
        mended(part10(sequence + element(0x00100020, "LO", b"AB")))


def test_a_cut_names_tag_and_byte_of_the_file(part10: Make) -> None:
    whole = part10(element(0x00080060, "CS", b"MR") + element(0x00100020, "LO", b"ABCDEF"))

    with pytest.raises(DamagedError, match=rf"\(0010,0020\) LO at byte {len(whole) - 14} needs 6"):
        mended(whole[:-2])


def test_a_mended_file_of_gigabytes_is_not_read_into_memory(part10: Make) -> None:
    class Huge(BytesBlob):
        read_bytes = 0

        def __init__(self, data: bytes) -> None:
            super().__init__(data)
            self.size = 3 << 30

        def read(self, start: int, length: int) -> bytes:
            self.read_bytes += length
            data = self._data[start : start + length]
            return data + b"\7" * (length - len(data))

    front = part10(element(0x00100020, "LO", b"ABC"))
    pixels = (3 << 30) - len(front) - 12
    blob = Huge(front + element(0x7FE00010, "OW", b"", length=pixels))
    with open_instance(blob, HERE) as instance:
        assert instance.mends
        assert instance.data_set(instance.header).length > 3 << 29
    assert blob.read_bytes < 1 << 20


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_what_is_read_of_damaged_bytes_dcmdump_reads_as_well(
    part10: Make, tmp_path: Path, dcmtk: Callable[[str], str], syntax: Syntax
) -> None:
    inner = element(0x00081150, "UI", b"1.2.3\0", syntax=syntax) * 1
    deep = element(0x00081140, "SQ", item(inner) * 2, syntax=syntax)
    whole = part10(
        element(0x00080016, "UI", b"1.2.840.10008.5.1.4.1.1.66\0\0", syntax=syntax)
        + element(0x00080018, "UI", b"1.2.3\0", syntax=syntax)
        + element(0x00082112, "SQ", item(deep + inner), syntax=syntax)
        + element(0x00100020, "LO", b"AB", syntax=syntax),
        syntax,
    )
    dice, paths = random.Random(5), []
    for number in range(400):
        data = bytearray(whole)
        for _ in range(dice.randrange(1, 3)):
            data[dice.randrange(len(part10(b"", syntax)), len(data))] = dice.choice(
                [0, 1, 2, 8, 32, 65, 255, dice.randrange(256)]
            )
        try:
            with open_instance(BytesBlob(bytes(data)), HERE) as instance:
                instance.check()
                path = tmp_path / f"{number}.dcm"
                path.write_bytes(b"".join(instance.file(instance.header).chunks()))
                paths.append(str(path))
        except FerryError:
            continue
    result = subprocess.run(
        [dcmtk("dcmdump"), *paths], capture_output=True, text=True, errors="replace"
    )

    assert len(paths) > 100
    assert [line for line in result.stderr.splitlines() if "reading file: " in line] == []


def test_two_files_in_one_are_told_and_not_mended() -> None:
    one, other = (part10(image({"PatientID": patient})) for patient in "AB")

    with pytest.raises(DamagedError, match=f"another instance begins at byte {len(one)}"):
        open_instance(BytesBlob(one + other), HERE).close()

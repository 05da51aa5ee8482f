"""Edits change what they name, in the right encoding, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset, Sequence

from dicomferry.dicom.edits import Delete, Edits, Set
from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import Instance
from dicomferry.dicom.syntax import BIG, EXPLICIT, IMPLICIT, Syntax
from dicomferry.errors import EditError

PATIENT_NAME, PATIENT_ID, CHARACTER_SET = 0x00100010, 0x00100020, 0x00080005
REQUESTS = 0x00400275


def header_of(**values: object) -> Header:
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return Header.of(dataset)


def nested(**values: object) -> Dataset:
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.fixture(params=[IMPLICIT, EXPLICIT, BIG], ids=["implicit", "explicit", "big"])
def syntax(request: pytest.FixtureRequest) -> Syntax:
    return request.param


def test_a_set_element_reads_back_from_the_header() -> None:
    header = header_of(PatientID="a").edited(Edits.of([Set((PATIENT_ID,), "b")]))

    assert header.text("PatientID") == "b"


def test_a_deleted_element_is_missing() -> None:
    header = header_of(PatientID="a").edited(Edits.of([Delete((PATIENT_ID,))]))

    assert (PATIENT_ID in header, header.text("PatientID")) == (False, None)


def test_deleting_a_missing_element_changes_nothing() -> None:
    header = header_of(PatientID="a")

    edited = header.edited(Edits.of([Delete((PATIENT_NAME,)), Delete((REQUESTS, 0, PATIENT_ID))]))

    assert list(edited.tags()) == [PATIENT_ID]


def test_edits_chain() -> None:
    header = header_of(PatientID="a")

    first = header.edited(Edits.of([Set((PATIENT_ID,), "b"), Set((PATIENT_NAME,), "x")]))
    second = first.edited(Edits.of([Delete((PATIENT_NAME,)), Set((PATIENT_ID,), "c")]))

    assert (second.text("PatientID"), second.text("PatientName")) == ("c", None)
    assert (first.text("PatientID"), first.text("PatientName")) == ("b", "x")
    assert header.text("PatientID") == "a"


def test_new_elements_stand_in_ascending_order(
    syntax: Syntax, written: Callable[..., Path], opened: Callable[[Path], Instance],
    bytes_of: Callable[..., bytes],
) -> None:  # fmt: skip
    path = written(nested(PatientID="a", Rows=4, StudyDate="20200101"), syntax)
    instance = opened(path)
    edits = Edits.of(Set((tag,), "1") for tag in (0x00281052, 0x00080060, 0x00100040, 0x00200013))

    data = bytes_of(instance.file(instance.header.edited(edits)))

    dataset = pydicom.dcmread(BytesIO(data))
    order = [dataset.get_item(tag).value_tell for tag in sorted(dataset.keys())]
    assert order == sorted(order)
    assert len(order) == 7


@pytest.mark.parametrize(
    ("keyword", "text", "value"),
    [
        ("Rows", "512", 512),
        ("PatientWeight", "70.5", 70.5),
        ("InstanceNumber", "7", 7),
        ("SliceLocationVector", "1.5\\-2.25", [1.5, -2.25]),
        ("FrameIncrementPointer", "(0018,1063)", 0x00181063),
        ("StudyInstanceUID", "1.2.3", "1.2.3"),
        ("OtherPatientIDs", "a\\b", ["a", "b"]),
        ("SelectorSVValue", "-9007199254740993", -9007199254740993),
    ],
)
def test_text_is_encoded_by_vr(
    keyword: str, text: str, value: object, syntax: Syntax, written: Callable[..., Path],
    opened: Callable[[Path], Instance], bytes_of: Callable[..., bytes],
) -> None:  # fmt: skip
    instance = opened(written(nested(PatientID="a"), syntax))
    tag = pydicom.datadict.tag_for_keyword(keyword)

    data = bytes_of(instance.file(instance.header.edited(Edits.of([Set((tag,), text)]))))

    assert pydicom.dcmread(BytesIO(data))[keyword].value == value


def test_odd_uids_are_padded_with_nul_and_text_with_a_space() -> None:
    header = header_of(PatientID="aa")

    edited = header.edited(Edits.of([Set((0x0020000D,), "1.2.3"), Set((PATIENT_ID,), "b")]))

    assert (edited.raw(0x0020000D), edited.raw(PATIENT_ID)) == (b"1.2.3\0", b"b ")


@pytest.mark.parametrize(("representation", "vr"), [(0, "US"), (1, "SS")])
def test_pixel_representation_decides_us_or_ss(representation: int, vr: str) -> None:
    header = header_of(PixelRepresentation=representation)

    edited = header.edited(Edits.of([Set((0x00280106,), "5")]))

    assert edited.vr(0x00280106) == vr


@pytest.mark.parametrize(
    ("tag", "text", "named"),
    [
        (0x00200013, "abc", "VR IS"),
        (0x00200013, "3000000000", "VR IS"),
        (0x00280010, "70000", "VR US"),
        (0x00080050, "x" * 17, "holds 16"),
        (PATIENT_ID, "x" * 65, "holds 64"),
        (PATIENT_ID, "a\nb", "control character"),
        (0x00080060, "mr", "VR CS"),
        (0x00080060, "M" * 17, "holds 16"),
        (0x0020000D, "1." + "2" * 64, "holds 64"),
        (0x0020000D, "1.02", "VR UI"),
        (0x00080020, "2020-01-01", "holds 8"),
        (0x00080020, "20201301", "VR DA"),
        (0x00101030, "heavy", "VR DS"),
        (0x00101010, "45", "VR AS"),
    ],
)
def test_what_a_vr_cannot_hold_is_refused(tag: int, text: str, named: str) -> None:
    with pytest.raises(EditError, match=named) as refused:
        header_of(PatientID="a").edited(Edits.of([Set((tag,), text)]))
    assert text not in str(refused.value)


def test_an_explicit_16_bit_length_is_not_overflown() -> None:
    with pytest.raises(EditError, match="65534"):
        header_of(PatientID="a").edited(Edits.of([Set((0x00104000,), b"x" * 70000)]))


def test_a_private_element_needs_its_creator() -> None:
    with pytest.raises(EditError, match="no private creator"):
        header_of(PatientID="a").edited(Edits.of([Set((0x00191010,), "x")]))


def test_a_private_element_takes_its_vr_from_the_vendor_s_dictionary() -> None:
    edits = Edits.of([Set((0x00190010,), "SIEMENS MR HEADER"), Set((0x0019100C,), "1000")])

    assert header_of(PatientID="a").edited(edits).vr(0x0019100C) == "IS"


def test_an_unknown_private_text_is_lo_and_bytes_are_un() -> None:
    edits = Edits.of(
        [Set((0x00190010,), "ACME"), Set((0x00191001,), "x"), Set((0x00191002,), b"xy")]
    )
    header = header_of(PatientID="a").edited(edits)

    assert (header.vr(0x00191001), header.vr(0x00191002)) == ("LO", "UN")


def test_encapsulated_pixel_data_is_not_set(
    wheel_file: Callable[[str], Path], opened: Callable[[Path], Instance]
) -> None:
    header = opened(wheel_file("JPEG2000.dcm")).header

    with pytest.raises(EditError, match="encapsulated"):
        header.edited(Edits.of([Set((0x7FE00010,), b"ab")]))


def test_group_lengths_of_edited_groups_are_mended(
    tmp_path: Path, part10: Callable[..., bytes], opened: Callable[[Path], Instance]
) -> None:
    body = bytes.fromhex("10001000504e0200") + b"A^" + bytes.fromhex("100020004c4f0200") + b"ab"
    length = bytes.fromhex("10000000554c0400") + len(body).to_bytes(4, "little")
    path = tmp_path / "grouped"
    path.write_bytes(part10(length + body))

    header = opened(path).header.edited(Edits.of([Set((PATIENT_ID,), "longer")]))

    assert header.value(0x00100000) == len(body) + 4


class TestSequences:
    """Edits inside of sequences."""

    def test_an_item_s_element_is_set(self) -> None:
        header = header_of(RequestAttributesSequence=Sequence([nested(PatientID="a")] * 2))

        edited = header.edited(Edits.of([Set((REQUESTS, 1, PATIENT_ID), "b")]))

        assert [item.text("PatientID") for item in edited.items(REQUESTS)] == ["a", "b"]

    def test_a_missing_sequence_and_item_are_created(self) -> None:
        header = header_of(PatientID="a").edited(
            Edits.of([Set((REQUESTS, 0, 0x00400008, 0, 0x00080100), "x")])
        )

        assert header.items(REQUESTS)[0].items(0x00400008)[0].text("CodeValue") == "x"

    def test_the_item_right_behind_the_last_is_created(self) -> None:
        header = header_of(RequestAttributesSequence=Sequence([nested(PatientID="a")]))

        edited = header.edited(Edits.of([Set((REQUESTS, 1, PATIENT_ID), "b")]))

        assert [item.text("PatientID") for item in edited.items(REQUESTS)] == ["a", "b"]

    def test_an_item_further_behind_is_refused(self) -> None:
        with pytest.raises(EditError, match="has 0 items"):
            header_of(PatientID="a").edited(Edits.of([Set((REQUESTS, 1, PATIENT_ID), "b")]))

    def test_an_element_that_is_no_sequence_has_no_items(self) -> None:
        with pytest.raises(EditError, match="not a sequence"):
            header_of(PatientID="a").edited(Edits.of([Set((PATIENT_ID, 0, PATIENT_ID), "b")]))

    @pytest.mark.parametrize("undefined", [True, False])
    def test_untouched_items_and_framing_stay(
        self, undefined: bool, syntax: Syntax, written: Callable[..., Path],
        opened: Callable[[Path], Instance], bytes_of: Callable[..., bytes],
    ) -> None:  # fmt: skip
        items = [nested(PatientID="one "), nested(PatientID="two "), nested(PatientID="six ")]
        for item in items:
            item.is_undefined_length_sequence_item = undefined
        dataset = nested(StudyDate="20200101", RequestAttributesSequence=Sequence(items))
        dataset["RequestAttributesSequence"].is_undefined_length = undefined
        path = written(dataset, syntax)
        instance = opened(path)

        edited = instance.header.edited(Edits.of([Set((REQUESTS, 1, PATIENT_ID), "TWO ")]))

        assert bytes_of(instance.file(edited)) == path.read_bytes().replace(b"two ", b"TWO ")

    def test_an_enhanced_multi_frame_is_edited_in_depth(
        self, written: Callable[..., Path], opened: Callable[[Path], Instance],
        bytes_of: Callable[..., bytes],
    ) -> None:  # fmt: skip
        frames = [
            nested(FrameContentSequence=Sequence([nested(FrameAcquisitionNumber=number)]))
            for number in range(300)
        ]
        dataset = nested(PerFrameFunctionalGroupsSequence=Sequence(frames))
        instance = opened(written(dataset))
        edits = Edits.of(
            Set((0x52009230, number, 0x00209111, 0, 0x00209156), str(number + 1000))
            for number in range(300)
        )

        data = bytes_of(instance.file(instance.header.edited(edits)))

        groups = pydicom.dcmread(BytesIO(data)).PerFrameFunctionalGroupsSequence
        numbers = [group.FrameContentSequence[0].FrameAcquisitionNumber for group in groups]
        assert numbers == list(range(1000, 1300))

    def test_later_edits_win_over_earlier_ones_of_the_same_sequence(self) -> None:
        edits = Edits.of(
            [
                Set((REQUESTS, 0, PATIENT_ID), "a"),
                Delete((REQUESTS,)),
                Set((REQUESTS, 0, PATIENT_NAME), "b"),
            ]
        )
        header = header_of(PatientID="x").edited(edits)

        assert list(header.items(REQUESTS)[0].tags()) == [PATIENT_NAME]

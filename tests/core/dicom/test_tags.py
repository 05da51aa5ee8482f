"""Recipes name elements by keyword, tag, wildcard, private creator and the way into items."""

from __future__ import annotations

import pytest
from pydicom import Dataset, Sequence

from dicomferry.dicom.edits import Edits, Set
from dicomferry.dicom.header import Header
from dicomferry.dicom.tags import keyword_of, parse_pattern, parse_tag
from dicomferry.errors import EditError

REQUESTS, STEP_ID = 0x00400275, 0x00400009


@pytest.fixture
def header() -> Header:
    dataset = Dataset()
    dataset.PatientID = "a"
    items = []
    for step in ("x", "y"):
        item = Dataset()
        item.ScheduledProcedureStepID = step
        items.append(item)
    dataset.RequestAttributesSequence = Sequence(items)
    for creator in ("OTHER", "ACME"):
        block = dataset.private_block(0x0019, creator, create=True)
        block.add_new(0x0C, "LO", creator.lower())
        block.add_new(0x10, "LO", "ten")
    return Header.of(dataset)


@pytest.mark.parametrize(
    "text", ["PatientID", "(0010,0020)", "0010,0020", "00100020", " PatientID "]
)
def test_a_tag_is_parsed(text: str) -> None:
    assert parse_tag(text) == 0x00100020


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PatientNmae", "did you mean 'PatientName'"),
        ("Klingon", "not a DICOM keyword$"),
        ("(0010,20)", "neither a DICOM keyword nor a tag"),
        ("(0010,0020", "neither a DICOM keyword nor a tag"),
        ("", "neither"),
    ],
)
def test_what_is_no_tag_is_refused_with_a_suggestion(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_tag(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("RequestAttributesSequence.PatientID", "needs an item"),
        ("RequestAttributesSequence[*]", "name an element in it"),
        ('(0018,"ACME",0C)', "even"),
        ("RequestAttributesSequence[x].PatientID", "needs an item"),
        ("RequestAtributesSequence[0].PatientID", "did you mean 'RequestAttributesSequence'"),
    ],
)
def test_a_wrong_pattern_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_pattern(text)


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("PatientID", [(0x00100020,)]),
        ("PatientName", []),
        ("(0019,xx10)", [(0x00191010,), (0x00191110,)]),
        ("(0019,xx0c)", [(0x0019100C,), (0x0019110C,)]),
        ('(0019,"ACME",0C)', [(0x0019110C,)]),
        ('(0019,"ACME",xx)', [(0x0019110C,), (0x00191110,), (0x00190011,)]),
        ('(0019,"NOBODY",xx)', []),
        (
            "RequestAttributesSequence[*].ScheduledProcedureStepID",
            [(REQUESTS, 0, STEP_ID), (REQUESTS, 1, STEP_ID)],
        ),
        ("RequestAttributesSequence[1].(0040,xxxx)", [(REQUESTS, 1, STEP_ID)]),
        ("RequestAttributesSequence[7].ScheduledProcedureStepID", []),
    ],
)
def test_a_pattern_finds_what_is_present(
    text: str, paths: list[tuple[int, ...]], header: Header
) -> None:
    assert list(parse_pattern(text).matches(header)) == paths


class TestSetting:
    """Patterns say what to set."""

    def test_every_item_is_set(self, header: Header) -> None:
        edits = parse_pattern("RequestAttributesSequence[*].StudyID").setting(header, "1")

        assert edits == (Set((REQUESTS, 0, 0x00200010), "1"), Set((REQUESTS, 1, 0x00200010), "1"))

    def test_a_named_item_is_created(self) -> None:
        edits = parse_pattern("RequestAttributesSequence[0].StudyID").setting(
            Header.of(Dataset()), "1"
        )

        assert edits == (Set((REQUESTS, 0, 0x00200010), "1"),)

    def test_a_private_block_that_is_reserved_is_used(self, header: Header) -> None:
        edits = parse_pattern('(0019,"ACME",0D)').setting(header, "1")

        assert edits == (Set((0x0019110D,), "1", "LO"),)

    def test_a_new_private_block_is_reserved(self, header: Header) -> None:
        edits = parse_pattern('(0019,"NEW",0D)').setting(header, "1")
        edited = header.edited(Edits.of(edits))

        assert edited.private(0x0019, "NEW", 0x0D) == 0x0019120D
        assert edited.text(0x0019120D) == "1"
        assert list(parse_pattern('(0019,"NEW",0D)').targets(header)) == [(0x0019120D,)]

    def test_a_private_element_in_a_new_item_is_reserved_there(self) -> None:
        header = Header.of(Dataset())
        edits = parse_pattern('RequestAttributesSequence[0].(0019,"ACME",01)').setting(header, "1")

        item = header.edited(Edits.of(edits)).items(REQUESTS)[0]

        assert item.private(0x0019, "ACME", 0x01) == 0x00191001

    def test_the_vendor_s_dictionary_gives_the_vr(self, header: Header) -> None:
        edits = parse_pattern('(0029,"SIEMENS MEDCOM HEADER",08)').setting(header, "IMAGE NUM 4")

        assert edits[-1].vr == "CS"

    def test_a_wildcard_cannot_be_set(self, header: Header) -> None:
        pattern = parse_pattern("(0019,xx10)")

        assert not pattern.settable
        with pytest.raises(EditError, match="cannot be set"):
            pattern.setting(header, "1")


def test_a_tag_without_keyword_is_shown_as_a_tag() -> None:
    assert (keyword_of(0x00100020), keyword_of(0x00191010)) == ("PatientID", "(0019,1010)")

"""An answer from memory is the answer that would have been worked out; otherwise there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from msgspec.structs import replace

from dicomferry.contract.transform import Transform
from dicomferry.dicom.edits import Delete, Edits, Set
from dicomferry.dicom.header import Header
from dicomferry.engine.pipeline.edit import Ready, edit_and_forecast
from dicomferry.engine.pipeline.memory import Memory
from dicomferry.engine.pipeline.steps import Steps, TransformStep
from dicomferry.model import Location
from dicomferry.xnat.naming.identifiers import ClassicIdentifier
from dicomferry.xnat.naming.options import Identification

PATIENT_ID, STUDY_DATE, COMMENTS, SOP = 0x00100020, 0x00080020, 0x00104000, 0x00080018


class Counting:
    """A transform that counts how often it is asked."""

    def __init__(self, edit: Callable[[Header], Edits]) -> None:
        self._edit = edit
        self.asked = 0

    def edit(self, header: Header) -> Edits:
        self.asked += 1
        return self._edit(header)


def stages_of(transform: Transform) -> Steps:
    identifier = ClassicIdentifier(Identification(projects=["P"]))
    steps = (TransformStep("transforms[0]", transform, None),)
    return Steps((), steps, (), (("xnat", identifier),), "digest", memory=Memory())


def header_of(path: str = "a", **elements: Any) -> Header:
    from pydicom import Dataset

    dataset = Dataset()
    elements = {"PatientID": "X", "PatientName": "A^B", "StudyDescription": "P"} | elements
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return Header.of(dataset, location=Location(path))


def comment(header: Header) -> Edits:
    return Edits((Set((COMMENTS,), f"of {header.text(PATIENT_ID)}"),))


def carried(steps: Steps, header: Header) -> Ready:
    result = edit_and_forecast(steps, header, 1)
    assert isinstance(result, Ready)
    return result


def asked(edit: Callable[[Header], Edits], *headers: Header) -> int:
    transform = Counting(edit)
    steps = stages_of(transform)
    for header in headers:
        carried(steps, header)
    return transform.asked


def test_what_reads_alike_is_worked_out_once() -> None:
    assert asked(comment, *(header_of(SOPInstanceUID=f"1.2.{n}") for n in range(5))) == 1


def test_what_reads_differently_is_worked_out_again() -> None:
    assert asked(comment, header_of(), header_of(PatientID="Y")) == 2


def test_what_the_forecast_reads_counts_as_well() -> None:
    assert asked(comment, header_of(), header_of(AccessionNumber="P")) == 1
    assert asked(comment, header_of(), header_of(StudyDescription="Q")) == 2


def test_a_missing_element_is_another_reading_than_an_empty_one() -> None:
    def dated(header: Header) -> Edits:
        return Edits((Set((COMMENTS,), str(STUDY_DATE in header)),))

    assert asked(dated, header_of(), header_of(StudyDate="")) == 2


def test_an_answer_from_memory_keeps_the_instances_own_elements() -> None:
    steps = stages_of(Counting(comment))
    carried(steps, header_of(SOPInstanceUID="1.2.3"))

    second = carried(steps, header_of(SOPInstanceUID="1.2.4"))

    assert second.header.text(SOP) == "1.2.4"
    assert second.header.text(COMMENTS) == "of X"


def test_the_place_of_a_file_may_decide_but_is_not_remembered() -> None:
    def by_place(header: Header) -> Edits:
        return Edits((Set((COMMENTS,), str(header.location)),))

    assert asked(by_place, header_of("a"), header_of("b")) == 2


def test_the_place_of_an_items_file_is_not_remembered() -> None:
    from pydicom import Dataset

    def by_place(header: Header) -> Edits:
        (item,) = header.items(0x00081115)
        return Edits((Set((COMMENTS,), str(item.location)),))

    item = Dataset()
    item.Modality = "MR"
    headers = [header_of(place, ReferencedSeriesSequence=[item]) for place in "ab"]

    assert asked(by_place, *headers) == 2


def test_what_the_source_said_is_part_of_what_is_read() -> None:
    def by_row(header: Header) -> Edits:
        return Edits((Set((COMMENTS,), header.row["code"]),))

    headers = [header_of().with_origin(Location("a"), {}, {"code": code}) for code in "AAB"]

    assert asked(by_row, *headers) == 2


def test_listing_the_tags_tells_headers_with_others_apart() -> None:
    def count(header: Header) -> Edits:
        return Edits((Set((COMMENTS,), str(len(list(header.tags())))),))

    assert asked(count, header_of(), header_of(PatientID="Y"), header_of(StudyDate="")) == 2 + 1


def test_listing_the_sequences_tells_headers_with_others_apart() -> None:
    def count(header: Header) -> Edits:
        return Edits((Set((COMMENTS,), str(len(header.sequences()))),))

    with_sequence = header_of(ReferencedSeriesSequence=[])

    assert asked(count, header_of(), header_of(PatientAge="001Y"), with_sequence) == 2


@pytest.mark.parametrize("look", [Header.dataset, lambda header: header.elements])
def test_a_look_at_everything_is_never_remembered(look: Callable[[Header], object]) -> None:
    def edit(header: Header) -> Edits:
        look(header)
        return Edits((Delete((COMMENTS,)),))

    assert asked(edit, header_of(), header_of()) == 2


def test_without_a_memory_everything_is_worked_out() -> None:
    transform = Counting(comment)
    steps = replace(stages_of(transform), memory=None)

    carried(steps, header_of())
    carried(steps, header_of())

    assert transform.asked == 2


def test_a_memory_that_never_helps_is_given_up() -> None:
    def unique(header: Header) -> Edits:
        return Edits((Set((COMMENTS,), header.text(SOP) or ""),))

    steps = stages_of(Counting(unique))
    for number in range(600):
        carried(steps, header_of(SOPInstanceUID=f"1.2.{number}"))

    assert steps.memory is not None
    assert not steps.memory.pays


_KEYWORDS = (
    "PatientID", "PatientName", "PatientComments", "StudyDescription", "StudyComments",
    "AdditionalPatientHistory", "InstitutionName",
)  # fmt: skip
_TEXT = st.sampled_from(["", "P", "Q", "P Subject:S Session:E", "A^B", "AA:true", "é"])
_HEADERS = st.lists(
    st.fixed_dictionaries({}, optional=dict.fromkeys(_KEYWORDS, _TEXT)), min_size=2, max_size=12
)


def _mixed(header: Header) -> Edits:
    """Read by keyword, by presence, by listing; set, delete, and set what is read later."""
    edits = Edits((Set((PATIENT_ID,), (header.text("PatientID") or "none") + "1"),))
    later = header.edited(edits)
    if 0x00080080 in header:
        edits += Edits((Delete((0x00080080,)),))
    if later.text("PatientID") == "P1":
        edits += Edits((Set((COMMENTS,), f"Session:{len(list(header.tags()))}"),))
    return edits


@settings(max_examples=150)
@given(_HEADERS)
def test_remembered_and_worked_out_never_differ(elements: list[dict[str, str]]) -> None:
    remembering = stages_of(Counting(_mixed))
    forgetful = replace(remembering, memory=None)
    for number, values in enumerate(elements):
        header = header_of(
            SpecificCharacterSet="ISO_IR 100", SOPInstanceUID=f"1.{number}", **values
        )

        one, other = carried(remembering, header), carried(forgetful, header)

        assert (one.digest, one.forecast) == (other.digest, other.forecast)
        assert one.header.dataset() == other.header.dataset()


def test_a_recipes_stages_remember_nothing_by_themselves(tmp_path: Path) -> None:
    assert Steps((), (), (), (), "").memory is None

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dicomferry.dicom.edits import Edits, Set
from dicomferry.dicom.header import Header
from dicomferry.errors import FerryError
from dicomferry.model import Destination, Rejected, Wanted
from dicomferry.xnat.naming.identifiers import ClassicIdentifier, DqrIdentifier
from dicomferry.xnat.naming.options import Identification
from dicomferry_plugins.identify import dicomferry_transforms

(component,) = dicomferry_transforms()

CLASSIC = ClassicIdentifier(Identification(projects=["P1", "P 2"]))
COMMENTS = 0x0010_4000
LABELS = {
    "project": "P1",
    "subject": "{{ PatientName }}",
    "session": "{{ PatientName }}_{{ Modality }}_{{ StudyDate }}",
}


@pytest.fixture
def identify(build: Callable[..., Any], surroundings: Any) -> Callable[..., Any]:
    dqr = DqrIdentifier(Identification(projects=["P1"], routing={"1.2": "P1"}))
    surroundings.identifiers = {None: CLASSIC, "dqr": dqr}
    return lambda **said: build(component, **said)


@pytest.fixture
def jane(header: Callable[..., Header]) -> Header:
    return header(PatientName="Doe^Jane ", Modality="MR", StudyDate="20050102", PatientID="7")


def test_the_labels_are_one_line_in_the_comments(
    identify: Callable[..., Any], jane: Header
) -> None:
    line = "Project:P1 Subject:Doe_Jane Session:Doe_Jane_MR_20050102"

    assert identify(**LABELS).edit(jane).items == (Set((COMMENTS,), line),)


def test_what_was_asked_for_is_stated_with_its_originals(
    identify: Callable[..., Any], jane: Header
) -> None:
    expected = Wanted("P1", "Doe_Jane", "Doe_Jane_MR_20050102", "Doe^Jane", "Doe^Jane_MR_20050102")

    assert identify(**LABELS).edit(jane).wanted == expected


@pytest.mark.parametrize("write", ["comments", "fields", "both"])
def test_xnat_takes_what_was_written(
    identify: Callable[..., Any], header: Callable[..., Header], write: str
) -> None:
    before = header(PatientName="A^B", PatientID="7", PatientComments="Seen before\r\nin 2003")
    said = {"project": "P1", "subject": "{{ PatientID }}x", "session": "{{ PatientName }}"}
    edits = identify(write=write, **said).edit(before)

    after = before.edited(edits)
    assert CLASSIC.forecast(after).destination == Destination("P1", "7x", "A_B")


def test_fields_leave_the_comments_alone(identify: Callable[..., Any], jane: Header) -> None:
    after = jane.edited(identify(write="fields", **LABELS).edit(jane))

    assert COMMENTS not in after
    assert [after.text(k) for k in ("StudyDescription", "PatientName", "PatientID")] == [
        "P1",
        "Doe_Jane",
        "Doe_Jane_MR_20050102",
    ]


def test_only_the_levels_given_are_written(identify: Callable[..., Any], jane: Header) -> None:
    edits = identify(subject="{{ PatientID }}").edit(jane)

    assert edits == Edits(
        (Set((COMMENTS,), "Subject:7"),), Wanted(subject="7", subject_original="7")
    )


@pytest.mark.parametrize(("said", "word"), [(True, "AA:true"), (False, "AA:false")])
def test_auto_archive_is_asked_for(
    identify: Callable[..., Any], jane: Header, said: bool, word: str
) -> None:
    (edit,) = identify(project="P1", auto_archive=said).edit(jane).items

    assert edit.value == f"Project:P1 {word}"


def test_blanks_around_a_label_do_not_count(identify: Callable[..., Any], jane: Header) -> None:
    edits = identify(project=" P1 ", subject=" a b ").edit(jane)

    assert (edits.wanted.project, edits.wanted.subject) == ("P1", "a_b")


@pytest.mark.parametrize("level", ["project", "subject", "session"])
def test_an_empty_label_is_rejected(identify: Callable[..., Any], jane: Header, level: str) -> None:
    answer = identify(**{level: "{{ StudyID | default('') }} "}).edit(jane)

    assert answer.code == "value-missing"
    assert answer.reason.startswith(f"the {level} is empty: give it a value, as in")
    assert "default(" in answer.reason


@pytest.mark.parametrize("project", ["P 2", "P.1", "Ä", "P1\nSubject:X"])
def test_a_project_xnat_could_not_read_in_comments_is_rejected(
    identify: Callable[..., Any], jane: Header, project: str
) -> None:
    assert isinstance(identify(project=project).edit(jane), Rejected)


def test_a_project_is_never_cleaned_in_its_field(
    identify: Callable[..., Any], jane: Header
) -> None:
    after = jane.edited(identify(project="P 2", write="fields").edit(jane))

    assert CLASSIC.forecast(after).destination.project == "P 2"


def test_dqr_needs_fields(identify: Callable[..., Any]) -> None:
    with pytest.raises(FerryError, match="does not read") as caught:
        identify(server="dqr", subject="x")
    assert caught.value.hint == "use write: fields"


def test_dqr_takes_session_and_subject_by_field(identify: Callable[..., Any], jane: Header) -> None:
    said = {"server": "dqr", "write": "fields", "project": "P1", "subject": "S", "session": "E"}
    edits = identify(**said).edit(jane)

    assert edits.items == (Set((0x0010_0010,), "S"), Set((0x0020_0010,), "E"))
    assert edits.wanted.project == "P1"


def test_identify_without_a_level_is_a_fault(faults: Callable[..., dict[str, str]]) -> None:
    assert "at least one" in faults("transforms", "identify")[""]


def test_auto_archive_without_comments_is_a_fault(faults: Callable[..., dict[str, str]]) -> None:
    said = {"subject": "x", "write": "fields", "auto_archive": True}

    assert list(faults("transforms", "identify", **said)) == ["auto_archive"]


def test_an_unknown_server_is_a_fault(faults: Callable[..., dict[str, str]]) -> None:
    assert list(faults("transforms", "identify", subject="x", server="nowhere")) == ["server"]

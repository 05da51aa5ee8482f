"""Labels are written where every receiving XNAT looks for them."""

from __future__ import annotations

from dicomferry.dicom.edits import Edits, Set
from dicomferry.model import Rejected
from dicomferry.xnat.naming.identifiers import ClassicIdentifier, DqrIdentifier
from dicomferry.xnat.naming.options import Identification
from dicomferry.xnat.writing import write_labels

CLASSIC, DQR = ClassicIdentifier(Identification()), DqrIdentifier(Identification())
PATIENT_NAME, PATIENT_ID = 0x00100010, 0x00100020
STUDY_DESCRIPTION, STUDY_ID = 0x00081030, 0x00200010
LABELS = {"project": "P1", "subject": "A^B", "session": "7 x"}


def test_the_fields_of_two_xnats_are_written_each_once() -> None:
    edits = write_labels(LABELS, (CLASSIC, DQR), "fields")

    assert isinstance(edits, Edits)
    assert edits.items == (
        Set((STUDY_DESCRIPTION,), "P1"),
        Set((PATIENT_NAME,), "A_B"),
        Set((PATIENT_ID,), "7_x"),
        Set((STUDY_ID,), "7_x"),
    )


def test_an_empty_label_is_rejected_by_its_level() -> None:
    answer = write_labels({"subject": ""}, (CLASSIC,))

    assert isinstance(answer, Rejected)
    assert answer.code == "value-missing"
    assert answer.reason.startswith("the subject is empty: give it a value, as in {{")


def test_a_project_that_a_comment_cannot_hold_is_rejected() -> None:
    edits = write_labels({"project": "P 1"}, (CLASSIC,))

    assert isinstance(edits, Rejected)
    assert "the project cannot be written in PatientComments" in edits.reason

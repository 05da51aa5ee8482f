"""The engine lays the labels of a chosen plan, and only where no transform has written them."""

from __future__ import annotations

from dicomferry.dicom.edits import Edits, Set
from dicomferry.dicom.header import Header
from dicomferry.engine.pipeline.chosen_labels import LabelsMissing, LayLabels, keep_chosen
from dicomferry.model import Wanted
from dicomferry.testing import header_of
from dicomferry.xnat.naming.identifiers import ClassicIdentifier, DqrIdentifier
from dicomferry.xnat.naming.options import Identification

CLASSIC, DQR = ClassicIdentifier(Identification()), DqrIdentifier(Identification())
COMMENTS = 0x00104000
CHOSEN = Wanted(session="T0", chosen=frozenset({"session"}))


def asked(comment: str, wanted: Wanted = CHOSEN) -> Header:
    """Return the header of an instance with a comment, for which labels are asked."""
    return header_of({"PatientID": "7", "PatientComments": comment}).edited(Edits((), wanted))


def comment_of(edits: object) -> object:
    assert isinstance(edits, Edits)
    (edit,) = edits.items
    assert isinstance(edit, Set)
    assert edit.path == (COMMENTS,)
    return edit.value


def test_a_label_that_a_transform_has_written_is_not_missing() -> None:
    assert not LabelsMissing((CLASSIC,)).holds(asked("Session:T0"))
    assert LabelsMissing((CLASSIC,)).holds(asked("Session:T1"))


def test_a_label_that_one_of_two_xnats_does_not_read_is_missing() -> None:
    assert LabelsMissing((CLASSIC, DQR)).holds(asked("Session:T0"))


def test_what_nobody_has_chosen_is_not_missing() -> None:
    assert not LabelsMissing((CLASSIC,)).holds(asked("", Wanted(session="T0")))


def test_labels_of_a_transform_are_written_beside_the_chosen_one() -> None:
    wanted = Wanted("P", "S", "T0", chosen=frozenset({"session"}))

    assert comment_of(LayLabels((CLASSIC,)).edit(asked("as scanned", wanted))) == (
        "Project:P Subject:S Session:T0"
    )


def test_what_a_comment_says_of_archiving_is_kept() -> None:
    laid = LayLabels((CLASSIC,)).edit(asked("Session:T1 AA:false"))

    assert comment_of(laid) == "Session:T0 AA:false"


def test_nothing_is_asked_for_anew() -> None:
    laid = LayLabels((CLASSIC,)).edit(asked(""))

    assert isinstance(laid, Edits)
    assert laid.wanted is None


def test_a_transform_cannot_take_a_chosen_label_back() -> None:
    kept = keep_chosen(Wanted("P", "S", "OTHER", session_original="other"), CHOSEN)

    assert (kept.project, kept.session, kept.chosen) == ("P", "T0", frozenset({"session"}))

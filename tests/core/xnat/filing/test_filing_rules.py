"""The rules of filing, each stated once: keys, conflicts, first session."""

from __future__ import annotations

import pytest

from dicomferry.model import Destination
from dicomferry.xnat.filing.conflicts import (
    Conflict,
    Merge,
    SessionFacts,
    conflicts_in,
    session_conflict,
)
from dicomferry.xnat.filing.first_session import in_first_session
from dicomferry.xnat.filing.keys import archive_key, gathered, prearchive_key
from dicomferry.xnat.filing.scans import shared_scan_ids

HOME = Destination("P", "S", "E")
FACTS = SessionFacts("S", "MR", frozenset({"1.2"}))


def test_the_subject_is_no_part_of_a_sessions_key() -> None:
    other = Destination("P", "another", "E")
    assert prearchive_key(HOME, "1.2") == prearchive_key(other, "1.2")
    assert archive_key(HOME) == archive_key(other)


def test_a_session_of_two_studies_is_two_in_the_prearchive_and_one_in_the_archive() -> None:
    ((key, session),) = gathered([(HOME, "1.2"), (HOME, "1.3"), (HOME, "1.2")]).items()
    assert key == archive_key(HOME)
    assert session.study_instance_uids == {"1.2", "1.3"}
    assert len(session.parts) == 2


@pytest.mark.parametrize(
    ("existing", "found"),
    [
        (FACTS, None),
        (SessionFacts("s", "MR", frozenset({"1.2"})), None),
        (SessionFacts("T", "CT", frozenset({"1.3"})), Conflict.MODALITY),
        (SessionFacts("T", "MR", frozenset({"1.3"})), Conflict.SUBJECT),
        (SessionFacts("S", "MR", frozenset({"1.3"})), Conflict.STUDY),
        (SessionFacts(None, None, None), None),
    ],
)
def test_the_first_difference_that_xnat_minds_is_the_conflict(
    existing: SessionFacts, found: Conflict | None
) -> None:
    assert session_conflict(FACTS, existing) is found


def test_of_several_studies_one_that_is_not_there_is_a_conflict() -> None:
    several = SessionFacts("S", "MR", frozenset({"1.2", "1.3"}))
    assert session_conflict(several, FACTS) is Conflict.STUDY


def test_to_override_forgives_another_study_alone() -> None:
    other = SessionFacts("S", "MR", frozenset({"1.3"}))
    assert session_conflict(FACTS, other, Merge(override=True)) is None
    other = SessionFacts("S", "CT", frozenset({"1.3"}))
    assert session_conflict(FACTS, other, Merge(override=True)) is Conflict.MODALITY
    other = SessionFacts("T", "MR", frozenset({"1.2"}))
    assert session_conflict(FACTS, other, Merge(override=True)) is Conflict.SUBJECT


@pytest.mark.parametrize("conflict", Conflict)
def test_a_conflict_is_known_by_its_own_words_and_by_no_others(conflict: Conflict) -> None:
    assert conflicts_in(conflict.words("E 1")) == [conflict]


def test_an_instance_takes_only_the_label_of_the_first_of_its_study() -> None:
    first = Destination("Q", "T", "F")
    assert in_first_session(first, HOME) == Destination("P", "S", "F")


def test_series_that_share_a_number_are_counted_by_modality() -> None:
    assert shared_scan_ids("7", ["MR", "CT", "MR"]) == {"7-MR": 2, "7-CT": 1}

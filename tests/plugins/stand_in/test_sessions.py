"""Grouping, building, archiving and refusing."""

from __future__ import annotations

from typing import Any

import pytest

from dicomferry.contract.tree import SessionStatus
from dicomferry.model import AutoArchive, Destination, InstanceRef
from dicomferry.xnat import Generation
from dicomferry_plugins._stand_in.site.archiving import archives_itself
from dicomferry_plugins._stand_in.site.files import scan_folder
from dicomferry_plugins._stand_in.site.holdings import Holdings
from dicomferry_plugins._stand_in.site.sessions import Received, ReceivedSession


def instance(**changes: Any) -> Received:
    given = {
        "project": "P1",
        "subject": "S1",
        "session": "E1",
        "study": "1.2",
        "series": "1.2.1",
        "sop": "1.2.1.1",
        "number": "1",
        "modality": "MR",
        "auto_archive": AutoArchive.PROJECT_DEFAULT,
        "digest": "d",
        **changes,
    }
    return Received(
        InstanceRef(given["study"], given["series"], given["sop"], "1.2.840.10008.5.1.4.1.1.4"),
        Destination(given["project"], given["subject"], given["session"]),
        given["auto_archive"],
        given["number"],
        given["modality"],
        scan_folder(given["number"], given["series"], Generation.XNAT_1_10),
        given.get("file", f"{given['sop']}.dcm"),
        10,
        given["digest"],
    )


def archived_then(*changes: dict[str, Any], code: int = 4) -> Holdings:
    """Archive the plain instance, then receive and build what is changed."""
    holdings = Holdings(code)
    holdings.receive(instance())
    holdings.build()
    for change in changes:
        holdings.receive(instance(**change))
    holdings.build()
    return holdings


def only(holdings: Holdings) -> ReceivedSession:
    (session,) = holdings.sessions()
    return session


def test_a_manual_project_keeps_sessions_in_the_prearchive() -> None:
    holdings = Holdings(0)
    holdings.receive(instance())
    holdings.build()
    assert only(holdings).status is SessionStatus.READY


def test_aa_true_archives_even_there() -> None:
    holdings = Holdings(0)
    holdings.receive(instance(auto_archive=AutoArchive.AUTO))
    holdings.build()
    assert only(holdings).status is SessionStatus.ARCHIVED


def test_aa_false_does_not_stop_a_project_that_archives() -> None:
    holdings = Holdings(4)
    holdings.receive(instance(auto_archive=AutoArchive.MANUAL))
    holdings.build()
    assert only(holdings).status is SessionStatus.ARCHIVED


def test_unassigned_is_never_archived() -> None:
    holdings = Holdings(4)
    holdings.receive(instance(project=None, auto_archive=AutoArchive.AUTO))
    holdings.build()
    assert only(holdings).status is SessionStatus.READY


def test_the_first_instances_auto_archive_counts() -> None:
    holdings = Holdings(0)
    holdings.receive(instance())
    holdings.receive(instance(sop="1.2.1.2", auto_archive=AutoArchive.AUTO))
    holdings.build()
    assert only(holdings).status is SessionStatus.READY


def test_new_data_sets_a_built_session_back_to_receiving() -> None:
    holdings = Holdings(0)
    holdings.receive(instance())
    holdings.build()
    holdings.receive(instance(sop="1.2.1.2"))
    assert only(holdings).status is SessionStatus.RECEIVING


def test_another_study_of_the_same_label_is_another_prearchive_session() -> None:
    holdings = Holdings(0)
    holdings.receive(instance())
    holdings.receive(instance(study="1.3"))
    assert len(holdings.sessions()) == 2


def test_a_late_instance_is_merged_into_its_archived_session() -> None:
    holdings = archived_then({"sop": "1.2.1.2"})
    assert len(list(only(holdings).instances)) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"subject": "S2", "sop": "1.2.1.2"},
            (
                "Invalid modification of session subject via archive process.: E1 "
                "Already Exists for another Subject"
            ),
        ),
        (
            {"modality": "CT", "series": "1.2.9", "sop": "1.2.9.1"},
            (
                "Invalid modification of session modality via archive process.  Data may require a "
                "manual merge."
            ),
        ),
        (
            {"study": "1.3", "series": "1.3.1", "sop": "1.3.1.1"},
            "Invalid modification of session UID via archive process.",
        ),
        ({"digest": "other"}, "Session already exists with matching files."),
        (
            {"file": "other.dcm", "digest": "other"},
            "Duplicate DCM UID cannot be merged at this time.",
        ),
        (
            {"number": "2", "sop": "1.2.1.2"},
            "Session already contains a scan with the same UID, but a different number (1).",
        ),
    ],
)
def test_a_conflict_is_told_in_xnats_words(change: dict[str, Any], message: str) -> None:
    _, stuck = archived_then(change).sessions()
    assert (stuck.status, stuck.conflict) == (SessionStatus.CONFLICT, message)


def test_subjects_are_compared_without_regard_to_case() -> None:
    assert only(archived_then({"subject": "s1", "sop": "1.2.1.2"})).status is SessionStatus.ARCHIVED


def test_code_5_overwrites_files() -> None:
    holdings = archived_then({"digest": "other"}, code=5)
    assert [item.digest for item in only(holdings).instances] == ["other"]


def test_a_session_without_subject_is_not_archived() -> None:
    holdings = Holdings(4)
    holdings.receive(instance(subject=None))
    holdings.build()
    session = only(holdings)
    assert (session.status, session.conflict) == (
        SessionStatus.ERROR,
        "Unable to identify subject.",
    )


def test_a_subject_is_found_again_in_another_case() -> None:
    holdings = archived_then({"session": "E2", "study": "1.3", "subject": "s1", "sop": "1.3.1"})
    assert {session.destination.subject for session in holdings.sessions()} == {"S1"}


def test_several_studies_in_one_folder_cannot_be_built() -> None:
    holdings = Holdings(4)
    session = holdings.receive(instance())
    session.add(instance(study="1.3", series="1.3.1", sop="1.3.1.1"))
    holdings.build()
    assert (session.status, session.conflict) == (SessionStatus.ERROR, "NoUniqueSessionException")


def test_what_is_being_written_is_not_built() -> None:
    holdings = Holdings(4)
    session = holdings.receive(instance())
    session.writing = 1
    holdings.build()
    assert session.status is SessionStatus.RECEIVING


def test_what_is_not_quiet_yet_is_not_built() -> None:
    now = [1000.0]
    holdings = Holdings(4, clock=lambda: now[0])
    session = holdings.receive(instance())
    now[0] += 299
    holdings.build(300)
    assert session.status is SessionStatus.RECEIVING
    now[0] += 1
    holdings.build(300)
    assert session.status is SessionStatus.ARCHIVED


def test_an_instance_starts_the_quiet_period_anew() -> None:
    now = [1000.0]
    holdings = Holdings(4, clock=lambda: now[0])
    holdings.receive(instance())
    now[0] += 200
    session = holdings.receive(instance(sop="1.2.1.2"))
    now[0] += 200
    holdings.build(300)
    assert session.status is SessionStatus.RECEIVING


def test_two_sessions_of_one_label_have_folders_of_their_own() -> None:
    holdings = Holdings(0)
    first = holdings.receive(instance())
    second = holdings.receive(instance(study="1.3", series="1.3.1", sop="1.3.1.1"))
    assert first.store == "E1"
    assert second.store == f"E1.{second.timestamp}"
    assert first.timestamp != second.timestamp


@pytest.mark.parametrize(
    ("project", "asked", "code", "archived"),
    [
        ("P", AutoArchive.PROJECT_DEFAULT, 4, True),
        ("P", AutoArchive.PROJECT_DEFAULT, 0, False),
        ("P", AutoArchive.AUTO, 0, True),
        ("P", AutoArchive.MANUAL, 4, True),
        (None, AutoArchive.AUTO, 4, False),
    ],
)
def test_project_and_request_decide_whether_a_session_archives_itself(
    project: str | None, asked: AutoArchive, code: int, archived: bool
) -> None:
    assert archives_itself(Destination(project, "S", "E"), asked, code) is archived

"""Every problem a plan can have, found in a ledger that has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from dicomferry.dicom.patient import Patient
from dicomferry.engine.plan.problems import find_problems, known_codes
from dicomferry.ledger import Ledger
from dicomferry.ledger.rows import Examined, Facts, Verdict
from dicomferry.model import (
    AutoArchive,
    Because,
    Destination,
    Forecast,
    InstanceRef,
    LocalFile,
    Location,
    Problem,
    Severity,
    Wanted,
)
from dicomferry.xnat.naming.notes import (
    COMMENT_OF_SEVERAL_LINES,
    GENERATIONS_DIFFER,
    PROJECTS_NOT_DECLARED,
    VALUE_LONGER_THAN_WINDOW,
)
from support.plans import put_plan

MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
EXPLICIT = "1.2.840.10008.1.2.1"
Row = dict[str, Any]
PLAIN: Row = {
    "project": "P1", "subject": "S1", "session": "E1", "study": "1.2", "series": "1.2.1",
    "sop_class": MR_IMAGE, "syntax": EXPLICIT, "modality": "MR", "number": "1", "size": 1000,
    "notes": (), "verdict": Verdict.READY, "code": "", "reason": "",
    "subject_original": None, "session_original": None,
    "subject_found": None, "session_found": None, "folder": "disk", "date": "20200101",
    "acquired": "", "patient": Patient("P1", "", "DOE^JANE", "19500101", "F"), "sent_study": None,
    "sent_sop": None, "plan_notes": (),
}  # fmt: skip

Plan = Callable[..., list[Problem]]


def examined(item: int, row: Row) -> Examined:
    ref = InstanceRef(row["study"], row["series"], f"{row['series']}.{item}", row["sop_class"])
    because = Because("StudyDescription", "PatientName", "PatientID")
    place = Destination(row["project"], row["subject"], row["session"])
    forecast = Forecast(
        place, because, AutoArchive.PROJECT_DEFAULT, notes=row["notes"],
        originals=(row["subject_found"], row["session_found"]),
    )  # fmt: skip
    facts = Facts(
        ref, row["syntax"], row["date"], row["modality"], row["number"], row["acquired"],
        row["patient"],
    )  # fmt: skip
    sent = replace(
        ref,
        study_instance_uid=row["sent_study"] or ref.study_instance_uid,
        sop_instance_uid=row["sent_sop"] or ref.sop_instance_uid,
    )
    originals = {name: row[name] for name in ("subject_original", "session_original")}
    return Examined(
        item, row["verdict"], row["code"], row["reason"], facts, sent, forecast,
        Wanted(**originals), "digest", row["plan_notes"],
    )  # fmt: skip


@pytest.fixture
def plan(tmp_path: Path) -> Iterator[Plan]:
    """Plan instances, each given by how it differs from a plain one; return the problems."""
    ledger = Ledger(tmp_path)

    def problems(*rows: Row, allow: tuple[str, ...] = (), **options: Any) -> list[Problem]:
        given = [{**PLAIN, **row} for row in rows]
        files = [
            LocalFile(Location(f"{row['folder']}/{i}"), row["size"], 1)
            for i, row in enumerate(given)
        ]
        put_plan(ledger, files, [examined(i, row) for i, row in enumerate(given, 1)])
        return find_problems(ledger, frozenset(allow), **{"xnat": True, **options})

    yield problems
    ledger.close()


def codes(problems: list[Problem]) -> list[str]:
    return [problem.code for problem in problems]


def test_a_plain_plan_has_no_problems(plan: Plan) -> None:
    assert plan({}, {}) == []


OTHER = Patient("P2", "", "ROE^JOHN", "19620202", "M")
NOBODY = Patient("ANON", "", "ANON", "19000101", "")
ANOTHER = {
    "study": "1.3", "series": "1.3.1", "sent_study": "1.2", "folder": "other", "number": "2",
}  # fmt: skip

SITUATIONS: dict[str, list[Row]] = {
    "forecast-mismatch": [{"verdict": Verdict.REJECTED, "code": "forecast-mismatch"}],
    "servers-disagree": [{"verdict": Verdict.REJECTED, "code": "servers-disagree"}],
    "forecast-unknown": [{"verdict": Verdict.REJECTED, "code": "forecast-unknown"}],
    "generations-differ": [{"notes": (f"{GENERATIONS_DIFFER}:P/A_/E|P/A/E",)}],
    "refused-by-xnat": [{"verdict": Verdict.REJECTED, "code": "refused-by-xnat"}],
    "unassigned": [{"project": None}],
    "projects-not-declared": [{"notes": (PROJECTS_NOT_DECLARED,)}],
    "no-session-label": [{"session": "dicom_upload"}],
    "no-subject-label": [{"subject": None}],
    "comment-of-several-lines": [{"notes": (COMMENT_OF_SEVERAL_LINES,)}],
    "value-longer-than-rule-window": [{"notes": (VALUE_LONGER_THAN_WINDOW,)}],
    "label-collision": [{"subject_original": "S.1"}, {"subject_original": "S 1"}],
    "labels-differ-by-case": [
        {"subject": "Ab", "session": "E1"},
        {
            "subject": "aB",
            "session": "E2",
            "study": "1.3",
            "series": "1.3.1",
        },
    ],
    "session-of-several-subjects": [
        {"subject": "S1", "patient": Patient()},
        {"subject": "S2", "patient": Patient()},
    ],
    "session-of-several-studies": [{"study": "1.2"}, {"study": "1.3", "series": "1.3.1"}],
    "study-over-several-sessions": [{"session": "E1"}, {"session": "E2", "series": "1.2.2"}],
    "study-over-several-subjects": [
        {"patient": Patient()},
        {"subject": "S2", "session": "E2", "series": "1.2.2", "patient": Patient()},
    ],
    "series-over-several-sessions": [{}, {"session": "E2", "study": "1.3"}],
    "query-without-study": [{}, {"verdict": Verdict.PASSED, "code": "query-without-study"}],
    "studies-joined": [{}, ANOTHER],
    "studies-joined-apart": [{}, {**ANOTHER, "date": "20210101"}],
    "date-spelled-twice": [
        {"session": "S_20200101"},
        {"session": "S_2020_01_01", "study": "1.3", "series": "1.3.1"},
    ],
    "session-of-several-patients": [{}, {"patient": OTHER, "series": "1.2.2", "number": "2"}],
    "patients-merged": [{}, {"patient": OTHER, "session": "E2", **ANOTHER, "sent_study": None}],
    "patient-over-several-subjects": [
        {},
        {"subject": "S2", "session": "E2", **ANOTHER, "sent_study": None},
    ],
    "study-of-several-patients": [
        {"series": "1.2.1"},
        {"series": "1.2.2", "patient": OTHER, "subject": "S2", "session": "E2"},
    ],
    "patients-not-told-apart": [
        {"patient": NOBODY, "subject": "Anon"},
        {"patient": NOBODY, "subject": "Anon", "session": "E2", **ANOTHER, "sent_study": None},
    ],
    "refused-by-sink": [{"plan_notes": ("refused-by-sink:export:why",)}],
    "taken-by-no-sink": [{"plan_notes": ("taken-by-no-sink",)}],
    "sink-takes-nothing": [{"plan_notes": ("left-out-by-sink:export:",)}],
    "label-part-empty": [{"plan_notes": ("label-part-empty:StudyDate",)}],
    "several-values": [{"patient": Patient("A\\B")}],
    "reference-not-followed": [{"plan_notes": ("reference-not-followed",)}],
    "references-to-renamed": [{"sent_sop": "9.9"}],
    "gap-in-session": [{"size": 400_000_000}],
    "series-number-shared": [{"series": "1.2.1"}, {"series": "1.2.2"}],
    "series-number-missing": [{"number": ""}],
    "mended": [{"code": "mended", "reason": "padded"}],
    "second-meta-group": [{}, {"verdict": Verdict.REJECTED, "code": "second-meta-group"}],
    "element-twice": [{}, {"verdict": Verdict.REJECTED, "code": "element-twice"}],
    "no-pixel-data": [{"plan_notes": ("no-pixel-data",)}],
    "duplicate": [{}, {"verdict": Verdict.EXCLUDED, "code": "duplicate"}],
    "not-preferred": [{}, {"verdict": Verdict.EXCLUDED, "code": "not-preferred"}],
    "duplicate-differs": [{}, {"verdict": Verdict.REJECTED, "code": "duplicate-differs"}],
    "not-accepted-by-xnat": [{"syntax": "1.2.840.10008.1.2.1.99"}],
}

ASKED = {code for code in known_codes() if code.startswith("session-exists")}
CHOSEN = {
    "labels-from-plan", "zeros-restored", "labels-swapped",
    "stored-under-other-labels",
}  # fmt: skip
"""Those of labels edited in a table: `tests/cli/test_choosing_labels.py`."""
ELSEWHERE = {
    *ASKED,
    *CHOSEN,
    "answer-differs",
    "answers-kept",
    "state-of-another-recipe",
    "gone",
    "ledger-behind",
    "list-incomplete",
    "listed-not-found",
    "not-listed",
    "nothing-found",
    "plugin-check-failed",
    "project-not-readable",
    "scan-stored-under-another-number",
    "session-stored-under-another-study",
    "site-anonymizes",
    "site-script-changes-filing",
    "site-script-not-understood",
    "allowed-code-unknown",
}


@pytest.mark.parametrize("code", sorted(SITUATIONS))
def test_a_situation_is_called_by_its_code(plan: Plan, code: str) -> None:
    assert codes(plan(*SITUATIONS[code])) == [code]


def test_every_code_has_a_situation() -> None:
    assert set(SITUATIONS) | ELSEWHERE == known_codes()


@pytest.mark.parametrize("code", sorted(SITUATIONS))
def test_an_allowed_code_becomes_a_note_that_says_so(plan: Plan, code: str) -> None:
    (waived,) = plan(*SITUATIONS[code], allow=(code,))
    assert waived.severity is Severity.NOTE
    assert waived.message.endswith("[allowed]")


@pytest.mark.parametrize("code", sorted(SITUATIONS))
def test_every_problem_says_why_and_what_to_do(plan: Plan, code: str) -> None:
    (found,) = plan(*SITUATIONS[code])
    assert found.message
    assert found.why
    assert found.hint


def test_values_that_fall_together_without_an_identify_are_a_collision(plan: Plan) -> None:
    dotted = {"session_found": "E.1", "session": "E_1"}
    (found,) = plan(dotted, {"session_found": "E 1", "session": "E_1"})
    assert found.code == "label-collision"
    assert "2 different sessions fall together on the label 'E_1' in P1" in found.message


def test_what_identify_means_goes_before_what_xnat_finds(plan: Plan) -> None:
    cleaned = {"subject_original": "S1", "subject_found": "S 1"}
    assert plan(cleaned, {"subject_original": "S1", "subject_found": "S.1"}) == []


def test_session_labels_that_differ_by_case_are_told_as_sessions(plan: Plan) -> None:
    problems = plan(*({"session": name, "series": f"1.2.{name}"} for name in ("Ab", "aB", "C")))
    (found,) = (one for one in problems if one.code == "labels-differ-by-case")
    assert found.code == "labels-differ-by-case"
    assert found.message.startswith("the sessions Ab,aB in P1 differ only by case")


def test_errors_come_first(plan: Plan) -> None:
    problems = plan(*({"number": "", "subject": name, "patient": Patient()} for name in "AB"))
    assert [problem.severity for problem in problems] == [Severity.ERROR, Severity.WARNING]


def test_shared_series_numbers_name_the_scan_ids(plan: Plan) -> None:
    (found,) = plan({"series": "1.2.1"}, {"series": "1.2.2"}, {"series": "1.2.3"})
    assert "E1 (1-MR1 to 3)" in found.message


def test_scan_ids_of_series_that_share_a_number_name_each_modality(plan: Plan) -> None:
    mixed = ({"series": "1.2.1"}, {"series": "1.2.2", "modality": "CT"}, {"series": "1.2.3"})
    (found,) = plan(*mixed)
    assert "E1 (1-CT1, 1-MR1 to 2)" in found.message


def test_a_series_number_may_come_again_in_another_session(plan: Plan) -> None:
    assert plan({}, {"session": "E2", "study": "1.3", "series": "1.3.1"}) == []


def test_a_code_that_is_no_code_waives_nothing(plan: Plan) -> None:
    (found,) = plan({}, allow=("unasigned",))
    assert found.code == "allowed-code-unknown"
    assert "unasigned" in found.message


def test_what_the_site_rewrites_is_said(plan: Plan) -> None:
    (found,) = plan({}, anonymizes={"xnat": ("PatientName", "PatientID"), "other": ()})
    assert found.code == "site-anonymizes"
    assert "PatientName, PatientID" in found.message


def test_a_pacs_answer_without_syntax_is_not_called_unacceptable(plan: Plan) -> None:
    assert plan({"syntax": ""}) == []


SOMEBODY: Row = {
    "subject": "S2", "study": "1.3", "series": "1.3.1", "folder": "two",
    "patient": Patient("P2", "", "ROE^JIM", "19600101", "M"), "number": "2",
}  # fmt: skip


def test_without_an_xnat_two_subjects_may_have_a_session_of_one_label(plan: Plan) -> None:
    assert "session-of-several-patients" in codes(plan({}, SOMEBODY))
    assert plan({}, SOMEBODY, xnat=False) == []


def test_two_subjects_under_one_study_uid_are_one_session_all_the_same(plan: Plan) -> None:
    sent = {"sent_study": "2.25.1"}
    told = codes(plan(sent, SOMEBODY | sent, xnat=False))
    assert "session-of-several-patients" in told


def test_without_an_xnat_a_study_is_not_joined_with_that_of_another_subject(plan: Plan) -> None:
    same = {"patient": PLAIN["patient"], "subject": "S1"}
    later = {"date": "20230101"}
    assert codes(plan({}, SOMEBODY | same | later, xnat=False)) == ["studies-joined-apart"]
    assert plan({}, SOMEBODY | later, xnat=False) == []


@pytest.mark.parametrize("label", ["01-01-2020", "01-01-20", "200101", "01012020", "2020_01_01"])
def test_the_date_of_a_series_is_known_however_a_label_has_it(plan: Plan, label: str) -> None:
    again = {"session": f"S_{label}", "study": "1.3", "series": "1.3.1"}
    assert codes(plan({"session": "S_20200101"}, again)) == ["date-spelled-twice"]


def test_two_numbers_that_are_no_date_are_two_sessions(plan: Plan) -> None:
    again = {"session": "S_200102", "study": "1.3", "series": "1.3.1"}
    assert plan({"session": "S_20200101"}, again) == []


def test_a_person_without_a_name_in_one_study_is_told_apart_well_enough(plan: Plan) -> None:
    assert plan({"patient": NOBODY, "subject": "Anon"}) == []
    again = {**ANOTHER, "sent_study": None, "session": "E2"}
    assert plan({"patient": NOBODY}, {"patient": NOBODY, **again}) == []  # S1 is a name of its own


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"patient": Patient("A\\B", "", "DOE^JANE")}, "PatientID (0010,0020)"),
        ({"patient": Patient("A\\", "", "DOE^JANE")}, "PatientID (0010,0020)"),
        ({"patient": Patient("A", "", "DOE^JANE\\ROE")}, "PatientName (0010,0010)"),
        ({"patient": Patient("A", "", "", "19500101\\19500102")}, "PatientBirthDate (0010,0030)"),
        ({"date": "20200101\\20200102"}, "StudyDate (0008,0020)"),
        ({"modality": "PT\\CT"}, "Modality (0008,0060)"),
    ],
)
def test_several_values_where_one_is_allowed_are_told_with_their_tag(
    plan: Plan, row: Row, named: str
) -> None:
    problems = {one.code: one.message for one in plan(row, row | {"series": "1.2.2"})}

    assert problems["several-values"].startswith(f"2 instances have several values of {named}")
    assert "several-values" not in {one.code for one in plan({})}

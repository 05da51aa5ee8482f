"""Patients of a disk beside subjects of XNAT: nothing is merged or divided without a word."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support import pacs
from support.cli import ferry

Recipe = Callable[..., Path]
TABLE = {
    "remap": {
        "lookup": {
            "file": "codes.csv",
            "key": "PatientID",
            "set": {"ClinicalTrialSubjectID": "Code"},
        }
    }
}
BY_CODE = "{{ ClinicalTrialSubjectID }}"


def plan(recipe: Path, *options: object) -> dict[str, Any]:
    result = ferry("plan", recipe, "--format", "json", *options)
    found: dict[str, Any] = json.loads(result.stdout)
    return found | {"exit": result.returncode}


def messages(report: dict[str, Any], severity: str = "error") -> dict[str, str]:
    return {p["code"]: p["message"] for p in report["problems"] if p["severity"] == severity}


def named(subject: str, session: str) -> dict[str, Any]:
    return {"identify": {"project": "P", "subject": subject, "session": session}}


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Two patients in two folders, of one study each."""
    for number, sex in ((1, "F"), (2, "M")):
        pacs.study(
            tmp_path / "data" / f"cd{number}", number, PatientID=f"P{number}",
            PatientName=f"DOE^NR{number}", PatientSex=sex, StudyDate="20200101",
        )  # fmt: skip
    return tmp_path


@pytest.mark.parametrize(
    ("session", "code"),
    [
        (f"{BY_CODE}_{{{{ StudyDate }}}}", "session-of-several-patients"),
        (f"{BY_CODE}_{{{{ StudyID }}}}", "patients-merged"),
    ],
)
def test_two_codes_mistyped_alike_are_an_error_that_names_both_folders(
    two: Path, write_recipe: Recipe, session: str, code: str
) -> None:
    (two / "codes.csv").write_text("PatientID,Code\nP1,S001\nP2,S001\n")
    recipe = write_recipe(transforms=[TABLE, named(BY_CODE, session), {"unify-uids": {}}])

    report = plan(recipe)

    assert report["exit"] == 2
    assert str(two / "data" / "cd1") in messages(report)[code]
    assert str(two / "data" / "cd2") in messages(report)[code]
    assert "DOE" not in json.dumps(report["problems"]) + json.dumps(report["audit"])
    assert [row["patients"] for row in report["audit"]] == [2]


def test_folder_names_can_merge_nobody_either(two: Path, write_recipe: Recipe) -> None:
    recipe = write_recipe(
        source={"parts": "^(?P<disk>cd)"},
        transforms=[named("{{ path.disk }}", "{{ path.disk }}_{{ StudyID }}")],
    )
    assert "patients-merged" in messages(plan(recipe))


def test_one_patient_under_two_subjects_is_an_error(two: Path, write_recipe: Recipe) -> None:
    pacs.study(two / "data" / "cd3", 3, PatientID="P1", PatientName="DOE^NR1", PatientSex="F")
    recipe = write_recipe(transforms=[named("S{{ StudyID }}", "S{{ StudyID }}_1")])

    told = messages(plan(recipe))["patient-over-several-subjects"]

    assert str(two / "data" / "cd1") in told
    assert str(two / "data" / "cd3") in told


def test_the_folders_are_of_those_who_contradict_each_other(
    tmp_path: Path, write_recipe: Recipe
) -> None:
    """Somebody without a name contradicts nobody, wherever his folder stands."""
    names = {"cd1": "ADAM^A", "cd2": "", "cd3": "BERTA^B"}
    for number, (folder, name) in enumerate(names.items(), 1):
        pacs.study(tmp_path / "data" / folder, number, PatientID="P1", PatientName=name)

    told = messages(plan(write_recipe(transforms=[named("{{ PatientID }}", "{{ StudyID }}")])))

    assert told["patients-merged"].startswith("the subject 'P1' in P gets what was of 2 patients")
    places = f"from {tmp_path / 'data/cd1'}, {tmp_path / 'data/cd3'}"
    assert f"{places}; the first two differ in PatientName (" in told["patients-merged"]


def test_patients_of_one_folder_are_named_by_a_file_each(
    tmp_path: Path, write_recipe: Recipe
) -> None:
    for number, name in ((1, "ADAM^A"), (2, "BERTA^B")):
        pacs.study(tmp_path / "data", number, PatientID="P1", PatientName=name)
    files = sorted(str(path) for path in (tmp_path / "data").iterdir())

    told = messages(plan(write_recipe(transforms=[named("{{ PatientID }}", "{{ StudyID }}")])))

    assert (
        f"from {files[0]}, {files[2]}; the first two differ in PatientName ("
        in told["patients-merged"]
    )


@pytest.mark.parametrize(
    "others",
    [
        {"PatientName": "DOE^MARY"},  # twins, on one day of birth
        {"PatientName": "", "PatientBirthDate": "", "IssuerOfPatientID": "SOUTH"},
    ],
)
def test_twins_and_ids_of_two_hospitals_under_one_subject_are_an_error(
    tmp_path: Path, write_recipe: Recipe, others: dict[str, str]
) -> None:
    of_one = {"PatientID": "P1", "PatientName": "DOE^JANE", "IssuerOfPatientID": "NORTH"}
    pacs.study(tmp_path / "data" / "cd1", 1, **of_one)
    pacs.study(tmp_path / "data" / "cd2", 2, **of_one | others)

    told = messages(plan(write_recipe(transforms=[named("{{ PatientID }}", "{{ StudyID }}")])))

    assert str(tmp_path / "data" / "cd1") in told["patients-merged"]
    assert str(tmp_path / "data" / "cd2") in told["patients-merged"]


def test_one_id_of_two_people_is_divided_rightly(two: Path, write_recipe: Recipe) -> None:
    pacs.study(two / "data" / "cd3", 3, PatientID="P1", PatientName="ROE^JIM", PatientSex="M")
    recipe = write_recipe(transforms=[named("S{{ StudyID }}", "S{{ StudyID }}_1")])
    assert messages(plan(recipe)) == {}


def test_what_the_recipe_allows_is_told_and_done(two: Path, write_recipe: Recipe) -> None:
    recipe = write_recipe(transforms=[named("ALL", "ALL_{{ StudyID }}")], allow=["patients-merged"])
    report = plan(recipe)
    assert report["exit"] == 0
    assert "patients-merged" in messages(report, "note")


def test_the_audit_is_saved_for_its_owner_alone(two: Path, write_recipe: Recipe) -> None:
    recipe = write_recipe(transforms=[named("ALL", "ALL_{{ StudyID }}")])

    told = ferry("plan", recipe, "--audit", two / "audit.csv").stdout

    with (two / "audit.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["subject"], r["PatientID"], r["findings"]) for r in rows] == [
        ("ALL", "P1", "patients-merged"), ("ALL", "P2", "patients-merged"),
    ]  # fmt: skip
    assert (two / "audit.csv").stat().st_mode & 0o777 == 0o600
    assert "P / ALL  2 patients  2 sessions  patients-merged" in told


def test_a_label_with_a_part_that_is_empty_is_an_error(two: Path, write_recipe: Recipe) -> None:
    pacs.study(two / "data" / "cd3", 3, PatientID="P3", PatientName="X", StudyDate="")
    recipe = write_recipe(transforms=[named("{{ PatientID }}", "{{ PatientID }}{{ StudyDate }}")])
    told = messages(plan(recipe))["label-part-empty"]
    assert "StudyDate" in told
    assert told.endswith(f"first in {two / 'data' / 'cd3'}")


def test_a_default_fills_the_gap(two: Path, write_recipe: Recipe) -> None:
    pacs.study(two / "data" / "cd3", 3, PatientID="P3", PatientName="X", StudyDate="")
    session = "{{ PatientID }}_{{ StudyDate | default('undated', true) }}"
    recipe = write_recipe(transforms=[named("{{ PatientID }}", session)])
    assert messages(plan(recipe)) == {}


@pytest.mark.parametrize(
    "session",
    [
        "{{ PatientID }}_{% if StudyDate %}{{ StudyDate }}{% else %}undated{% endif %}",
        "{{ PatientID }}__{{ StudyDate | default('undated', true) }}",
        "{{ PatientID }}_{{ StudyDate or StudyID }}",
    ],
)
def test_a_template_that_says_what_an_empty_value_becomes_has_no_gap(
    two: Path, write_recipe: Recipe, session: str
) -> None:
    pacs.study(two / "data" / "cd3", 3, PatientID="P3", PatientName="X", StudyDate="")
    recipe = write_recipe(transforms=[named("{{ PatientID }}", session)])
    assert messages(plan(recipe)) == {}


def test_phantoms_of_one_label_are_nobody_who_is_merged(
    tmp_path: Path, write_recipe: Recipe
) -> None:
    """Their birth dates are days of scans, and their names what the operator typed."""
    names = ("PHANTOM^ACR", "QA^DAILY", "Phantom water")
    for number, name in enumerate(names, 1):
        pacs.study(
            tmp_path / "data" / f"cd{number}", number, PatientID="", PatientName=name,
            PatientBirthDate=f"2020010{number}",
        )  # fmt: skip
    labels = named("{{ PatientID | default('QA', true) }}", "QA_{{ StudyDate }}")
    assert messages(plan(write_recipe(transforms=[labels]))) == {}


@pytest.mark.parametrize("subject", ["{{ PatientID }}", "SITE7-{{ PatientID }}"])
def test_an_anonymous_disk_becomes_one_subject_only_where_that_is_allowed(
    tmp_path: Path, write_recipe: Recipe, subject: str
) -> None:
    for number in (1, 2):
        pacs.study(
            tmp_path / "data" / f"cd{number}", number, PatientID="Anonymous",
            PatientName="Anonymous", PatientBirthDate="",
        )  # fmt: skip
    labels = named(subject, subject + "_{{ StudyDate }}")

    told = messages(plan(write_recipe(transforms=[labels])))["patients-not-told-apart"]

    assert str(tmp_path / "data" / "cd1") in told
    assert str(tmp_path / "data" / "cd2") in told
    allowed = plan(write_recipe(transforms=[labels], allow=["patients-not-told-apart"]))
    assert allowed["exit"] == 0


@pytest.mark.parametrize("study", ["derive", "first", "keep"])
def test_what_unify_uids_joins_is_told_with_its_dates(
    two: Path, write_recipe: Recipe, study: str
) -> None:
    pacs.study(two / "data" / "cd3", 3, PatientID="P1", PatientName="DOE^NR1", PatientSex="F",
               StudyDate="20230101")  # fmt: skip
    recipe = write_recipe(
        transforms=[
            named("{{ PatientID }}", "{{ PatientID }}_MR"),
            {"unify-uids": {"study": study}},
        ]
    )

    report = plan(recipe)

    assert "2 studies of 20200101, 20230101" in messages(report)["studies-joined-apart"]
    session = report["sessions"][0]
    assert (session["studies"], session["source_studies"]) == (1, 2)
    assert session["study_dates"] == ["20200101", "20230101"]


def test_a_series_that_is_divided_is_an_error(two: Path, write_recipe: Recipe) -> None:
    recipe = write_recipe(
        transforms=[
            named("{{ PatientID }}", "{{ PatientID }}_{{ InstanceNumber }}"), {"unify-uids": {}}
        ]
    )  # fmt: skip
    assert "series-over-several-sessions" in messages(plan(recipe))

"""A row of a list that finds several studies: people choose among them in a saved plan."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from pydicom import Dataset
from ruamel.yaml import YAML

from support import plan_tables
from support.cli import ferry
from support.lists import lab, study

ROW = "Patient ID,Subject,Session\n"


def visits(*numbers: int, patient: str = "P1", **elements: str) -> list[Dataset]:
    """Return studies of one patient, of one instance each."""
    made = []
    for number in numbers:
        one = study(number)
        one.PatientID = patient
        one.PatientName = f"NAME^{patient}"
        one.StudyDate = f"200401{number:02}"
        one.StudyDescription = f"VISIT {number}"
        one.SeriesDescription = "T1"
        for keyword, value in elements.items():
            setattr(one, keyword, value)
        made.append(one)
    return made


def rows_csv(folder: Path) -> list[dict[str, str]]:
    with (folder / ".dicomferry" / "wanted" / "rows.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_studies_of_a_row_are_lines_that_nobody_has_ticked_with_all_their_columns(
    tmp_path: Path,
) -> None:
    with lab(tmp_path, visits(1, 2, 3), ROW + "P1,S1,S1_MR\n") as it:
        result = ferry("plan", it.recipe, "-o", tmp_path / "plan.csv")
    lines = plan_tables.read(tmp_path / "plan.csv")
    candidates = [line for line in lines if line["include"] == "no"]
    (held,) = [line for line in lines if line["include"] == "held"]

    assert result.returncode == 1
    assert "unexpected-studies" in result.stdout
    assert [line["StudyDescription"] for line in candidates] == ["VISIT 1", "VISIT 2", "VISIT 3"]
    needed = (
        "source", "row", "subject", "session", "PatientID", "PatientName", "StudyDate", "Modality",
        "SeriesDescription", "instances", "StudyInstanceUID", "SeriesInstanceUID", "check",
    )  # fmt: skip
    assert all(line[name] for line in candidates for name in needed)
    assert (held["row"], held["PatientID"], held["subject"], held["session"]) == (
        "1", "P1", "S1", "S1_MR",
    )  # fmt: skip


@pytest.mark.parametrize("ticked", [{2}, {1, 3}])
def test_what_is_ticked_is_brought_and_its_row_is_held_back_no_more(
    tmp_path: Path, ticked: set[int]
) -> None:
    text = ROW + "P1,S1,\n"
    with lab(tmp_path, visits(1, 2, 3), text) as it:
        table = tmp_path / "plan.csv"
        ferry("plan", it.recipe, "-o", table)
        lines = plan_tables.read(table)
        for line in lines:
            if line["include"] == "no" and int(line["StudyDescription"][-1]) in ticked:
                line["include"] = "yes"
        plan_tables.write(table, lines)
        untouched = ferry("run", it.recipe)
        result = ferry("run", it.recipe, "--plan", table)
        stored = len(it.xnat.files())
    (row,) = rows_csv(tmp_path)

    assert untouched.returncode == 1, untouched.stdout
    assert result.returncode == 0, result.stdout + result.stderr
    assert stored == len(ticked)
    assert row["outcome"] == "stored"


def test_the_guard_stays_for_every_other_row(tmp_path: Path) -> None:
    held = visits(1, 2) + visits(3, 4, patient="P2")
    with lab(tmp_path, held, ROW + "P1,S1,S1_MR\nP2,S2,S2_MR\n") as it:
        table = tmp_path / "plan.csv"
        ferry("plan", it.recipe, "-o", table)
        lines = plan_tables.read(table)
        next(line for line in lines if line["include"] == "no")["include"] = "yes"
        plan_tables.write(table, lines)
        result = ferry("run", it.recipe, "--plan", table)
        stored = len(it.xnat.files())

    assert result.returncode == 1, result.stdout
    assert stored == 1
    assert [row["outcome"] for row in rows_csv(tmp_path)] == ["stored", "rejected"]


def test_a_study_that_another_row_asks_for_is_no_candidate(tmp_path: Path) -> None:
    text = "Patient ID,Accession Number,Subject\nP1,,S1\nP1,A00002,S1\n"
    with lab(tmp_path, visits(1, 2), text) as it:
        ferry("plan", it.recipe, "-o", tmp_path / "plan.csv")
    lines = plan_tables.read(tmp_path / "plan.csv")

    told = {line["StudyDescription"]: (line["include"], line["row"]) for line in lines}
    assert told["VISIT 1"] == ("no", "1")
    assert told["VISIT 2"] == ("yes", "2")


def test_more_studies_than_anybody_reads_are_no_candidates(tmp_path: Path) -> None:
    held = [one for number in range(1, 13) for one in visits(number)]
    with lab(tmp_path, held, ROW + "P1,S1,S1_MR\n") as it:
        result = ferry("plan", it.recipe, "-o", tmp_path / "plan.csv")
        asked = it.pacs.finds

    assert result.returncode == 1
    assert asked == 1
    assert [line["include"] for line in plan_tables.read(tmp_path / "plan.csv")] == ["held"]


def test_a_plan_writes_what_becomes_of_each_row(tmp_path: Path) -> None:
    text = ROW + "P1,S1,S1_MR\nP2,S2,S2_MR\nP3,S3,S3_MR\n"
    with lab(tmp_path, visits(1) + visits(2, 3, patient="P2"), text) as it:
        ferry("plan", it.recipe)
    told = rows_csv(tmp_path)

    assert [row["outcome"] for row in told] == ["due", "rejected", "rejected"]
    assert [row["studies"] for row in told] == ["1", "2", "0"]


def test_the_rows_have_the_numbers_of_their_candidates_as_the_saved_plan_has(
    tmp_path: Path,
) -> None:
    held = visits(1) + visits(2, 3, patient="P2")
    held += [study(2, instance) for instance in (2, 3)]
    for one in held[-2:]:
        one.PatientID, one.SeriesInstanceUID = "P2", "1.2.826.0.2.7"
    with lab(tmp_path, held, ROW + "P1,S1,S1_MR\nP2,S2,S2_MR\n") as it:
        ferry("plan", it.recipe, "-o", tmp_path / "plan.csv")
        lines = plan_tables.read(tmp_path / "plan.csv")
        offered = [line for line in lines if line["include"] == "no"]
        before = rows_csv(tmp_path)[1]
        for line in offered[:1]:
            line["include"] = "yes"
        plan_tables.write(tmp_path / "plan.csv", lines)
        ferry("run", it.recipe, "--plan", tmp_path / "plan.csv")
        after = rows_csv(tmp_path)[1]

    assert (before["series"], before["instances"]) == (
        str(len(offered)), str(sum(int(line["instances"]) for line in offered)),
    )  # fmt: skip
    assert (before["candidate"], before["excluded"], before["rejected"]) == ("4", "0", "1")
    assert (after["stored"], after["candidate"], after["excluded"]) == (
        offered[0]["instances"], str(4 - int(offered[0]["instances"])), "0",
    )  # fmt: skip


def to_folder(recipe: Path, layout: str) -> None:
    """Have a recipe for an XNAT export instead; no label of an XNAT matters to it then."""
    yaml = YAML(typ="safe")
    made = yaml.load(recipe.read_text())
    del made["servers"]["xnat"]
    made["sinks"] = [{"export": {"path": "out", "layout": layout, "fsync": False}}]
    with recipe.open("w") as file:
        yaml.dump(made, file)


@pytest.mark.parametrize(
    ("days", "code", "told"), [((1, 9), 2, "studies-joined-apart"), ((1, 2), 0, "studies-joined")]
)
def test_candidates_that_an_export_joins_are_told_as_for_an_xnat(
    tmp_path: Path, days: tuple[int, int], code: int, told: str
) -> None:
    with lab(tmp_path, visits(*days), ROW + "P1,S1,S1_MR\n") as it:
        to_folder(it.recipe, "{{ PatientID }}/{{ StudyID }}/{{ SOPInstanceUID }}.dcm")
        table = tmp_path / "plan.csv"
        ferry("plan", it.recipe, "-o", table)
        lines = plan_tables.read(table)
        for line in lines:
            line["include"] = line["include"].replace("no", "yes")
        plan_tables.write(table, lines)
        result = ferry("run", it.recipe, "--plan", table)

    assert result.returncode == code, result.stdout + result.stderr
    assert f"[{told}] 1 session joins several studies of the source: 'S1_MR'" in result.stdout


def test_rows_that_ask_an_export_for_one_session_are_told(tmp_path: Path) -> None:
    text = "Accession Number,Subject,Session\nA00001,S1,S1_MR\nA00009,S1,S1_MR\nA00005,S2,S2_MR\n"
    with lab(tmp_path, visits(1, 9) + visits(5, patient="P5"), text) as it:
        to_folder(it.recipe, "{{ PatientID }}/{{ StudyID }}/{{ SOPInstanceUID }}.dcm")
        result = ferry("plan", it.recipe)

    assert result.returncode == 2
    assert "1 session joins several studies of the source: 'S1_MR'" in result.stdout


@pytest.mark.parametrize("subject", ["S1", "S9"])
def test_rows_that_ask_an_export_for_a_session_each_are_not_told(
    tmp_path: Path, subject: str
) -> None:
    text = f"Accession Number,Subject,Session\nA00001,S1,S1_A\nA00009,{subject},{subject}_B\n"
    with lab(tmp_path, visits(1, 9), text) as it:
        to_folder(it.recipe, "{{ PatientID }}/{{ StudyID }}/{{ SOPInstanceUID }}.dcm")
        result = ferry("plan", it.recipe)

    assert result.returncode == 0, result.stdout
    assert "joins" not in result.stdout


def test_all_mistakes_of_an_edited_table_are_told_at_once(tmp_path: Path) -> None:
    with lab(tmp_path, visits(1) + visits(2, patient="P2"), ROW + "P1,S1,\nP2,S2,\n") as it:
        table = tmp_path / "plan.csv"
        assert ferry("plan", it.recipe, "-o", table).returncode == 0
        lines = plan_tables.read(table)
        lines[0]["include"], lines[1]["session"] = "perhaps", "a b"
        plan_tables.write(table, [*lines, {**lines[1], "check": "p0", "subject": ""}])
        result = ferry("run", it.recipe, "--plan", table)

    assert result.returncode == 2
    for said in ("include is 'perhaps'", "check was edited", "replaces by '_'"):
        assert said in result.stderr

"""A plan saved as a table, ticked in a spreadsheet, and taken back by a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from support import pacs, servers
from support.cli import ferry
from support.pacs_recipes import TWO_STUDIES, csv_source, pacs_recipe
from support.plan_tables import read, write

ONE = {"identify": {"project": "P", "subject": "{{ PatientID }}",
                    "session": "{{ PatientID }}_{{ Modality }}"}}  # fmt: skip


@pytest.fixture
def recipe(tmp_path: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp) -> Path:
    """Two studies of two series with two instances each."""
    for number in (1, 2):
        pacs.study(tmp_path / "data", number, series=2)
    return write_recipe(storescp, transforms=[ONE])


@pytest.fixture
def plan(recipe: Path, tmp_path: Path) -> Path:
    path = tmp_path / "plan.csv"
    assert ferry("plan", recipe, "-o", path).returncode == 0
    return path


def run(recipe: Path, plan: Path) -> Any:
    return ferry("run", recipe, "--plan", plan, "--format", "json")


def test_there_is_a_line_for_each_series_and_what_it_is_known_by(plan: Path) -> None:
    rows = read(plan)

    assert [row["include"] for row in rows] == ["yes"] * 4
    assert {row["instances"] for row in rows} == {"2"}
    one = next(r for r in rows if r["PatientID"] == "P0001" and r["SeriesNumber"] == "2")
    assert (one["StudyDate"], one["Modality"]) == ("20210302", "MR")
    assert (one["StudyDescription"], one["SeriesDescription"]) == ("HEAD", "series 2")
    assert (one["project"], one["subject"], one["session"]) == ("P", "P0001", "P0001_MR")
    assert one["StudyInstanceUID"] == pacs.study_uid(1)


def test_what_is_not_chosen_is_not_sent_and_excluded_on_purpose(
    recipe: Path, plan: Path, storescp: servers.StoreScp
) -> None:
    rows = read(plan)
    rows[1]["include"] = "no"
    write(plan, rows)

    result = run(recipe, plan)

    assert result.returncode == 0, result.stderr
    arrived = [dcmread(file).SeriesInstanceUID for file in storescp.files()]
    assert len(arrived) == 6
    assert rows[1]["SeriesInstanceUID"] not in arrived
    status = json.loads(ferry("status", recipe, "--items", "all", "--format", "json").stdout)
    reasons = [item["reason"] for item in status["items"] if item["verdict"] == "excluded"]
    assert reasons == ["not chosen in plan.csv"] * 2


def test_the_next_run_without_it_brings_everything(
    recipe: Path, plan: Path, storescp: servers.StoreScp
) -> None:
    rows = read(plan)
    rows[0]["include"] = rows[2]["include"] = "NO"
    write(plan, rows)
    assert run(recipe, plan).returncode == 0

    assert ferry("run", recipe).returncode == 0
    assert len(storescp.files()) == 8


def test_the_same_choice_goes_on_where_it_stopped(
    recipe: Path, plan: Path, storescp: servers.StoreScp
) -> None:
    rows = read(plan)
    rows[0]["include"] = "no"
    write(plan, rows)
    first = ferry("run", recipe, "--plan", plan, "--limit", "1")

    result = run(recipe, plan)

    assert "--plan" in first.stdout
    assert result.returncode == 0, result.stderr
    assert len(storescp.files()) == 6


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(";", "utf-8-sig"), ("\t", "utf-16"), (";", "cp1252")]
)
def test_a_spreadsheet_may_save_it_its_own_way(
    recipe: Path, plan: Path, delimiter: str, encoding: str
) -> None:
    rows = read(plan)
    rows[0]["PatientName"] = "Müller"
    write(plan, rows, delimiter=delimiter, encoding=encoding)

    assert ferry("run", recipe, "--plan", plan, "--dry-run").returncode == 0


def refused(recipe: Path, plan: Path, storescp: servers.StoreScp) -> str:
    result = run(recipe, plan)
    assert result.returncode == 2, result.stdout
    assert not storescp.files()
    return str(result.stderr)


def test_another_instance_is_told_and_refused(
    recipe: Path, plan: Path, storescp: servers.StoreScp
) -> None:
    pacs.study(plan.parent / "data", 1, instances=3)

    told = refused(recipe, plan, storescp)

    assert "it had 2 instances and has 3" in told
    assert f"study {pacs.study_uid(1)}" in told


def test_a_changed_file_is_told_and_refused(
    recipe: Path, plan: Path, storescp: servers.StoreScp
) -> None:
    pacs.study(plan.parent / "data", 1, instances=1, StudyDescription="ANOTHER ONE")

    assert "its 2 instances are others, or were changed" in refused(recipe, plan, storescp)


def test_new_and_vanished_series_are_told_together_and_refused(
    recipe: Path, plan: Path, storescp: servers.StoreScp
) -> None:
    for file in (plan.parent / "data").glob("0002-2-*"):
        file.unlink()
    pacs.study(plan.parent / "data", 3)

    told = refused(recipe, plan, storescp)

    assert f"study {pacs.study_uid(3)} (folder) is not in it: new since" in told
    assert f"study {pacs.study_uid(2)} (folder) is not there any more" in told


def test_a_deleted_line_is_no_choice(recipe: Path, plan: Path, storescp: servers.StoreScp) -> None:
    write(plan, read(plan)[1:])

    assert "say include: no to leave one out" in refused(recipe, plan, storescp)


def test_labels_that_another_recipe_gives_are_refused(
    recipe: Path, plan: Path, storescp: servers.StoreScp
) -> None:
    recipe.write_text(recipe.read_text().replace("}}_{{", "}}-{{"))

    assert "the session is another now" in refused(recipe, plan, storescp)


@pytest.mark.parametrize("word", ["", "perhaps", "x"])
def test_include_is_yes_or_no(
    recipe: Path, plan: Path, storescp: servers.StoreScp, word: str
) -> None:
    rows = read(plan)
    rows[0]["include"] = word
    write(plan, rows)

    assert f"{plan}:2:1: include is '{word}' (say yes or no)" in refused(recipe, plan, storescp)


def test_a_file_that_is_held_back_cannot_be_chosen(
    recipe: Path, tmp_path: Path, storescp: servers.StoreScp
) -> None:
    (tmp_path / "data" / "notes.txt").write_text("text")
    path = tmp_path / "plan.csv"
    ferry("plan", recipe, "-o", path)
    rows = read(path)
    next(row for row in rows if row["include"] == "held")["include"] = "yes"
    write(path, rows)

    assert "cannot be chosen" in refused(recipe, path, storescp)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", '"open'])
def test_another_table_is_refused(recipe: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.csv"
    path.write_text(text)

    result = ferry("run", recipe, "--plan", path)

    assert result.returncode == 2
    assert str(path) in result.stderr
    assert "Traceback" not in result.stderr


def test_a_label_like_a_formula_is_neutral_in_the_table_and_known_again(
    recipe: Path, plan: Path
) -> None:
    pacs.study(plan.parent / "data", 3, PatientID="-1+2")

    ferry("plan", recipe, "-o", plan)

    assert "'-1_2_MR" in {row["session"] for row in read(plan)}
    assert ferry("run", recipe, "--plan", plan, "--dry-run").returncode == 0


def from_clinic(folder: Path, clinic: servers.Dcmqrscp, storescp: servers.StoreScp) -> Path:
    return pacs_recipe(folder, clinic, storescp, csv_source(folder, TWO_STUDIES), routed=2)


def test_series_of_a_pacs_are_chosen_before_they_are_retrieved(
    tmp_path: Path, clinic: servers.Dcmqrscp, storescp: servers.StoreScp
) -> None:
    recipe, path = from_clinic(tmp_path, clinic, storescp), tmp_path / "plan.csv"
    ferry("plan", recipe, "-o", path)
    rows = read(path)
    assert [(row["row"], row["session"], row["PatientID"]) for row in rows] == [
        ("1", "S1_MR", "P0001"), ("1", "S1_MR", "P0001"), ("2", "S2_MR", "P0002")
    ]  # fmt: skip
    rows[0]["include"] = "no"
    write(path, rows)

    result = run(recipe, path)

    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["retrieval"]["retrieved"] == 4
    assert len(storescp.files()) == 4


def test_a_choice_holds_for_the_runs_after_the_first(
    tmp_path: Path, clinic: servers.Dcmqrscp, storescp: servers.StoreScp
) -> None:
    recipe, path = from_clinic(tmp_path, clinic, storescp), tmp_path / "plan.csv"
    ferry("plan", recipe, "-o", path)
    rows = read(path)
    rows[2]["include"] = "no"
    write(path, rows)
    ferry("run", recipe, "--plan", path)

    again = run(recipe, path)

    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["retrieval"]["retrieved"] == 0
    assert len(storescp.files()) == 4


def test_every_mistake_of_an_edited_table_is_told_at_once_with_its_place(
    recipe: Path, plan: Path, storescp: servers.StoreScp
) -> None:
    rows = read(plan)
    deleted = rows[1]["SeriesInstanceUID"]
    rows[0]["include"] = "perhaps"
    rows[2]["SeriesInstanceUID"] += "7"
    rows[3]["session"] = "a b"
    del rows[1]
    write(plan, rows)

    told = refused(recipe, plan, storescp)

    assert f"{plan}:2:1: include is 'perhaps'" in told
    assert f"{plan}:3:" in told
    assert "SeriesInstanceUID was edited: it is '" in told
    assert f"{plan}:4:" in told
    assert "replaces by '_'" in told
    assert f"{plan}:1:1: series {deleted} of study" in told
    assert told.count(str(plan)) == 4


def test_mistakes_in_a_cell_and_in_its_line_are_told_once_each(
    recipe: Path, plan: Path, storescp: servers.StoreScp
) -> None:
    rows = read(plan)
    rows[0]["check"] = "p0"
    rows[1]["StudyInstanceUID"] = "1.2.3"
    rows[2]["include"] = "=A1"
    rows[3]["subject"] = ""
    pacs.study(plan.parent / "data", 3)
    write(plan, rows)

    told = refused(recipe, plan, storescp)

    for said in ("check was edited", "StudyInstanceUID was edited", "is a formula",
                 "the subject was taken away", "new since"):  # fmt: skip
        assert told.count(said) == 1, told
    assert told.count(str(plan)) == 5


@pytest.mark.parametrize("left", ["", "\n\n", "header"])
def test_an_emptied_table_is_told_in_one_line(
    recipe: Path, plan: Path, storescp: servers.StoreScp, left: str
) -> None:
    header = plan.read_text().splitlines()[0] + "\n"
    plan.write_text(header if left == "header" else left)

    told = refused(recipe, plan, storescp)

    assert f"{plan}:1:1: there is no" in told
    assert told.count(str(plan)) == 1
    assert "say include: no" in told


def test_mistakes_of_a_table_are_told_where_no_plan_can_be_made(
    recipe: Path, plan: Path, storescp: servers.StoreScp
) -> None:
    rows = read(plan)
    rows[0]["include"] = "perhaps"
    write(plan, rows)
    (plan.parent / "data").rename(plan.parent / "elsewhere")

    assert "include is 'perhaps'" in refused(recipe, plan, storescp)


def test_a_line_that_is_cut_short_is_told_as_that(
    recipe: Path, plan: Path, storescp: servers.StoreScp
) -> None:
    lines = plan.read_text().splitlines()
    lines[2] = ",".join(lines[2].split(",")[:9])
    plan.write_text("\n".join(lines) + "\n")

    told = refused(recipe, plan, storescp)

    assert f"{plan}:3:1: this line has 9 cells where the header has 20" in told
    assert "this line is of no series" not in told
    assert told.count(str(plan)) == 2  # its series is in no line


@pytest.mark.parametrize("text", ["nan", "NULL", "#N/A", "#NV"])
def test_a_label_that_stands_for_no_value_is_none(
    recipe: Path, plan: Path, storescp: servers.StoreScp, text: str
) -> None:
    rows = read(plan)
    rows[1]["subject"] = text
    write(plan, rows)

    assert "the subject is what a program writes where it has no value" in refused(
        recipe, plan, storescp
    )

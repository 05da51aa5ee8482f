"""What the verbs print and save, for people and for machines."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import dcmread

from support import servers
from support.cli import PROGRAM, ferry
from support.instances import make_instances
from support.plugins import install


@pytest.fixture
def recipe(tmp_path: Path, write_recipe: Callable[..., Path]) -> Path:
    make_instances(tmp_path / "data", 8, sessions=2)
    (tmp_path / "data" / "note.txt").write_text("=cmd|'/c calc'!A0")
    return write_recipe()


def test_help_lists_every_verb() -> None:
    result = ferry("--help")

    assert result.returncode == 0
    for verb in ("validate", "plan", "run", "status", "forecast", "rehearse", "verify"):
        assert f"  {verb} " in result.stdout
    assert "`receiver` runs the stand-in" in result.stdout  # a built-in plug-in's


def test_a_misspelt_verb_is_suggested() -> None:
    result = ferry("paln")

    assert result.returncode == 2
    assert "did you mean 'plan'?" in result.stderr


def test_validate_tells_every_fault_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(
        "recipe: 1\nname: bad\nsources:\n  - foldr: {path: x}\n"
        "transforms:\n  - remap: {set: {PatientNmae: x}}\nsinks:\n  - export: {path: out}\n"
    )

    result = ferry("validate", path)

    assert result.returncode == 2
    assert f"{path}:4:5: sources[0]" in result.stderr
    assert "did you mean 'folder'?" in result.stderr
    assert "did you mean 'PatientName'?" in result.stderr
    assert "Traceback" not in result.stderr


def test_validate_tells_a_machine_the_same(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("recipe: 2\n")

    result = ferry("validate", path, "--format", "json")

    (problem,) = json.loads(result.stdout)["problems"]
    assert result.returncode == 2
    assert (problem["line"], problem["column"]) == (1, 9)
    assert "upgrade dicomferry" in problem["message"] + problem["hint"]


def test_plan_prints_the_tree_and_sends_nothing(recipe: Path) -> None:
    result = ferry("plan", recipe)

    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "P"
    assert "2 sessions, 8 instances" in result.stdout
    assert "passed: 1 file (not-dicom)" in result.stdout
    assert lines[-1] == "Nothing was sent."


def test_a_plan_for_a_machine_counts_the_same(recipe: Path) -> None:
    plan = json.loads(ferry("plan", recipe, "--format", "json").stdout)

    assert [session["instances"] for session in plan["sessions"]] == [4, 4]
    assert {session["project"] for session in plan["sessions"]} == {"P"}
    assert [item["code"] for item in plan["held"]] == ["not-dicom"]


def test_a_saved_spreadsheet_accounts_for_every_file_and_has_no_formula(
    recipe: Path, tmp_path: Path
) -> None:
    (tmp_path / "data" / "=1+1").write_text("text")

    ferry("plan", recipe, "-o", tmp_path / "plan.csv")

    with (tmp_path / "plan.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(int(row["instances"] or "0") for row in rows) == 8
    assert sum(row["include"] == "held" for row in rows) == 2
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_a_saved_plan_is_json_where_its_name_says_so(recipe: Path, tmp_path: Path) -> None:
    ferry("plan", recipe, "-o", tmp_path / "plan.json")

    assert len(json.loads((tmp_path / "plan.json").read_text())["sessions"]) == 2


def test_diff_shows_the_edits_of_one_instance(recipe: Path, tmp_path: Path) -> None:
    file = min(path for path in (tmp_path / "data").rglob("I*"))

    by_path = ferry("plan", recipe, "--diff", file)
    by_uid = ferry("plan", recipe, "--diff", dcmread(file).SOPInstanceUID)

    assert "InstitutionName" in by_path.stdout
    assert '"Memory Clinic"' in by_path.stdout
    assert "StudyInstanceUID" in by_path.stdout
    assert by_uid.stdout == by_path.stdout


def test_diff_of_something_else_says_so(recipe: Path) -> None:
    result = ferry("plan", recipe, "--diff", "1.2.3")

    assert result.returncode == 2
    assert "'1.2.3'" in result.stderr


def test_status_before_any_plan_says_how_to_make_one(recipe: Path) -> None:
    result = ferry("status", recipe)

    assert result.returncode == 2
    assert "dicomferry plan" in result.stderr


def test_status_says_where_each_instance_is_and_why(
    tmp_path: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    make_instances(tmp_path / "data", 4, sessions=1)
    recipe = write_recipe(storescp)
    ferry("run", recipe)

    listed = ferry("status", recipe, "--items", "stored").stdout
    items = json.loads(ferry("status", recipe, "--items", "all", "--format", "json").stdout)

    assert listed.count("stored: 0x0000") == 4
    assert {item["destination"] for item in items["items"]} == {"P / MC0000 / MC0000_MR"}


def test_the_crosswalk_names_every_changed_uid_once(recipe: Path, tmp_path: Path) -> None:
    ferry("plan", recipe)

    ferry("status", recipe, "--crosswalk", tmp_path / "uids.csv")

    with (tmp_path / "uids.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["kind", "before", "after"]
    assert [row[0] for row in rows[1:]] == ["study", "study"]
    assert all(row[2].startswith("2.25.") and row[1] != row[2] for row in rows[1:])


def test_a_derived_uid_is_the_same_on_every_machine(recipe: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        ferry("plan", recipe, "--state", tmp_path / name)
        ferry("status", recipe, "--state", tmp_path / name, "--crosswalk", tmp_path / f"{name}.csv")

    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_rehearse_ends_with_the_tree_and_leaves_no_state(recipe: Path, tmp_path: Path) -> None:
    result = ferry("rehearse", recipe)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "2 of 2 sessions landed as forecast." in result.stdout
    assert not (tmp_path / ".dicomferry").exists()


def test_rehearse_keeps_what_the_stand_in_receives_where_asked(
    recipe: Path, tmp_path: Path
) -> None:
    ferry("rehearse", recipe, "--keep", tmp_path / "kept")

    assert len(list((tmp_path / "kept").rglob("*.dcm"))) == 8


def test_the_receiver_takes_instances_from_anybody_and_shows_its_tree(
    tmp_path: Path, dcmtk: Callable[[str], str]
) -> None:
    files = make_instances(tmp_path / "data", 3, sessions=1, series=1)
    (tmp_path / "server.yaml").write_text("identification: {projects: [P]}\n")
    command = [*PROGRAM, "receiver", "--port", "0", "--server", str(tmp_path / "server.yaml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as receiver:
        assert receiver.stdout is not None
        line = receiver.stdout.readline()
        port = line.split("127.0.0.1:")[1].split(";")[0]
        store = [dcmtk("storescu"), "-aec", "XNAT", "127.0.0.1", port, *map(str, files)]
        subprocess.run(store, check=True, timeout=60)
        receiver.send_signal(signal.SIGINT)
        rest = receiver.stdout.read()

    assert "NOT an XNAT" in line
    assert "3 instances" in rest


def test_plugins_shows_a_components_options() -> None:
    result = ferry("plugins", "show", "folder")

    assert result.returncode == 0
    assert "path" in result.stdout
    assert "required" in result.stdout


def test_an_unknown_plugin_is_told_with_what_there_is() -> None:
    result = ferry("plugins", "show", "foldr")

    assert result.returncode == 2
    assert "folder" in result.stderr


def test_two_plugins_lists_can_be_blocked_by_name() -> None:
    result = ferry("plugins", env={"DICOMFERRY_BLOCK_PLUGINS": "export"})

    (line,) = (line for line in result.stdout.splitlines() if line.startswith("export"))
    assert "blocked" in line


def test_a_param_that_is_no_pair_is_refused(recipe: Path) -> None:
    result = ferry("plan", recipe, "--set", "archive")

    assert result.returncode == 2
    assert "NAME=VALUE" in result.stderr


def test_a_plugin_cannot_take_the_name_of_a_verb(tmp_path: Path) -> None:
    code = """
        import click
        from dicomferry import hookimpl

        @hookimpl
        def dicomferry_verbs():
            yield click.Command("plan", callback=lambda: print("mine"))
    """
    result = ferry("plugins", env=install(tmp_path, "tides", code))

    assert result.returncode == 2
    assert "a verb called 'plan': dicomferry itself and tides" in result.stderr

"""A stranger's distribution brings components of every kind of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.cli import ferry
from support.instances import image, part10, uid

DISTRIBUTION = Path(__file__).parent.parent / "site_plugin"

RECIPE = """\
recipe: 1
name: seaside
description: From the shelf into the cupboard.
servers:
  xnat:
    xnat:
      dicom: {host: xnat.seaside.example}
      identification: {identifier: seaside, project: COAST}
sources:
  - seaside-shelf: {list: list.txt}
transforms:
  - seaside-ward: {ward: Neptune}
sinks:
  - seaside-cupboard: {path: cupboard}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Install the distribution into a folder of its own; give the environment that has it."""
    target = tmp_path_factory.mktemp("seaside")
    install = [
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        str(target),
    ]
    pip = [sys.executable, "-m", "pip", *install, str(DISTRIBUTION)]
    subprocess.run(pip, check=True, capture_output=True)
    return {"PYTHONPATH": str(target), "SEASIDE_DIARY": str(target / "diary.txt")}


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """Write a shelf of two patients and a phantom, and the recipe that carries them."""
    names = ["DOE^JOHN", "ROE^JANE", "PHANTOM^WATER"]
    for number, name in enumerate(names):
        elements = {
            "SOPInstanceUID": uid("seaside", number),
            "StudyInstanceUID": uid("seaside study", number),
            "SeriesInstanceUID": uid("seaside series", number),
            "PatientName": name,
            "PatientID": f"S {number}",
            "AccessionNumber": f"A{number}",
            "StudyDate": "20010203",
        }
        (tmp_path / f"film{number}").write_bytes(part10(image(elements)))
    (tmp_path / "list.txt").write_text("film0\nfilm1\nfilm2\n")
    path = tmp_path / "seaside.yaml"
    path.write_text(RECIPE)
    return path


def test_the_plugin_is_active(installed: Mapping[str, str]) -> None:
    result = ferry("plugins", env=installed)

    (line,) = (line for line in result.stdout.splitlines() if "seaside-hospital" in line)
    assert "active" in line


def test_its_options_are_in_the_schema(installed: Mapping[str, str]) -> None:
    result = ferry("schema", env=installed)

    assert "seaside-shelf" in json.dumps(json.loads(result.stdout))


def test_a_recipe_to_start_from_is_made_of_its_examples(
    installed: Mapping[str, str], tmp_path: Path
) -> None:
    recipe = tmp_path / "r.yaml"
    parts = ("--source", "seaside-shelf", "--sink", "seaside-cupboard")

    result = ferry("init", recipe, *parts, env=installed)

    assert result.returncode == 0, result.stderr
    tested = ferry("test", recipe, env=installed)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_its_scripts_become_recipes(installed: Mapping[str, str], tmp_path: Path) -> None:
    recipe, script = tmp_path / "r.yaml", tmp_path / "push.sh"
    script.write_text("shelf-push list.txt\n")

    result = ferry("init", recipe, "--from-commands", script, env=installed)

    assert result.returncode == 0, result.stderr
    assert ferry("validate", recipe, env=installed).returncode == 0
    assert "seaside-shelf: {list: list.txt}" in recipe.read_text()


def test_its_recipe_runs(installed: Mapping[str, str], recipe: Path) -> None:
    from pydicom import dcmread

    result = ferry("run", recipe, env=installed)

    assert result.returncode == 0, result.stderr
    cupboard = recipe.parent / "cupboard"
    stored = {path.parent.name: dcmread(path) for path in cupboard.rglob("*.dcm")}
    assert sorted(stored) == ["A0", "A1"]
    assert stored["A0"].InstitutionalDepartmentName == "Neptune"


def test_its_executor_does_the_work(installed: Mapping[str, str], recipe: Path) -> None:
    executor = ("--executor", "seaside-desk:book=book.txt")
    result = ferry("run", recipe, *executor, env=installed)

    assert result.returncode == 0, result.stderr
    assert len(list((recipe.parent / "cupboard").rglob("*.dcm"))) == 2
    book = (recipe.parent / "book.txt").read_text().splitlines()
    assert sorted(set(book)) == ["DeliverTask done", "ExamineTask done"]


def test_its_executor_keeps_the_contract(installed: Mapping[str, str], tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from dicomferry.testing import build_stage, check_executor\n"
        "from seaside_hospital.desk import DESK\n"
        "folder = Path(sys.argv[1])\n"
        "make = build_stage(DESK, {'book': 'book.txt'}, folder)\n"
        "check_executor(make, folder, processes=False)\n"
    )
    checked = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env=os.environ | installed, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert checked.returncode == 0, checked.stderr


def test_an_option_its_executor_does_not_take_is_refused(
    installed: Mapping[str, str], recipe: Path
) -> None:
    result = ferry("plan", recipe, "--executor", "seaside-desk:ink=blue", env=installed)

    assert result.returncode == 2
    assert "executor 'seaside-desk'" in result.stderr
    assert "--executor seaside-desk:OPTION=VALUE" in result.stderr


def test_its_identifier_forecasts(installed: Mapping[str, str], recipe: Path) -> None:
    arguments = ("--recipe", recipe, "--format", "json")
    result = ferry("forecast", recipe.parent / "film0", *arguments, env=installed)

    (study,) = json.loads(result.stdout)["studies"]
    assert (study["project"], study["subject"], study["session"]) == ("COAST", "S_0", "A0")


def test_its_observers_see_the_run(installed: Mapping[str, str], recipe: Path) -> None:
    diary = recipe.parent / "diary.txt"

    ferry("run", recipe, env={**installed, "SEASIDE_DIARY": str(diary)})

    first, *stored, last = diary.read_text().splitlines()
    assert first == "started seaside"
    assert sorted(line.split()[1] for line in stored) == sorted(uid("seaside", n) for n in (0, 1))
    assert last == "finished seaside complete"


def test_its_rule_for_recipes_is_checked(installed: Mapping[str, str], recipe: Path) -> None:
    recipe.write_text(RECIPE.replace("description: From the shelf into the cupboard.\n", ""))

    result = ferry("validate", recipe, env=installed)

    assert "Seaside Hospital's rules ask for a description" in result.stdout + result.stderr


@pytest.fixture
def muddled(recipe: Path) -> Path:
    """Put a second study under the accession number of the first."""
    elements = {
        "SOPInstanceUID": uid("seaside", 9),
        "StudyInstanceUID": uid("seaside study", 9),
        "SeriesInstanceUID": uid("seaside series", 9),
        "PatientName": "DOE^JOHN",
        "PatientID": "S 0",
        "AccessionNumber": "A0",
        "StudyDate": "20010203",
    }
    (recipe.parent / "film2").write_bytes(part10(image(elements)))
    return recipe


def test_its_check_of_a_plan_stops_a_run(installed: Mapping[str, str], muddled: Path) -> None:
    planned = ferry("plan", muddled, env=installed)
    run = ferry("run", muddled, env=installed)

    assert planned.returncode == 2
    assert "COAST / S_0 / A0 would hold 2 studies" in planned.stdout
    assert "seaside:several-studies" in planned.stdout
    assert "Seaside Hospital files one study under an accession number" in planned.stdout
    assert "ask the film archive" in planned.stdout
    assert run.returncode == 2
    assert not (muddled.parent / "cupboard").exists()


def test_a_recipe_allows_what_its_check_minds(installed: Mapping[str, str], muddled: Path) -> None:
    muddled.write_text(RECIPE + 'allow: ["seaside:several-studies"]\n')

    result = ferry("plan", muddled, "--format", "json", env=installed)

    assert result.returncode == 0
    told = {one["code"]: one["severity"] for one in json.loads(result.stdout)["problems"]}
    assert told == {"seaside:several-studies": "note", "studies-joined": "warning"}


def test_its_check_is_silent_where_all_is_well(installed: Mapping[str, str], recipe: Path) -> None:
    result = ferry("plan", recipe, "--format", "json", env=installed)

    assert result.returncode == 0
    assert json.loads(result.stdout)["problems"] == []


def test_its_advice_stands_under_an_error(installed: Mapping[str, str], recipe: Path) -> None:
    (recipe.parent / "list.txt").unlink()

    result = ferry("plan", recipe, env=installed)

    assert result.returncode == 2
    assert "call the Seaside help desk" in result.stderr


def test_a_block_list_keeps_it_out(installed: Mapping[str, str]) -> None:
    result = ferry("plugins", env={**installed, "DICOMFERRY_BLOCK_PLUGINS": "seaside"})

    (line,) = (line for line in result.stdout.splitlines() if "seaside-hospital" in line)
    assert "blocked" in line


def test_its_verb_gets_an_open_recipe(installed: Mapping[str, str], recipe: Path) -> None:
    looked = ferry("seaside-round", recipe, env=installed)
    brought = ferry("seaside-round", recipe, "--bring", env=installed)
    again = ferry("seaside-round", recipe, env=installed)

    assert looked.stdout.splitlines() == ["S_0: 1 to bring", "S_1: 1 to bring"], looked.stderr
    assert (brought.returncode, brought.stdout.splitlines()[-1]) == (0, "all is brought")
    assert again.stdout.splitlines() == ["S_0: 0 to bring", "S_1: 0 to bring"]


def test_its_verb_tells_a_mistake_in_a_line(installed: Mapping[str, str], tmp_path: Path) -> None:
    result = ferry("seaside-round", tmp_path / "nothing.yaml", env=installed)

    assert result.returncode == 2
    assert "nothing.yaml" in result.stderr
    assert "Traceback" not in result.stderr


def test_its_verb_is_listed_with_what_else_it_offers(installed: Mapping[str, str]) -> None:
    listed = ferry("plugins", env=installed)
    shown = ferry("plugins", "show", "seaside", env=installed)

    assert "verb seaside-round" in listed.stdout
    assert "verb seaside-round: Say how many films" in shown.stdout


def test_its_verb_is_suggested(installed: Mapping[str, str]) -> None:
    result = ferry("seaside-rond", env=installed)

    assert result.returncode == 2
    assert "did you mean 'seaside-round'?" in result.stderr


def test_without_it_there_is_no_such_verb() -> None:
    result = ferry("seaside-round")

    assert result.returncode == 2
    assert "there is no verb 'seaside-round'" in result.stderr

"""`dicomferry init`: the recipe it writes is valid, and passes its own test."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

from dicomferry.engine.trial.expectation import run_tests
from dicomferry.host import Selection, load_plugins
from dicomferry.recipe.load import load_recipe
from dicomferry.recipe.starter import with_example
from support import pacs
from support.cli import PROGRAM, ferry
from support.patience import PATIENCE

PLUGINS = load_plugins(Selection())
INSTALLED = PLUGINS.components
CHOICES = [
    (source, sink)
    for source in with_example(INSTALLED.sources)
    for sink in with_example(INSTALLED.sinks)
]


def passes_its_own_test(path: Path) -> bool:
    (result,) = run_tests(load_recipe(path, INSTALLED, {}), PLUGINS)
    return result.passed


@pytest.mark.parametrize(("source", "sink"), CHOICES)
def test_a_recipe_to_start_from_passes_its_own_test(source: str, sink: str, tmp_path: Path) -> None:
    path = tmp_path / "my recipe.yaml"

    result = ferry("init", path, "--source", source, "--sink", sink)

    assert result.returncode == 0, result.stderr
    assert passes_its_own_test(path)


def test_the_first_line_names_the_schema_beside_the_recipe(tmp_path: Path) -> None:
    ferry("init", "r.yaml", cwd=tmp_path)

    line, _, _ = (tmp_path / "r.yaml").read_text().partition("\n")
    assert line == "# yaml-language-server: $schema=recipe.schema.json"
    assert (tmp_path / "recipe.schema.json").is_file()


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("mine\n")

    result = ferry("init", "r.yaml", cwd=tmp_path)

    assert result.returncode == 2
    assert (tmp_path / "r.yaml").read_text() == "mine\n"


def test_a_source_that_no_plug_in_offers_is_refused(tmp_path: Path) -> None:
    blocked = {"DICOMFERRY_BLOCK_PLUGINS": "folder"}

    result = ferry("init", "r.yaml", "--source", "folder", cwd=tmp_path, env=blocked)

    assert result.returncode == 2
    assert "no plug-in offers the source 'folder'" in result.stderr


def test_without_a_source_for_a_folder_it_asks_which_one(tmp_path: Path) -> None:
    result = ferry("init", "r.yaml", cwd=tmp_path, env={"DICOMFERRY_BLOCK_PLUGINS": "folder"})

    assert result.returncode == 2
    assert "say which source with --source" in result.stderr
    assert not (tmp_path / "r.yaml").exists()


def test_a_folder_with_trustworthy_headers_is_identified_by_them(
    legacy: Path, tmp_path: Path
) -> None:
    for patient in ("MC0007", "MC0012"):
        shutil.copytree(legacy / patient, tmp_path / "disk" / patient)

    result = ferry("init", "r.yaml", "--from", "disk", cwd=tmp_path)

    assert result.returncode == 0, result.stderr
    text = (tmp_path / "r.yaml").read_text()
    # MC0012 is MC12, too: PatientID would make two subjects of one patient.
    assert 'session: "{{ PatientName }}_{{ Modality }}_{{ StudyDate }}"' in text
    assert passes_its_own_test(tmp_path / "r.yaml")


def test_a_folder_whose_headers_say_nothing_is_identified_by_its_names(
    legacy: Path, tmp_path: Path
) -> None:
    from pydicom import dcmread

    for patient in ("MC0007", "MC0012"):
        shutil.copytree(legacy / patient, tmp_path / "disk" / patient)
    for path in (tmp_path / "disk").rglob("IM*"):
        dataset = dcmread(path)
        dataset.PatientID, dataset.PatientName, dataset.StudyDate = "ANON", "ANON", ""
        dataset.save_as(path)

    ferry("init", "r.yaml", "--from", "disk", cwd=tmp_path)

    text = (tmp_path / "r.yaml").read_text()
    assert "parts: '^(?P<subject>[^/]+)/(?P<visit>[^/]+)/'" in text
    assert 'session: "{{ path.subject }}_{{ Modality }}_{{ path.visit }}"' in text
    assert passes_its_own_test(tmp_path / "r.yaml")
    plan = ferry("plan", "r.yaml", cwd=tmp_path)
    assert "MC0012_MR_visit1" in plan.stdout, plan.stdout + plan.stderr


def test_an_id_that_several_patients_share_is_not_proposed(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        pacs.study(
            tmp_path / "disk", number, PatientID="A1", PatientName=f"X{number}^Y{number}",
            PatientBirthDate=f"196{number}0101",
        )  # fmt: skip

    result = ferry("init", "r.yaml", "--from", "disk", cwd=tmp_path)

    assert result.returncode == 0, result.stderr
    assert 'subject: "{{ PatientName }}"' in (tmp_path / "r.yaml").read_text()


def test_a_study_of_several_modalities_is_not_divided(tmp_path: Path) -> None:
    for modality, series in (("PT", 1), ("CT", 2), ("SR", 3)):
        pacs.study(tmp_path / "disk" / modality, 1, Modality=modality, SeriesNumber=series)

    ferry("init", "r.yaml", "--from", "disk", cwd=tmp_path)

    assert 'session: "{{ PatientID }}_{{ StudyDate }}"' in (tmp_path / "r.yaml").read_text()


def test_visits_without_a_date_in_the_headers_are_not_joined(tmp_path: Path) -> None:
    for number, day in ((1, "20030101"), (2, "20060601")):
        pacs.study(
            tmp_path / "disk", number, PatientID="A1", PatientName="X", StudyDate="",
            AcquisitionDate=day,
        )  # fmt: skip

    ferry("init", "r.yaml", "--from", "disk", cwd=tmp_path)

    assert "_{{ StudyInstanceUID }}" in (tmp_path / "r.yaml").read_text()


NOBODY = {"PatientID": "Anonymous", "PatientName": "Anonymous", "PatientBirthDate": ""}
JANE = {"PatientID": "A1", "PatientName": "Doe^Jane", "PatientBirthDate": "19500101"}


@pytest.mark.parametrize(
    "studies",
    [
        (NOBODY, NOBODY, NOBODY),
        (JANE | {"StudyDate": "20200101"}, JANE | {"StudyDate": "20200101"}),
        (JANE | {"StudyDate": ""}, JANE | {"StudyDate": "", "AcquisitionDate": "20300101"}),
        (JANE | {"PatientID": "MC0012"}, JANE | {"PatientID": "MC12"}),
        (JANE, JANE | {"PatientName": "DOE^JANE^^DR"}, JANE | {"PatientID": "B1"}),
    ],
    ids=["anonymous", "one day", "no date", "akin", "ordinary"],
)
@pytest.mark.parametrize("folders", [True, False])
def test_the_plan_of_a_proposed_recipe_has_no_error(
    tmp_path: Path, studies: tuple[dict[str, str], ...], *, folders: bool
) -> None:
    for number, elements in enumerate(studies, 1):
        pacs.study(tmp_path / "disk" / (f"cd{number}" if folders else ""), number, **elements)

    proposed = ferry("init", "r.yaml", "--from", "disk", cwd=tmp_path)

    if studies[0] is NOBODY and not folders:
        assert proposed.returncode == 2
        assert "no label was found that keeps the patients of this folder apart" in proposed.stderr
        return
    plan = ferry("plan", "r.yaml", cwd=tmp_path)
    assert plan.returncode == 0, plan.stdout + plan.stderr


def test_no_value_of_a_header_gets_into_the_recipe(legacy: Path, tmp_path: Path) -> None:
    ferry("init", "r.yaml", "--from", legacy, cwd=tmp_path)

    text = (tmp_path / "r.yaml").read_text()
    assert "PatientID: " in text
    assert not any(value in text for value in ("DOE", "ROSSI", "MC0012", "MEMORY CLINIC"))


def test_a_folder_without_instances_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    result = ferry("init", "r.yaml", "--from", "empty", cwd=tmp_path)

    assert result.returncode == 2
    assert not (tmp_path / "r.yaml").exists()


def test_on_a_terminal_it_asks_three_questions(tmp_path: Path) -> None:
    own, theirs = pty.openpty()
    with subprocess.Popen(
        [*PROGRAM, "init", "r.yaml"], cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.write(own, b"folder\nxnat-cstore\nPILOT\n")
        assert process.wait(PATIENCE) == 0
    os.close(own)
    os.close(theirs)

    recipe = load_recipe(tmp_path / "r.yaml", INSTALLED, {})
    assert recipe.params["project"] == "PILOT"

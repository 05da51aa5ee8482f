"""`explain`, `diff`, `schema` and parameters, as they are used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.cli import ferry
from support.instances import make_instances

BASE = """\
recipe: 1
name: base
params:
  project: {default: P}
  salt: {default: pepper}
servers:
  xnat:
    xnat:
      dicom: {host: h}
      rest: {url: "https://h", login: "${netrc:h}"}
      identification: {projects: [P, Q]}
sources:
  - folder: {path: nowhere}
transforms:
  - remap: {set: {InstitutionName: Clinic}, delete: [OtherPatientIDs]}
  - identify: {project: "{{ params.project }}", session: "{{ PatientID }}_1"}
  - unify-uids: {salt: "{{ params.salt }}"}
sinks:
  - xnat-cstore: {server: xnat}
"""

SITE = """\
recipe: 1
extends: base.yaml
name: site
transforms:
  - {id: remap, remap: {set: {InstitutionName: Hospital}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "site.yaml").write_text(SITE)
    return tmp_path


def explained(folder: Path, *more: str, **env: str) -> dict[str, tuple[Any, str]]:
    """Return value and origin of each path of the site's recipe."""
    result = ferry("explain", "site.yaml", "--format", "json", *more, cwd=folder, env=env)
    assert result.returncode == 0, result.stderr
    return {one["path"]: (one["value"], one["origin"]) for one in json.loads(result.stdout)}


def test_explain_names_the_file_and_line_of_every_value(folder: Path) -> None:
    found = explained(folder)

    assert found["name"] == ("site", "site.yaml:3")
    assert found["servers.xnat.xnat.dicom.host"] == ("h", "base.yaml:9")
    assert found["transforms[0].remap.set.InstitutionName"] == ("Hospital", "site.yaml:5")
    assert found["transforms[0].remap.delete[0]"] == ("OtherPatientIDs", "base.yaml:15")
    assert found["transforms[1].identify.project"] == ("P", "base.yaml:16")


def test_explain_tells_where_a_parameter_comes_from(folder: Path) -> None:
    (folder / "p.yaml").write_text("project: FILE\n")

    assert explained(folder)["params.project"] == ("P", "base.yaml:4")
    by_environment = explained(folder, DICOMFERRY_PARAM_project="ENV")
    assert by_environment["params.project"] == ("ENV", "$DICOMFERRY_PARAM_project")
    by_file = explained(folder, "--params", "p.yaml", DICOMFERRY_PARAM_project="ENV")
    assert by_file["params.project"] == ("FILE", "p.yaml:1:1: project")
    by_hand = explained(folder, "--params", "p.yaml", "--set", "project=SET")
    assert by_hand["params.project"] == ("SET", "--set project")


def test_explain_masks_what_may_be_a_secret_and_shows_references(folder: Path) -> None:
    found = explained(folder)

    assert found["transforms[2].unify-uids.salt"][0] == "********"
    assert found["params.salt"][0] == "********"
    assert found["servers.xnat.xnat.rest.login"][0] == "${netrc:h}"
    assert "pepper" not in ferry("explain", "site.yaml", cwd=folder).stdout


def test_what_explain_prints_is_a_recipe_itself(folder: Path) -> None:
    shown = ferry("explain", "site.yaml", cwd=folder).stdout
    _, _, params_and_more = shown.partition("params:\n")
    _, _, rest = params_and_more.partition("servers:\n")
    (folder / "whole.yaml").write_text(f"recipe: 1\nname: whole\nservers:\n{rest}")

    result = ferry("validate", "whole.yaml", cwd=folder)

    assert result.returncode == 0, result.stderr + shown


def test_diff_shows_the_attributes_that_become_other_ones(folder: Path) -> None:
    result = ferry("diff", "base.yaml", "site.yaml", "--format", "json", cwd=folder)

    assert result.returncode == 1, result.stderr
    report = json.loads(result.stdout)
    assert report["settings"] == []
    assert [(one["what"], one["first"], one["second"]) for one in report["effects"]] == [
        ("InstitutionName", "Clinic", "Hospital")
    ]


def test_diff_knows_two_texts_of_one_effect(folder: Path) -> None:
    text = BASE.replace("- remap: {set: {InstitutionName: Clinic}, delete: [OtherPatientIDs]}",
                        "- remap: {delete: ['(0010,1000)']}\n"
                        "  - remap: {set: {'(0008,0080)': Clinic}}")  # fmt: skip
    (folder / "other.yaml").write_text(text)

    result = ferry("diff", "base.yaml", "other.yaml", cwd=folder)

    assert result.returncode == 0, result.stdout
    assert "no difference in effect" in result.stdout


def test_diff_shows_what_one_holds_back_and_another_server(folder: Path) -> None:
    text = BASE.replace("delete: [OtherPatientIDs]", "delete: [SOPInstanceUID]")
    (folder / "other.yaml").write_text(text.replace("dicom: {host: h}", "dicom: {host: g}"))

    result = ferry("diff", "base.yaml", "other.yaml", "--format", "json", cwd=folder)

    report = json.loads(result.stdout)
    assert [one["path"] for one in report["settings"]] == ["servers.xnat.xnat.dicom.host"]
    assert {one["what"] for one in report["effects"]} == {"outcome"}
    assert all("without SOPInstanceUID" in one["second"] for one in report["effects"]
               if one["first"] == "sent")  # fmt: skip


def test_diff_of_files_counts_what_differs(folder: Path) -> None:
    make_instances(folder / "data", 6)

    result = ferry(
        "diff", "base.yaml", "site.yaml", "--files", "data", "--format", "json", cwd=folder
    )

    report = json.loads(result.stdout)
    assert report["compared"] == 6
    assert [one["instances"] for one in report["effects"]] == [6]


def test_diff_of_a_folder_without_instances_is_an_error(folder: Path) -> None:
    (folder / "empty").mkdir()

    result = ferry("diff", "base.yaml", "site.yaml", "--files", "empty", cwd=folder)

    assert result.returncode == 2
    assert "no instance" in result.stderr


def test_a_parameter_of_another_type_is_told_at_its_declaration(folder: Path) -> None:
    (folder / "base.yaml").write_text(BASE.replace("{default: P}", "{choices: [P, Q], default: P}"))

    result = ferry("validate", "base.yaml", "--set", "project=R", cwd=folder)

    assert result.returncode == 2
    assert "base.yaml:4:3: params.project: --set project: 'R' is none of P, Q" in result.stderr


def test_the_schema_for_editors_has_the_keywords(folder: Path) -> None:
    plain = ferry("schema", cwd=folder).stdout
    more = ferry("schema", "--with-keywords", cwd=folder).stdout

    assert "ClinicalTrialSubjectID" not in plain
    assert "ClinicalTrialSubjectID" in json.loads(more)["$defs"]["keyword"]["enum"]


def test_the_schema_of_layers_knows_extends(folder: Path) -> None:
    schema = json.loads(ferry("schema", "--layer", cwd=folder).stdout)

    assert "extends" in schema["properties"]

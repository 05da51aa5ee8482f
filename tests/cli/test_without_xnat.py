"""A recipe that only exports has no XNAT, and none of XNAT's problems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support import pacs
from support.cli import ferry
from support.instances import image, make_instances, part10, uid

from .conftest import RecipeWriter

EXPORT = [{"export": {"path": "out", "layout": "{{ PatientID }}/{{ SOPInstanceUID }}.dcm"}}]


def test_nothing_is_said_of_an_xnat(tmp_path: Path, write_recipe: RecipeWriter) -> None:
    paths = make_instances(tmp_path / "data", 4)
    (paths[0].parent / "copy").write_bytes(paths[0].read_bytes())
    recipe = write_recipe(sinks=EXPORT, transforms=[], servers={})

    for verb in ("plan", "run", "status"):
        told = ferry(verb, recipe)
        assert told.returncode == 0, told.stdout
        assert "XNAT" not in told.stdout
        assert "Unassigned" not in told.stdout
        assert "auto-archive" not in told.stdout


@pytest.mark.parametrize(
    "patients",
    [("A B", "A_B"), ("MC1", "mc1"), ("A/B", "A B"), ("", "")],
    ids=["cleaned alike", "by case", "cleaned alike too", "none"],
)
def test_labels_that_xnat_would_mind_are_no_problem(
    patients: tuple[str, str], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    (tmp_path / "data").mkdir()
    for number, patient in enumerate(patients):
        dataset = image(
            {
                "PatientID": patient,
                "StudyInstanceUID": uid("study", number),
                "SeriesInstanceUID": uid("series", number),
                "SOPInstanceUID": uid("image", number),
            }
        )
        (tmp_path / "data" / str(number)).write_bytes(part10(dataset))
    layout = [{"export": {"path": "out", "layout": "{{ SOPInstanceUID }}.dcm"}}]
    recipe = write_recipe(sinks=layout, transforms=[], servers={})

    plan = json.loads(ferry("plan", recipe, "--format", "json").stdout)
    assert plan["problems"] == []
    assert ferry("run", recipe).returncode == 0
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_the_labels_asked_for_are_those_of_the_layout(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    make_instances(tmp_path / "data", 2, sessions=2)
    wanted = {"project": "P", "subject": "{{ PatientID }}", "session": "{{ PatientID }}_1"}
    layout = "{{ project }}/{{ subject }}/{{ session }}/{{ SOPInstanceUID }}.dcm"
    recipe = write_recipe(
        sinks=[{"export": {"path": "out", "layout": layout}}],
        transforms=[{"identify": wanted}],
        servers={},
    )

    assert ferry("run", recipe).returncode == 0
    assert sorted(
        str(path.parent.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.dcm")
    ) == ["P/MC0000/MC0000_1", "P/MC0001/MC0001_1"]


def two_patients(folder: Path) -> None:
    for number, sex in ((1, "F"), (2, "M")):
        pacs.study(
            folder / f"cd{number}", number, PatientID=f"P{number}", PatientName=f"DOE^NR{number}",
            PatientSex=sex, StudyDate="20200101",
        )  # fmt: skip


BY_DAY = {"identify": {"subject": "{{ PatientID }}", "session": "{{ StudyDate }}"}}
BY_LABEL = [{"export": {"path": "out", "layout": "{{ subject }}/{{ SOPInstanceUID }}.dcm"}}]


@pytest.mark.parametrize(
    ("transforms", "sinks", "code"),
    [
        ([{"identify": {"subject": "S", "session": "{{ PatientID }}"}}], EXPORT, "patients-merged"),
        ([BY_DAY, {"unify-uids": {}}], EXPORT, "session-of-several-patients"),
        (
            [{"remap": {"set": {"PatientName": "ALL"}}}, {"unify-uids": {}}],
            EXPORT,
            "patients-merged",
        ),
        ([{"remap": {"set": {"PatientName": "ALL"}}}], BY_LABEL, "patients-merged"),
    ],
    ids=["asked for", "one study UID", "one study UID unasked", "in the layout"],
)
def test_patients_are_not_merged_without_an_xnat_either(
    tmp_path: Path, write_recipe: RecipeWriter, transforms: list[Any], sinks: list[Any], code: str
) -> None:
    two_patients(tmp_path / "data")
    recipe = write_recipe(sinks=sinks, transforms=transforms, servers={})

    plan = ferry("plan", recipe, "--format", "json")

    assert plan.returncode == 2
    assert code in {one["code"] for one in json.loads(plan.stdout)["problems"]}


@pytest.mark.parametrize(
    "transforms", [[BY_DAY], [], [{"remap": {"set": {"PatientName": "ALL"}}}]],
    ids=["one label each", "no label", "labels nobody goes by"],
)  # fmt: skip
def test_what_merges_nobody_is_no_problem_without_an_xnat(
    tmp_path: Path, write_recipe: RecipeWriter, transforms: list[Any]
) -> None:
    two_patients(tmp_path / "data")
    recipe = write_recipe(sinks=EXPORT, transforms=transforms, servers={})

    plan = ferry("plan", recipe, "--format", "json")

    assert (plan.returncode, json.loads(plan.stdout)["problems"]) == (0, [])

"""What names a study, a series or an instance by a UID that is changed: followed, or told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread

from support.cli import ferry
from support.instances import image, part10, uid

Recipe = Callable[..., Path]
CT, STATE = uid("study of images"), uid("study of a state")
IDENTIFY = {
    "identify": {
        "project": "P",
        "subject": "{{ PatientID }}",
        "session": "{{ PatientID }}_{{ StudyID }}",
    }
}
UNIFY = {"unify-uids": {"study": "derive"}}
NOT_FOLLOWED, RENAMED = "reference-not-followed", "references-to-renamed"


def element(vr: str, value: Any) -> Callable[[Dataset], None]:
    def add(dataset: Dataset) -> None:
        dataset.private_block(0x0029, "ACME", create=True).add_new(0x10, vr, value)

    return add


def named() -> Dataset:
    item = Dataset()
    item.StudyInstanceUID = CT
    return item


def evidence(dataset: Dataset) -> None:
    dataset.CurrentRequestedProcedureEvidenceSequence = [named()]


def nothing(dataset: Dataset) -> None:
    del dataset


def disk(folder: Path, refer: Callable[[Dataset], None]) -> None:
    """Write an image, and an object of another study that names the image's study somehow."""
    folder.mkdir(parents=True)
    for number, study in enumerate((CT, STATE), 1):
        dataset = image({
            "StudyInstanceUID": study, "SeriesInstanceUID": uid(study, "series"),
            "SOPInstanceUID": uid(study, "image"), "PatientID": "P1", "StudyID": str(number),
            "StudyDate": "20200101", "SeriesNumber": number,
        })  # fmt: skip
        if study == STATE:
            refer(dataset)
        (folder / f"{number}.dcm").write_bytes(part10(dataset))


def plan(recipe: Path) -> dict[str, str]:
    result = ferry("plan", recipe, "--format", "json")
    assert result.returncode == 0, result.stdout + result.stderr
    return {one["code"]: one["message"] for one in json.loads(result.stdout)["problems"]}


@pytest.mark.parametrize(
    "value",
    [
        element("UN", CT.encode() + b"\0" * (len(CT) % 2)),
        element("UI", CT),
        element("LT", f"see {CT}, and the report"),
        element("OB", b"\1\2\3" + CT.encode() + b"\0" * (1 + len(CT) % 2)),
    ],
    ids=["UN", "UI", "LT", "OB"],
)
def test_a_private_element_that_names_another_study_is_counted(
    tmp_path: Path, write_recipe: Recipe, value: Callable[[Dataset], None]
) -> None:
    disk(tmp_path / "data", value)
    told = plan(write_recipe(transforms=[IDENTIFY, UNIFY]))
    assert told[NOT_FOLLOWED].startswith("1 instance names a study")


@pytest.mark.parametrize("refer", [evidence, element("SQ", [named()]), nothing])
def test_a_sequence_that_follows_is_not_counted(
    tmp_path: Path, write_recipe: Recipe, refer: Callable[[Dataset], None]
) -> None:
    disk(tmp_path / "data", refer)
    assert NOT_FOLLOWED not in plan(write_recipe(transforms=[IDENTIFY, UNIFY]))


def test_a_study_that_keeps_its_uid_may_be_named_anywhere(
    tmp_path: Path, write_recipe: Recipe
) -> None:
    disk(tmp_path / "data", element("LO", CT))
    kept = [IDENTIFY, {"unify-uids": {"study": "keep"}}]
    assert NOT_FOLLOWED not in plan(write_recipe(transforms=kept))


@pytest.mark.parametrize("refer", [evidence, element("LO", CT)], ids=["sequence", "private"])
def test_what_names_a_study_of_an_earlier_disk_is_counted(
    tmp_path: Path, write_recipe: Recipe, refer: Callable[[Dataset], None]
) -> None:
    disk(tmp_path / "data", refer)
    later = (tmp_path / "data" / "2.dcm").rename(tmp_path / "2.dcm")
    recipe = write_recipe(
        transforms=[IDENTIFY, UNIFY],
        sinks=[{"export": {"path": "out", "layout": "{{ StudyID }}.dcm"}}],
    )
    assert ferry("run", recipe).returncode == 0
    (tmp_path / "data" / "1.dcm").unlink()
    later.rename(tmp_path / "data" / "2.dcm")

    assert plan(recipe)[NOT_FOLLOWED].startswith("1 instance names a study")


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"])
def test_a_uid_that_remap_changes_is_told_because_nothing_follows(
    tmp_path: Path, write_recipe: Recipe, keyword: str
) -> None:
    disk(tmp_path / "data", evidence)
    change = {"remap": {"replace": {keyword: {"pattern": r"^2\.25\.", "with": "1.2.3."}}}}
    told = plan(write_recipe(transforms=[IDENTIFY, change]))
    assert told[RENAMED].startswith("2 instances get another Study-, Series- or SOPInstanceUID")


def test_unify_uids_behind_remap_gives_every_study_its_sessions_uid(
    tmp_path: Path, write_recipe: Recipe
) -> None:
    disk(tmp_path / "data", evidence)
    change = {"remap": {"set": {"StudyInstanceUID": "1.2.3.{{ StudyID }}"}}}
    recipe = write_recipe(
        transforms=[change, IDENTIFY, UNIFY],
        sinks=[{"export": {"path": "out", "layout": "{{ StudyID }}.dcm"}}],
    )

    assert RENAMED not in plan(recipe)
    assert ferry("run", recipe).returncode == 0

    image_, state = (dcmread(tmp_path / "out" / f"{number}.dcm") for number in (1, 2))
    assert image_.StudyInstanceUID.startswith("2.25.")
    (item,) = state.CurrentRequestedProcedureEvidenceSequence
    assert item.StudyInstanceUID == image_.StudyInstanceUID != CT


@pytest.mark.parametrize("empty", [True, False])
def test_an_instance_without_a_study_gets_its_sessions(
    tmp_path: Path, write_recipe: Recipe, *, empty: bool
) -> None:
    def forget(dataset: Dataset) -> None:
        dataset.StudyInstanceUID = ""
        if not empty:
            del dataset.StudyInstanceUID

    disk(tmp_path / "data", forget)
    recipe = write_recipe(
        transforms=[IDENTIFY, UNIFY],
        sinks=[{"export": {"path": "out", "layout": "{{ StudyID }}.dcm"}}],
    )

    assert RENAMED not in plan(recipe)
    assert ferry("run", recipe).returncode == 0

    assert dcmread(tmp_path / "out" / "2.dcm").StudyInstanceUID.startswith("2.25.")

"""A PACS that misbehaves brings nothing wrong, and every requested instance is accounted for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread

from support import pacs, servers
from support.cli import ferry
from support.pacs_recipes import csv_source, pacs_recipe
from support.scripted_pacs import Script, scripted


def images(folder: Path, number: int, instances: int = 4) -> list[Dataset]:
    return [dcmread(path) for path in pacs.study(folder, number, instances=instances)]


def carried(
    tmp_path: Path, script: Script, text: str, **server: Any
) -> tuple[dict[str, Any], list[Dataset], int]:
    """Run a CSV over two studies of a scripted PACS; return report, arrivals and requests."""
    held = images(tmp_path / "in", 1) + images(tmp_path / "in", 2)
    with (
        scripted(held, script) as server_,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        recipe = pacs_recipe(
            tmp_path, server_, xnat, csv_source(tmp_path, text), retrieve="c-get", **server
        )
        result = ferry("run", recipe, "--format", "json")
        arrived = [dcmread(file) for file in xnat.files()]
    assert "Traceback" not in result.stderr
    report: dict[str, Any] = json.loads(result.stdout)
    report["code"] = result.returncode
    return report, arrived, server_.gets


ONE = "Accession Number,Subject\nA0001,S1\n"


def test_a_pacs_that_ignores_the_key_brings_the_one_study(tmp_path: Path) -> None:
    report, arrived, _ = carried(tmp_path, Script(ignores=("AccessionNumber",)), ONE)

    assert report["code"] == 0
    assert {one.StudyInstanceUID for one in arrived} == {pacs.study_uid(1)}


def test_what_was_not_asked_for_never_reaches_the_sink(tmp_path: Path) -> None:
    stranger = images(tmp_path / "stranger", 9, 1)[0]
    report, arrived, _ = carried(tmp_path, Script(stranger=stranger), ONE)

    assert report["code"] == 0
    assert len(arrived) == 4
    assert stranger.SOPInstanceUID not in {one.SOPInstanceUID for one in arrived}


@pytest.mark.parametrize(
    "script",
    [Script(stops_after=1), Script(stops_after=1, lies=True), Script(stops_after=1, aborts=True)],
    ids=["fails", "lies", "hangs-up"],
)
def test_a_pacs_that_stops_half_way_is_asked_again(tmp_path: Path, script: Script) -> None:
    report, arrived, _ = carried(tmp_path, script, ONE)

    assert report["code"] == 0, report
    assert len({one.SOPInstanceUID for one in arrived}) == 4


def test_what_never_comes_is_failed_and_named(tmp_path: Path) -> None:
    lost = str(images(tmp_path / "again", 1)[2].SOPInstanceUID)
    report, arrived, gets = carried(tmp_path, Script(loses=(lost,)), ONE)

    assert report["code"] == 1
    assert len(arrived) == 3
    assert report["retrieval"]["missing"] == 1
    assert "not retrieved from clinic" in report["failures"][0]["reason"]
    assert gets < 10


@pytest.mark.parametrize(
    "script", [Script(answers=10_000), Script(final=0xFE00)], ids=["too-many", "cut-off"]
)
def test_an_answer_that_is_not_to_be_trusted_rejects_the_row(
    tmp_path: Path, script: Script
) -> None:
    report, arrived, gets = carried(tmp_path, script, ONE)

    assert report["code"] == 1
    assert report["rejected_before_sending"] == 1
    assert (arrived, gets) == ([], 0)


def test_an_instance_of_another_patient_than_was_told_is_rejected(tmp_path: Path) -> None:
    report, arrived, gets = carried(tmp_path, Script(pretends={"PatientID": "SOMEBODY"}), ONE)

    assert report["code"] == 1
    assert report["retrieval"]["rejected"] == 4
    assert (arrived, gets) == ([], 1)

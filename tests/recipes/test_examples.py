"""Every recipe that ships validates, plans and rehearses on the legacy archive."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.cli import ferry
from support.recipes import RECIPES

REJECTED = {"quickstart": 1}
"""How many files of the archive a recipe comes upon that are damaged, and so ends with code 1."""

NAMES = [path.stem for path in RECIPES]
TO_XNAT = [name for name in NAMES if name != "export-only"]


def recipe(name: str) -> Path:
    return RECIPES[NAMES.index(name)]


@pytest.mark.parametrize("name", NAMES)
def test_it_validates_as_it_stands(name: str) -> None:
    result = ferry("validate", recipe(name))

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", NAMES)
def test_it_plans(name: str, legacy: Path, tmp_path: Path) -> None:
    where = ("--set", f"archive={legacy}", "--state", tmp_path)

    result = ferry("plan", recipe(name), *where)

    assert result.returncode == int(name in REJECTED), result.stdout + result.stderr


@pytest.mark.parametrize("name", TO_XNAT)
def test_it_rehearses_and_lands_as_forecast(name: str, legacy: Path) -> None:
    arguments = ("--set", f"archive={legacy}", "--format", "json")

    result = ferry("rehearse", recipe(name), *arguments)

    assert result.returncode == int(name in REJECTED), result.stdout + result.stderr
    report = json.loads(result.stdout)
    assert report["landed_as_forecast"] == report["forecast"] > 0


def test_the_quickstart_makes_one_session_of_three_studies(legacy: Path) -> None:
    arguments = ("--set", f"archive={legacy}", "--format", "json")

    result = ferry("rehearse", recipe("quickstart"), *arguments)

    sessions = {one["session"]: one for one in json.loads(result.stdout)["xnat"]["xnat"]}
    scans = sessions["MC7_MR_20040315"]["scans"]
    assert [scan["instances"] for scan in scans] == [6, 6, 6]


def test_the_quickstart_knows_one_patient_spelt_two_ways(legacy: Path) -> None:
    arguments = ("--set", f"archive={legacy}", "--format", "json")

    result = ferry("rehearse", recipe("quickstart"), *arguments)

    held = json.loads(result.stdout)["xnat"]["xnat"]
    visits = [one["session"] for one in held if one["subject"] == "MC12"]
    assert visits == ["MC12_MR_20051108", "MC12_MR_20071203"]


def test_export_only_sorts_the_mr_images_into_folders(legacy: Path, tmp_path: Path) -> None:
    settings = ("--set", f"archive={legacy}", "--set", f"out={tmp_path / 'out'}")

    result = ferry("run", recipe("export-only"), *settings, "--state", tmp_path / "state")

    assert result.returncode == 0, result.stdout + result.stderr
    assert len(list(tmp_path.glob("out/MC7/20040315/*/*.dcm"))) == 18
    assert len(list(tmp_path.glob("out/**/*.dcm"))) == 55

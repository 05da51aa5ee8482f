"""Every recipe that ships validates, plans and rehearses on the legacy archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.cli import ferry
from support.recipes import RECIPES

INCOMPLETE = {"quickstart"}
"""Recipes that come upon damaged files in the archive and say so with exit code 1."""


@pytest.fixture(params=RECIPES, ids=lambda path: path.stem)
def recipe(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture
def settings(recipe: Path, legacy: Path, tmp_path: Path) -> list[str]:
    """Give the options that point a recipe at the archive and away from everybody else."""
    settings = ["--set", f"archive={legacy}"]
    if "  out:" in recipe.read_text():
        settings += ["--set", f"out={tmp_path / 'out'}"]
    return settings


def test_it_validates_as_it_stands(recipe: Path) -> None:
    result = ferry("validate", recipe)

    assert result.returncode == 0, result.stdout + result.stderr


def test_it_plans(recipe: Path, settings: list[str], tmp_path: Path) -> None:
    result = ferry("plan", recipe, *settings, cwd=tmp_path)

    assert result.returncode == 0, result.stdout + result.stderr


def test_it_rehearses(recipe: Path, settings: list[str], tmp_path: Path) -> None:
    result = ferry("rehearse", recipe, *settings, cwd=tmp_path)

    expected = 1 if recipe.stem in INCOMPLETE else 0
    assert result.returncode == expected, result.stdout + result.stderr


def test_the_quickstart_makes_one_session_of_three_studies(legacy: Path, tmp_path: Path) -> None:
    (recipe,) = (path for path in RECIPES if path.stem == "quickstart")

    result = ferry("rehearse", recipe, "--set", f"archive={legacy}", cwd=tmp_path)

    (line,) = (line for line in result.stdout.splitlines() if "MC7_MR_20040315" in line)
    assert "18" in line

"""Two recipes over one state folder: nothing that is told of one is taken for the other's."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from support.cli import ferry
from support.instances import make_instances
from support.journey import journey
from support.lists import lab, rows, study


def second(recipe: Path, name: str, text: str) -> Path:
    """Write a recipe beside another, for a list of its own."""
    (recipe.parent / f"{name}.csv").write_text(text)
    other = recipe.with_name(f"{name}.yaml")
    other.write_text(recipe.read_text().replace("wanted.csv", f"{name}.csv"))
    return other


@pytest.mark.parametrize("shared", ["name", "folder"])
def test_the_list_of_one_recipe_is_not_told_as_that_of_another(tmp_path: Path, shared: str) -> None:
    with lab(tmp_path, [study(n) for n in (1, 2, 3)], rows([1, 9])) as it:
        first, other = it.recipe, second(it.recipe, "later", rows([2, 3]))
        state = ["--state", tmp_path / "state"] if shared == "folder" else []
        if shared == "folder":
            other.write_text(other.read_text().replace("name: wanted", "name: later"))
        ran = ferry("run", first, *state)
        after = ferry("run", other, *state)
        of_first = ferry("status", first, *state)
        of_other = ferry("status", other, *state, "--format", "json")
        stored = len(it.xnat.files())
    folder = tmp_path / ("state" if state else ".dicomferry/wanted")
    with (folder / "rows.csv").open() as file:
        told = list(csv.DictReader(file))

    assert (ran.returncode, after.returncode) == (1, 0)
    assert stored == 3
    assert "[state-of-another-recipe] the last plan in this state folder was of wanted" in (
        after.stdout
    )
    assert of_first.returncode == 1
    assert "The last plan here is of another recipe: this tells of" in of_first.stdout
    assert "later.yaml" in of_first.stdout
    assert of_other.returncode == 0
    assert json.loads(of_other.stdout)["other_recipe"] == ""
    assert [row["outcome"] for row in told] == ["stored", "stored"]


def test_what_both_recipes_ask_for_is_stored_once_and_told_by_both(tmp_path: Path) -> None:
    with lab(tmp_path, [study(n) for n in (1, 2)], rows([1])) as it:
        other = second(it.recipe, "later", rows([1, 2]))
        ferry("run", it.recipe)
        ferry("run", other)
        again = ferry("run", it.recipe)
        status = ferry("status", it.recipe)
        stored = len(it.xnat.files())

    assert stored == 2
    assert again.returncode == 0
    assert "Everything is stored" in again.stdout
    assert status.returncode == 0
    assert "2 stored" not in status.stdout


def test_another_list_of_one_recipe_is_no_other_recipe(tmp_path: Path) -> None:
    with lab(tmp_path, [study(1)], rows([1])) as it:
        ferry("run", it.recipe)
        (tmp_path / "wanted.csv").write_text(rows([1]) + "\n")
        again = ferry("run", it.recipe)

    assert "state-of-another-recipe" not in again.stdout


def test_what_is_verified_is_never_the_plan_of_another_recipe(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        make_instances(trip.folder / "data", 2)
        assert trip.ferry("run").returncode == 0
        other = trip.recipe.with_name("other.yaml")
        other.write_text(trip.recipe.read_text())
        trip.xnat.build()
        result = ferry("verify", other, env={"XNAT_LOGIN": f"ferry:{trip.password}"})

    assert result.returncode == 2
    assert "is of another recipe: " in result.stderr
    assert "plan this one first" in result.stderr

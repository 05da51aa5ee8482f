"""`plan`, `run` and `status` agree on a plan whose errors stop it before anything is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.cli import ferry
from support.instances import make_instances

from .conftest import RecipeWriter

EXPORT = [{"export": {"path": "out", "layout": "{{ SOPInstanceUID }}.dcm"}}]


def told(recipe: Path) -> tuple[set[str], set[str]]:
    """Return the codes of the errors of `plan` and of `status`, by their JSON."""
    plan, status = (
        json.loads(ferry(verb, recipe, "--format", "json").stdout) for verb in ("plan", "status")
    )
    errors = {one["code"] for one in plan["problems"] if one["severity"] == "error"}
    return errors, {one["code"] for one in status["errors"]}


@pytest.mark.parametrize("kind", ["empty folder", "include", "exclude", "only text"])
def test_status_names_the_error_of_a_plan_that_found_nothing(
    kind: str, tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    (tmp_path / "data").mkdir()
    if kind == "only text":
        (tmp_path / "data" / "read.me").write_text("text")
    elif kind != "empty folder":
        make_instances(tmp_path / "data", 2)
    options = {"include": {"include": ["**/*.IMA"]}, "exclude": {"exclude": ["**/*"]}}
    recipe = write_recipe(source=options.get(kind, {}), sinks=EXPORT)

    ends = [ferry(verb, recipe).returncode for verb in ("plan", "run", "status", "run", "status")]

    assert ends == [2, 2, 2, 2, 2]
    assert told(recipe) == ({"nothing-found"}, {"nothing-found"})
    status = ferry("status", recipe).stdout
    assert "[nothing-found]" in status
    assert "nothing is sent until" in status


def test_status_names_the_errors_of_a_later_plan_until_they_are_mended(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    make_instances(tmp_path / "data", 2)
    recipe = write_recipe(sinks=EXPORT)
    assert (ferry("run", recipe).returncode, ferry("status", recipe).returncode) == (0, 0)

    disk = (tmp_path / "data").rename(tmp_path / "unmounted")
    (tmp_path / "data").mkdir()
    assert (ferry("run", recipe).returncode, ferry("status", recipe).returncode) == (2, 2)
    assert told(recipe)[1] == {"nothing-found"}

    (tmp_path / "data").rmdir()
    disk.rename(tmp_path / "data")
    assert (ferry("run", recipe).returncode, ferry("status", recipe).returncode) == (0, 0)
    assert told(recipe) == (set(), set())


def test_status_names_nothing_where_the_recipe_allows_it(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    (tmp_path / "data").mkdir()
    recipe = write_recipe(sinks=EXPORT, allow=["nothing-found"])

    ends = [ferry(verb, recipe).returncode for verb in ("plan", "run", "status")]

    assert ends == [0, 0, 0]
    assert "Nothing is planned." in ferry("status", recipe).stdout

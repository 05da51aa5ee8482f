"""Older formats are brought up to the newest: proved on formats made up for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomferry.errors import FerryError, ProblemsError
from dicomferry.recipe.migrate import Migration, migrate
from dicomferry.recipe.yaml.rewriting import YamlText
from support.cli import ferry

# Format -1 called the servers `hosts`; format 0 had one `source`, and `project` at the top.
OLD = """\
# yaml-language-server: $schema=recipe.schema.json
recipe: -1   # the oldest

name: clinic
project: ALZ        # which project
hosts:              # who is who
  xnat: {xnat: {dicom: {host: h}}}   # the new one
source: [{folder: {path: p}}]
sinks:
  - xnat-cstore:
      server: xnat
"""

NEW = """\
# yaml-language-server: $schema=recipe.schema.json
recipe: 1   # the oldest

name: clinic
params: {project: {default: ALZ}}        # which project
servers:              # who is who
  xnat: {xnat: {dicom: {host: h}}}   # the new one
sources: [{folder: {path: p}}]
sinks:
  - xnat-cstore:
      server: xnat
"""


def _servers(text: YamlText) -> None:
    text.rename(("hosts",), "servers")


def _params(text: YamlText) -> None:
    text.rename(("source",), "sources")
    text.write(("project",), f"{{project: {{default: {text.source(('project',))}}}}}")
    text.rename(("project",), "params")


MIGRATIONS = {
    -1: Migration("hosts are servers now", _servers),
    0: Migration("project is a parameter now", _params),
}


def test_a_recipe_goes_through_every_step_and_keeps_its_layout() -> None:
    text = YamlText(OLD, "old.yaml")

    taken = migrate(text, MIGRATIONS)

    assert taken == ("hosts are servers now", "project is a parameter now")
    assert text.text == NEW


def test_a_recipe_of_the_newest_format_stays_as_it_is() -> None:
    text = YamlText(NEW, "new.yaml")

    assert migrate(text, MIGRATIONS) == ()
    assert text.text == NEW


def test_a_newer_recipe_asks_for_an_upgrade_and_says_nothing_else() -> None:
    with pytest.raises(ProblemsError) as caught:
        migrate(YamlText("recipe: 7\nnames: x\n", "new.yaml"), MIGRATIONS)

    (problem,) = caught.value.problems
    assert problem.hint == "upgrade dicomferry"


@pytest.mark.parametrize("text", ["name: x\n", "recipe: one\n", "recipe: -3\n", "- x\n"])
def test_a_recipe_of_no_known_format_is_refused(text: str) -> None:
    with pytest.raises(FerryError, match=r"^x\.yaml"):
        migrate(YamlText(text, "x.yaml"), MIGRATIONS)


def test_the_verb_says_that_there_is_nothing_to_do(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(NEW)

    result = ferry("migrate", "--check", tmp_path / "r.yaml")

    assert result.returncode == 0, result.stderr
    assert "of format version 1 already" in result.stdout


def test_the_verb_refuses_a_newer_recipe(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("recipe: 2\n")

    result = ferry("migrate", tmp_path / "r.yaml")

    assert result.returncode == 2
    assert "upgrade dicomferry" in result.stderr

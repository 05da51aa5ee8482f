"""A run that is asked to stop, whenever that is."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomferry.engine.session.job import Job
from dicomferry.engine.session.session import open_session
from dicomferry.errors import StoppedError
from dicomferry.host import Selection, load_plugins
from dicomferry.recipe.load import load_recipe

RECIPE = """\
recipe: 1
name: once
sources:
  - folder: {path: .}
sinks:
  - export: {path: out, layout: "{{ SOPInstanceUID }}"}
"""


def test_a_stop_before_there_is_a_plan_makes_none(tmp_path: Path) -> None:
    path = tmp_path / "once.yaml"
    path.write_text(RECIPE)
    plugins = load_plugins(Selection())
    recipe = load_recipe(path, plugins.components, {})

    with open_session(Job(recipe, plugins, tmp_path / "state", print)) as session:
        session.stop()

        with pytest.raises(StoppedError):
            session.plan()

"""What a session is asked to do, and the plan it makes of it."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from dicomferry.engine.retrieve.courtesy import Courtesy
from dicomferry.engine.workers.workshop import Progress
from dicomferry.host import Plugins
from dicomferry.recipe.recipe import Recipe


class Job(Struct, frozen=True):
    """What is to be run, and where its state is kept."""

    recipe: Recipe
    plugins: Plugins
    state: Path
    progress: Progress
    rehearsal: bool = False
    courtesy: Courtesy = Courtesy()

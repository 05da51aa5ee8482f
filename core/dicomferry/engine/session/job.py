"""What a session is opened with."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from dicomferry.engine.session.executors import LOCAL
from dicomferry.engine.workers.workshop import Progress
from dicomferry.host import Plugins
from dicomferry.recipe.recipe import Recipe


class Job(Struct, frozen=True):
    """What is to be run, where its state is kept, and by which executor (`NAME[:OPTIONS]`)."""

    recipe: Recipe
    plugins: Plugins
    state: Path
    progress: Progress
    rehearsal: bool = False
    executor: str = LOCAL

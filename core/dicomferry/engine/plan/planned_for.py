"""The recipe of the last plan, noted in the ledger: two recipes may share a state folder.

What `status`, `verify` and the tables of the state folder tell is of the last plan alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from dicomferry.engine.plan.problems.kinds import problem
from dicomferry.ledger.store import Ledger
from dicomferry.model import Problem
from dicomferry.recipe.recipe import Recipe

_KEY: Final = "plan of"


def other_recipe(ledger: Ledger, recipe: Recipe) -> str:
    """Return the name and file of another recipe that the last plan is of; empty without one.

    Recipes are told apart by their names and the names of their files: a folder may be moved.
    """
    noted = ledger.get(_KEY)
    if not noted or noted == _told(recipe):
        return ""
    name, file = json.loads(noted)
    return f"{name} ({file})"


def note_recipe(ledger: Ledger, recipe: Recipe) -> None:
    """Note of which recipe the plan in a ledger is from now on."""
    if ledger.get(_KEY) != (told := _told(recipe)):
        ledger.put(_KEY, told)


def shared_state(other: str) -> Iterator[Problem]:
    """Yield a warning where the plan before was of another recipe."""
    if other:
        yield problem(
            "state-of-another-recipe", f"the last plan in this state folder was of {other}"
        )


def _told(recipe: Recipe) -> str:
    return json.dumps([recipe.name, recipe.file.name])

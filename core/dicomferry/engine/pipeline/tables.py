"""What is wrong or odd in the tables that a recipe's components read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.pipeline.steps import named_step
from dicomferry.errors import ProblemsError
from dicomferry.host import Plugins
from dicomferry.model import Problem, Severity
from dicomferry.recipe.recipe import Recipe

_MOST: Final = 20
"""Remarks of one code that are shown of one component."""


def table_remarks(recipe: Recipe, plugins: Plugins) -> list[Problem]:
    """Return what is odd in tables; the codes have the component's name in front.

    Raises `ProblemsError` with every error, and
    `FerryError` for a table that cannot be read.
    """
    found = list(_all(recipe, plugins))
    if errors := [one for one in found if one.severity is Severity.ERROR]:
        raise ProblemsError(errors)
    counts: Counter[str] = Counter()
    shown = []
    for one in found:
        counts[one.code] += 1
        if counts[one.code] <= _MOST:
            shown.append(replace(one, message=f"{one.place}: {one.message}"))
    severities = {one.code: one.severity for one in shown}
    for code, count in counts.items():
        if (more := count - _MOST) > 0:
            shown.append(Problem(code, f"and {more:,} more of these", severities[code]))
    return shown


def _all(recipe: Recipe, plugins: Plugins) -> Iterator[Problem]:
    context = BuildContext(recipe, plugins)
    offered = plugins.components
    for steps, components in (
        (recipe.sources, offered.sources), (recipe.transforms, offered.transforms),
    ):  # fmt: skip
        for step in steps:
            remarks = components[step.component].remarks
            if remarks is None:
                continue
            with named_step(step):
                try:
                    told = list(remarks(step.options, context))
                except ProblemsError as error:
                    told = list(error.problems)
            for one in told:
                code = f"{step.component}:{one.code}"
                yield Problem(code, one.message, one.severity, one.path, one.place, one.hint)

"""The way from a command line to an open `Ferry`, for every verb that uses a recipe."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dicomferry.cli.options.common import find_plugins, recipe_argument, set_option, state_option

if TYPE_CHECKING:
    from dicomferry.ferry import Ferry

Command = Callable[..., Any]


def with_ferry(function: Command) -> Command:
    """Add RECIPE, `--set`, `--params` and `--state`; the command's first argument is a `Ferry`.

    The ferry is open while the command runs. It has the executor of `executor_option`, if the
    command has that option. Warnings about the recipe go to standard error.
    """
    return recipe_argument(set_option(state_option(_opening(function))))


def with_recipe(function: Command) -> Command:
    """Do as `with_ferry`, without `--state`: for a verb that uses no ledger."""
    return recipe_argument(set_option(_opening(function)))


def open_ferry(
    recipe: Path,
    overrides: Mapping[str, str],
    state: Path | None = None,
    executor: str | None = None,
) -> Ferry:
    """Open a recipe as the command line names it, and print the warnings about it."""
    from dicomferry.ferry import Ferry

    opened = Ferry.open(recipe, overrides, state=state, executor=executor, plugins=find_plugins())
    return told(opened)


def told(ferry: Ferry) -> Ferry:
    """Print the warnings about a ferry's recipe, and return the ferry."""
    for problem in ferry.warnings:
        click.echo(str(problem), err=True)
    return ferry


def _opening(function: Command) -> Command:
    @wraps(function)
    def command(
        *,
        recipe: Path,
        overrides: Mapping[str, str],
        state: Path | None = None,
        executor: str | None = None,
        **options: Any,
    ) -> Any:
        _watch()
        with open_ferry(recipe, overrides, state, executor) as ferry:
            return function(ferry, **options)

    return command


def _watch() -> None:
    """Have this process give up on one instruction that takes too long, as a pattern may."""
    from dicomferry.engine.pipeline.watch import Limits, Watch

    Watch(Limits.of(os.environ)).start()

"""Options and arguments that several verbs have."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dicomferry.errors import FerryError

if TYPE_CHECKING:
    from dicomferry.contract.source import Look
    from dicomferry.host import Plugins

Command = Callable[..., Any]

recipe_argument = click.argument("recipe", type=click.Path(path_type=Path))
format_option = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text",
    help="Text for people, JSON for machines.",
)  # fmt: skip
state_option = click.option(
    "--state", type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the ledger [default: .dicomferry/NAME beside the recipe].",
)  # fmt: skip
executor_option = click.option(
    "--executor", default="local", metavar="NAME",
    help="What has the work done: local (worker processes), in-process (for a debugger), or one"
    " that a plug-in offers, as NAME or NAME:OPTION=VALUE,… [default: local].",
)  # fmt: skip
now_option = click.option(
    "--now", is_flag=True, help="Ask and retrieve outside the hours of a PACS, too."
)
wait_for_hours_option = click.option(
    "--wait-for-hours", is_flag=True, help="Sit out the time until a PACS's hours."
)
vector_option = click.option(
    "--save-vector", "vectors", type=click.Path(path_type=Path, dir_okay=False),
    help="Save what did not land as forecast as test vectors (.json), names and UIDs replaced.",
)  # fmt: skip
_params_option = click.option(
    "--params", "params_files", multiple=True, type=click.Path(path_type=Path, dir_okay=False),
    expose_value=False, is_eager=True, callback=lambda c, _p, v: _keep(c, v),
    help="Take params from a YAML file of NAME: VALUE; may be repeated, the last one wins.",
)  # fmt: skip
_set_option = click.option(
    "--set", "overrides", multiple=True, metavar="NAME=VALUE",
    callback=lambda c, _p, v: _settings(c, v),
    help="Give a param of the recipe a value; may be repeated.",
)  # fmt: skip

_FILES = "dicomferry.params_files"


def set_option(function: Command) -> Command:
    """Add `--set` and `--params`; the command receives both as `overrides`."""
    return _params_option(_set_option(function))


def _keep(context: click.Context, files: tuple[Path, ...]) -> None:
    context.meta[_FILES] = files


def _settings(context: click.Context, values: tuple[str, ...]) -> Mapping[str, str]:
    from dicomferry.recipe.settings import ParamSettings, read_settings

    settings = ParamSettings.of(_pairs(values))
    for file in reversed(context.meta.get(_FILES, ())):
        settings = settings.over(read_settings(file))
    return settings


def _pairs(values: tuple[str, ...]) -> Mapping[str, str]:
    pairs: dict[str, str] = {}
    for value in values:
        name, sign, text = value.partition("=")
        if not sign or not name:
            raise click.BadParameter(f"'{value}' is not NAME=VALUE")
        pairs[name] = text
    return pairs


def find_plugins() -> Plugins:
    """Load the installed plug-ins, by DICOMFERRY_ALLOW_PLUGINS and …_BLOCK_PLUGINS.

    Raises `FerryError` where two components have one name.
    """
    from dicomferry.host import load_plugins, selection_of

    return load_plugins(selection_of(os.environ))


def read_files(paths: tuple[Path, ...]) -> list[Path]:
    """Return the files in `paths`, folders gone through in name order.

    A folder among them cannot be listed, or is a link that is not followed.
    """
    from dicomferry.engine.workers.apart import apart

    return list(apart(partial(_files, paths)))


def _files(paths: tuple[Path, ...], look: Look) -> Iterator[Path]:
    unlisted: list[Path] = []
    for path in paths:
        look(str(path))
        if path.is_dir():
            for folder, folders, names in os.walk(
                path, onerror=lambda error: unlisted.append(Path(error.filename))
            ):
                look(folder)
                yield from unlisted
                unlisted.clear()
                folders.sort()
                yield from (link for name in folders if (link := Path(folder, name)).is_symlink())
                yield from (Path(folder, name) for name in sorted(names))
        elif path.exists():
            yield path
        else:
            raise FerryError(f"{path}: there is no such file or folder", hint="check the spelling")
    yield from unlisted

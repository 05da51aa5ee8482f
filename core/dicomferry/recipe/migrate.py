"""Migrates the text of older recipes, version by version, and keeps its layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from dicomferry.errors import FerryError
from dicomferry.recipe.schema import FORMAT_VERSION
from dicomferry.recipe.validate import check_version
from dicomferry.recipe.yaml.reading import parse_document
from dicomferry.recipe.yaml.rewriting import YamlText

_VERSION: Final = ("recipe",)


class Migration(Struct, frozen=True):
    """The change from one format version to the next; `apply` leaves the number itself alone."""

    summary: str
    apply: Callable[[YamlText], None]


MIGRATIONS: Final[Mapping[int, Migration]] = MappingProxyType({})
"""The migration of each older version. Version 1 is the first, so there is none."""


def migrate(
    text: YamlText, migrations: Mapping[int, Migration] = MIGRATIONS, newest: int = FORMAT_VERSION
) -> tuple[str, ...]:
    """Change a recipe's text to the newest format; return the summaries of the migrations.

    Raises `ProblemsError` for a newer format and for none, `FerryError` for one without a
    migration.
    """
    taken = []
    while (version := _version(text, newest)) != newest:
        step = migrations.get(version)
        if step is None:
            check_version(parse_document(text.text, text.name))
            raise FerryError(f"{text.name}: no way leads from format {version} to {newest}")
        step.apply(text)
        text.replace(_VERSION, version + 1)
        taken.append(step.summary)
    return tuple(taken)


def _version(text: YamlText, newest: int) -> int:
    """Return the format version; raises as `check_version` does for anything else."""
    document = parse_document(text.text, text.name)
    plain = document.plain
    version = plain.get("recipe") if isinstance(plain, dict) else None
    if type(version) is int and version <= newest:
        return version
    check_version(document)
    raise FerryError(f"{text.name}: format version {version} is newer", hint="upgrade dicomferry")

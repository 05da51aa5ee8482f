"""The lock of a recipe: a file that pins what a run is made of, for people to review."""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

import msgspec

from dicomferry.contract.transform import Reading, Salted
from dicomferry.engine.pipeline.steps import Steps
from dicomferry.engine.provenance.code_digest import code_digest, file_digest
from dicomferry.errors import FerryError
from dicomferry.host import Plugins
from dicomferry.recipe.recipe import Recipe
from dicomferry.recipe.schema import FORMAT_VERSION
from dicomferry.recipe.servers import XnatServer

LOCK_VERSION = 1
_PRODUCT = "dicomferry"
_ROUNDS = 100_000
"""Rounds of PBKDF2: they make it slow to guess a short salt from its digest in a lock."""

_SHOWN = 16
_DIGEST_LENGTH = 64


class LockedRecipe(msgspec.Struct, frozen=True, kw_only=True):
    """The recipe of a lock; `digest` is that of the recipe in effect, `params` are digests, too."""

    name: str
    format: int
    digest: str
    params: dict[str, str]


class LockedCode(msgspec.Struct, frozen=True, kw_only=True):
    """The code of one distribution; `digest` is a hex SHA-256 over its files."""

    distribution: str
    version: str
    digest: str


class RecipeLock(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides what a run makes of the same files.

    `inputs` are digests of the tables that transforms read, by path from the recipe's folder.
    `salts` are digests of the transforms' salts, by step: nobody can read a salt from them.
    """

    lock: int = LOCK_VERSION
    recipe: LockedRecipe
    dicomferry: LockedCode
    python: str
    pydicom: str
    plugins: dict[str, LockedCode]
    inputs: dict[str, str]
    salts: dict[str, str]


def _lock_path(recipe: Path) -> Path:
    """Return the path of a recipe's lock: `memory.lock` stands beside `memory.yaml`."""
    return recipe.with_suffix(".lock")


def make_lock(recipe: Recipe, plugins: Plugins, steps: Steps) -> RecipeLock:
    """Return the lock of a recipe as it would run on this machine now."""
    code = cache(code_digest)
    found = {
        plugin.name: LockedCode(
            distribution=plugin.distribution,
            version=plugin.version,
            # Plug-ins of one package share its digest, which takes milliseconds to make.
            digest=code(plugin.distribution, re.split("[.:]", plugin.module)[0]),
        )
        for plugin in plugins.plugins
        if plugin.name in _used(recipe, plugins)
    }
    params = {name: _text_digest(str(value)) for name, value in recipe.params.items()}
    return RecipeLock(
        recipe=LockedRecipe(
            name=recipe.name, format=FORMAT_VERSION, digest=recipe.digest, params=params
        ),
        dicomferry=LockedCode(
            distribution=_PRODUCT, version=version(_PRODUCT), digest=code(_PRODUCT, _PRODUCT)
        ),
        python=platform.python_version(),
        pydicom=version("pydicom"),
        plugins=found,
        inputs=dict(_inputs(recipe, steps)),
        salts={
            step.path: _salt_id(str(step.transform.salt))
            for step in steps.transforms
            if isinstance(step.transform, Salted)
        },
    )


def lock_text(lock: RecipeLock) -> str:
    """Return a lock as JSON in a stable order, one fact a line."""
    return msgspec.json.format(msgspec.json.encode(lock, order="sorted"), indent=2).decode() + "\n"


def read_lock(path: Path) -> RecipeLock:
    """Read a lock file; raises `FerryError` where there is none, or none this version knows."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise FerryError(
            f"{path}: the lock cannot be read: {error.strerror}",
            hint="`dicomferry lock RECIPE` writes it",
        ) from None
    return lock_from(text, path)


def lock_from(text: bytes, path: Path) -> RecipeLock:
    """Return the lock in a text; errors name `path`. Raises `FerryError` for another text."""
    try:
        found = msgspec.json.decode(text, type=_Version).lock
        if found > LOCK_VERSION:
            raise FerryError(f"{path}: the lock has version {found}", hint="upgrade dicomferry")
        return msgspec.json.decode(text, type=RecipeLock)
    except msgspec.MsgspecError as error:
        raise FerryError(
            f"{path}: is not a lock file: {error}", hint="write it anew with `dicomferry lock`"
        ) from None


def drift(
    locked: RecipeLock, here: RecipeLock, words: tuple[str, str] = ("locked", "here")
) -> list[str]:
    """Return a line for each fact in which two locks differ.

    `words` are what the lines call the first and the second lock.
    """
    before = dict(_facts(msgspec.to_builtins(locked), ""))
    after = dict(_facts(msgspec.to_builtins(here), ""))
    lines = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old != new:
            lines.append(f"{name}: {_said(old, words[0])}, {_said(new, words[1])}")
    return lines


def refuse_drift(recipe: Path, here: RecipeLock) -> Path:
    """Return the path of the lock beside a recipe, where `here` is the same.

    Raises `FerryError` with a line for each fact in which it differs.
    """
    path = _lock_path(recipe)
    found = drift(read_lock(path), here)
    if found:
        lines = "\n".join(f"  {line}" for line in found)
        raise FerryError(
            f"{path}: this is not what was locked; nothing was sent\n{lines}",
            hint="restore what was locked, or review the change and `dicomferry lock` it",
        )
    return path


def write_lock(recipe: Path, lock: RecipeLock) -> Path:
    """Write the lock beside a recipe, return its path; raises `FerryError` where it cannot."""
    path = _lock_path(recipe)
    try:
        path.write_text(lock_text(lock), encoding="utf-8")
    except OSError as error:
        raise FerryError(f"{path}: cannot be written: {error.strerror}") from None
    return path


class _Version(msgspec.Struct):
    lock: int


def _used(recipe: Recipe, plugins: Plugins) -> set[str]:
    """Return the names of the plug-ins that offer what the recipe names."""
    wanted = {(step.kind, step.component) for step in recipe.steps}
    wanted |= {
        ("identifier", server.identifier)
        for server in recipe.servers.values()
        if isinstance(server, XnatServer)
    }
    return {
        offer.plugin for offer in plugins.offers if (offer.kind, offer.component.name) in wanted
    }


def _inputs(recipe: Recipe, steps: Steps) -> Iterator[tuple[str, str]]:
    for step in steps.transforms:
        if isinstance(step.transform, Reading):
            for path in step.transform.inputs:
                yield Path(os.path.relpath(path, recipe.folder)).as_posix(), file_digest(path)


def _salt_id(salt: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", salt.encode(), b"dicomferry salt id", _ROUNDS).hex()


def _text_digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _facts(value: object, name: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, Mapping):
        yield name, str(value)
        return
    for key, below in value.items():
        yield from _facts(below, f"{name}: {key}" if name else str(key))


def _said(fact: str | None, where: str) -> str:
    if fact is None:
        return f"not {where}"
    return f"{fact[:_SHOWN]}… {where}" if len(fact) == _DIGEST_LENGTH else f"{fact} {where}"

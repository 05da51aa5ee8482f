"""Folders that globs of `include` name, in which something must be found."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from msgspec import Struct

from dicomferry_plugins._globs import compile_globs

_WILD = re.compile(r"[*?\[]")
_OF_ANOTHER_KIND = re.compile(r"\\|\.\w+!")
"""What stands in paths of Windows, and before members of archives in reports: not in globs."""


class NamedFolder(Struct, frozen=True):
    """A glob, and the path before its first wildcard: the folder that it names."""

    glob: str
    folder: str
    pattern: re.Pattern[str]


def named_folders(globs: Iterable[str]) -> tuple[NamedFolder, ...]:
    """Return the folders that globs name; `**/*.dcm` names a kind of files."""
    found = ((glob, _named(glob)) for glob in globs)
    return tuple(
        NamedFolder(glob, name, compile_globs((glob,))) for glob, name in found if name is not None
    )


def unmet_folders(folders: Iterable[NamedFolder], paths: Collection[str]) -> list[NamedFolder]:
    """Return those of the folders that no path matches."""
    return [one for one in folders if not any(map(one.pattern.fullmatch, paths))]


def advice_on(glob: str, folder: Path) -> str:
    """Return what may be meant by a glob that matches nothing; `folder` is the one it names."""
    if "\\" in glob:
        return "; the parts of a path are separated by /, not by \\"
    if _OF_ANOTHER_KIND.search(glob):
        return "; an archive is as a folder in a glob: a.zip/**"
    if "{" in glob:
        return "; braces are no wildcard: write a glob for each"
    if not _WILD.search(glob) and folder.exists():
        return f"; '{glob.rstrip('/')}/**' is all in it"
    return ""


def _named(glob: str) -> str | None:
    """Return the path before a glob's first wildcard; None where only its last part has a name."""
    if _OF_ANOTHER_KIND.search(glob):
        return "."
    parts = glob.split("/")
    fixed = next((n for n, part in enumerate(parts) if _WILD.search(part)), len(parts))
    if fixed < len(parts) and not any(part.strip("*?") for part in parts[:-1]):
        return None
    return "/".join(parts[:fixed])

"""The dictionaries of the Standard (PS3.6) and of vendors, from pydicom's tables."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, cast


@cache
def tag_of(keyword: str) -> int | None:
    """Return the tag of a keyword, or None for a word that is no keyword."""
    return _tags().get(keyword)


@cache
def keyword_of(tag: int) -> str:
    """Return the keyword of a tag; `(gggg,eeee)` where it has none."""
    entry = _standard().get(tag)
    keyword = entry[4] if entry else _repeating(tag)[1]
    return keyword or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


@cache
def standard_vr(tag: int) -> str:
    """Return the VR of PS3.6, such as `LO` or `US or SS`; empty for an unknown tag."""
    if tag & 0xFFFF == 0:
        return "UL"  # group lengths, PS3.5 7.2
    if is_creator(tag):
        return "LO"  # private creators, PS3.5 7.8.1
    entry = _standard().get(tag)
    return entry[0] if entry else _repeating(tag)[0]


@cache
def private_vr(tag: int, creator: str) -> str:
    """Return a private element's VR by its vendor's dictionary; empty for an unknown one."""
    from pydicom.datadict import private_dictionary_VR

    try:
        return private_dictionary_VR(tag, creator)
    except KeyError:
        return ""


@cache
def keywords() -> tuple[str, ...]:
    """Return every keyword of PS3.6."""
    return tuple(entry[4] for entry in _standard().values() if entry[4])


@cache
def sequences() -> frozenset[int]:
    """Return the tags of PS3.6 that are sequences."""
    return frozenset(tag for tag, entry in _standard().items() if entry[0] == "SQ")


@cache
def uid_name(uid: str) -> str:
    """Return a UID's name by PS3.6 annex A; empty for an unknown one."""
    names: Mapping[str, tuple[str, ...]] = _pydicom("_uid_dict", "UID_dictionary")
    return names[uid][0] if uid in names else ""


def is_private(tag: int) -> bool:
    """Say whether a tag is private: its group is odd."""
    return bool(tag & 0x10000)


def is_creator(tag: int) -> bool:
    """Say whether a tag reserves a block of private elements: (odd,0010) to (odd,00FF)."""
    return is_private(tag) and 0x10 <= tag & 0xFFFF <= 0xFF


def _repeating(tag: int) -> tuple[str, str]:
    """Return VR and keyword of an element of a repeating group, such as (60xx,3000)."""
    if is_private(tag):
        return "", ""
    from pydicom.datadict import get_entry

    try:
        entry = get_entry(tag)
    except KeyError:
        return "", ""
    return entry[0], entry[4]


@cache
def _tags() -> Mapping[str, int]:
    return {entry[4]: tag for tag, entry in _standard().items() if entry[4]}


@cache
def _standard() -> Mapping[int, tuple[str, str, str, str, str]]:
    """Return PS3.6 section 6: a tag's VR, VM, name, retirement and keyword."""
    return cast("Mapping[int, Any]", _pydicom("_dicom_dict", "DicomDictionary"))


def _pydicom(module: str, table: str) -> Any:
    """Return a table of pydicom's without importing pydicom.

    Each table is a module; importing the package `pydicom` takes longer than all other imports of
    a run.
    """
    loaded = sys.modules.get(f"pydicom.{module}")
    if loaded is None:
        package = find_spec("pydicom")
        folders = package.submodule_search_locations if package else None
        if not folders:
            raise ModuleNotFoundError("pydicom is not installed")
        spec = spec_from_file_location(module, Path(folders[0], f"{module}.py"))
        if spec is None or spec.loader is None:
            raise ModuleNotFoundError(f"pydicom has no {module}")
        loaded = module_from_spec(spec)
        spec.loader.exec_module(loaded)
    return getattr(loaded, table)

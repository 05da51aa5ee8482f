"""The names that templates can read, and the nearest known name to an unknown one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

from dicomferry.model import LEVELS

DESTINATION_NAMES: Final = frozenset(LEVELS)
"""Names that a template can read once the destination of the instance is known."""

MAPPING_NAMES: Final = frozenset({"params", "path", "row"})
"""Names of groups of names: a template reads `params.NAME`."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `did you mean '…'?` for the nearest known word; empty when nothing is near."""
    lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    return f"did you mean '{lower[near[0]]}'?" if near else ""


def with_suggestion(message: str, word: str, known: Iterable[str]) -> str:
    """Return the message, followed by a suggestion if there is one."""
    near = suggestion(word, known)
    return f"{message} ({near})" if near else message


def check_keywords(names: Iterable[str]) -> None:
    """Raise `ValueError` for the first name that is no keyword of DICOM's dictionary (PS3.6)."""
    from dicomferry.dicom import dictionary

    others = (*MAPPING_NAMES, *DESTINATION_NAMES, "tag")
    for name in names:
        if dictionary.tag_of(name) is None:
            near = suggestion(name, others) or suggestion(name, dictionary.keywords())
            message = f"'{name}' is not a DICOM keyword"
            raise ValueError(f"{message} ({near})" if near else message)

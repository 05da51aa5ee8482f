"""Removes a patient's names and IDs from a peer's comment, which ledgers and logs keep."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

PATIENT: Final = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "OtherPatientIDs",
    "OtherPatientNames",
)
"""The keywords of the values that are removed."""

_BETWEEN: Final = re.compile(r"[\s^=\\,*?]+")
_SHORTEST: Final = 3
"""The shortest word that is removed: every comment contains a patient's initials."""


def discreet(comment: str, text_of: Callable[[str], str | None]) -> str:
    """Return a comment with `…` for every word of the patient's names and IDs.

    `text_of` returns the patient's values by keyword, as `Header.text` does.
    """
    if not comment:
        return comment
    texts = [text_of(keyword) or "" for keyword in PATIENT]
    words = {part for text in texts for part in (text, *_BETWEEN.split(text))}
    known = sorted((word for word in words if len(word) >= _SHORTEST), key=len, reverse=True)
    if not known:
        return comment
    return re.sub("|".join(map(re.escape, known)), "…", comment, flags=re.IGNORECASE)

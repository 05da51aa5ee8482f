"""What a peer says of an instance, without its patient: comments end in ledgers and logs."""

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
"""The keywords whose values a comment is told without."""

_BETWEEN: Final = re.compile(r"[\s^=\\,*?]+")
_SHORTEST: Final = 3
"""Characters that a word needs to be told from others: an initial is in every comment."""


def discreet(comment: str, told: Callable[[str], str | None]) -> str:
    """Return a comment with `…` for every word of the patient's names and IDs.

    `told` says what is known of the patient by keyword, as `Header.text` does.
    """
    if not comment:
        return comment
    texts = [told(keyword) or "" for keyword in PATIENT]
    words = {part for text in texts for part in (text, *_BETWEEN.split(text))}
    known = sorted((word for word in words if len(word) >= _SHORTEST), key=len, reverse=True)
    if not known:
        return comment
    return re.sub("|".join(map(re.escape, known)), "…", comment, flags=re.IGNORECASE)

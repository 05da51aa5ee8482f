"""What a receiver says of an instance, without its patient: reasons end in ledgers and logs."""

from __future__ import annotations

import re

from dicomferry import Header

_PATIENT = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "OtherPatientIDs",
    "OtherPatientNames",
)
_BETWEEN = re.compile(r"[\s^=\\,]+")
_SHORTEST = 3
"""Characters that a word needs to be told from others: an initial is in every comment."""


def discreet(comment: str, header: Header) -> str:
    """Return a comment with `…` for every word of the patient's names and IDs in `header`."""
    if not comment:
        return comment
    texts = [header.text(keyword) or "" for keyword in _PATIENT]
    words = {part for text in texts for part in (text, *_BETWEEN.split(text))}
    known = sorted((word for word in words if len(word) >= _SHORTEST), key=len, reverse=True)
    if not known:
        return comment
    return re.sub("|".join(map(re.escape, known)), "…", comment, flags=re.IGNORECASE)

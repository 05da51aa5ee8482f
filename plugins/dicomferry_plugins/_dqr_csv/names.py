"""Patients' names in two columns, joined as DQR joins them."""

from __future__ import annotations

import re

_BLANKS = re.compile(r" +")


def joined_name(last: str, first: str) -> str:
    """Return `LAST^FIRST`, `LAST` alone without a first name (DQR's `combineLastAndFirst`)."""
    if "^" in last or not first:
        return _BLANKS.sub(" ", last)
    return _BLANKS.sub(" ", f"{last}^{first}")


def dqr_name(name: str) -> str:
    """Return the name for which the DQR plug-in would ask when there is a last name only."""
    if "^" in name:
        return name
    for mark in (",", " "):
        if mark in name:
            return name.replace(mark, "^", 1)
    return name

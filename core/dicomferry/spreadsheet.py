"""Tables for people, written so that no spreadsheet program executes what stands in them."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[-+]?[0-9][0-9.-]*|-", re.ASCII)
"""Numbers, dates and open ranges of dates, which begin like a formula and are none."""


def neutral(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not _PLAIN.fullmatch(cell):
        return f"'{cell}"
    return cell

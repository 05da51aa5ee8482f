"""Cells of tables for people, made safe: no spreadsheet program executes them as formulas."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[-+]?[0-9][0-9.-]*|-", re.ASCII)
"""Numbers, dates and open date ranges: they begin like a formula, but are none."""


def neutral(cell: str) -> str:
    """Return a cell that no spreadsheet program reads as a formula."""
    if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not _PLAIN.fullmatch(cell):
        return f"'{cell}"
    return cell

"""Remarks on characters by which a PACS does not find what people read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from dicomferry import Severity
from dicomferry.spreadsheet import Cell, Remark

_OF_TEXTS = frozenset("\u2018\u2019\u02bc\u2032\u00b4`\uff07\u2010\u2011\u2012\u2013\u2212\uff0d")
"""Apostrophes and hyphens as programs for texts write them."""


def look_alike_remarks(header: str, cell: Cell) -> Iterator[Remark]:
    """Yield a character that looks like one of ASCII, by which no PACS finds an identifier.

    Digits of another script are remarked by the reader of the table.
    """
    odd = next((char for char in cell.text.strip() if _looks_plain(char)), "")
    if odd:
        what = f"U+{ord(odd):04X} ({unicodedata.name(odd, 'no name')})"
        message = f"{header} has {what}, which looks like a character of ASCII and is another"
        yield Remark("look-alike", message, cell, "write the one of ASCII", Severity.WARNING)


def _looks_plain(char: str) -> bool:
    if char.isascii() or char.isdecimal():
        return False
    name = unicodedata.name(char, "")
    return (
        name.startswith(("CYRILLIC", "GREEK"))
        or unicodedata.normalize("NFKC", char).isascii()
        or unicodedata.category(char)[0] == "P"
    )


def apostrophe_remarks(header: str, cell: Cell) -> Iterator[Remark]:
    """Yield an apostrophe or a hyphen as programs for texts write it in place of a plain one."""
    for char in _OF_TEXTS & set(cell.text):
        name = unicodedata.name(char)
        message = (
            f"{header} has U+{ord(char):04X} ({name}), which a PACS may not take for a plain one"
        )
        hint = "write the apostrophe or hyphen of the keyboard, or ? for any one character"
        yield Remark("typographic", message, cell, hint, Severity.WARNING)


def name_form_remarks(cell: Cell) -> Iterator[Remark]:
    """Yield a name that is written as in a letter: `O'NEIL, MARY` or `MARY O'NEIL`."""
    name = cell.text.strip()
    if "^" not in name and ("," in name or (" " in name and not set(name) & set("*?"))):
        message = "Patient Name has a comma or a blank, and no ^ between its parts"
        hint = "a PACS has LAST^FIRST: write it so, or LAST* for any first name"
        yield Remark("name-form", message, cell, hint, Severity.WARNING)


def control_remarks(header: str, cell: Cell) -> Iterator[Remark]:
    """Yield a value with a line break or a tab in it, as an error."""
    if not cell.text.strip().isprintable():
        message = f"{header} has a line break, a tab or the like in it"
        yield Remark("control-character", message, cell, "write the value in one line")

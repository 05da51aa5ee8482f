"""The texts XNAT reads from a header and the labels it makes of them."""

from __future__ import annotations

import re
from typing import Final

from dicomferry.dicom.header import Header

UNASSIGNED: Final = "Unassigned"
"""What XNAT calls the place of sessions without a project (section 1.6)."""

_NOT_LABEL = re.compile(r"[^\w-]", re.ASCII)
_UNCLEAN = re.compile(r"[`~@#$%^&*()+=\[\]{}|\\/?:;',.<> ]")
_WHOLE_TEXT = frozenset({"LT", "ST", "UT"})


def to_label(text: str) -> str:
    """Return `text` as a label: all but ASCII letters, digits, `_` and `-` becomes `_`.

    XNAT's `Labels.toLabelChars`, for subjects and sessions; project IDs are never cleaned.
    """
    return _NOT_LABEL.sub("_", text)


def clean_value(text: str) -> str:
    """Return `text` as XNAT's archive stage cleans it (`OmUtils.cleanValue`).

    Labels that come as REST parameters meet only this rule; it keeps letters beyond ASCII.
    """
    return _UNCLEAN.sub("_", text)


def dcm_text(header: Header, tag: int) -> str | None:
    """Return the text XNAT sees in a top-level element: None where it is missing or empty.

    As dcm4che2's `getString`: the first of several values, leading blanks and trailing blanks and
    NULs trimmed, of person names the trailing `^` too; LT, ST and UT whole, trimmed at the end.
    """
    raw = header.raw_text(tag)
    if not raw:
        return None
    vr = header.vr(tag)
    if vr in _WHOLE_TEXT:
        return raw.rstrip(" \0")
    first = raw.split("\\", 1)[0].lstrip(" ")
    return first.rstrip(" \0^" if vr == "PN" else " \0")

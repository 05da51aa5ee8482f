"""The texts that XNAT reads from a header, and the labels that it makes of them."""

from __future__ import annotations

import re
from typing import Final

from dicomferry.dicom.header import Header

UNASSIGNED: Final = "Unassigned"
"""What XNAT calls the place of sessions without a project."""

_NOT_LABEL = re.compile(r"[^\w-]", re.ASCII)
_UNCLEAN = re.compile(r"[`~@#$%^&*()+=\[\]{}|\\/?:;',.<> ]")
_SINGLE_VALUE = frozenset({"LT", "ST", "UT"})


def to_label(text: str) -> str:
    """Return `text` as a label: `_` replaces all but ASCII letters, digits, `_` and `-`.

    XNAT's `Labels.toLabelChars` does this to subjects and sessions, never to project IDs.
    """
    return _NOT_LABEL.sub("_", text)


def clean_value(text: str) -> str:
    """Return `text` as XNAT's archive stage changes it (`OmUtils.cleanValue`).

    Labels from REST parameters get this rule only; it keeps letters beyond ASCII.
    """
    return _UNCLEAN.sub("_", text)


def dcm_text(header: Header, tag: int) -> str | None:
    """Return the text that XNAT sees in a top-level element; None where it is missing or empty.

    Like dcm4che2's `getString`, this returns the first of several values, without leading blanks
    and without trailing blanks and NULs; a person name also loses trailing `^`. LT, ST and UT have
    one value, which loses trailing blanks and NULs only.
    """
    raw = header.raw_text(tag)
    if not raw:
        return None
    vr = header.vr(tag)
    if vr in _SINGLE_VALUE:
        return raw.rstrip(" \0")
    first = raw.split("\\", 1)[0].lstrip(" ")
    return first.rstrip(" \0^" if vr == "PN" else " \0")

"""The words for the statuses that end a C-FIND, C-GET or C-MOVE."""

from __future__ import annotations

from typing import Final

_SUCCESS: Final = 0x0000
_WORDS: Final = {
    0x0000: "success",
    0x0110: "processing failure",
    0x0112: "no such SOP instance",
    0x0117: "invalid SOP instance",
    0x0122: "SOP class not supported",
    0x0124: "not authorized",
    0x0210: "duplicate invocation",
    0x0211: "unrecognized operation",
    0x0212: "mistyped argument",
    0x0213: "resource limitation",
    0xA700: "out of resources",
    0xA701: "out of resources: it cannot count the matches",
    0xA702: "out of resources: it cannot send the instances",
    0xA801: "move destination unknown",
    0xA900: "the request does not fit the SOP class",
    0xB000: "some instances were not sent, or with a warning",
    0xFE00: "canceled",
}


def named_status(status: int) -> str:
    """Return a status with its words (PS3.4 C.4.1.1.4, C.4.2.1.5, C.4.3.1.4; PS3.7 Annex C)."""
    words = _WORDS.get(status) or ("unable to process" if status >> 12 == 0xC else "")
    return f"status {status:#06x}" + (f" ({words})" if words else "")


_NARROWER: Final = "ask more narrowly, or see the log of the PACS"
_HINTS: Final = {
    0x0122: "the PACS does not offer this service: ask who runs it",
    0x0124: "have who runs the PACS let our AE title do this",
    0x0213: "ask again later, for fewer at a time",
    0xA801: "have who runs the PACS register us as a move destination",
    0xA900: "the PACS takes no such request: see its log and its conformance statement",
    0xFE00: "ask more narrowly, or have who runs the PACS raise its limit of results",
}


def status_hint(status: int) -> str:
    """Return what to do where a C-FIND ended with a status."""
    return _HINTS.get(status, _NARROWER)


def retrieval_hint(status: int | None) -> str:
    """Return what to do where a C-GET or C-MOVE ended with a status and did not bring all."""
    if status == _SUCCESS:
        return "see on the PACS whether it still has them, then run again"
    return _HINTS.get(status or 0, "see the log of the PACS, then run again")

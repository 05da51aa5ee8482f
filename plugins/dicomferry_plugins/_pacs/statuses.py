"""The words for the statuses that end a C-FIND, C-GET or C-MOVE."""

from __future__ import annotations

from typing import Final

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

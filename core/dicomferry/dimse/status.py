"""The meaning of a C-STORE response's status for the instance that was sent."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class StatusCategory(StrEnum):
    """The four categories of a status; only `SUCCESS` and `WARNING` mean stored."""

    SUCCESS = "success"
    WARNING = "warning"
    RETRY = "retry"
    REFUSED = "refused"

    @property
    def stored(self) -> bool:
        """Whether the receiver says that it has the instance."""
        return self in (StatusCategory.SUCCESS, StatusCategory.WARNING)


class DimseStatus(Struct, frozen=True):
    """A status code with its category and its text."""

    code: int
    verdict: StatusCategory
    words: str

    def __str__(self) -> str:
        return f"0x{self.code:04X} {self.words}"


def store_status(code: int) -> DimseStatus:
    """Return the meaning of a C-STORE's status (PS3.4 B.2.3; PS3.7 9.1.1.1.9 and Annex C).

    A code that neither the Storage Service nor PS3.7 Annex C defines is refused: unknown is never
    success, not even in the range of the warnings.
    """
    return DimseStatus(code, *(_STATUSES.get(code) or _range(code)))


def _range(code: int) -> tuple[StatusCategory, str]:
    if code >> 8 == 0xA7:
        return StatusCategory.RETRY, "out of resources"
    if code >> 8 == 0xA9:
        return StatusCategory.REFUSED, "data set does not match its SOP class"
    if code >> 12 == 0xC:
        return StatusCategory.REFUSED, "cannot understand"
    kind = "warning" if code >> 12 == 0xB else "status"
    return StatusCategory.REFUSED, f"a {kind} that DICOM does not define; not taken as stored"


_SUCCESS = {0x0000: "success"}
_WARNINGS = {
    0xB000: "stored, with data elements coerced",
    0xB006: "stored, with elements discarded",
    0xB007: "stored, though the data set does not match its SOP class",
    0x0107: "stored, with attributes not taken (attribute list error)",
    0x0116: "stored, with an attribute value out of range",
}
_RETRIES = {
    0x0110: "processing failure",
    0x0210: "duplicate invocation",
    0x0213: "resource limitation",
    0xC000: "cannot understand, or another failure at the receiver",
}
_REFUSALS = {
    0x0105: "no such attribute",
    0x0106: "invalid attribute value",
    0x0111: "duplicate SOP instance",
    0x0112: "no such SOP instance",
    0x0115: "invalid argument value",
    0x0117: "invalid SOP instance",
    0x0118: "no such SOP class",
    0x0119: "class-instance conflict",
    0x0120: "missing attribute",
    0x0121: "missing attribute value",
    0x0122: "SOP class not supported",
    0x0124: "not authorized",
    0x0211: "unrecognized operation",
    0x0212: "mistyped argument",
    0xFE00: "canceled",
}

_STATUSES = {
    code: (category, words)
    for category, statuses in (
        (StatusCategory.SUCCESS, _SUCCESS),
        (StatusCategory.WARNING, _WARNINGS),
        (StatusCategory.RETRY, _RETRIES),
        (StatusCategory.REFUSED, _REFUSALS),
    )
    for code, words in statuses.items()
}

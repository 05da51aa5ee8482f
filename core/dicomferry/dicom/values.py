"""Decodes value fields into text and numbers, by VR (PS3.5 6.2)."""

from __future__ import annotations

from functools import cache
from struct import Struct, unpack_from

from dicomferry.dicom.text import decode

Scalar = str | int | float
Value = Scalar | list[Scalar]

# VR to the struct code of one binary number.
NUMBERS = {
    "FD": "d",
    "FL": "f",
    "OD": "d",
    "OF": "f",
    "OL": "L",
    "OV": "Q",
    "SL": "l",
    "SS": "h",
    "SV": "q",
    "UL": "L",
    "US": "H",
    "UV": "Q",
}
_TEXT = frozenset((
    "AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR",
    "UT",
))  # fmt: skip
_OTHER = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "SQ"))
# In these VRs a backslash is text, and leading spaces are part of it (PS3.5 6.2).
SINGLE = frozenset(("LT", "ST", "UR", "UT"))
_LEADING_COUNTS = SINGLE | {"UC"}


def plain_text(raw: bytes, vr: str) -> str | None:
    """Return a value field as text where that is the same in every character set, else None."""
    return raw.decode("ascii") if vr in _TEXT and raw.isascii() and b"\x1b" not in raw else None


def raw_text(raw: bytes, vr: str, character_set: tuple[str, ...], *, little: bool) -> str | None:
    """Return a value field as text with its padding; None where it is no text and no number.

    Callers try `plain_text` first, which needs no character set.
    """
    if vr in _OTHER:
        return None
    if vr in NUMBERS or vr == "AT":
        return "\\".join(_number_text(number) for number in _numbers(raw, vr, little=little))
    if vr == "UN":
        return _printable(raw)
    return decode(raw, vr, character_set) if vr in _TEXT else None


def _printable(raw: bytes) -> str | None:
    # An unknown private element in implicit VR is text when all its bytes are printable.
    text = raw.decode("ascii", errors="replace")
    return text if text.rstrip("\0").isprintable() and "\ufffd" not in text else None


def _numbers(raw: bytes, vr: str, *, little: bool) -> list[Scalar]:
    order = "<" if little else ">"
    if vr == "AT":
        words = unpack_from(f"{order}{len(raw) // 4 * 2}H", raw)
        pairs = zip(words[::2], words[1::2], strict=True)
        return [f"({group:04X},{element:04X})" for group, element in pairs]
    one = _number(order + NUMBERS[vr])
    return [number for (number,) in one.iter_unpack(raw[: len(raw) // one.size * one.size])]


@cache
def _number(form: str) -> Struct:
    return Struct(form)


def _number_text(number: Scalar) -> str:
    if isinstance(number, float) and number.is_integer() and abs(number) < 1e16:
        return str(int(number))
    return str(number)


def trim(text: str, vr: str) -> str:
    """Return text without its insignificant padding, value by value (PS3.5 6.2)."""
    if vr in SINGLE:
        return text.rstrip(" \0")
    strip = str.rstrip if vr in _LEADING_COUNTS else str.strip
    if "\\" not in text:
        return strip(text, " \0")
    return "\\".join(strip(part, " \0") for part in text.split("\\"))


def value(text: str, vr: str) -> Value:
    """Return trimmed text as templates see it: numbers as such, several values as a list."""
    if vr in SINGLE or "\\" not in text:
        return _scalar(text, vr)
    return [_scalar(part, vr) for part in text.split("\\")]


def _scalar(text: str, vr: str) -> Scalar:
    try:
        if vr in ("IS", "SL", "SS", "SV", "UL", "US", "UV"):
            return int(text)
        if vr in ("DS", "FD", "FL"):
            return float(text)
    except ValueError:
        pass  # malformed numbers are common in legacy files: they stay text
    return text

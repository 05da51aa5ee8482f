"""Encodes text into value fields, by VR, and refuses what a VR cannot hold (PS3.5 6.2)."""

from __future__ import annotations

import re
import struct
from datetime import date

from dicomferry.dicom import text as character_sets
from dicomferry.dicom.dictionary import keyword_of
from dicomferry.dicom.syntax import LONG, Syntax
from dicomferry.dicom.values import NUMBERS, SINGLE
from dicomferry.errors import EditError

LIMITS = {
    "AE": 16, "AS": 4, "CS": 16, "DA": 8, "DS": 16, "DT": 26, "IS": 12, "LO": 64, "LT": 10240,
    "PN": 64, "SH": 16, "ST": 1024, "TM": 16, "UI": 64,
}  # fmt: skip
_FORMS = {
    "AE": (r"[ -\[\]-~]*", "printable ASCII"),
    "AS": (r"\d{3}[DWMY]", "nnnD, nnnW, nnnM or nnnY"),
    "CS": (r"[A-Z0-9 _]*", "upper-case letters, digits, spaces and underscores"),
    "DA": (r"\d{8}", "YYYYMMDD"),
    "DS": (r" *[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)? *", "a decimal number"),
    "DT": (r"\d{4}(\d\d){0,5}(\.\d{1,6})?([+-]\d{4})? *", "YYYYMMDDHHMMSS.FFFFFF&ZZXX"),
    "IS": (r" *[+-]?\d+ *", "a whole number"),
    "TM": (r"\d\d([0-5]\d([0-5]\d|60)?(?<=\d{6})(\.\d{1,6})?|[0-5]\d)? *", "HHMMSS.FFFFFF"),
    "UI": (r"(0|[1-9]\d*)(\.(0|[1-9]\d*))*", "numbers joined by dots, without leading zeros"),
}
_LAYOUT = frozenset("\n\r\f\t")
_TEXT = character_sets.GOVERNED | _FORMS.keys() | {"UR"}


def encode_value(
    tag: int, vr: str, text: str, character_set: tuple[str, ...], *, little: bool
) -> bytes:
    r"""Return the value field for `text`, padded to even length; several values joined by `\`.

    Raises `EditError` for what the VR or the character set cannot hold; the error never quotes
    the value, which may name a patient.
    """
    if not text:
        return b""
    if vr == "AT" or vr in NUMBERS:
        return _binary(tag, vr, text, little=little)
    if vr not in _TEXT:
        raise EditError(
            f"{keyword_of(tag)}: VR {vr} takes no text", hint="set it as bytes, or delete it"
        )
    for part in (text,) if vr in SINGLE else text.split("\\"):
        _check(tag, vr, part)
    try:
        raw = character_sets.encode(text, vr, character_set)
    except UnicodeError as error:
        raise _unencodable(tag, vr, character_set) from error
    return padded(raw, vr)


def padded(raw: bytes, vr: str) -> bytes:
    """Return `raw` with even length: NUL for UIDs and binary VRs, else a space (PS3.5 6.2)."""
    return raw if len(raw) % 2 == 0 else raw + padding(vr)


def padding(vr: str) -> bytes:
    """Return the byte that makes a value of a VR even."""
    return b" " if vr in _TEXT and vr != "UI" else b"\0"


def encode_element(tag: int, vr: str, raw: bytes, syntax: Syntax) -> tuple[bytes, int]:
    """Return an element and the offset of its value; raises `EditError` when it is too long."""
    order = syntax.order
    head = (tag >> 16).to_bytes(2, order) + (tag & 0xFFFF).to_bytes(2, order)
    if not syntax.implicit:
        head += vr.encode("ascii")
    if syntax.implicit or vr.encode("ascii") in LONG:
        head += (b"" if syntax.implicit else b"\0\0") + len(raw).to_bytes(4, order)
    elif len(raw) > 0xFFFE:
        raise EditError(
            f"{keyword_of(tag)}: {len(raw)} bytes, VR {vr} holds 65534 in explicit VR",
            hint="shorten the value",
        )
    else:
        head += len(raw).to_bytes(2, order)
    return head + raw, len(head)


def _binary(tag: int, vr: str, text: str, *, little: bool) -> bytes:
    order = "<" if little else ">"
    parts = text.split("\\")
    try:
        if vr == "AT":
            tags = [int(part.strip(" ()").replace(",", ""), 16) for part in parts]
            words = [word for number in tags for word in (number >> 16, number & 0xFFFF)]
            return struct.pack(f"{order}{len(words)}H", *words)
        number = float if NUMBERS[vr] in "df" else int
        return struct.pack(f"{order}{len(parts)}{NUMBERS[vr]}", *map(number, parts))
    except (ValueError, struct.error, OverflowError) as error:
        raise EditError(
            f"{keyword_of(tag)}: the value does not fit VR {vr}", hint=_range_of(vr)
        ) from error


def _range_of(vr: str) -> str:
    if vr == "AT":
        return "VR AT takes tags, such as (0010,0020)"
    if NUMBERS[vr] in "df":
        return f"VR {vr} takes numbers, several joined by a backslash"
    bits = 8 * struct.calcsize("<" + NUMBERS[vr])
    signed = NUMBERS[vr].islower()
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return f"VR {vr} takes whole numbers from {low} to {high}"


def _check(tag: int, vr: str, part: str) -> None:
    if not part:
        return
    limit = LIMITS.get(vr)
    length = max(map(len, part.split("="))) if vr == "PN" else len(part)
    if limit is not None and length > limit:
        raise EditError(
            f"{keyword_of(tag)}: {length} characters, VR {vr} holds {limit}",
            hint="shorten the value",
        )
    if vr == "PN" and part.count("=") > 2:
        raise EditError(f"{keyword_of(tag)}: VR PN has three component groups at most")
    form = _FORMS.get(vr)
    if form is not None and not re.fullmatch(form[0], part, re.ASCII):
        raise EditError(
            f"{keyword_of(tag)}: the value ({len(part)} characters) is not of VR {vr}",
            hint=f"VR {vr} takes {form[1]}",
        )
    _check_meaning(tag, vr, part)
    _check_controls(tag, vr, part)


def _check_meaning(tag: int, vr: str, part: str) -> None:
    if vr == "IS" and not -(2**31) <= int(part) < 2**31:
        raise EditError(f"{keyword_of(tag)}: VR IS takes numbers from -2147483648 to 2147483647")
    if vr == "DA":
        try:
            date(int(part[:4]), int(part[4:6]), int(part[6:]))
        except ValueError:
            raise EditError(f"{keyword_of(tag)}: the value is not a day of VR DA") from None


def _check_controls(tag: int, vr: str, part: str) -> None:
    allowed = _LAYOUT if vr in ("LT", "ST", "UT") else frozenset[str]()
    if any((ch < " " or "\x7f" <= ch < "\xa0") and ch not in allowed for ch in part):
        raise EditError(
            f"{keyword_of(tag)}: the value holds a control character, VR {vr} takes none",
            hint="remove line breaks, tabs and the like",
        )


def _unencodable(tag: int, vr: str, character_set: tuple[str, ...]) -> EditError:
    if vr not in character_sets.GOVERNED:
        return EditError(f"{keyword_of(tag)}: VR {vr} takes ASCII only")
    named = "\\".join(character_set) or "ASCII, the default"
    return EditError(
        f"{keyword_of(tag)}: the value cannot be written in the character set {named}",
        hint="set SpecificCharacterSet as well, to ISO_IR 192 (UTF-8) say",
    )

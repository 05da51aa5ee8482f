"""How XNAT reads up to 1.9: dcm4che2's `DicomObject.getString`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from dicomferry.dicom.header import Header
from dicomferry.dicom.text import GOVERNED
from dicomferry.xnat.reading.character_sets import BY_NUMBER, ESCAPED, number_of
from dicomferry.xnat.reading.decoding import decode
from dicomferry.xnat.reading.errors import UnforeseeableError
from dicomferry.xnat.reading.values import (
    ASCII_TEXT,
    NUMBERS,
    SINGLE_TEXT,
    character_set_terms,
    first_number,
    is_plain,
    read_vr,
)

_STUDY_DATE: Final = 0x00080020
_ESCAPE: Final = 0x1B
_ESCAPED: Final[Mapping[bytes, str]] = MappingProxyType(
    {**ESCAPED, b"(B": "US-ASCII", b"(J": "JIS_X0201", b")I": "JIS_X0201"}
)
_OTHER_TERMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "": "US-ASCII",
        "ISO 2022 IR 6": "US-ASCII",
        "ISO 2022 IR 87": "JIS0208",
        "ISO 2022 IR 159": "JIS0212",
        "ISO 2022 IR 149": "cp949",
        "ISO_IR 192": "UTF-8",
        "GB18030": "GB18030",
    }
)


class Dcm4che2:
    """Reads as XNAT up to 1.9 does, on a JVM whose default charset is `default`.

    Text without a character set that dcm4che2 knows is the JVM's to decode: `text` raises
    `UnforeseeableError` for it where no `default` is given.
    """

    high_groups = False

    def __init__(self, default: str | None = None) -> None:
        self._default = default

    def text(self, header: Header, tag: int) -> str | None:
        """Return the first value as text; see `Reader`."""
        raw = header.raw(tag)
        if not raw:
            return None
        vr = read_vr(header, tag)
        if vr in SINGLE_TEXT:
            return self._decoded(header, raw, vr).lstrip("\0").rstrip("\0 ") or None
        if vr in GOVERNED or vr in ASCII_TEXT:
            first = self._decoded(header, raw, vr).split("\\", 1)[0].lstrip(" ")
            return first.rstrip("^ " if vr == "PN" else "\0 ") or None
        return _number(header, tag, vr, raw)

    def refusal(self, header: Header) -> str | None:
        """Return why XNAT refuses an instance whatever it is called; see `Reader`."""
        date = self.text(header, _STUDY_DATE)
        if date is not None and not _is_date(date):
            return "its StudyDate is no date, and XNAT up to 1.9 stumbles over it"
        return None

    def _decoded(self, header: Header, raw: bytes, vr: str) -> str:
        if is_plain(raw):
            return raw.decode("ascii")
        terms = character_set_terms(header) if vr in GOVERNED else []
        charset = _charset(terms[0]) if terms else None
        if charset is None:
            if raw.isascii():
                return raw.decode("ascii")
            if self._default is None:
                raise UnforeseeableError(
                    "it has text outside of ASCII and no character set that XNAT up to 1.9 knows:"
                    " the default of the server's JVM decides"
                )
            return decode(raw, self._default)
        return "".join(_extended(raw, charset)) if len(terms) > 1 else decode(raw, charset)


def _charset(term: str) -> str | None:
    """Return Java's charset of a term; None for one that dcm4che2 does not know."""
    return _OTHER_TERMS.get(term) or BY_NUMBER.get(number_of(term))


def _extended(raw: bytes, charset: str) -> Iterator[str]:
    """Yield text with escape sequences; only another sequence ends what one begins."""
    step, since, at = 1, 0, 0
    while at < len(raw):
        if raw[at] != _ESCAPE:
            at += step or (2 if raw[at] > 0x7F else 1)
            continue
        yield decode(raw[since:at], charset)
        start, sequence = at, raw[at + 1 : at + 3]
        at += 3
        if sequence in (b"$(", b"$)"):
            sequence += raw[at : at + 1]
            at += 1
        if len(sequence) < 2 or at > len(raw):
            raise UnforeseeableError("it ends within an escape sequence")
        switched = _switched(sequence)
        if switched is None:
            yield decode(raw[start:at], charset)
        else:
            charset, step = switched
        since = at
    yield decode(raw[since:], charset)


def _switched(sequence: bytes) -> tuple[str, int] | None:
    """Return the charset that an escape sequence calls and its step; None for an unknown one."""
    if sequence in _ESCAPED:
        return _ESCAPED[sequence], 1
    if sequence == b"$)C":
        return "cp949", 0
    if sequence in (b"$B", b"$(D"):
        return ("JIS0208" if sequence == b"$B" else "JIS0212"), 2
    return None


_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)


def _is_date(text: str) -> bool:
    """Tell whether dcm4che2's `parseDA` takes a text.

    It takes four characters of a year, then a separator or none and two of a month, and the same
    of a day; what is too short for the next part ends it. Each part must be a Java integer.
    """
    if not _WHOLE.fullmatch(text[:4]) or len(text) < 4:
        return False
    at = 4
    for _ in ("month", "day"):
        if at >= len(text):
            return True
        at += not text[at].isdigit()
        if at + 2 > len(text):
            return True
        if not _WHOLE.fullmatch(text[at : at + 2]):
            return False
        at += 2
    return True


def _number(header: Header, tag: int, vr: str, raw: bytes) -> str | None:
    """Return what dcm4che2 makes of a value that is no text."""
    if vr in NUMBERS:
        return first_number(header, tag, vr)
    if vr == "UN":
        return "".join(map(_unknown, raw))
    raise UnforeseeableError(f"a rule reads a value of VR {vr}")


def _unknown(byte: int) -> str:
    r"""Return one byte of a UN as dcm4che2 writes it: `\\` for a backslash, `\0A` for a control."""
    if 0x20 <= byte <= 0x7E:
        return "\\\\" if byte == 0x5C else chr(byte)
    return f"\\{byte:02X}"

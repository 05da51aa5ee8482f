"""How XNAT reads since 1.10: dcm4che3's `Attributes.getString`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from dicomferry.dicom.header import Header
from dicomferry.dicom.text import GOVERNED
from dicomferry.xnat.reading.character_sets import BY_NUMBER, ESCAPED, number_of
from dicomferry.xnat.reading.code_extensions import (
    ASCII,
    CHINESE,
    JIS_X0208,
    JIS_X0212,
    KATAKANA,
    KOREAN,
    Codec,
    decode_extended,
)
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

_CONTROLS: Final = "".join(map(chr, range(0x21)))
"""All that Java's `trim` takes off: blanks and control characters."""

_G1: Final[Mapping[str, str]] = MappingProxyType(
    {charset: escape.decode() for escape, charset in ESCAPED.items()}
)
_CODECS: Final[Mapping[str, Codec]] = MappingProxyType(
    {
        **{n: Codec(charset, "(B", _G1[charset]) for n, charset in BY_NUMBER.items() if n != "13"},
        "6": ASCII,
        "13": KATAKANA,
        "203": Codec("ISO-8859-15", "(B", "-b"),
    }
)
_EXTENSIONS: Final[Mapping[str, Codec]] = MappingProxyType(
    {
        "ISO 2022 IR 6": ASCII,
        "ISO 2022 IR 87": JIS_X0208,
        "ISO 2022 IR 159": JIS_X0212,
        "ISO 2022 IR 149": KOREAN,
        "ISO 2022 IR 58": CHINESE,
        "ISO_IR 192": Codec("UTF-8", "", "", 0),
        "GB18030": Codec("GB18030", "", "", 0, ascii=False),
        "GBK": Codec("GB18030", "", "", 0, ascii=False),
    }
)


class Dcm4che3:
    """Reads as the 1.10 line does: every value loses blanks and control characters around it."""

    high_groups = True

    def text(self, header: Header, tag: int) -> str | None:
        """Return the first value as text; see `Reader`."""
        raw = header.raw(tag)
        if not raw:
            return None
        vr = read_vr(header, tag)
        if vr in SINGLE_TEXT:
            text = self._decoded(header, raw, vr).rstrip(_CONTROLS)
            return _with_yen(text, header) or None
        if vr in GOVERNED or vr in ASCII_TEXT:
            return self._decoded(header, raw, vr).split("\\", 1)[0].strip(_CONTROLS) or None
        return _number(header, tag, vr, raw)

    def refusal(self, _header: Header) -> str | None:
        """Return None: nothing in a header makes the newer XNAT refuse it; see `Reader`."""
        return None

    def _decoded(self, header: Header, raw: bytes, vr: str) -> str:
        if is_plain(raw):
            return raw.decode("ascii")
        if vr not in GOVERNED:
            return decode(raw, "US-ASCII")
        codecs = _codecs(character_set_terms(header))
        if len(codecs) == 1:
            return decode(raw, codecs[0].charset)
        return decode_extended(raw, codecs, _delimiters(vr))


def _delimiters(vr: str) -> bytes:
    if vr in SINGLE_TEXT:
        return b"\t\n\f\r"
    return b"^=\\" if vr == "PN" else b"\\"


def _with_yen(text: str, header: Header) -> str:
    """Return a text with the yen sign that JIS X 0201 has in place of a backslash."""
    if "\\" not in text:
        return text
    codecs = _codecs(character_set_terms(header))
    return text.replace("\\", "\xa5") if codecs[0].charset == "JIS_X0201" else text


def _codec(term: str) -> Codec:
    if term in _EXTENSIONS:
        return _EXTENSIONS[term]
    # A term that dcm4che3 does not know stands for the default, which is ASCII.
    return _CODECS.get(number_of(term), ASCII)


def _codecs(terms: list[str]) -> list[Codec]:
    """Return the codecs of the terms, one that has ASCII first.

    Of several terms, one that takes no code extensions counts as the only one.
    """
    if len(terms) > 1:
        for term in terms:
            single = term.startswith("ISO_IR ") and term.removeprefix("ISO_IR ") in _CODECS
            if term and not term.startswith("ISO 2022") and not (single and term != "ISO_IR 6"):
                return [_codec(terms[0])]
    codecs = [_codec(term) for term in terms] or [ASCII]
    for at, codec in enumerate(codecs):
        if len(codecs) > 1 and codec.ascii:
            codecs[0], codecs[at] = codec, codecs[0]
            break
    return codecs


def _number(header: Header, tag: int, vr: str, raw: bytes) -> str | None:
    """Return the first number of a binary value; a byte of a UN or OB is a number, too."""
    if vr in NUMBERS:
        return first_number(header, tag, vr)
    if vr in ("UN", "OB"):
        return str(raw[0] - 256 if raw[0] > 127 else raw[0])
    if vr == "SQ":
        return None
    raise UnforeseeableError(f"a rule reads a value of VR {vr}")

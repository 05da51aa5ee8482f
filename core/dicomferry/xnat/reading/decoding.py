"""Bytes as text, as Java's decoders make it: each byte that means nothing becomes U+FFFD."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

_REPLACEMENT = "\ufffd"
_PAIRS = {"JIS0208": b"%s", "JIS0212": b"\x8f%s"}
"""Java's charsets of two bytes with the high bits clear, and their form in EUC-JP."""

_SINGLE_BYTES = {
    "US-ASCII": "ascii",
    "ISO-8859-1": "latin-1",
    "ISO-8859-2": "iso8859-2",
    "ISO-8859-3": "iso8859-3",
    "ISO-8859-4": "iso8859-4",
    "ISO-8859-5": "iso8859-5",
    "ISO-8859-6": "iso8859-6",
    "ISO-8859-7": "iso8859-7",
    "ISO-8859-8": "iso8859-8",
    "ISO-8859-9": "iso8859-9",
    "ISO-8859-15": "iso8859-15",
    "TIS-620": "tis-620",
}
_SEVERAL_BYTES = {
    "EUC-KR": "euc-kr",
    "cp949": "cp949",
    "GB2312": "gb2312",
    "GB18030": "gb18030",
    "UTF-8": "utf-8",
}


def decode(raw: bytes, charset: str) -> str:
    """Return `raw` as `new String(raw, charset)` does, for one of Java's names of a charset."""
    if charset in _SINGLE_BYTES:
        return raw.decode(_SINGLE_BYTES[charset], errors="replace")
    if charset == "JIS_X0201":
        return "".join(map(_half_width, raw))
    if charset in _PAIRS:
        return "".join(_pairs(raw, charset))
    return raw.decode(_SEVERAL_BYTES[charset], errors="replace")


def _half_width(byte: int) -> str:
    """Return a character of JIS X 0201: ASCII, or half-width katakana from 0xA1 on."""
    if byte < 0x80:
        return chr(byte)
    return chr(0xFF61 + byte - 0xA1) if 0xA1 <= byte <= 0xDF else _REPLACEMENT


def _pairs(raw: bytes, charset: str) -> Iterator[str]:
    at = 0
    while at < len(raw):
        pair = raw[at : at + 2]
        if len(pair) == 2 and all(0x21 <= byte <= 0x7E for byte in pair):
            yield _pair(pair, charset)
            at += 2
        else:
            yield _REPLACEMENT
            at += 1


@cache
def _pair(pair: bytes, charset: str) -> str:
    euc = _PAIRS[charset] % bytes(byte | 0x80 for byte in pair)
    return euc.decode("euc-jp", errors="replace") if _is_one(euc) else _REPLACEMENT


def _is_one(euc: bytes) -> bool:
    try:
        return len(euc.decode("euc-jp")) == 1
    except UnicodeDecodeError:
        return False

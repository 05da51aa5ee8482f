"""Code extensions (PS3.5 6.1.2.5), as dcm4che3 decodes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from dicomferry.xnat.reading.character_sets import ESCAPED
from dicomferry.xnat.reading.decoding import decode

_ESCAPE: Final = 0x1B


class Codec(Struct, frozen=True):
    """A character set: Java's charset, and the escape sequences that call it into G0 and G1.

    `step` is the number of bytes of a character; 0 says two bytes with the high bit, else one.
    `ascii` tells whether it has ASCII.
    """

    charset: str
    g0: str
    g1: str
    step: int = 1
    ascii: bool = True


_ESCAPED: Final[Mapping[bytes, str]] = MappingProxyType({**ESCAPED, b"-b": "ISO-8859-15"})
ASCII: Final = Codec("US-ASCII", "(B", "")
KATAKANA: Final = Codec("JIS_X0201", "(J", ")I")
JIS_X0208: Final = Codec("JIS0208", "$B", "", ascii=False)
JIS_X0212: Final = Codec("JIS0212", "$(D", "", 2, ascii=False)
CHINESE: Final = Codec("GB2312", "", "$)A", 0, ascii=False)
KOREAN: Final = Codec("EUC-KR", "", "$)C", 0, ascii=False)


def decode_extended(raw: bytes, codecs: Sequence[Codec], delimiters: bytes) -> str:
    """Return text with escape sequences; `delimiters` make the first character set active again."""
    return "".join(_Run(raw, codecs[0], delimiters).parts())


class _Run:
    """One pass over a value: which character sets are active, and what is not decoded yet."""

    def __init__(self, raw: bytes, first: Codec, delimiters: bytes) -> None:
        self._raw = raw
        self._first = first
        self._delimiters = delimiters
        self._active = [first, first]
        self._high = 0
        self._since = 0
        self._at = 0

    def parts(self) -> Iterator[str]:
        raw = self._raw
        while self._at < len(raw):
            if raw[self._at] == _ESCAPE and self._at + 2 < len(raw):
                yield self._pending()
                yield self._escape()
                self._since = self._at
            else:
                yield self._character()
        self._at = min(self._at, len(raw))
        yield self._pending()

    def _pending(self) -> str:
        text = self._raw[self._since : self._at]
        self._since = self._at
        return decode(text, self._active[self._high].charset) if text else ""

    def _escape(self) -> str:
        """Obey the escape sequence at the cursor; return it as characters if it is none."""
        start = self._at
        sequence = self._raw[start + 1 : start + 3]
        self._at += 3
        if sequence in (b"$(", b"$)"):
            sequence += self._raw[self._at : self._at + 1]
            self._at = min(self._at + 1, len(self._raw))
        if not self._switch(sequence):
            return decode(self._raw[start : self._at], self._active[0].charset)
        return ""

    def _switch(self, sequence: bytes) -> bool:
        if sequence in _ESCAPED:
            self._put(1, Codec(_ESCAPED[sequence], "(B", sequence.decode()))
        elif sequence == b"(B":
            self._put(0, ASCII)
        elif sequence == b"(J":
            self._active[0] = KATAKANA
            if not self._active[1].g1:
                self._active[1] = KATAKANA
        elif sequence == b")I":
            self._active[1] = KATAKANA
        elif sequence == b"$B":
            self._active[0] = JIS_X0208
        elif sequence == b"$(D":
            self._active[0] = JIS_X0212
        elif sequence in (b"$)A", b"$)C"):
            self._put(1, CHINESE if sequence == b"$)A" else KOREAN)
        else:
            return False
        return True

    def _put(self, half: int, codec: Codec) -> None:
        self._active[half] = codec
        if self._active[0].g0 == self._active[1].g0:
            self._active[0] = self._active[1]

    def _character(self) -> str:
        byte = self._raw[self._at]
        done = ""
        if self._active[0] != self._active[1] and self._high == (0 if byte > 0x7F else 1):
            done = self._pending()
            self._high = 1 - self._high
        codec = self._active[self._high]
        if self._high == 0 and codec.ascii and byte in self._delimiters:
            # dcm4che decodes what is pending by the character set that is active from here on
            self._active = [self._first, self._first]
            codec = self._first
        self._at += codec.step or (2 if byte > 0x7F else 1)
        return done

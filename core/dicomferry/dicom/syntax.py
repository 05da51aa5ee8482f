"""Syntaxes: how elements and items are encoded, and the errors of bytes that fit none (PS3.5 7)."""

from __future__ import annotations

import struct
from typing import Literal

from msgspec import Struct

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD

# Explicit VRs by the width of their length field (PS3.5 7.1.2).
SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())


class UnsureError(Exception):
    """The walk met bytes that it does not understand; the caller lets them be mended."""


class CutError(Exception):
    """A length reaches behind the end of the bytes: the data set is cut short, or damaged."""


class Syntax(Struct, frozen=True):
    """How elements are encoded: implicit or explicit VR, little or big endian."""

    implicit: bool
    order: Literal["little", "big"]
    element: struct.Struct
    number: struct.Struct
    item: struct.Struct

    @property
    def little(self) -> bool:
        """Say whether numbers have their least significant byte first."""
        return self.order == "little"


IMPLICIT = Syntax(
    implicit=True,
    order="little",
    element=struct.Struct("<HHL"),
    number=struct.Struct("<L"),
    item=struct.Struct("<HHL"),
)
EXPLICIT = Syntax(
    implicit=False,
    order="little",
    element=struct.Struct("<HH2sH"),
    number=struct.Struct("<L"),
    item=struct.Struct("<HHL"),
)
BIG = Syntax(
    implicit=False,
    order="big",
    element=struct.Struct(">HH2sH"),
    number=struct.Struct(">L"),
    item=struct.Struct(">HHL"),
)


def is_new_vr(vr: bytes, reserved: bytes) -> bool:
    """Say whether two bytes are a VR of a later Standard, which is laid out as OB (PS3.5 6.2)."""
    return reserved == b"\0\0" and vr.isalpha() and vr.isupper()


def item_header(data: bytes, at: int, syntax: Syntax) -> tuple[int, int]:
    """Return tag and length of an item or a delimitation item; they have no VR (PS3.5 7.5)."""
    group, element, length = syntax.item.unpack_from(data, at)
    return group << 16 | element, length

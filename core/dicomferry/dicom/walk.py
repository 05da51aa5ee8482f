"""The walk: it indexes every element of a data set and decodes none (PS3.5 section 7)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from dicomferry.dicom import dictionary

if TYPE_CHECKING:
    from dicomferry.dicom.blob import Blob

Entry = tuple[int, int, int, bytes]
"""Where an element starts, where its value starts, where it ends, and its VR (empty: implicit)."""

Index = dict[int, Entry]

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA = 0x7FE00010
BULK_TAGS = frozenset((0x7FE00008, 0x7FE00009, PIXEL_DATA))
BULK_SIZE = 1 << 20
_BULK_VRS = frozenset((b"", b"OB", b"OD", b"OF", b"OW", b"UN"))
_LAST_BEFORE_BULK = min(BULK_TAGS) - 1
_MOST_HELD = 1 << 29
"""Bytes of one data set that are held in memory; only damage asks for more."""

# Groups that no data set holds: command, meta, delimiters. A meta group holds 0002.
OUT_OF_PLACE = frozenset((0x0000, 0x0002, 0xFFFE))
OUT_OF_PLACE_IN_META = frozenset((0x0000, 0xFFFE))
HEAD = 1 << 16
DEPTH = 64

# Explicit VRs by the width of their length field (PS3.5 7.1.2).
SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())


_NO_TAGS: frozenset[int] = frozenset()


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


class Window:
    """The stretch of a blob in memory during a walk; it grows, and leaves bulk values out.

    Offsets count from the blob's byte `origin`. `kept` are the earlier stretches.
    """

    __slots__ = ("_blob", "_origin", "base", "data", "kept", "size")

    def __init__(self, blob: Blob, origin: int, head: bytes = b"") -> None:
        self._blob = blob
        self._origin = origin
        self.size = blob.size - origin
        self.base = 0
        self.data = head
        self.kept: list[tuple[int, bytes]] = []

    def reach(self, end: int) -> None:
        """Read the bytes up to `end` into memory; raises `CutError` when there are fewer."""
        if end > self.size:
            raise CutError(f"the data set ends at byte {self.size}, {end} were expected")
        held = self.base + len(self.data)
        if end > held:
            if end - self.base > _MOST_HELD:
                raise CutError(f"its elements take more than {_MOST_HELD >> 20} MiB without pixels")
            ahead = min(self.size, max(end, held + max(HEAD, len(self.data))))
            self.data += self._blob.read(self._origin + held, ahead - held)

    def bulk(self, tag: int, vr: bytes, start: int) -> None:  # noqa: ARG002  for `head`
        """Hold what is in front of the bulk value of an element, which starts at `start`."""
        self.reach(start)

    def skip(self, start: int, stop: int) -> None:
        """Drop the bytes from `start` to `stop`, and go on behind them."""
        self.kept.append((self.base, self.data[: start - self.base]))
        self.data = self.data[stop - self.base :]
        self.base = stop

    def peek(self, start: int, length: int) -> bytes:
        """Return `length` bytes without keeping them; raises `CutError` when there are fewer."""
        at = start - self.base
        if at >= 0 and at + length <= len(self.data):
            return self.data[at : at + length]
        if start + length > self.size:
            raise CutError(f"the data set ends at byte {self.size}, more was expected")
        return self._blob.read(self._origin + start, length)

    def finish(self, end: int) -> tuple[tuple[int, bytes], ...]:
        """Return the stretches in memory, up to `end`, with the offset of each."""
        last = (self.base, self.data[: end - self.base])
        return tuple(part for part in (*self.kept, last) if part[1])


def walk(
    window: Window,
    start: int,
    end: int,
    syntax: Syntax,
    depth: int = 0,
    *,
    open_end: bool = False,
    out_of_place: frozenset[int] = OUT_OF_PLACE,
) -> tuple[Index, int]:
    """Index the elements from `start` to `end`; return where they end.

    Items of sequences are looked into, but not indexed. With `open_end`, an item delimitation item
    ends them (PS3.5 7.5.2). Raises `CutError`, and `UnsureError`: also for a group in
    `out_of_place`.
    """
    if depth > DEPTH:
        raise UnsureError(f"sequences are nested more than {DEPTH} deep")
    index: Index = {}
    implicit, unpack = syntax.implicit, syntax.element.unpack_from
    number = syntax.number.unpack_from
    sequences = dictionary.sequences() if implicit else _NO_TAGS
    data, base = window.data, window.base
    position, limit = start, min(end, base + len(data))
    while position < end:
        if position + 12 > limit:
            window.reach(max(min(position + 12, end), position + 8))
            data, base = window.data, window.base
            limit = min(end, base + len(data))
        value, vr = position + 8, b""
        if implicit:
            group, element, length = unpack(data, position - base)
            if group << 16 | element in sequences:
                limit = -1
        else:
            group, element, vr, length = unpack(data, position - base)
            if vr in LONG:
                value += 4
                length = number(data, position - base + 8)[0] if value <= limit else UNDEFINED
                if vr == b"SQ":
                    limit = -1
            elif vr not in SHORT and group != 0xFFFE:
                if not is_new_vr(vr, data[position - base + 6 : position - base + 8]):
                    raise UnsureError(f"{vr!r} at byte {position + 4} is not a VR")
                value += 4
                length = number(data, position - base + 8)[0] if value <= limit else UNDEFINED
        tag = group << 16 | element
        if group in out_of_place or tag in index:
            if tag == ITEM_END and open_end:
                return index, value
            what = "occurs twice" if tag in index else f"at byte {position} is out of place"
            raise UnsureError(f"({group:04X},{element:04X}) {what}")
        stop = value + length
        # Most values are short and in memory: their end is known without a call. A sequence is
        # looked into, so its head has set `limit` to -1.
        if stop & 1 or stop > limit or length > BULK_SIZE or tag > _LAST_BEFORE_BULK:
            stop = _value_end(window, tag, vr, value, length, end, syntax, depth)
            data, base = window.data, window.base
            limit = min(end, base + len(data))
        index[tag] = (position, value, stop, vr)
        position = stop
    if open_end:
        raise CutError(f"the item at byte {start} has no end")
    return index, position


def is_new_vr(vr: bytes, reserved: bytes) -> bool:
    """Say whether two bytes are a VR of a later Standard, which is laid out as OB (PS3.5 6.2)."""
    return reserved == b"\0\0" and vr.isalpha() and vr.isupper()


def is_of_pixels(vr: bytes, length: int) -> bool:
    """Say whether pixel data may have a VR: readers take UN of undefined length for a sequence."""
    return vr in _BULK_VRS and not (vr == b"UN" and length == UNDEFINED)


def _value_end(
    window: Window,
    tag: int,
    vr: bytes,
    value: int,
    length: int,
    end: int,
    syntax: Syntax,
    depth: int,
) -> int:
    """Return where a value ends; look into a sequence; read it into memory unless it is bulk."""
    if value > end:
        raise CutError(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is cut short before its value")
    if tag in BULK_TAGS and not is_of_pixels(vr, length):
        raise UnsureError(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) has the VR {vr!r}")
    if length == UNDEFINED:
        return _undefined_end(window, tag, vr, value, end, syntax, depth)
    stop = value + length
    if stop > end:
        raise CutError(
            f"({tag >> 16:04X},{tag & 0xFFFF:04X}) needs {length} bytes at byte {value}, "
            f"{end - value} are left"
        )
    if length & 1:
        raise UnsureError(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) has the odd length {length}")
    if vr == b"SQ" or (syntax.implicit and tag in dictionary.sequences()):
        if length:
            window.reach(stop)
            _look_into(window, value, stop, syntax, depth + 1)
    elif depth == 0 and _is_bulk(window, tag, vr, value, length):
        window.bulk(tag, vr, value)
        window.skip(value, stop)
    else:
        window.reach(stop)
    return stop


def _look_into(window: Window, position: int, end: int, syntax: Syntax, depth: int) -> None:
    """Walk the items of a sequence of defined length, which is in memory."""
    data, base, unpack = window.data, window.base, syntax.item.unpack_from
    while position < end:
        if position + 8 > end:
            raise CutError(f"a sequence has {end - position} bytes behind its last item")
        group, element, length = unpack(data, position - base)
        tag = group << 16 | element
        position = _item_end(window, position, end, tag, length, syntax, depth)


def _item_end(
    window: Window, position: int, end: int, tag: int, length: int, syntax: Syntax, depth: int
) -> int:
    """Walk the item that starts at `position`, whose header was read."""
    if tag != ITEM:
        raise UnsureError(f"no item starts at byte {position}")
    position += 8
    if length == UNDEFINED:
        return walk(window, position, end, syntax, depth, open_end=True)[1]
    if position + length > end:
        raise CutError("an item of a sequence is longer than what is left")
    if length:
        walk(window, position, position + length, syntax, depth)
    return position + length


def _is_bulk(window: Window, tag: int, vr: bytes, value: int, length: int) -> bool:
    if tag in BULK_TAGS:
        return True
    if length <= BULK_SIZE or vr == b"SQ":
        return False
    # In implicit VR, a long value is a sequence if it begins with an item tag, else bulk.
    return vr not in (b"", b"UN") or window.peek(value, 4) != b"\xfe\xff\x00\xe0"


def has_fragments(tag: int, vr: bytes) -> bool:
    """Say whether a value of undefined length is in fragments: pixels, or a vendor's own."""
    return tag in BULK_TAGS or (bool(tag & 0x10000) and vr in (b"OB", b"OW"))


def _undefined_end(
    window: Window, tag: int, vr: bytes, value: int, end: int, syntax: Syntax, depth: int
) -> int:
    if has_fragments(tag, vr):
        if depth == 0:
            window.bulk(tag, vr, value)
            stop = _fragments_end(window, value, end, syntax)
            window.skip(value, stop)
            return stop
        return _fragments_end(window, value, end, syntax)
    if vr == b"SQ" or syntax.implicit:
        return sequence_end(window, value, end, syntax, depth + 1)
    if vr == b"UN":
        return sequence_end(window, value, end, IMPLICIT, depth + 1)
    raise UnsureError(f"a value of VR {vr.decode()} at byte {value} has no length")


def _fragments_end(window: Window, position: int, end: int, syntax: Syntax) -> int:
    """Return where encapsulated pixel data ends, reading the item headers only (PS3.5 A.4)."""
    while position + 8 <= end:
        tag, length = item_header(window.peek(position, 8), 0, syntax)
        position += 8
        if tag == SEQUENCE_END:
            return position
        if tag != ITEM or length == UNDEFINED:
            raise UnsureError(f"no fragment of pixel data starts at byte {position - 8}")
        if length & 1:
            raise UnsureError(f"the fragment at byte {position - 8} has the odd length {length}")
        position += length
    raise CutError("the encapsulated pixel data has no end")


def item_header(data: bytes, at: int, syntax: Syntax) -> tuple[int, int]:
    """Return tag and length of an item or a delimitation item; they have no VR (PS3.5 7.5)."""
    group, element, length = syntax.item.unpack_from(data, at)
    return group << 16 | element, length


def sequence_end(window: Window, position: int, end: int, syntax: Syntax, depth: int) -> int:
    """Return where a sequence of undefined length ends, its delimitation item included."""
    while position + 8 <= end:
        window.reach(position + 8)
        tag, length = item_header(window.data, position - window.base, syntax)
        if tag == SEQUENCE_END:
            return position + 8
        position = _item_end(window, position, end, tag, length, syntax, depth)
    raise CutError("a sequence has no end")


Frame = tuple[int, int, int, int]
"""Byte offsets of one item: its start, its elements' start and end, and its own end."""


def frames(
    window: Window, position: int, end: int, syntax: Syntax, depth: int = 0
) -> tuple[Frame, ...]:
    """Return the items of a sequence's value; a sequence delimitation item ends them."""
    found: list[Frame] = []
    while position < end:
        window.reach(position + 8)
        tag, length = item_header(window.data, position - window.base, syntax)
        if tag == SEQUENCE_END:
            break
        if tag != ITEM:
            raise UnsureError(f"no item starts at byte {position}")
        value = position + 8
        if length == UNDEFINED:
            stop = walk(window, value, end, syntax, depth + 1, open_end=True)[1]
            found.append((position, value, stop - 8, stop))
        else:
            stop = value + length
            if stop > end:
                raise CutError("an item of a sequence is longer than what is left")
            found.append((position, value, stop, stop))
        position = stop
    return tuple(found)

"""The walk: it indexes every element of a data set and decodes none (PS3.5 section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomferry.dicom import dictionary
from dicomferry.dicom.syntax import (
    IMPLICIT,
    ITEM,
    ITEM_END,
    LONG,
    SEQUENCE_END,
    SHORT,
    UNDEFINED,
    CutError,
    Syntax,
    UnsureError,
    is_new_vr,
    item_header,
)

if TYPE_CHECKING:
    from dicomferry.dicom.window import Window

Entry = tuple[int, int, int, bytes]
"""Where an element starts, where its value starts, where it ends, and its VR (empty: implicit)."""

Index = dict[int, Entry]

PIXEL_DATA = 0x7FE00010
BULK_TAGS = frozenset((0x7FE00008, 0x7FE00009, PIXEL_DATA))
BULK_SIZE = 1 << 20
_BULK_VRS = frozenset((b"", b"OB", b"OD", b"OF", b"OW", b"UN"))
_LAST_BEFORE_BULK = min(BULK_TAGS) - 1
# Groups that no data set holds: command, meta, delimiters. A meta group holds 0002.
OUT_OF_PLACE = frozenset((0x0000, 0x0002, 0xFFFE))
OUT_OF_PLACE_IN_META = frozenset((0x0000, 0xFFFE))
DEPTH = 64

_NO_TAGS: frozenset[int] = frozenset()


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

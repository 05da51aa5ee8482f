"""The elements of one data set, or of one item, as bytes: those found and those written anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from dicomferry.dicom import dictionary
from dicomferry.dicom.blob import BytesBlob
from dicomferry.dicom.values import trim
from dicomferry.dicom.walk import (
    EXPLICIT,
    IMPLICIT,
    LONG,
    OUT_OF_PLACE,
    SHORT,
    UNDEFINED,
    Index,
    Syntax,
    Window,
    frames,
    walk,
)

Piece = bytes | tuple[int, int]
"""New bytes, or an untouched stretch from one offset to another."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """An element written anew; its value starts at byte `value_start` of `data`."""

    vr: bytes
    value_start: int
    data: bytes


def _nothing() -> Mapping[int, Fresh | None]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Elements:
    """Where the elements of bytes `start` to `stop` are, and what was laid over them.

    `windows` are the stretches held, bulk values left out. `fresh` maps a tag to its new element,
    or to None where it was deleted.
    """

    windows: tuple[tuple[int, bytes], ...]
    index: Index
    start: int
    stop: int
    syntax: Syntax
    fresh: Mapping[int, Fresh | None] = field(default_factory=_nothing)

    @classmethod
    def of(
        cls, data: bytes, syntax: Syntax, out_of_place: frozenset[int] = OUT_OF_PLACE
    ) -> Elements:
        """Index elements in memory; raises `UnsureError` and `CutError`, as `walk` does."""
        window = Window(BytesBlob(data), 0, data)
        index, _ = walk(window, 0, len(data), syntax, 1, out_of_place=out_of_place)
        return cls(((0, data),), index, 0, len(data), syntax)

    def __contains__(self, tag: int) -> bool:
        if tag in self.fresh:
            return self.fresh[tag] is not None
        return tag in self.index

    def tags(self) -> Iterator[int]:
        """Yield the tags that are present, ascending."""
        if not self.fresh:
            return iter(sorted(self.index))
        present = {tag for tag, new in self.fresh.items() if new is not None}
        return iter(sorted(present.union(tag for tag in self.index if tag not in self.fresh)))

    def vr(self, tag: int) -> str:
        """Return the VR as it is written; empty where it is not (implicit VR)."""
        new = self.fresh.get(tag)
        return (new.vr if new else self.index[tag][3]).decode("ascii")

    def raw(self, tag: int) -> bytes | None:
        """Return the value field, delimitation items left out; None when missing or not held."""
        place = self._place(tag)
        if place is None:
            return None
        data, start, stop = place
        if stop - start >= 8 and self.undefined(tag):
            stop -= 8
        return data[start:stop]

    def undefined(self, tag: int) -> bool:
        """Say whether the element is of undefined length, a delimitation item at its end."""
        new = self.fresh.get(tag)
        if new is not None:
            field = new.data[new.value_start - 4 : new.value_start]
        else:
            _, value, _, _ = self.index[tag]
            field = b"".join(self._held(value - 4, value))
        # A short length field has the VR's letters in front, which are not FF FF.
        return field == b"\xff\xff\xff\xff"

    def _place(self, tag: int) -> tuple[bytes, int, int] | None:
        if tag in self.fresh:
            new = self.fresh[tag]
            return (new.data, new.value_start, len(new.data)) if new else None
        entry = self.index.get(tag)
        if entry is None:
            return None
        for base, data in self.windows:
            if base <= entry[0] and entry[2] - base <= len(data):
                return data, entry[1] - base, entry[2] - base
        return None

    def length(self, tag: int) -> int:
        """Return how many bytes the element takes, its tag, VR and length included."""
        new = self.fresh.get(tag)
        if new is not None:
            return len(new.data)
        start, _, stop, _ = self.index[tag]
        return stop - start

    def value_length(self, tag: int) -> int:
        """Return how many bytes the value field takes, delimitation items included."""
        new = self.fresh.get(tag)
        if new is not None:
            return len(new.data) - new.value_start
        _, value, stop, _ = self.index[tag]
        return stop - value

    def with_fresh(self, fresh: Mapping[int, Fresh | None]) -> Elements:
        """Return these elements with others laid over them."""
        return replace(self, fresh=MappingProxyType({**self.fresh, **fresh}))

    def pieces(self) -> list[Piece]:
        """Return the whole in order: untouched stretches, and new bytes between them.

        New elements go in front of the first one with a greater tag (PS3.5 7.1: ascending).
        """
        if not self.fresh:
            return [(self.start, self.stop)]
        pieces: list[Piece] = []
        cursor = last = self.start
        new = sorted(tag for tag in self.fresh if tag not in self.index)
        for tag, (start, _, stop, _) in self.index.items():
            if not ((new and new[0] < tag) or tag in self.fresh):
                last = stop
                continue
            pieces.append((cursor, start))
            cursor = start
            while new and new[0] < tag:
                pieces.append(self._fresh_bytes(new.pop(0)))
            if tag in self.fresh:
                pieces.append(self._fresh_bytes(tag))
                cursor = stop
            last = stop
        pieces.append((cursor, last))
        pieces.extend(self._fresh_bytes(tag) for tag in new)
        pieces.append((last, self.stop))
        return [piece for piece in pieces if _is_something(piece)]

    def _fresh_bytes(self, tag: int) -> bytes:
        new = self.fresh[tag]
        return new.data if new else b""

    def encoded(self, *, without: frozenset[int] = frozenset()) -> bytes:
        """Return the elements that are held as bytes, those at the tags in `without` left out."""
        leave = {tag: None for tag in without if tag in self}
        parts: list[bytes] = []
        for piece in (self.with_fresh(leave) if leave else self).pieces():
            if isinstance(piece, bytes):
                parts.append(piece)
            else:
                parts.extend(self._held(*piece))
        return b"".join(parts)

    def _held(self, start: int, stop: int) -> Iterator[bytes]:
        for base, data in self.windows:
            low, high = max(start, base), min(stop, base + len(data))
            if low < high:
                yield data[low - base : high - base]

    def not_held(self) -> frozenset[int]:
        """Return the tags of values too big to be held: pixel data, and whatever else is bulk."""
        return frozenset(tag for tag in self.index if tag in self and self._place(tag) is None)

    def is_sequence(self, tag: int) -> bool:
        """Say whether the element has items."""
        vr = self.vr(tag)
        if vr == "SQ":
            return True
        if vr not in ("", "UN"):
            return False
        return self.undefined(tag) or self.known_vr(tag) == "SQ"

    def known_vr(self, tag: int) -> str:
        """Return the VR by PS3.6, or by the dictionary of the block's creator; empty if unknown."""
        known = dictionary.standard_vr(tag)
        if known or not dictionary.is_private(tag):
            return known
        creator = self.raw(tag & 0xFFFF0000 | (tag >> 8 & 0xFF))
        name = trim(creator.decode("latin-1"), "LO") if creator else ""
        return dictionary.private_vr(tag, name) if name else ""

    def items(self, tag: int) -> tuple[Item, ...]:
        """Return the items of a sequence; raises `UnsureError` and `CutError`."""
        raw = self.raw(tag)
        if not raw:
            return ()
        syntax = self._item_syntax(tag, raw)
        window = Window(BytesBlob(raw), 0, raw)
        items = []
        for start, value, stop, end in frames(window, 0, len(raw), syntax):
            index, _ = walk(window, value, stop, syntax, 1)
            elements = Elements(((0, raw),), index, value, stop, syntax)
            items.append(Item(elements, raw[start:end], undefined=end > stop))
        return tuple(items)

    def _item_syntax(self, tag: int, raw: bytes) -> Syntax:
        if self.vr(tag) != "UN":
            return self.syntax
        # UN holds implicit VR little endian (PS3.5 6.2.2), but not every writer knows.
        return EXPLICIT if raw[12:14] in SHORT | LONG else IMPLICIT


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a sequence: its elements, its bytes as found, and how it says where it ends."""

    elements: Elements
    source: bytes
    undefined: bool

    def encoded(self) -> bytes:
        """Return the item's bytes; as found when nothing was laid over it."""
        if not self.elements.fresh:
            return self.source
        return framed(self.elements.encoded(), self.elements.syntax, undefined=self.undefined)


def framed(content: bytes, syntax: Syntax, *, undefined: bool = False) -> bytes:
    """Return `content` as an item of a sequence (PS3.5 7.5.1)."""
    length = UNDEFINED if undefined else len(content)
    end = _mark(0xE00D, 0, syntax) if undefined else b""
    return _mark(0xE000, length, syntax) + content + end


def sequence_delimiter(syntax: Syntax) -> bytes:
    """Return a sequence delimitation item."""
    return _mark(0xE0DD, 0, syntax)


def _mark(element: int, length: int, syntax: Syntax) -> bytes:
    return b"".join(
        number.to_bytes(size, syntax.order)
        for number, size in ((0xFFFE, 2), (element, 2), (length, 4))
    )


def _is_something(piece: Piece) -> bool:
    return bool(piece) if isinstance(piece, bytes) else piece[0] < piece[1]

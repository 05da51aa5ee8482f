"""The elements of one data set, or of one item, as bytes: those of the source and new ones."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from operator import itemgetter
from types import MappingProxyType

from msgspec import Struct

from dicomferry.dicom import dictionary
from dicomferry.dicom.blob import BytesBlob
from dicomferry.dicom.framing import framed
from dicomferry.dicom.pieces import Fresh, Piece, pieces_of
from dicomferry.dicom.reads import Cut, Reads, Trace
from dicomferry.dicom.syntax import EXPLICIT, IMPLICIT, LONG, SHORT, CutError, Syntax, UnsureError
from dicomferry.dicom.values import trim
from dicomferry.dicom.walk import OUT_OF_PLACE, Index, frames, walk
from dicomferry.dicom.window import Window

_NOTHING: Mapping[int, Fresh | None] = MappingProxyType({})
_MAYBE_SEQUENCES = frozenset((b"SQ", b"UN", b""))
_ITEMS = frozenset((b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00"))
_DELIMITERS = frozenset((b"\xfe\xff\xdd\xe0", b"\xff\xfe\xe0\xdd"))


class Elements(Struct, frozen=True):
    """The index of bytes `start` to `stop`, and the new elements that edits put in place.

    `windows` are the stretches in memory, without bulk values. `fresh` maps a tag to its new
    element, or to None where an edit deleted it. `trace` notes every read: each method that looks
    at `index` or `windows` must tell it. `cuts` are shared by all data sets of one shape, which
    have one window each.
    """

    windows: tuple[tuple[int, bytes], ...]
    index: Index
    start: int
    stop: int
    syntax: Syntax
    fresh: Mapping[int, Fresh | None] = _NOTHING
    trace: Trace | None = None
    cuts: dict[Reads, Cut] | None = None

    @classmethod
    def of(
        cls, data: bytes, syntax: Syntax, out_of_place: frozenset[int] = OUT_OF_PLACE
    ) -> Elements:
        """Index elements in memory; raises `UnsureError` and `CutError`, as `walk` does."""
        window = Window(BytesBlob(data), 0, data)
        index, _ = walk(window, 0, len(data), syntax, 1, out_of_place=out_of_place)
        return cls(((0, data),), index, 0, len(data), syntax)

    def traced(self, trace: Trace) -> Elements:
        """Return these elements; `trace` notes what is read of them and of later edits."""
        return Elements(
            self.windows, self.index, self.start, self.stop, self.syntax, self.fresh, trace
        )

    def fingerprint(self, reads: Reads) -> Hashable | None:
        """Return the values that `reads` names; None where one of them is not in memory."""
        known = self.cuts.get(reads) if self.cuts is not None else None
        if known is not None:
            return known.same, known.take(self.windows[0][1])
        present = [tag for tag in reads.tags if tag in self.index]
        places = [(self.index[tag][0], self.index[tag][2]) for tag in present]
        found = tuple(self._at(start, stop) for start, stop in places)
        if None in found:
            return None
        tags = tuple(self.index) if reads.all_tags else ()
        sequences = tuple(self._maybe_sequences()) if reads.sequences else ()
        same = (self.syntax.implicit, self.syntax.order, tuple(present), tags, sequences)
        if self.cuts is not None and len(places) > 1:
            take = itemgetter(*(slice(start, stop) for start, stop in places))
            self.cuts[reads] = Cut(same, take)
        return same, found

    def __contains__(self, tag: int) -> bool:
        if self.trace is not None:
            self.trace.tags.add(tag)
        if tag in self.fresh:
            return self.fresh[tag] is not None
        return tag in self.index

    def tags(self) -> Iterator[int]:
        """Yield the tags that are present, ascending."""
        if self.trace is not None:
            self.trace.all_tags = True
        if not self.fresh:
            return iter(sorted(self.index))
        present = {tag for tag, new in self.fresh.items() if new is not None}
        return iter(sorted(present.union(tag for tag in self.index if tag not in self.fresh)))

    def vr(self, tag: int) -> str:
        """Return the VR as it is written; empty where it is not (implicit VR)."""
        if self.trace is not None:
            self.trace.tags.add(tag)
        new = self.fresh.get(tag)
        return (new.vr if new else self.index[tag][3]).decode("ascii")

    def raw(self, tag: int) -> bytes | None:
        """Return the value field without its delimitation item; None when missing or not held."""
        place = self._place(tag)
        if place is None:
            return None
        data, start, stop = place
        # A value of known length may end in bytes that look like a delimiter.
        if stop - start >= 8 and data[stop - 8 : stop - 4] in _DELIMITERS and self.undefined(tag):
            stop -= 8
        return data[start:stop]

    def undefined(self, tag: int) -> bool:
        """Say whether the element has an undefined length, and so a delimitation item."""
        if self.trace is not None:
            self.trace.tags.add(tag)
        new = self.fresh.get(tag)
        if new is not None:
            field = new.data[new.value_start - 4 : new.value_start]
        else:
            _, value, _, _ = self.index[tag]
            field = b"".join(self._held(value - 4, value))
        # A length field of two bytes has the VR's letters in front, never FF FF.
        return field == b"\xff\xff\xff\xff"

    def _place(self, tag: int) -> tuple[bytes, int, int] | None:
        if self.trace is not None:
            self.trace.tags.add(tag)
        if tag in self.fresh:
            new = self.fresh[tag]
            return (new.data, new.value_start, len(new.data)) if new else None
        entry = self.index.get(tag)
        if entry is None:
            return None
        place, value, stop, _ = entry
        for base, data in self.windows:
            if base <= place and stop - base <= len(data):
                return data, value - base, stop - base
        return None

    def _at(self, start: int, stop: int) -> bytes | None:
        for base, data in self.windows:
            if base <= start and stop - base <= len(data):
                return data[start - base : stop - base]
        return None

    def length(self, tag: int) -> int:
        """Return how many bytes the element takes, its tag, VR and length included."""
        self._trace_all()
        new = self.fresh.get(tag)
        if new is not None:
            return len(new.data)
        start, _, stop, _ = self.index[tag]
        return stop - start

    def value_length(self, tag: int) -> int:
        """Return how many bytes the value field takes, delimitation items included."""
        self._trace_all()
        new = self.fresh.get(tag)
        if new is not None:
            return len(new.data) - new.value_start
        _, value, stop, _ = self.index[tag]
        return stop - value

    def with_fresh(self, fresh: Mapping[int, Fresh | None]) -> Elements:
        """Return these elements with `fresh` ones in place of theirs."""
        return self.over({**self.fresh, **fresh})

    def over(self, fresh: Mapping[int, Fresh | None]) -> Elements:
        """Return the elements of the source with all that is `fresh`, now and later, over them."""
        laid = MappingProxyType(fresh)
        return Elements(
            self.windows, self.index, self.start, self.stop, self.syntax, laid, self.trace
        )

    def _trace_all(self) -> None:
        if self.trace is not None:
            self.trace.read_all = True

    def pieces(self) -> list[Piece]:
        """Return the data set in order: untouched stretches, and new bytes between them."""
        self._trace_all()
        return pieces_of(self.index, self.fresh, self.start, self.stop)

    def encoded(self, *, without: frozenset[int] = frozenset()) -> bytes:
        """Return the elements in memory as bytes, without those at the tags in `without`."""
        leave = {tag: None for tag in without if tag in self}
        parts: list[bytes] = []
        for piece in (self.with_fresh(leave) if leave else self).pieces():
            if isinstance(piece, bytes):
                parts.append(piece)
            else:
                parts.extend(self._held(*piece))
        return b"".join(parts)

    def names(self, uid: str, *, without: frozenset[int], beside: int) -> bool:
        """Say whether a value of the source in memory, or in an item's bytes, is a UID.

        A longer UID around it does not count, nor do elements at the tags `without`, which have it
        `beside` times at least.
        """
        self._trace_all()
        text = uid.encode()
        # One search of all bytes is fast, and says no of nearly every instance.
        if sum(data.count(text) for _, data in self.windows) <= beside:
            return False
        pattern = re.compile(rb"(?<![0-9.])%b(?![0-9.])" % re.escape(text))
        return any(pattern.search(self.raw(tag) or b"") for tag in self.index if tag not in without)

    def findall(self, pattern: re.Pattern[bytes]) -> Iterator[bytes]:
        """Yield what a pattern finds in the bytes of the source in memory."""
        self._trace_all()
        for _, data in self.windows:
            yield from pattern.findall(data)

    def _held(self, start: int, stop: int) -> Iterator[bytes]:
        for base, data in self.windows:
            low, high = max(start, base), min(stop, base + len(data))
            if low < high:
                yield data[low - base : high - base]

    def not_held(self) -> frozenset[int]:
        """Return the tags of bulk values, which are not in memory."""
        self._trace_all()
        return frozenset(tag for tag in self.index if tag in self and self._place(tag) is None)

    def sequences(self) -> list[int]:
        """Return the tags of the elements that have items, ascending."""
        if self.trace is not None:
            self.trace.sequences = True
        tags = {*self._maybe_sequences(), *self.fresh}
        return sorted(tag for tag in tags if tag in self and self.is_said_to_be_sequence(tag))

    def every_sequence(self) -> list[int]:
        """Return the tags of `sequences`, and of unknown values that are items, ascending."""
        if self.trace is not None:
            self.trace.sequences = True
        tags = {*self._maybe_sequences(), *self.fresh}
        return sorted(tag for tag in tags if tag in self and self.is_sequence(tag))

    def _maybe_sequences(self) -> list[int]:
        return [tag for tag, entry in self.index.items() if entry[3] in _MAYBE_SEQUENCES]

    def is_sequence(self, tag: int) -> bool:
        """Say whether the element has items, or an unknown value that is nothing but items."""
        if self.is_said_to_be_sequence(tag):
            return True
        if self.vr(tag) not in ("", "UN") or self.known_vr(tag):
            return False
        raw = self.raw(tag)
        if raw is None or raw[:4] not in _ITEMS:
            return False
        try:
            return bool(self.items(tag))
        except (UnsureError, CutError):
            return False

    def is_said_to_be_sequence(self, tag: int) -> bool:
        """Say whether an element is a sequence by VR, length or dictionary."""
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

    def items(self, tag: int) -> tuple[SequenceItem, ...]:
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
            items.append(SequenceItem(elements, raw[start:end], undefined=end > stop))
        return tuple(items)

    def _item_syntax(self, tag: int, raw: bytes) -> Syntax:
        if self.vr(tag) != "UN":
            return self.syntax
        # UN holds implicit VR little endian (PS3.5 6.2.2), but some writers use explicit VR.
        return EXPLICIT if raw[12:14] in SHORT | LONG else IMPLICIT


class SequenceItem(Struct, frozen=True):
    """An item of a sequence: its elements, its bytes in the source, and the kind of its length."""

    elements: Elements
    source: bytes
    undefined: bool

    def encoded(self) -> bytes:
        """Return the item's bytes; the source's own when no edit changed it."""
        if not self.elements.fresh:
            return self.source
        return framed(self.elements.encoded(), self.elements.syntax, undefined=self.undefined)

"""Mending: a data set that the walk cannot follow is read with care and laid out anew.

Only what readers agree on is mended: odd lengths are padded by VR (PS3.5 7.1.1), VRs that are none
are read by the dictionary (as dcmtk and dcm4che do), NULs behind the last element are left out, so
are elements of the command and meta groups, of an element that occurs twice the last one counts,
and items are written in the VR form of the data set around them. Everything else is damage.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from dicomferry.dicom import dictionary
from dicomferry.dicom.blob import Pieced
from dicomferry.dicom.editing import LENGTH_TO_END
from dicomferry.dicom.encode import encode_element, padding
from dicomferry.dicom.mends import SECOND_META_GROUP, Mend
from dicomferry.dicom.pieces import Piece
from dicomferry.dicom.values import trim
from dicomferry.dicom.walk import (
    BULK_TAGS,
    DEPTH,
    EXPLICIT,
    HEAD,
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
    has_fragments,
    is_new_vr,
    is_of_pixels,
    item_header,
)

if TYPE_CHECKING:
    from dicomferry.dicom.blob import Blob

_PIXEL_REPRESENTATION = 0x00280103
_OFFSET_TABLE = 0x7FE00001
_MOST = 1000
"""Mends of one data set; what needs more is no data set."""
_MOST_NULS = 1 << 20
"""NULs behind the last element: more of them are no padding, but something that was lost."""
_OTHER_FORM: Final = {IMPLICIT: EXPLICIT, EXPLICIT: IMPLICIT}


class _Part(Struct):
    """An element or item as it will be written: its pieces, their length, and whether it is new."""

    pieces: list[Piece]
    length: int
    changed: bool = False

    def add(self, piece: Piece) -> None:
        """Add bytes, or a stretch of the source."""
        if isinstance(piece, bytes):
            self.length += len(piece)
        else:
            self.length += piece[1] - piece[0]
            last = self.pieces[-1] if self.pieces else b""
            if not isinstance(last, bytes) and last[1] == piece[0]:
                self.pieces[-1] = (last[0], piece[1])
                return
        self.pieces.append(piece)

    def join(self, other: _Part) -> None:
        """Add another part behind this one."""
        for piece in other.pieces:
            self.add(piece)
        self.changed = self.changed or other.changed


class _Element(Struct, frozen=True):
    """The head of an element: where it and its value start, its VR, and its length."""

    at: int
    tag: int
    vr: str
    value: int
    length: int
    plain: bool
    """Whether the VR is written as it should be."""

    @property
    def name(self) -> str:
        """Tag and VR for a message."""
        return f"{_shown(self.tag)} {self.vr}".rstrip()


def mended(
    blob: Blob, origin: int, syntax: Syntax, meta: frozenset[int]
) -> tuple[Pieced, tuple[Mend, ...]]:
    """Return a data set that was mended, and what was.

    `meta` are the tags of the file's own meta group. Raises `CutError`, and `UnsureError` for what
    cannot be mended. Bytes in messages count from the start of `blob`.
    """
    mender = _Mender(blob, origin, meta)
    whole = mender.data_set(syntax)
    return Pieced(whole.pieces, blob), tuple(mender.mends())


class _Mender:
    """Reads one data set; positions count from the start of the blob."""

    def __init__(self, blob: Blob, origin: int, meta: frozenset[int]) -> None:
        self._blob = blob
        self._origin = origin
        self._meta = meta
        self._held, self._base = b"", 0
        self._mends: dict[str, tuple[Mend, int]] = {}
        self._count = 0

    def mends(self) -> Iterator[Mend]:
        """Yield what was mended, with how often where that was more than once."""
        for mend, times in self._mends.values():
            again = f" (and {times - 1} more)" if times > 1 else ""
            yield Mend(mend.text + again, mend.code)

    def data_set(self, written: Syntax) -> _Part:
        """Return the whole data set in the syntax that it should be written in."""
        read = self._form(self._origin, self._blob.size, written)
        if read is not written:
            self._note(
                f"its data set is written in {_form_name(read)} VR, its meta group says"
                f" {_form_name(written)}"
            )
        return self._elements(self._origin, self._blob.size, read, written, 0)[0]

    def _note(self, text: str, code: str = "") -> None:
        self._count += 1
        if self._count > _MOST:
            raise UnsureError(f"it has more than {_MOST} faults, the first: {text}")
        # Of faults that differ in their place only, the first is named.
        kind = _alike(text)
        first, times = self._mends.get(kind, (Mend(text, code), 0))
        self._mends[kind] = first, times + 1

    def _peek(self, at: int, length: int) -> bytes:
        """Return up to `length` bytes; fewer at the end."""
        start = at - self._base
        if start < 0 or start + length > len(self._held):
            self._base = at
            self._held = self._blob.read(at, min(max(length, HEAD), self._blob.size - at))
            start = 0
        return self._held[start : start + length]

    def _form(self, at: int, end: int, written: Syntax) -> Syntax:
        """Return the syntax that elements are written in, told by the first of them."""
        other = _OTHER_FORM.get(written)
        if other is None or end - at < 8:
            return written
        head = self._peek(at, 8)
        if head[4:6] in SHORT | LONG:
            return other if written.implicit else written
        return written if written.implicit or not _is_length(head[4:8]) else other

    def _elements(
        self, at: int, end: int, read: Syntax, written: Syntax, depth: int, *, is_open: bool = False
    ) -> tuple[_Part, int]:
        """Return the elements up to `end`, or up to an item delimitation item, and their end."""
        if depth > DEPTH:
            raise UnsureError(f"at byte {at} sequences are nested more than {DEPTH} deep")
        found: dict[int, _Part] = {}
        left_out = False
        closed = not is_open
        while at < end:
            if depth == 0 and self._only_nuls(at, end):
                break
            if end - at < 8:
                raise CutError(f"{end - at} bytes at byte {at} are no element")
            element = self._head(at, end, read, found)
            tag, group = element.tag, element.tag >> 16
            if tag == ITEM_END and is_open:
                at, closed = element.value, True
                break
            if group == 0xFFFE:
                raise UnsureError(f"{_shown(tag)} at byte {at} is out of place")
            part, stop = self._element(element, end, read, written, depth, found)
            if group in (0, 2):
                self._leave_out(element)
                left_out = True
            else:
                if tag in found:
                    self._note(
                        f"{_shown(tag)} occurs twice, at byte {at} again: the last one counts"
                    )
                    part.changed = True
                found[tag] = part
            at = stop
        if not closed:
            raise CutError(f"an item has no end before byte {end}")
        whole = _joined(found, written)
        whole.changed = whole.changed or left_out
        return whole, at

    def _leave_out(self, element: _Element) -> None:
        again = element.tag in self._meta
        what = "a second time: the first counts" if again else "in the data set: it is left out"
        self._note(
            f"{_shown(element.tag)} at byte {element.at} stands {what}",
            SECOND_META_GROUP if again else "",
        )

    def _only_nuls(self, at: int, end: int) -> bool:
        """Say whether nothing but NULs is left; raises where these are no padding."""
        head = self._peek(at, min(8, end - at))
        if any(head):
            return False
        length = end - at
        most = min(length, _MOST_NULS + 1)
        if any(self._peek(at, most)):
            return False
        if at == self._origin:
            raise CutError(f"there is no data set, only NULs from byte {at} on")
        if length > _MOST_NULS:
            raise CutError(f"{length} bytes from byte {at} on begin with {_MOST_NULS} NULs")
        self._note(f"NULs behind the last element, from byte {at} on, are left out: {length}")
        return True

    def _head(self, at: int, end: int, read: Syntax, found: dict[int, _Part]) -> _Element:
        head = self._peek(at, min(12, end - at))
        order = read.order
        tag = int.from_bytes(head[:2], order) << 16 | int.from_bytes(head[2:4], order)
        if tag >> 16 == 0xFFFE:
            return _Element(at, tag, "", at + 8, int.from_bytes(head[4:8], order), plain=True)
        if read.implicit:
            vr = self._known_vr(tag, found)
            return _Element(at, tag, vr, at + 8, int.from_bytes(head[4:8], order), plain=True)
        vr_field = head[4:6]
        if vr_field in SHORT:
            length = int.from_bytes(head[6:8], order)
            return _Element(at, tag, vr_field.decode(), at + 8, length, plain=True)
        if vr_field in LONG or is_new_vr(vr_field, head[6:8]):
            if len(head) < 12:
                raise CutError(f"{_shown(tag)} at byte {at} is cut short before its value")
            length = int.from_bytes(head[8:12], order)
            if tag in BULK_TAGS and not is_of_pixels(vr_field, length):
                self._note(f"{_shown(tag)} at byte {at} has the VR {vr_field!r}: read as OB")
                return _Element(at, tag, "OB", at + 12, length, plain=False)
            return _Element(at, tag, vr_field.decode(), at + 12, length, plain=True)
        if _is_letters(vr_field):
            raise UnsureError(f"{_shown(tag)} at byte {at} has the unknown VR {vr_field.decode()}")
        vr = self._known_vr(tag, found)
        self._note(f"{_shown(tag)} at byte {at} has the VR {vr_field!r}: read as {vr}")
        return _Element(at, tag, vr, at + 8, int.from_bytes(head[6:8], order), plain=False)

    def _known_vr(self, tag: int, found: dict[int, _Part]) -> str:
        known = dictionary.standard_vr(tag)
        if not known and dictionary.is_private(tag):
            creator = found.get(tag & 0xFFFF0000 | tag >> 8 & 0xFF)
            name = trim(self._value_of(creator).decode("latin-1"), "LO") if creator else ""
            known = dictionary.private_vr(tag, name) if name else ""
        if len(known) == 2:
            return known
        if "US" in known:
            sign = found.get(_PIXEL_REPRESENTATION)
            return "SS" if sign and "SS" in known and 1 in self._value_of(sign)[:2] else "US"
        return "OW" if "OW" in known else "UN"

    def _value_of(self, part: _Part) -> bytes:
        """Return the value of a short element that was written before."""
        data = b"".join(self._bytes_of(piece) for piece in part.pieces)[:256]
        return data[8:]

    def _bytes_of(self, piece: Piece) -> bytes:
        if isinstance(piece, bytes):
            return piece
        start, stop = piece
        return self._blob.read(start, min(stop - start, 256))

    def _element(
        self, element: _Element, end: int, read: Syntax, written: Syntax, depth: int,
        found: dict[int, _Part],
    ) -> tuple[_Part, int]:  # fmt: skip
        """Return an element in the syntax it is to be written in, and its end in the source."""
        if element.value > end:
            raise CutError(f"{element.name} at byte {element.at} is cut short before its value")
        if element.length == UNDEFINED:
            return self._without_length(element, end, read, written, depth, found)
        stop = element.value + element.length
        if stop > end:
            raise CutError(
                f"{element.name} at byte {element.at} needs {element.length} bytes,"
                f" {end - element.value} are left"
            )
        if element.vr == "SQ" and element.length and self._has_items(element, read):
            inner, _ = self._items(element, element.value, stop, read, written, depth + 1)
        else:
            inner = _Part([], 0)
            inner.add((element.value, stop))
            if element.length % 2:
                odd = f"has the odd length {element.length}: padded"
                self._note(f"{element.name} at byte {element.at} {odd}")
                inner.add(padding(element.vr))
                inner.changed = True
        return self._framed(element, inner, stop, read, written), stop

    def _has_items(self, element: _Element, read: Syntax) -> bool:
        """Say whether a sequence is one; vendors' dictionaries are not always right."""
        if not read.implicit or not dictionary.is_private(element.tag):
            return True
        return self._peek(element.value, 4) == b"\xfe\xff\x00\xe0"

    def _framed(
        self, element: _Element, inner: _Part, stop: int, read: Syntax, written: Syntax
    ) -> _Part:
        """Return an element of defined length around its value."""
        if not inner.changed and element.plain and read is written:
            return _Part([(element.at, stop)], stop - element.at)
        vr = element.vr
        if vr.encode() in SHORT and inner.length > 0xFFFE and not written.implicit:
            vr = "UN"
        part = _Part([], 0, changed=True)
        part.add(_head_of(element.tag, vr, inner.length, written))
        part.join(inner)
        part.changed = True
        return part

    def _without_length(
        self, element: _Element, end: int, read: Syntax, written: Syntax, depth: int,
        found: dict[int, _Part],
    ) -> tuple[_Part, int]:  # fmt: skip
        """Return an element of undefined length, its delimitation item included."""
        vr = element.vr
        if has_fragments(element.tag, vr.encode()):
            inner, stop = self._fragments(element, end, read, found)
            vr = "OB" if element.tag in BULK_TAGS and read is not written else vr
            return self._unbounded(element, vr, inner, stop, read, written), stop
        if vr == "SQ" or read.implicit:
            inner, stop = self._items(element, element.value, end, read, written, depth + 1)
            return self._unbounded(element, "SQ", inner, stop, read, written), stop
        if vr == "UN":
            # UN of undefined length holds implicit VR (PS3.5 6.2.2), but some writers use explicit.
            form = self._form_of_items(element.value, end, IMPLICIT)
            if form is IMPLICIT or read.order == "big":
                inner, stop = self._items(
                    element, element.value, end, IMPLICIT, IMPLICIT, depth + 1
                )
                return self._unbounded(element, "UN", inner, stop, read, written), stop
            self._note(f"{element.name} at byte {element.at} has items in explicit VR: read as SQ")
            inner, stop = self._items(element, element.value, end, EXPLICIT, written, depth + 1)
            inner.changed = True
            return self._unbounded(element, "SQ", inner, stop, read, written), stop
        raise UnsureError(f"{element.name} at byte {element.at} has no length")

    def _unbounded(
        self, element: _Element, vr: str, inner: _Part, stop: int, read: Syntax, written: Syntax
    ) -> _Part:
        if not inner.changed and element.plain and read is written:
            return _Part([(element.at, stop)], stop - element.at)
        part = _Part([], 0)
        part.add(_head_of(element.tag, vr, UNDEFINED, written))
        part.join(inner)
        part.changed = True
        return part

    def _form_of_items(self, at: int, end: int, usual: Syntax) -> Syntax:
        """Return the syntax of a sequence's elements, told by the first item that has one."""
        while end - at >= 16:
            tag, length = item_header(self._peek(at, 8), 0, usual)
            if tag != ITEM:
                break
            if length:
                first = self._peek(at + 8, 8)
                if first[:4] == b"\xfe\xff\x0d\xe0":
                    break
                return self._form(at + 8, end if length == UNDEFINED else at + 8 + length, usual)
            at += 8
        return usual

    def _items(
        self, element: _Element, at: int, end: int, read: Syntax, written: Syntax, depth: int
    ) -> tuple[_Part, int]:
        """Return the items of a sequence, and its end; their VR form may be another than `read`."""
        is_open = element.length == UNDEFINED
        form = self._form_of_items(at, end, read)
        if form is not read:
            self._note(
                f"{_shown(element.tag)} at byte {element.at} has items in {_form_name(form)} VR"
            )
        part = _Part([], 0, changed=form is not written)
        while at < end:
            if end - at < 8:
                raise CutError(f"{element.name} at byte {element.at}: its items do not end with it")
            tag, length = item_header(self._peek(at, 8), 0, read)
            if tag == SEQUENCE_END:
                if is_open:
                    part.add((at, at + 8))
                    return part, at + 8
                self._note(f"{element.name} at byte {element.at} has a length and a delimiter, too")
                part.changed = True
                at += 8
                continue
            if tag != ITEM:
                raise UnsureError(
                    f"{element.name} at byte {element.at}: no item starts at byte {at}"
                )
            item, at = self._item(at, length, end, form, written, depth)
            part.join(item)
        if is_open:
            raise CutError(f"{element.name} at byte {element.at} has no end")
        return part, at

    def _item(
        self, at: int, length: int, end: int, form: Syntax, written: Syntax, depth: int
    ) -> tuple[_Part, int]:
        value = at + 8
        if length == UNDEFINED:
            inner, stop = self._elements(value, end, form, written, depth, is_open=True)
            part = _Part([], 0)
            part.add((at, value))
            part.join(inner)
            part.add((stop - 8, stop))
            return part, stop
        stop = value + length
        if stop > end:
            raise CutError(f"the item at byte {at} needs {length} bytes, {end - value} are left")
        inner, _ = self._elements(value, stop, form, written, depth)
        part = _Part([], 0)
        if inner.length == length:
            part.add((at, value))
        else:
            part.add(self._peek(at, 4) + inner.length.to_bytes(4, written.order))
        part.join(inner)
        return part, stop

    def _fragments(
        self, element: _Element, end: int, read: Syntax, found: dict[int, _Part]
    ) -> tuple[_Part, int]:
        """Return encapsulated pixel data with padded fragments, and its end (PS3.5 A.4)."""
        part, at = _Part([], 0), element.value
        starts: list[tuple[int, int]] = []
        table: tuple[int, int] | None = None
        first, shift = 0, 0
        while end - at >= 8:
            tag, length = item_header(self._peek(at, 8), 0, read)
            if tag == SEQUENCE_END:
                part.add((at, at + 8))
                if shift:
                    part = self._with_offsets(element, part, table, first, starts, read, found)
                return part, at + 8
            if tag != ITEM or length == UNDEFINED:
                raise UnsureError(f"{element.name} at byte {element.at}: no fragment at byte {at}")
            value, stop = at + 8, at + 8 + length
            if stop > end:
                raise CutError(
                    f"the fragment at byte {at} needs {length} bytes, {end - value} are left"
                )
            if table is None:
                table, first = (value, stop), stop
            if length % 2:
                self._note(f"the fragment at byte {at} has the odd length {length}: padded")
                part.add(self._peek(at, 4) + (length + 1).to_bytes(4, read.order))
                part.add((value, stop))
                part.add(b"\0")
                part.changed = True
                shift += 1
                starts.append((stop - first, shift))
            else:
                part.add((at, stop))
            at = stop
        raise CutError(f"{element.name} at byte {element.at} has no end")

    def _with_offsets(
        self, element: _Element, part: _Part, table: tuple[int, int] | None, first: int,
        shifts: list[tuple[int, int]], read: Syntax, found: dict[int, _Part],
    ) -> _Part:  # fmt: skip
        """Return fragments whose Basic Offset Table counts the padding; `shifts` are by offset."""
        if _OFFSET_TABLE in found:
            raise UnsureError(
                f"{element.name} at byte {element.at} has fragments of odd length, which its"
                " Extended Offset Table counts on"
            )
        start, stop = table or (0, 0)
        if start == stop:
            return part
        old = self._blob.read(start, stop - start)
        if len(old) % 4:
            raise UnsureError(f"the Basic Offset Table at byte {start} has {len(old)} bytes")
        offsets = [int.from_bytes(old[i : i + 4], read.order) for i in range(0, len(old), 4)]
        new, shift, at = [], 0, 0
        for offset in sorted(offsets):
            while at < len(shifts) and shifts[at][0] <= offset:
                shift = shifts[at][1]
                at += 1
            new.append(offset + shift)
        whole = _Part([], 0, changed=True)
        whole.add((start - 8, start))
        whole.add(b"".join(offset.to_bytes(4, read.order) for offset in new))
        skipped = False
        for piece in part.pieces:
            if not skipped and not isinstance(piece, bytes):
                skipped = True
                if piece[1] > first:
                    whole.add((first, piece[1]))
                continue
            whole.add(piece)
        return whole


def _joined(found: dict[int, _Part], written: Syntax) -> _Part:
    """Return the elements one behind the other; group lengths follow what was changed."""
    lengths: dict[int, int] = {}
    changed: set[int] = set()
    for tag, part in found.items():
        if tag & 0xFFFF:
            lengths[tag >> 16] = lengths.get(tag >> 16, 0) + part.length
            if part.changed:
                changed.add(tag >> 16)
    for group in changed:
        if group << 16 in found:
            found[group << 16] = _number_part(group << 16, lengths[group], written)
    if changed and LENGTH_TO_END in found:
        behind = sum(part.length for tag, part in found.items() if tag > LENGTH_TO_END)
        found[LENGTH_TO_END] = _number_part(LENGTH_TO_END, behind, written)
    whole = _Part([], 0, changed=bool(changed))
    for part in found.values():
        whole.join(part)
    return whole


def _number_part(tag: int, number: int, written: Syntax) -> _Part:
    data = encode_element(tag, "UL", number.to_bytes(4, written.order), written)[0]
    return _Part([data], len(data), changed=True)


def _head_of(tag: int, vr: str, length: int, syntax: Syntax) -> bytes:
    data, value = encode_element(tag, vr, b"", syntax)
    size = 2 if not syntax.implicit and value == 8 else 4
    return data[: value - size] + length.to_bytes(size, syntax.order)


def _shown(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _form_name(syntax: Syntax) -> str:
    return "implicit" if syntax.implicit else "explicit"


def _is_letters(vr: bytes) -> bool:
    return vr.isalpha() and vr.isupper()


def _is_length(field: bytes) -> bool:
    """Say whether four bytes are a length rather than a blank VR and a short length."""
    if field == b"\xff\xff\xff\xff":
        return True
    return field[2:] == b"\0\0" and field[:2] not in (b"  ", b"??")


def _alike(text: str) -> str:
    """Return a message without the numbers that tell its place."""
    words = text.split(" ")
    return " ".join(word for word in words if not word.strip(",:").isdecimal())

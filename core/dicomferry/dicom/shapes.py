"""Shapes: where the elements of the files opened before are, since a series' files are alike.

A file fits a shape when all its tags, VRs and lengths are the shape's, those in its sequences too,
and so are the values that decide how long its pixel data must be. Its index is then the shape's: no
walk and no check of the pixel data is needed, and only the head of the file is read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from dicomferry.dicom import dictionary
from dicomferry.dicom.blob import Blob, BytesBlob
from dicomferry.dicom.elements import Elements
from dicomferry.dicom.header import Header
from dicomferry.dicom.integrity import NATIVE_LENGTH, fault_of
from dicomferry.dicom.part10 import META_SOP_CLASS, META_TRANSFER_SYNTAX, Layout
from dicomferry.dicom.reads import Cut, Reads
from dicomferry.dicom.syntax import EXPLICIT, Syntax
from dicomferry.dicom.walk import BULK_TAGS, Index, frames, walk
from dicomferry.dicom.window import Window

Stretch = tuple[int, int]
"""Where some bytes start and end."""

_PREFIX = b"DICM"
_COMPARED_VALUES = frozenset((META_SOP_CLASS, META_TRANSFER_SYNTAX, *NATIVE_LENGTH))
_MAX_SIZES = 256
"""How many file sizes one process keeps shapes of."""
_MAX_SHAPES = 4
"""How many shapes it keeps of one file size."""


class Shape(Struct, frozen=True):
    """The layout of one file; another file of its size fits when it has the same `marks`.

    `marks` are the prefix, the tag, VR and length of every element and item, and the values of
    `_COMPARED_VALUES`. `cut` takes them out of a file's head, of which it needs `needed` bytes.
    `whole` says that the pixel data is complete. `cuts` are shared by all files of this shape.
    """

    cut: struct.Struct
    marks: tuple[bytes, ...]
    layout: Layout
    meta: Index
    elements: Elements
    whole: bool
    needed: int
    cuts: dict[Reads, Cut] = field(default_factory=dict)

    def fits(self, head: bytes) -> bool:
        """Say whether a file of the same size fits; `head` is its first `needed` bytes or more."""
        return self.cut.unpack_from(head) == self.marks

    def of(self, head: bytes) -> tuple[Layout, Elements]:
        """Return layout and elements of a file that fits, with the values in its `head`."""
        known, found = self.layout, self.elements
        at, start = len(known.preamble), known.start
        held = len(found.windows[0][1])
        meta = Elements(((0, head[at:start]),), self.meta, 0, start - at, EXPLICIT)
        elements = Elements(
            ((0, head[start : start + held]),), found.index, found.start, found.stop, found.syntax,
            cuts=self.cuts,
        )  # fmt: skip
        layout = Layout(head[:at], meta, start, known.declared, known.syntax)
        return layout, elements


class Shapes:
    """The shapes of the files that one process has opened, by file size.

    Threads may share them: at worst one shape is kept twice.
    """

    def __init__(self) -> None:
        self._by_size: dict[int, list[Shape]] = {}

    def recognize(self, blob: Blob) -> tuple[Shape, bytes] | None:
        """Return the shape that a file fits, and the file's head; None if it fits none."""
        head = b""
        for shape in self._by_size.get(blob.size, ()):
            if len(head) < shape.needed:
                head = blob.read(0, shape.needed)
            if shape.fits(head):
                return shape, head
        return None

    def keep(self, head: bytes, size: int, layout: Layout, elements: Elements) -> None:
        """Keep the shape of a file, if its head holds every element's tag, VR and length.

        The first file of a size is not kept: making a shape costs as much as several walks.
        """
        known = self._by_size.get(size)
        if known is None:
            if len(self._by_size) >= _MAX_SIZES:
                self._by_size.clear()
            self._by_size[size] = []
        elif len(known) < _MAX_SHAPES and (shape := _shape(head, layout, elements)):
            known.append(shape)


def _shape(head: bytes, layout: Layout, elements: Elements) -> Shape | None:
    meta, prefix = layout.meta, len(layout.preamble)
    if meta is None or not prefix or not _is_in_head(head, layout, elements):
        return None
    nested = _nested(head[layout.start :], elements)
    cut = _cut(
        [
            (prefix - len(_PREFIX), prefix),
            *_fronts(meta.index, prefix, {}),
            *_fronts(elements.index, layout.start, nested),
        ]
    )
    whole = _is_whole(layout, elements)
    needed = max(cut.size, layout.start + len(elements.windows[0][1]))
    return Shape(cut, cut.unpack_from(head), layout, meta.index, elements, whole, needed)


def _is_whole(layout: Layout, elements: Elements) -> bool:
    """Say whether a file has all its pixel data.

    A file without pixel data is not whole here: its check reads values that `marks` do not hold.
    """
    if not any(tag in elements for tag in BULK_TAGS):
        return False
    return not fault_of(Header(elements), layout.transfer_syntax_uid, layout.sop_class_uid)


def _is_in_head(head: bytes, layout: Layout, elements: Elements) -> bool:
    """Say whether the head holds every element, but for a bulk value at the end of the file.

    Each element must have a known length.
    """
    if len(elements.windows) != 1:
        return False
    base, held = elements.windows[0]
    # An element of undefined length ends where its delimiter is; its content is not compared.
    return (
        base == 0
        and layout.start + len(held) <= len(head)
        and not any(elements.undefined(tag) for tag in elements.index)
    )


def _cut(stretches: Iterable[Stretch]) -> struct.Struct:
    """Return what takes stretches of bytes out of a head; those that adjoin are one."""
    form, at, begin = "<", 0, 0
    for start, stop in stretches:
        if start != at:
            form += f"{at - begin}s" if at > begin else ""
            form += f"{start - at}x"
            begin = start
        at = stop
    return struct.Struct(form + f"{at - begin}s")


def _fronts(index: Index, origin: int, nested: Mapping[int, list[Stretch]]) -> Iterator[Stretch]:
    """Yield start and end of each element's tag, VR and length; of compared values, too.

    `nested` has the elements and items in each sequence, in the same form.
    """
    for tag, (start, value, stop, _) in index.items():
        yield origin + start, origin + (stop if tag in _COMPARED_VALUES else value)
        for inner in nested.get(tag, ()):
            yield origin + inner[0], origin + inner[1]


def _nested(data: bytes, elements: Elements) -> dict[int, list[Stretch]]:
    """Return where tags, VRs and lengths are in each sequence: its items must be well formed."""
    syntax, window = elements.syntax, Window(BytesBlob(data), 0, data)
    return {
        tag: list(_in_items(window, value, stop, syntax))
        for tag, (_, value, stop, vr) in elements.index.items()
        if _is_sequence(tag, vr, syntax)
    }


def _in_items(window: Window, start: int, stop: int, syntax: Syntax) -> Iterator[Stretch]:
    for begin, value, last, end in frames(window, start, stop, syntax):
        yield begin, value
        for tag, (at, inner, behind, vr) in walk(window, value, last, syntax, 1)[0].items():
            if window.data[inner - 4 : inner] == b"\xff\xff\xff\xff":
                # It ends where its delimiter is: all of it is compared.
                yield at, behind
                continue
            yield at, inner
            if _is_sequence(tag, vr, syntax):
                yield from _in_items(window, inner, behind, syntax)
        if end > last:
            yield last, end


def _is_sequence(tag: int, vr: bytes, syntax: Syntax) -> bool:
    return vr == b"SQ" or (syntax.implicit and tag in dictionary.sequences())

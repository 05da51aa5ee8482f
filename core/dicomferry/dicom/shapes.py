"""Remembers where the elements of files were: the images of a series are laid out alike.

Every tag, VR and length of a file is compared with those of the one remembered, and every value
that decides what they mean, so what was found there is true here. It saves the walk and the checks,
not the look at each element; and no more of a file is read than tells its shape.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from msgspec import Struct, field

from dicomferry.dicom.blob import Blob
from dicomferry.dicom.elements import Elements
from dicomferry.dicom.header import Header
from dicomferry.dicom.integrity import NATIVE_LENGTH, fault_of
from dicomferry.dicom.part10 import META_SOP_CLASS, META_TRANSFER_SYNTAX, Layout
from dicomferry.dicom.reads import Cut, Reads
from dicomferry.dicom.walk import BULK_TAGS, EXPLICIT, Index

_PREFIX = b"DICM"
_TELLING = frozenset((META_SOP_CLASS, META_TRANSFER_SYNTAX, *NATIVE_LENGTH))
_MOST = 256
"""Sizes of files that shapes are remembered of."""
_WAYS = 4
"""Shapes that are remembered of one size."""


class Shape(Struct, frozen=True):
    """How one file was laid out; `marks` are the bytes that must be the same in another.

    `cut` picks them out of the head. They are the prefix, what stands in front of every value, and
    the values of `_TELLING`. `needed` is how many bytes of a head tell all of it. `whole` says that
    there is as much pixel data as there must be. `alike` is what was worked out of the elements of
    one such file and holds for all.
    """

    cut: struct.Struct
    marks: tuple[bytes, ...]
    layout: Layout
    meta: Index
    elements: Elements
    whole: bool
    needed: int
    alike: dict[Reads, Cut] = field(default_factory=dict)

    def fits(self, head: bytes) -> bool:
        """Say whether a file of the same size that begins with `head` is laid out like this.

        At least `needed` bytes are.
        """
        return self.cut.unpack_from(head) == self.marks

    def of(self, head: bytes) -> tuple[Layout, Elements]:
        """Return what was found, with the values that `head` has."""
        known, found = self.layout, self.elements
        at, start = len(known.preamble), known.start
        held = len(found.windows[0][1])
        meta = Elements(((0, head[at:start]),), self.meta, 0, start - at, EXPLICIT)
        elements = Elements(
            ((0, head[start : start + held]),), found.index, found.start, found.stop, found.syntax,
            alike=self.alike,
        )  # fmt: skip
        layout = Layout(head[:at], meta, start, known.declared, known.syntax)
        return layout, elements


class Shapes:
    """The shapes one process has met, by the size of the file."""

    def __init__(self) -> None:
        self._by_size: dict[int, list[Shape]] = {}

    def recognize(self, blob: Blob) -> tuple[Shape, bytes] | None:
        """Return the shape of a file and the head it was told from, if it is a known one."""
        head = b""
        for shape in self._by_size.get(blob.size, ()):
            if len(head) < shape.needed:
                head = blob.read(0, shape.needed)
            if shape.fits(head):
                return shape, head
        return None

    def keep(self, head: bytes, size: int, layout: Layout, elements: Elements) -> None:
        """Remember how a file was laid out, where its head tells all of it.

        Only from the second file of a size on: to remember one costs as much as to walk several.
        """
        known = self._by_size.get(size)
        if known is None:
            if len(self._by_size) >= _MOST:
                self._by_size.clear()
            self._by_size[size] = []
        elif len(known) < _WAYS and (shape := _shape(head, layout, elements)):
            known.append(shape)


def _shape(head: bytes, layout: Layout, elements: Elements) -> Shape | None:
    meta, prefix = layout.meta, len(layout.preamble)
    if meta is None or not prefix or not _is_told_by(head, layout, elements):
        return None
    stretches = [
        (prefix - len(_PREFIX), prefix),
        *_fronts(meta.index, prefix),
        *_fronts(elements.index, layout.start),
    ]
    form, at = "<", 0
    for start, stop in stretches:
        form += f"{start - at}x{stop - start}s"
        at = stop
    cut = struct.Struct(form)
    whole = _is_whole(layout, elements)
    needed = max(cut.size, layout.start + len(elements.windows[0][1]))
    return Shape(cut, cut.unpack_from(head), layout, meta.index, elements, whole, needed)


def _is_whole(layout: Layout, elements: Elements) -> bool:
    """Say whether it has pixel data, all of it; without any, other values would have to be told."""
    if not any(tag in elements for tag in BULK_TAGS):
        return False
    return not fault_of(Header(elements), layout.transfer_syntax_uid, layout.sop_class_uid)


def _is_told_by(head: bytes, layout: Layout, elements: Elements) -> bool:
    """Say whether all that is held is in the head, and every length is in front of its value."""
    if len(elements.windows) != 1:
        return False
    base, held = elements.windows[0]
    # The end of what has no length is told by what is in it, which nobody compares.
    return (
        base == 0
        and layout.start + len(held) <= len(head)
        and not any(elements.undefined(tag) for tag in elements.index)
    )


def _fronts(index: Index, origin: int) -> Iterator[tuple[int, int]]:
    """Yield where the bytes in front of each value are, of some with the value itself."""
    for tag, (start, value, stop, _) in index.items():  # the walk went from front to end
        yield origin + start, origin + (stop if tag in _TELLING else value)

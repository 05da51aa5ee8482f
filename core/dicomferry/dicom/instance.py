"""An opened instance: its header, its check, and its bytes with edits spliced in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from msgspec.structs import replace

from dicomferry.dicom.blob import Blob
from dicomferry.dicom.elements import Elements
from dicomferry.dicom.header import Header
from dicomferry.dicom.integrity import Fault, fault_of
from dicomferry.dicom.mends import Mend
from dicomferry.dicom.part10 import (
    DEFLATED,
    MEDIA_STORAGE_DIRECTORY,
    META_SOP_CLASS,
    META_SOP_INSTANCE,
    META_TRANSFER_SYNTAX,
    Layout,
    front,
    layout_of,
)
from dicomferry.dicom.shapes import Shapes
from dicomferry.dicom.splice import Spliced
from dicomferry.dicom.syntax import LONG, SHORT, CutError, Syntax, UnsureError
from dicomferry.dicom.walk import BULK_TAGS, walk
from dicomferry.dicom.window import HEAD, Window
from dicomferry.errors import (
    DamagedError,
    DicomDirError,
    FerryError,
    NotDicomError,
    UnopenedError,
)

if TYPE_CHECKING:
    from dicomferry.model import Location

_NOTHING: Mapping[str, str] = MappingProxyType({})
_DIRECTORY_RECORDS = 0x00041220
_DIRECTORY = "a DICOMDIR, a directory of instances"
_SOP_CLASS, _SOP_INSTANCE = 0x00080016, 0x00080018
_INFLATED = Mend("its data set is deflated: it is sent inflated")
_IMPLICIT_META = Mend("its meta group is written in implicit VR, not in explicit VR")


class Instance:
    """An opened instance; a context manager that closes its blob.

    `transfer_syntax_uid` is the syntax of the bytes that leave: those of a deflated file are
    inflated. `whole` says that `fault` has nothing left to do. `mends` say what of the file is not
    sent as it is written; there are normally none.
    """

    __slots__ = ("_blob", "_data", "_layout", "_origin", "_whole", "header", "mends")

    def __init__(
        self,
        blob: Blob,
        layout: Layout,
        header: Header,
        data: Blob,
        origin: int,
        mends: tuple[Mend, ...] = (),
        *,
        whole: bool = False,
    ) -> None:
        self._blob = blob
        self._layout = layout
        self._data = data
        self._origin = origin
        self._whole = whole
        self.header = header
        self.mends = mends

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the blob; its bytes cannot be read afterwards."""
        self._blob.close()
        if self._data is not self._blob:
            self._data.close()

    @property
    def transfer_syntax_uid(self) -> str:
        """The transfer syntax of what `data_set` returns."""
        return self._layout.transfer_syntax_uid

    def check(self) -> None:
        """Raise `DamagedError` when the instance is cut short or contradicts its own header."""
        fault = self.fault()
        if fault is not None:
            raise DamagedError(f"{self.header.location}: {fault.text}")

    def fault(self) -> Fault | None:
        """Return why the instance is not complete; None where it is."""
        if self._whole:
            return None
        found = fault_of(self.header, self.transfer_syntax_uid, self._layout.sop_class_uid)
        if found is None or not found.tag or self._data is not self._blob:
            return found
        at = self._origin + self.header.elements.index[found.tag][0]
        tag = f"({found.tag >> 16:04X},{found.tag & 0xFFFF:04X})"
        return replace(found, text=f"{found.text}: {tag} at byte {at}")

    def data_set(self, header: Header) -> Spliced:
        """Return the data set alone, with the edits of `header`, as C-STORE wants it."""
        return Spliced(self._pieces(header).pieces(), self._data, self._origin)

    def parted(self, header: Header) -> tuple[Spliced, int]:
        """Return the data set without its end, and the end's length in bytes.

        The end is what follows the last edit: the last bytes of the file itself. It has no bytes
        where the file is deflated, or where its data set had to be mended.
        """
        pieces = self._pieces(header).pieces()
        last = pieces[-1] if pieces else b""
        if isinstance(last, bytes) or self._data is not self._blob:
            return Spliced(pieces, self._data, self._origin), 0
        start, stop = last
        if self._origin + stop != self._blob.size:
            return Spliced(pieces, self._data, self._origin), 0
        return Spliced(pieces[:-1], self._data, self._origin), stop - start

    def file(self, header: Header) -> Spliced:
        """Return the whole file with the edits of `header` (PS3.10 section 7).

        Preamble and meta group stay the source's, and are made where they are missing. The meta
        group's UIDs follow the edits.
        """
        pieces = self._pieces(header).pieces()
        ref = header.ref
        uids = {
            META_SOP_CLASS: ref.sop_class_uid,
            META_SOP_INSTANCE: ref.sop_instance_uid,
            META_TRANSFER_SYNTAX: self.transfer_syntax_uid,
        }
        fresh = header.elements.fresh
        follow = {META_SOP_CLASS: _SOP_CLASS, META_SOP_INSTANCE: _SOP_INSTANCE}
        edited = {meta for meta, tag in follow.items() if tag in fresh} | {META_TRANSFER_SYNTAX}
        head = front(self._layout, uids, frozenset(edited))
        return Spliced([head, *pieces], self._data, self._origin)

    def _pieces(self, header: Header) -> Elements:
        if header.elements.windows is not self.header.elements.windows:
            raise ValueError("this header was not made from this instance's")
        return header.elements


def open_instance(
    blob: Blob,
    location: Location,
    names: Mapping[str, str] = _NOTHING,
    row: Mapping[str, str] = _NOTHING,
    shapes: Shapes | None = None,
) -> Instance:
    """Open an instance, which closes the blob; an error closes it at once.

    `shapes` are those of the files opened before, which most files fit. Raises `NotDicomError`,
    `DicomDirError`, `UnopenedError` for a container, and `DamagedError` where the data set cannot
    be mended either.
    """
    try:
        known = shapes.recognize(blob) if shapes is not None else None
        if known is not None:
            shape, head = known
            layout, elements = shape.of(head)
            header = Header(elements, location=location, names=names, row=row)
            return Instance(blob, layout, header, blob, layout.start, whole=shape.whole)
        head = blob.read(0, min(HEAD, blob.size))
        layout, elements, data, origin, mends = _read(blob, head, str(location))
        if shapes is not None and data is blob:
            shapes.keep(head, blob.size, layout, elements)
        header = Header(elements, location=location, names=names, row=row)
        return Instance(blob, layout, header, data, origin, mends)
    except (CutError, UnsureError) as error:
        blob.close()
        raise DamagedError(f"{location}: {error}") from error
    except NotDicomError as error:
        try:
            raise _no_instance(error, blob, location) from error
        finally:
            blob.close()
    except BaseException:
        blob.close()
        raise


def _no_instance(error: NotDicomError, blob: Blob, location: Location) -> FerryError:
    """Return the error for bytes that are no instance.

    A container may hold one all the same, and a remnant of one is damage.
    """
    if isinstance(error, DicomDirError):
        return type(error)(f"{location}: {error.message}", hint=error.hint)
    if blob.size:
        from dicomferry.dicom.archive.unopened import unopened

        if found := unopened(blob, location):
            return UnopenedError(f"{location}: {found}")
    from dicomferry.dicom.remnants import remnant

    if found := remnant(blob, location):
        return DamagedError(f"{location}: {found}")
    return type(error)(f"{location}: {error.message}", hint=error.hint)


def _read(
    blob: Blob, head: bytes, name: str
) -> tuple[Layout, Elements, Blob, int, tuple[Mend, ...]]:
    """Return layout, elements, the blob they are in, the data set's first byte, and the mends."""
    if blob.size == 0:
        raise NotDicomError("empty file")
    layout = layout_of(blob, head)
    # What a directory holds is of no use here, whole or damaged.
    if layout.sop_class_uid == MEDIA_STORAGE_DIRECTORY:
        raise DicomDirError(_DIRECTORY)
    mends: tuple[Mend, ...] = (_IMPLICIT_META,) if layout.implicit_meta else ()
    data, origin, rest = blob, layout.start, head[layout.start :]
    if layout.declared in DEFLATED:
        from dicomferry.dicom.unpack import inflated

        data, end = inflated(blob, layout.start, name)
        origin, rest = 0, b""
        mends += (_INFLATED, *_behind(blob, end))
    try:
        elements, data, origin, mended = _index(data, origin, rest, layout)
        _refuse(elements, layout)
    except BaseException:
        if data is not blob:
            data.close()
        raise
    return layout, elements, data, origin, mends + mended


def _behind(blob: Blob, end: int) -> Iterator[Mend]:
    """Yield what is told of the bytes behind a deflated data set; NULs are padding."""
    length = blob.size - end
    if length and any(blob.read(end, min(length, HEAD))):
        yield Mend(f"{length} bytes behind its deflated data set, from byte {end} on, are left out")


def _refuse(elements: Elements, layout: Layout) -> None:
    if _DIRECTORY_RECORDS in elements:
        raise DicomDirError(_DIRECTORY)
    encapsulated = any(tag in elements and elements.undefined(tag) for tag in BULK_TAGS)
    if encapsulated and not layout.declared:
        raise UnsureError("its pixel data is encapsulated, but no transfer syntax says how")


def _index(
    data: Blob, origin: int, head: bytes, layout: Layout
) -> tuple[Elements, Blob, int, tuple[Mend, ...]]:
    """Index a data set; where the walk is unsure, have it mended and index that."""
    try:
        return _walked(data, origin, head, layout.syntax), data, origin, ()
    except (UnsureError, CutError) as doubt:
        from dicomferry.dicom.mending import mended

        meta = frozenset(layout.meta.index) if layout.meta is not None else frozenset[int]()
        anew, mends = mended(data, origin, layout.syntax, meta)
        if not mends:
            raise
        try:
            return _walked(anew, 0, b"", layout.syntax), anew, 0, mends
        except (UnsureError, CutError) as still:
            raise UnsureError(f"{mends[0].text}; {still}") from doubt


def _walked(data: Blob, origin: int, head: bytes, syntax: Syntax) -> Elements:
    window = Window(data, origin, head)
    if syntax.implicit and window.size >= 8 and window.peek(0, 8)[4:6] in SHORT | LONG:
        raise UnsureError("declared as implicit VR, but written in explicit VR")
    index, end = walk(window, 0, window.size, syntax)
    return Elements(window.finish(end), index, 0, end, syntax)

"""A header told from the first bytes of a file, for one that is read over a network."""

from __future__ import annotations

from typing import Final

from dicomferry.dicom.blob import BytesBlob
from dicomferry.dicom.elements import Elements
from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.part10 import DEFLATED, MEDIA_STORAGE_DIRECTORY, layout_of
from dicomferry.dicom.syntax import SHORT, CutError, Syntax, UnsureError
from dicomferry.dicom.walk import BULK_TAGS, walk
from dicomferry.dicom.window import Window
from dicomferry.errors import DamagedError, DicomDirError, NotDicomError
from dicomferry.model import Location

_NOWHERE: Final = Location("")
_LEAST: Final = 1024
"""Bytes that are enough to tell whether a file is DICOM."""


def read_header(head: bytes, size: int, location: Location = _NOWHERE) -> Header | None:
    """Return the header that the first bytes of a file of `size` bytes hold.

    Pixel data, and what is behind it, is not in it. None says that more bytes are needed: a header
    that is unusual may need all of them. Raises `NotDicomError`, and `DamagedError` for a file that
    is shorter than its header says.
    """
    if len(head) >= size:
        with open_instance(BytesBlob(head), location) as instance:
            return instance.header
    if len(head) < _LEAST:
        return None
    try:
        elements = _elements(head, size)
    except NotDicomError as error:
        raise type(error)(f"{location}: {error.message}", hint=error.hint) from error
    except CutError as error:
        raise DamagedError(f"{location}: {error}") from error
    except UnsureError:
        return None
    return Header(elements, location=location) if elements else None


def _elements(head: bytes, size: int) -> Elements | None:
    try:
        layout = layout_of(BytesBlob(head), head)
    except CutError:
        return None
    if layout.sop_class_uid == MEDIA_STORAGE_DIRECTORY:
        raise DicomDirError("a DICOMDIR, a directory of instances")
    if layout.declared in DEFLATED:
        return None
    data, length = head[layout.start :], size - layout.start
    try:
        walk(_Head(data, length, layout.syntax), 0, length, layout.syntax)
    except _PixelsReached as reached:
        return Elements.of(data[: reached.at], layout.syntax)
    except _MoreNeeded:
        return None
    return None


class _PixelsReached(Exception):  # noqa: N818  no error
    """The element of the pixel data starts `at` this byte."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


class _MoreNeeded(Exception):  # noqa: N818  no error
    """The walk needs bytes that are not here yet."""


class _Head(Window):
    """The first bytes of a data set of `size` bytes."""

    __slots__ = ("_syntax",)

    def __init__(self, data: bytes, size: int, syntax: Syntax) -> None:
        super().__init__(BytesBlob(data), 0, data)
        self.size = size
        self._syntax = syntax

    def reach(self, end: int) -> None:
        if end > self.size:
            raise CutError(f"the data set ends at byte {self.size}, {end} were expected")
        if end > self.base + len(self.data):
            raise _MoreNeeded

    def bulk(self, tag: int, vr: bytes, start: int) -> None:
        if tag in BULK_TAGS:
            short = self._syntax.implicit or vr in SHORT
            raise _PixelsReached(start - (8 if short else 12))
        self.reach(start)

    def peek(self, start: int, length: int) -> bytes:
        if start < self.base or start + length > self.base + len(self.data):
            raise _MoreNeeded
        return super().peek(start, length)

"""From a file to what is inside it, and inside that: lists members and opens them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from dicomferry.dicom.archive.errors import named_errors
from dicomferry.dicom.archive.files import Ground, OnDisk, Unpacked
from dicomferry.dicom.archive.member import Member
from dicomferry.dicom.archive.packed import (
    PACKED,
    PackedInside,
    holds_tar,
    unpacked,
    unpacking,
)
from dicomferry.dicom.archive.unopened import opened
from dicomferry.dicom.blob import BytesBlob, FileBlob
from dicomferry.dicom.containers import ENOUGH, ZIP, ContainerKind, Opens, kind_of
from dicomferry.dicom.self_extracting import is_program
from dicomferry.dicom.unpack import bound
from dicomferry.errors import DamagedError, FerryError, NotDicomError, UnreadableError
from dicomferry.model import Location

if TYPE_CHECKING:
    from dicomferry.dicom.blob import Blob

_DEEPEST: Final = 4
"""Containers inside one another that are opened."""
_NESTED: Final = PACKED | {".zip", ".tar"}
"""How the names of members end that are looked into: to look into all of them takes too long."""
_TOO_DEEP: Final = f"an archive inside {_DEEPEST} others, which is not opened: unpack them"
_NO_MEMBER: Final = "the archive has no such member"


class Inside(Protocol):
    """What is inside one container."""

    def members(self) -> Iterator[Member]:
        """Yield the members, in the order of the container."""

    def has(self, name: str) -> bool:
        """Tell whether there is a member that can be opened."""

    def open(self, name: str, label: str) -> Blob:
        """Open a member; `label` is what errors call it."""


def is_archive(path: str | os.PathLike[str]) -> bool:
    """Say whether a file is a container that `list_members` opens; an unreadable file is none.

    These are zip and tar archives, and files compressed by gzip, bzip2, xz or zstd. A DICOM file is
    never one, even if its preamble or its end look like an archive's; nor is a document whose
    format is made of zip, such as `.docx` or `.jar`.
    """
    try:
        return _kind_at(os.fspath(path)) is not None
    except (OSError, FerryError):
        return False


def list_members(path: str | os.PathLike[str]) -> Iterator[Member]:
    """Yield every file in a container, in the container's order.

    An archive inside the archive is listed in its place, where its name ends like one's. What
    cannot be opened is a `Member` with a code: an encrypted file, a broken archive in the archive.
    Raises `DamagedError` for a container that is itself cut short or broken.
    """
    text = os.fspath(path)
    with named_errors(text):
        stamp = _stamp(text)
        yield from _listed(_Around(text, stamp), _top_members(text, stamp))


def open_member(location: Location) -> Blob:
    """Open one member; raises `FerryError`, `DamagedError` when it cannot be unpacked.

    Of a compressed file that is known to hold no DICOM, it raises `NotDicomError`.
    """
    with named_errors(str(location)):
        stamp = _stamp(location.path)
        names, name = _split(location, stamp)
        return _inside(location.path, stamp, names).open(name, str(location))


def _stamp(path: str) -> tuple[int, int]:
    status = os.stat(path)  # noqa: PTH116  a name is no path object here
    return status.st_mtime_ns, status.st_size


def _kind_at(path: str) -> ContainerKind | None:
    """Return the kind of a file that can be opened; None for any other file."""
    with Path(path).open("rb") as file:
        head = BytesBlob(file.read(ENOUGH))
    kind = kind_of(head)
    if kind is not ZIP and not is_program(head.read(0, min(2, head.size))):
        return kind and opened(head, Location(path))
    blob = FileBlob(path, path)
    try:
        return opened(blob, Location(path))
    finally:
        blob.close()


def _top_members(path: str, stamp: tuple[int, int]) -> Iterator[Member]:
    """Yield the members of a file; a compressed tar archive is read through, and not kept."""
    kind, ground = _kind_at(path), OnDisk(path)
    if kind is not None and kind.opens is Opens.UNPACKED and holds_tar(ground, kind):
        from dicomferry.dicom.archive.tars import listed

        with ground.file() as packed, unpacking(kind, packed) as file:
            for _, member in listed(file, bound(stamp[1])):
                yield member
            # To its end: a checksum there tells whether it is whole.
            while file.tell() <= bound(stamp[1]) and file.read(1 << 20):
                pass
        return
    yield from _inside(path, stamp, ()).members()


class _Around(Struct, frozen=True):
    """The containers around members: the file, and the names and the path that lead into it."""

    path: str
    stamp: tuple[int, int]
    names: tuple[str, ...] = ()
    folder: str = ""

    def of(self, member: Member) -> Member:
        """Return a member with its whole name and path."""
        folder = (self.folder,) if self.folder else ()
        path = (*folder, member.path) if member.path else folder
        return replace(member, name="!".join((*self.names, member.name)), path="/".join(path))


def _listed(around: _Around, members: Iterator[Member]) -> Iterator[Member]:
    """Yield members by their whole names, those of nested containers in place of these."""
    for member in members:
        whole = around.of(member)
        if member.code or PurePosixPath(member.name).suffix.lower() not in _NESTED:
            yield whole
        elif len(around.names) + 1 == _DEEPEST:
            yield replace(whole, code="nested-too-deep", reason=_TOO_DEEP)
        else:
            names = (*around.names, member.name)
            yield from _nested(_Around(around.path, around.stamp, names, whole.path), whole)


def _nested(around: _Around, whole: Member) -> Iterator[Member]:
    try:
        with named_errors(whole.name):
            inside = _inside(around.path, around.stamp, around.names)
            yield from _listed(around, inside.members())
    except _NoContainerError:
        yield whole
    except NotDicomError as error:
        reason = _reason(error, whole)
        yield replace(whole, code="not-dicom", reason=reason, settled=True)
    except UnreadableError as error:
        yield replace(whole, code="unreadable", reason=_reason(error, whole))
    except FerryError as error:
        yield replace(whole, code="broken-archive", reason=_reason(error, whole))


def _reason(error: FerryError, member: Member) -> str:
    return error.message.rpartition(f"{member.name}: ")[2]


def _split(location: Location, stamp: tuple[int, int]) -> tuple[tuple[str, ...], str]:
    """Return the names of the containers around a member, and its own; names may have a `!`."""
    names: tuple[str, ...] = ()
    rest = location.member
    while True:
        inside = _inside(location.path, stamp, names)
        if inside.has(rest):
            return names, rest
        ends = (at for at, character in enumerate(rest) if character == "!")
        end = next((at for at in ends if inside.has(rest[:at])), None)
        if end is None:
            raise FerryError(f"{location}: {_NO_MEMBER}")
        names, rest = (*names, rest[:end]), rest[end + 1 :]


class _NoContainerError(FerryError):
    """A member that its name calls an archive, and that is none."""


# The cache reads an archive's directory once, not once for each of its members, and keeps what a
# container inside it was unpacked to.
@lru_cache(maxsize=6)
def _inside(path: str, stamp: tuple[int, int], names: tuple[str, ...]) -> Inside:
    """Return the inside of a file, or of the container in it that `names` lead to.

    `stamp` is a part of the cache's key: a changed archive is read again.
    """
    if not names:
        kind = _kind_at(path)
        if kind is None:
            raise DamagedError(f"{path}: is no archive any more")
        return _made(OnDisk(path), kind, Path(path).name, stamp[1])
    blob = _inside(path, stamp, names[:-1]).open(names[-1], "!".join((path, *names)))
    try:
        kind = _nested_kind(blob, Location(path, "!".join(names)))
        return _made(Unpacked(blob), kind, PurePosixPath(names[-1]).name, blob.size)
    except BaseException:
        blob.close()
        raise


def _nested_kind(blob: Blob, location: Location) -> ContainerKind:
    kind = opened(blob, location)
    if kind is None:
        raise _NoContainerError("no container")
    return kind


def _made(ground: Ground, kind: ContainerKind, name: str, size: int) -> Inside:
    if kind.opens is Opens.AS_ZIP:
        from dicomferry.dicom.archive.zips import ZipInside

        return ZipInside(ground)
    if kind.opens is Opens.UNPACKED:
        if not holds_tar(ground, kind):
            return PackedInside(ground, kind, name, size)
        ground = unpacked(ground, kind, name, size)
    from dicomferry.dicom.archive.tars import TarInside

    return TarInside(ground)

"""The inside of a tar archive."""

from __future__ import annotations

import posixpath
import tarfile
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Final

from dicomferry.dicom.archive.member import Member
from dicomferry.errors import DamagedError

if TYPE_CHECKING:
    from dicomferry.dicom.archive.files import Ground
    from dicomferry.dicom.blob import Blob


class TarInside:
    """The members of a tar archive, read in place."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._members: list[Member] = []
        self._files: dict[str, tuple[int, int]] = {}
        with ground.file() as file:
            for info, member in listed(file):
                self._members.append(member)
                if not member.code:
                    self._files[info.name] = (info.offset_data, info.size)

    def members(self) -> Iterator[Member]:
        """Yield every file in the archive's order, and what is no file with its reason."""
        yield from self._members

    def has(self, name: str) -> bool:
        """Tell whether there is such a file."""
        return name in self._files

    def open(self, name: str, label: str) -> Blob:
        """Return the bytes of a file; of two with one name those of the last."""
        return self._ground.cut(*self._files[name], label)


def listed(file: IO[bytes], limit: int = 0) -> Iterator[tuple[tarfile.TarInfo, Member]]:
    """Yield what a tar archive has, but for folders, in its order; links come last.

    An archive that stands behind another in one file belongs to it. Raises `DamagedError` for an
    archive that does not end with a block of zeros, as every tar archive does, for one with
    something else behind it or with more zeros than tar writes, and for one of more than `limit`
    bytes, where a limit is given.
    """
    names: set[str] = set()
    links: list[tarfile.TarInfo] = []
    start: int | None = 0
    while start is not None:
        for info in _infos(file, start, limit):
            if info.issym() or info.islnk():
                links.append(info)
            elif not info.isdir():
                names.add(info.name)
                yield info, _member(info)
        zeros, begin = file.tell() - tarfile.BLOCKSIZE, start
        start = _behind(file, limit)
        _check_end(begin, zeros, file.tell() if start is None else start, is_last=start is None)
    yield from ((info, _link(info, names)) for info in links)


def _infos(file: IO[bytes], start: int, limit: int) -> Iterator[tarfile.TarInfo]:
    """Yield what one archive has, and leave `file` behind its end."""
    file.seek(start)
    try:
        archive = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115  closed below
    except tarfile.TarError as error:
        if start == 0:
            raise
        what = f"what stands behind its end, at byte {start}, is no archive"
        raise DamagedError(what) from error
    with archive:
        for info in archive:
            if limit and info.offset_data + info.size > limit:
                raise DamagedError(f"it unpacks to more than {limit} bytes")
            yield info
        # The module ends silently at a header that is cut short or damaged, but for the first.
        file.seek(archive.offset)
        if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise DamagedError(f"it is cut short or damaged at byte {archive.offset}")


def _behind(file: IO[bytes], limit: int) -> int | None:
    """Return the first block from here on that is not of zeros; None where all are."""
    at = file.tell()
    while chunk := file.read(_CHUNK):
        if limit and at > limit:
            raise DamagedError(f"it unpacks to more than {limit} bytes")
        if stripped := chunk.lstrip(b"\0"):
            ahead = len(chunk) - len(stripped)
            return at + ahead // tarfile.BLOCKSIZE * tarfile.BLOCKSIZE
        at += len(chunk)
    return None


def _check_end(begin: int, zeros: int, end: int, *, is_last: bool) -> None:
    """Raise `DamagedError` for blocks of zeros that no tar has written at the end of an archive.

    They are two, and as many as fill up the record (POSIX.1-2017, pax, ustar interchange format).
    A block of the disk that was lost is zeros, too; it seldom ends where a record does.
    """
    length, whole = end - zeros, end - begin
    filling = length - _END
    if is_last:
        fits = filling < tarfile.RECORDSIZE or any(
            filling < record and whole % record == 0 for record in _RECORDS
        )
    else:
        fits = filling == 0 or whole % tarfile.RECORDSIZE == 0
    if not fits:
        where = "at its end" if is_last else "in front of other members"
        raise DamagedError(
            f"{length} zeros stand {where}, from byte {zeros} on: what was there is lost"
        )


def _member(info: tarfile.TarInfo) -> Member:
    # A type that nobody knows is that of a plain file (POSIX.1-2017, pax, ustar typeflag).
    if not info.isreg() and info.type in tarfile.SUPPORTED_TYPES:
        return Member(info.name, info.name, 0, "not-a-file", _DEVICE, settled=True)
    if info.issparse():
        return Member(info.name, info.name, info.size, "sparse", _SPARSE)
    return Member(info.name, info.name, info.size)


def _link(info: tarfile.TarInfo, names: set[str]) -> Member:
    if info.islnk():
        inside = info.linkname in names
    else:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(info.name), info.linkname))
        inside = any(name == target or name.startswith(f"{target}/") for name in names)
    if inside:
        return Member(info.name, info.name, 0, "link-repeated", _REPEATED, settled=True)
    return Member(info.name, info.name, 0, "link-outside", _OUTSIDE)


_END: Final = 2 * tarfile.BLOCKSIZE
_RECORDS: Final = tuple(
    factor * tarfile.BLOCKSIZE for factor in (32, 40, 64, 126, 128, 256, 512, 1024, 2048)
)
"""Bytes of the records that programs and tapes are used with, beside 10,240."""

_CHUNK: Final = 128 * tarfile.BLOCKSIZE
_SPARSE: Final = "has holes (a sparse file): unpack the archive"
_DEVICE: Final = "a pipe or device in an archive"
_REPEATED: Final = "a link to what the archive has under another name"
_OUTSIDE: Final = "a link to something that is not in the archive"

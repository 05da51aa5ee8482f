"""The source `folder`: every file below a folder, and optionally the members of archives."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Container, Iterable, Iterator
from pathlib import Path, PurePath, PurePosixPath
from typing import Annotated

import msgspec
from msgspec import Struct

from dicomferry import (
    Component,
    Context,
    FerryError,
    Finding,
    FoundCopy,
    LocalFile,
    Location,
    Look,
    NotLookedInto,
    Source,
    UnreadableError,
    Unusable,
    hookimpl,
)
from dicomferry.dicom import Member, is_archive, list_members
from dicomferry.options import Regex
from dicomferry_plugins._globs import compile_globs, glob_fault
from dicomferry_plugins._named_folders import NamedFolder, advice_on, named_folders, unmet_folders
from dicomferry_plugins._preference import Prefer, Preference, preference_of

_Inode = tuple[int, int]
_ALL_MAY_READ = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
"""Mode bits of a file that everybody may read: no `access` call is needed for it."""
_TWICE = "the archive has this name twice; only the last can be reached"
_LINKS = ("dangling-link", "link-outside")
_NOWHERE = "a symbolic link that leads nowhere"
_ANNEX = "/.git/annex/objects/"
_UNFETCHED = "a link of git-annex whose content is not here: git annex get brings it"
_OUTSIDE = "a symbolic link that leads out of the folder; follow_links: true follows it"
_REPEATED = "a folder that is read at another path"


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every file below a folder, in the order of the names' bytes.

    A path is relative to the folder, with `/` between its components; a member of an archive has
    the archive's path and its own, as though the archive were a folder; a compressed file has its
    own path. What the globs leave out is not found: it appears nowhere. An exclude that matches a
    folder leaves out all below it.

    With `archives`, zip and tar archives are read in place, archives in them, and files compressed
    by gzip, bzip2, xz or zstd. Without it, and for archives of other kinds, the plan names each as
    not looked into.
    """

    path: Annotated[str, msgspec.Meta(description="the folder", min_length=1)]
    include: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="globs of the paths to find: ** is any depth, * one component"),
    ] = ("**/*",)
    exclude: Annotated[
        tuple[str, ...], msgspec.Meta(description="globs of the paths to leave out")
    ] = ()
    archives: Annotated[
        bool, msgspec.Meta(description="read archives and compressed files in place")
    ] = False
    parts: Annotated[
        Regex,
        msgspec.Meta(description="regex searched in the path; its named groups become path.*"),
    ] = ""
    follow_links: Annotated[
        bool, msgspec.Meta(description="follow symbolic links that lead out of the folder")
    ] = False
    prefer: Annotated[
        Prefer | None,
        msgspec.Meta(description="which of several differing copies of an instance is brought"),
    ] = None

    def faults(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield every glob that matches no path, and a regex without named groups."""
        for name in ("include", "exclude"):
            for number, glob in enumerate(getattr(self, name)):
                if fault := glob_fault(glob):
                    yield (name, number), fault
        for number, glob in enumerate(self.prefer.folder if self.prefer else ()):
            if fault := glob_fault(glob):
                yield ("prefer", "folder", number), fault
        if self.parts and not re.compile(self.parts).groupindex:
            yield ("parts",), "names nothing: write a named group, such as (?P<subject>[^/]+)/"


class Folder(Struct, frozen=True):
    """The source: it walks below `root`, opens no pipe, and enters no folder twice."""

    root: Path
    include: re.Pattern[str]
    exclude: re.Pattern[str]
    parts: re.Pattern[str] | None
    archives: bool
    follow_links: bool
    prefer: Preference | None = None
    named: tuple[NamedFolder, ...] = ()

    def rank(self, copy: FoundCopy) -> tuple[int, ...]:
        """Return the place of a copy by `prefer`; every copy has the same without it."""
        if self.prefer is None:
            return ()
        return self.prefer.rank(self._paths_inside(copy.location)[-1], copy)

    def _paths_inside(self, location: Location) -> tuple[str, ...]:
        """Return the path of a file relative to the folder, and that of the member in it."""
        inside = location.path[len(str(self.root / "x")) - 1 :]
        return (inside, f"{inside}/{location.member}") if location.member else (inside,)

    def discover(self) -> Iterator[Finding]:
        """Yield the findings below the folder; raises `FerryError` for an unreadable folder."""
        return self.discover_on(lambda _: None)

    def discover_on(self, look: Look) -> Iterator[Finding]:
        """Yield the findings, and tell `look` each path and member before it is looked at."""
        left, some = list(self.named), False
        for found in self._walk(look):
            if left:
                left = unmet_folders(left, self._paths_inside(found.location))
            some = True
            yield found
        # A source that found nothing at all is told as that.
        for one in left if some else ():
            folder = self.root / one.folder
            reason = f"nothing matches '{one.glob}'{advice_on(one.glob, folder)}"
            yield NotLookedInto(Location(str(folder)), "include-unmet", reason)

    def _walk(self, look: Look) -> Iterator[Finding]:
        pending, home = self._start(look)
        entered = {home}
        # Plain text joins paths ten times as fast as pathlib, for every file.
        above = str(self.root / "x")[:-1]
        while pending:
            relative = pending.pop()
            if self.exclude.fullmatch(relative):
                continue
            location = Location(f"{above}{relative}")
            try:
                look(location.path)
                status = self._status(location)
                if isinstance(status, (Unusable, NotLookedInto)):
                    yield from self._listed(relative, status)
                elif stat.S_ISREG(status.st_mode) and not self.archives:
                    if self.include.fullmatch(relative):
                        yield self._readable(relative, location, status)
                elif not stat.S_ISDIR(status.st_mode):
                    yield from self._file(relative, location, status, look)
                elif _inode(status) in entered:
                    yield Unusable(location, "link-repeated", _REPEATED)
                else:
                    pending.extend(_entries(self.root, relative))
                    entered.add(_inode(status))
            except TimeoutError as error:
                yield NotLookedInto(location, "no-answer", f"{error.strerror or error}")
            except OSError as error:
                yield NotLookedInto(location, "unreadable", f"cannot be read: {error.strerror}")

    def _start(self, look: Look) -> tuple[list[str], _Inode]:
        try:
            look(str(self.root))
            return _entries(self.root, ""), _inode(self.root.stat())
        except TimeoutError as error:
            raise FerryError(f"{error.strerror or error}", hint="is the disk mounted?") from None
        except NotADirectoryError:
            raise FerryError(
                f"{self.root}: is a file, not a folder", hint="name the folder that holds it"
            ) from None
        except OSError as error:
            raise FerryError(
                f"{self.root}: the folder cannot be read: {error.strerror}",
                hint="a relative path starts at the recipe's folder; is the disk mounted?",
            ) from None

    def _status(self, location: Location) -> os.stat_result | Unusable | NotLookedInto:
        """Return the status of a path, or of a link's target if the walk may follow the link."""
        status = os.lstat(location.path)
        if not stat.S_ISLNK(status.st_mode):
            return status
        path = Path(location.path)
        try:
            target = path.resolve(strict=True)
        except PermissionError:
            raise
        except (OSError, RuntimeError):  # nothing there, or links that lead in a circle
            unfetched = _ANNEX in f"/{path.readlink()}"
            return NotLookedInto(location, "dangling-link", _UNFETCHED if unfetched else _NOWHERE)
        home = self.root.resolve()
        inside = target.is_relative_to(home)
        if inside and target.is_dir() and not self._leaves_out(target.relative_to(home)):
            return Unusable(location, "link-repeated", _REPEATED)
        if inside or self.follow_links:
            return target.stat()
        return NotLookedInto(location, "link-outside", _OUTSIDE)

    def _leaves_out(self, path: PurePath) -> bool:
        return any(self.exclude.fullmatch(str(one)) for one in (path, *path.parents))

    def _listed(self, relative: str, finding: Finding) -> Iterator[Finding]:
        """Yield a finding whose path is included; a link may be to a folder of such paths."""
        if self.include.fullmatch(relative) or (
            isinstance(finding, NotLookedInto)
            and finding.code in _LINKS
            and not PurePosixPath(relative).suffix
        ):
            yield finding

    def _file(
        self, relative: str, location: Location, status: os.stat_result, look: Look
    ) -> Iterator[Finding]:
        if not stat.S_ISREG(status.st_mode):
            reason = "a pipe, socket or device; it was not opened"
            yield from self._listed(relative, Unusable(location, "not-a-file", reason))
        elif is_archive(location.path):
            yield from self._members(relative, location, status, look)
        else:
            yield from self._listed(relative, self._readable(relative, location, status))

    def _readable(self, relative: str, location: Location, status: os.stat_result) -> Finding:
        if status.st_mode & _ALL_MAY_READ != _ALL_MAY_READ and not os.access(
            location.path, os.R_OK
        ):
            return NotLookedInto(location, "unreadable", "cannot be read: permission denied")
        return self._found(relative, location, status, status.st_size)

    def _members(
        self, relative: str, archive: Location, status: os.stat_result, look: Look
    ) -> Iterator[Finding]:
        seen: set[str] = set()
        try:
            for member in list_members(archive.path):
                look(archive.path)
                yield from self._member(
                    relative, Location(archive.path, member.name), member, status, seen
                )
                seen.add(member.name)
        except FerryError as error:
            code = "unreadable" if isinstance(error, UnreadableError) else "broken-archive"
            yield NotLookedInto(archive, code, error.message.removeprefix(f"{archive}: "))
        else:
            if not seen:
                yield Unusable(archive, "empty-archive", "an archive with no file in it")

    def _member(
        self, relative: str, location: Location, member: Member, status: os.stat_result,
        seen: Container[str],
    ) -> Iterator[Finding]:  # fmt: skip
        inside = PurePosixPath(f"{relative}/{member.path}")
        if self._leaves_out(inside):
            return
        if member.name in seen:
            yield from self._listed(str(inside), NotLookedInto(location, "repeated-member", _TWICE))
        elif member.code:
            kind = Unusable if member.settled else NotLookedInto
            yield from self._listed(str(inside), kind(location, member.code, member.reason))
        else:
            yield from self._listed(
                str(inside), self._found(str(inside), location, status, member.size)
            )

    def _found(
        self, relative: str, location: Location, status: os.stat_result, size: int
    ) -> LocalFile:
        match = self.parts.search(relative) if self.parts else None
        if match is None:
            return LocalFile(location, size, status.st_mtime_ns)
        names = {name: text for name, text in match.groupdict().items() if text is not None}
        return LocalFile(location, size, status.st_mtime_ns, names)


def _entries(root: Path, relative: str) -> list[str]:
    """Return the relative paths of a folder's entries, in reverse byte order."""
    with os.scandir(root / relative) as entries:
        names = [entry.name for entry in entries]
    # ASCII names sort the same as text, three times as fast.
    names.sort(key=None if all(map(str.isascii, names)) else os.fsencode, reverse=True)
    return [f"{relative}/{name}" for name in names] if relative else names


def _inode(status: os.stat_result) -> _Inode:
    return status.st_dev, status.st_ino


def _build(options: Options, context: Context) -> Folder:
    return Folder(
        root=context.path(options.path),
        include=compile_globs(options.include),
        exclude=compile_globs(options.exclude),
        parts=re.compile(options.parts) if options.parts else None,
        archives=options.archives,
        follow_links=options.follow_links,
        prefer=preference_of(options.prefer),
        named=named_folders(options.include),
    )


_EXAMPLE = """\
params:
  archive: {default: archive, description: folder of the files}
sources:
  - folder:
      path: "{{ params.archive }}"
      exclude: ["**/Thumbs.db", "**/.DS_Store"]
"""


@hookimpl
def dicomferry_sources() -> Iterable[Component[Options, Source]]:
    """Offer the folder source."""
    yield Component(
        "folder", "every file below a folder, and in its archives", Options, _build, _EXAMPLE
    )

"""A source: the files that a shelf's list names, one a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from dicomferry import Component, Context, FerryError, Finding, LocalFile, Location, Unusable


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the list is."""

    list: Annotated[str, msgspec.Meta(description="text file with one path a line")]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The files of one list; the line's number is `path.line` in templates."""

    list: Path

    def discover(self) -> Iterator[Finding]:
        """Yield the files in the order of the list, those that are gone with that as the reason."""
        try:
            lines = self.list.read_text().splitlines()
        except OSError as error:
            raise FerryError(f"the shelf's list {self.list}: {error.strerror}") from error
        for number, line in enumerate(lines, 1):
            path = self.list.parent / line
            location = Location(str(path))
            if path.is_file():
                status = path.stat()
                names = {"line": str(number)}
                yield LocalFile(location, status.st_size, status.st_mtime_ns, names)
            else:
                yield Unusable(location, "seaside-gone", f"line {number}: not on the shelf")


def _build(options: Options, context: Context) -> Shelf:
    return Shelf(context.path(options.list))


_EXAMPLE = """\
sources:
  - seaside-shelf: {list: shelf.txt}
"""

SHELF = Component("seaside-shelf", "Files that a shelf's list names", Options, _build, _EXAMPLE)

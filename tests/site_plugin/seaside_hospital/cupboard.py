"""A sink: a folder with one file for each instance, named by its SOP Instance UID."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from dicomferry import Component, Consignment, Context, Failed, Outcome, Parcel, Stored


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the cupboard stands."""

    path: Annotated[str, msgspec.Meta(description="folder to put the files in")]


@dataclass(frozen=True, slots=True)
class Drawer:
    """One consignment's folder."""

    folder: Path

    def store(self, parcel: Parcel) -> Outcome:
        """Write the file under another name first, so that a half-written one is never taken."""
        path = self.folder / f"{parcel.ref.sop_instance_uid}.dcm"
        try:
            with path.with_suffix(".part").open("wb") as file:
                file.writelines(parcel.file().chunks())
            path.with_suffix(".part").rename(path)
        except OSError as error:
            return Failed(f"{path}: {error.strerror}", retryable=True)
        return Stored(path.name)


@dataclass(slots=True)
class Cupboard:
    """Opens a drawer for each session."""

    path: Path
    receiver: str
    server: str = ""
    lanes: int = 1

    @contextmanager
    def open(self, consignment: Consignment) -> Iterator[Drawer]:
        """Give the drawer of the session."""
        folder = self.path / consignment.destination.session
        folder.mkdir(parents=True, exist_ok=True)
        yield Drawer(folder)


def _build(options: Options, context: Context) -> Cupboard:
    path = context.path(options.path)
    return Cupboard(path, receiver=str(path))


_EXAMPLE = """\
transforms:
  - seaside-ward: {ward: Memory Clinic}
sinks:
  - seaside-cupboard: {path: cupboard}
tests:
  - given: {PatientID: S01}
    expect:
      edits: {InstitutionalDepartmentName: Memory Clinic}
"""

CUPBOARD = Component("seaside-cupboard", "One file for each instance", Options, _build, _EXAMPLE)

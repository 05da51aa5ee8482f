"""What changes an instance, and what a transform may be told or must tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

from msgspec import Struct

from dicomferry.dicom.edits import Edits
from dicomferry.dicom.header import Header
from dicomferry.model import Destination, Excluded, Rejected


class Transform(Protocol):
    """Changes instances. It returns edits and mutates nothing; equal input must give equal edits.

    A transform that must know all instances before its first edit also implements `Preparing`. A
    transform that reads files (a lookup table) also implements `Reading`, so that the engine
    notices a changed table.
    """

    def edit(self, header: Header) -> Edits | Excluded | Rejected:
        """Return the edits of this instance, or the reason to leave it out or hold it back."""


@runtime_checkable
class Preparing(Protocol):
    """The optional half of a transform that must know every instance before it edits the first."""

    def prepare(self, catalog: Catalog) -> None:
        """Read the catalog; every worker process calls it before the first `edit`."""


@runtime_checkable
class Reading(Protocol):
    """The optional half of a stage whose answers depend on the content of files."""

    inputs: tuple[Path, ...]
    """The files that the stage reads; when their content changes, the engine plans again."""


@runtime_checkable
class Salted(Protocol):
    """The optional half of a transform that derives values with a salt."""

    salt: str
    """The resolved salt. A lock keeps a digest of it, to tell when the salt has changed."""


class StudyAt(Struct, frozen=True):
    """One study at one destination, as forecast after the transforms before the preparing one."""

    study_instance_uid: str
    destination: Destination
    study_date: str
    instances: int


class Catalog(Protocol):
    """What a preparing transform may ask about all instances; UIDs are those of the source."""

    def studies(self) -> Iterator[StudyAt]:
        """Yield every pair of study and destination, ordered by destination, date and UID."""

    def stored_studies(self) -> Iterator[StudyAt]:
        """Yield every pair of session and study that a sink of the recipe has stored instances of.

        The UIDs are those that were sent. They come from earlier runs, and the sources need not
        have them any more. `study_date` is empty. Of one session, the study of most instances
        comes first.
        """

    def destinations_of_series(self, series_instance_uid: str) -> tuple[Destination, ...]:
        """Return the destinations of a series; empty for a series that is not in the plan."""

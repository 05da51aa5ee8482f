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
    """What changes an instance. Returns edits; never mutates. Must be a pure function of its input.

    A transform that must know the whole before its first edit also has
    `prepare(self, catalog: Catalog) -> None` (see `Preparing`). One that reads files (a lookup
    table) also has `inputs: tuple[Path, ...]`, so that a changed table is noticed.
    """

    def edit(self, header: Header) -> Edits | Excluded | Rejected:
        """Say what to change in this instance, or that it is to be left out."""
        ...


@runtime_checkable
class Preparing(Protocol):
    """The optional half of a transform that must know every instance before it edits the first."""

    def prepare(self, catalog: Catalog) -> None:
        """Look at the whole; called before the first `edit`, in every worker process."""
        ...


@runtime_checkable
class Reading(Protocol):
    """The optional half of a stage whose answers depend on the content of files."""

    inputs: tuple[Path, ...]
    """The files it has read; a change of their content makes a new plan."""


@runtime_checkable
class Salted(Protocol):
    """The optional half of a transform that derives values with a salt."""

    salt: str
    """The salt in use, resolved. Only a digest of it is kept, to tell that it is still the same."""


class StudyAt(Struct, frozen=True):
    """One study at one destination, as forecast behind the transforms before the asking one."""

    study_instance_uid: str
    destination: Destination
    study_date: str
    instances: int


class Catalog(Protocol):
    """What a preparing transform may ask of the whole; UIDs are those of the source."""

    def studies(self) -> Iterator[StudyAt]:
        """Yield every pair of study and destination, ordered by destination, date and UID."""
        ...

    def destinations_of_series(self, series_instance_uid: str) -> tuple[Destination, ...]:
        """Return where the instances of a series go; empty for a series that is not here."""
        ...

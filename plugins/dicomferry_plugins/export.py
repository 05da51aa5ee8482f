"""The sink `export`: it writes each instance into a folder, named by a template."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Struct

from dicomferry import (
    Component,
    Consignment,
    Context,
    Destination,
    Failed,
    FerryError,
    Header,
    Outcome,
    Parcel,
    Rejected,
    Sink,
    Template,
    UnreadableError,
    hookimpl,
)
from dicomferry_plugins._filing import Cabinet
from dicomferry_plugins._paths import safe_name

_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Part 10 files below a folder.

    Names are made safe for every common file system, and only a `/` written in the layout itself
    begins a new folder. Nothing is ever overwritten: a file that is there with the same content
    counts as stored, one with other content, or a name that differs in case only, is a rejection.
    """

    path: Annotated[str, msgspec.Meta(description="the folder to write into", min_length=1)]
    layout: Annotated[
        Template,
        msgspec.Meta(description="path of each file; project, subject and session are known"),
    ]
    fsync: Annotated[
        bool, msgspec.Meta(description="call a file stored only once the disk has it")
    ] = True
    lanes: Annotated[int, msgspec.Meta(description="sessions written at once", ge=1, le=64)] = 2

    def faults(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield the faults of the layout."""
        components = _EXPRESSION.sub("x", self.layout.source).split("/")
        if not components[0]:
            yield ("layout",), "starts with '/': the layout is relative to the folder"
        elif "" in components:
            yield ("layout",), "has an empty component: '//' or a '/' at its end"
        if {".", ".."} & set(components):
            yield ("layout",), "has '.' or '..': nothing is written outside the folder"


class FolderDelivery:
    """Writes the files of one consignment."""

    def __init__(self, layout: Template, cabinet: Cabinet) -> None:
        self._layout = layout
        self._cabinet = cabinet

    def store(self, parcel: Parcel) -> Outcome:
        """Write one file; return `Stored` with its relative path, or `Rejected`."""
        try:
            names = _names(self._layout, parcel.header, parcel.destination)
            return self._cabinet.file(names, parcel.ref.sop_instance_uid, parcel.file)
        except UnreadableError as error:
            return Failed(error.message, retryable=True)
        except FerryError as error:
            return Rejected(error.message)


class Export(Struct):
    """The sink: it writes files below `root`."""

    root: Path
    layout: Template
    fsync: bool
    lanes: int
    receiver: str
    server: str = ""
    writes_disk: bool = True

    def refusal(self, header: Header, destination: Destination) -> str:
        """Return why the layout gives an instance no path, or an empty text."""
        try:
            _names(self.layout, header, destination)
        except FerryError as error:
            return error.message
        return ""

    @contextmanager
    def open(self, consignment: Consignment) -> Iterator[FolderDelivery]:  # noqa: ARG002 - as Sink has it
        """Make the folder and yield a delivery; raises `FerryError` when it cannot be made."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FerryError(
                f"{self.root}: the export folder cannot be made: {error.strerror}",
                hint="a relative path starts at the recipe's folder",
            ) from error
        yield FolderDelivery(self.layout, Cabinet(self.root, fsync=self.fsync))


def _names(layout: Template, header: Header, destination: Destination) -> tuple[str, ...]:
    """Return the path of an instance as folders and a file; raises `FerryError`."""
    parts = layout.render(header, _values_without_slash(layout, header, destination)).split("/")
    if len(parts) != _EXPRESSION.sub("", layout.source).count("/") + 1:
        raise FerryError("a value in the layout holds '/'; add | replace('/', '_') to it")
    names = tuple(map(safe_name, parts))
    if "" in names:
        raise FerryError(f"component {names.index('') + 1} of the layout is empty")
    return names


def _values_without_slash(
    layout: Template, header: Header, destination: Destination
) -> Mapping[str, object]:
    """Return the values that the layout reads, without `/`: a value must not begin a folder."""
    known: dict[str, object] = {"project": destination.project or "Unassigned"}
    known["session"] = destination.session
    if destination.subject is not None:
        known["subject"] = destination.subject
    for name in layout.names - known.keys() - {"params", "path", "row", "subject", "tag"}:
        if (value := header.value(name)) is not None:
            known[name] = value
    return {name: _clean(value) for name, value in known.items()}


def _clean(value: object) -> object:
    if isinstance(value, list):
        return [_clean(one) for one in value]
    return value.replace("/", "_") if isinstance(value, str) else value


def _build(options: Options, context: Context) -> Export:
    root = context.path(options.path)
    return Export(root, options.layout, options.fsync, options.lanes, receiver=str(root))


_NAME = "{{ PatientID }}/{{ PatientID }}_{{ Modality }}_{{ StudyDate }}/{{ SOPInstanceUID }}.dcm"
_EXAMPLE = f"""\
transforms:
  - remap:                            # only what is named here is changed
      delete: [OtherPatientIDs]
sinks:
  - export:
      path: out
      layout: "{_NAME}"
tests:
  - given: {{PatientID: S01, PatientName: S01, Modality: MR, StudyDate: "20200131",
            OtherPatientIDs: "1"}}
    expect:
      tags: {{OtherPatientIDs: ~}}
"""


@hookimpl
def dicomferry_sinks() -> Iterable[Component[Options, Sink]]:
    """Offer the export sink."""
    yield Component(
        "export", "files below a folder, named by a template", Options, _build, _EXAMPLE
    )

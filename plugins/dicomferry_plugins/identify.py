"""Say what XNAT is to call an instance, and write it where the receiving XNAT will look."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Struct

from dicomferry import (
    LEVELS,
    Component,
    Context,
    Edit,
    Edits,
    FerryError,
    Header,
    Identifier,
    Rejected,
    ServerName,
    Set,
    Template,
    Transform,
    Wanted,
    hookimpl,
    parse_tag,
    to_label,
)

_PATIENT_COMMENTS = 0x0010_4000
_ASSIGNABLE = re.compile(r"[A-Za-z0-9_-]+")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The project, subject and session wanted; a level that is not given is left to XNAT.

    Subjects and sessions are cleaned as XNAT cleans labels: all but ASCII letters, digits, `_` and
    `-` becomes `_`. What XNAT will really take is forecast afterwards; a difference stops the plan.
    """

    project: Annotated[Template | None, msgspec.Meta(description="XNAT project ID")] = None
    subject: Annotated[Template | None, msgspec.Meta(description="subject label")] = None
    session: Annotated[Template | None, msgspec.Meta(description="session label")] = None
    write: Annotated[
        Literal["comments", "fields", "both"],
        msgspec.Meta(
            description="one line in PatientComments, or the fields that XNAT reads otherwise"
        ),
    ] = "comments"
    server: Annotated[
        ServerName, msgspec.Meta(description="the XNAT server meant, where the recipe has several")
    ] = ""
    auto_archive: Annotated[
        bool | None, msgspec.Meta(description="ask XNAT to archive on its own, or not to")
    ] = None

    def faults(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield what does not go together."""
        if all(getattr(self, level) is None for level in LEVELS):
            yield (), "give at least one of project, subject and session"
        if self.auto_archive is not None and self.write == "fields":
            yield ("auto_archive",), "is written in comments: no field holds it"


class Identify(Struct, frozen=True):
    """Writes the wanted labels for one way of identification."""

    options: Options
    identifier: Identifier

    def edit(self, header: Header) -> Edits | Rejected:
        """Write the labels; reject an instance whose label would be empty or cannot be written."""
        originals = self._originals(header)
        for level, text in originals.items():
            if not text:
                return Rejected(f"the {level} is empty")
        labels = {
            level: text if level == "project" else to_label(text)
            for level, text in originals.items()
        }
        edits = self._fields(labels) if self.options.write != "comments" else []
        if self.options.write != "fields":
            if not _ASSIGNABLE.fullmatch(labels.get("project", "-")):
                return Rejected(
                    "the project cannot be written in PatientComments: XNAT reads only"
                    " letters, digits, '_' and '-' there"
                )
            edits.append(Set((_PATIENT_COMMENTS,), self._comment(labels)))
        chosen = header.wanted.chosen if header.wanted else frozenset[str]()
        return Edits(tuple(edits), _wanted(labels, originals, chosen))

    def _originals(self, header: Header) -> dict[str, str]:
        # What somebody chose for this series in a saved plan goes before what the recipe says.
        chosen = header.wanted.chosen if header.wanted else ()
        texts = {}
        for level in LEVELS:
            template: Template | None = getattr(self.options, level)
            if level in chosen:
                texts[level] = getattr(header.wanted, level)
            elif template is not None:
                texts[level] = template.render(header).strip()
        return texts

    def _fields(self, labels: dict[str, str]) -> list[Edit]:
        # A level without a field, as dqr's project, is decided elsewhere: the forecast says where.
        fields = self.identifier.fields
        return [
            Set((parse_tag(fields[level]),), label)
            for level, label in labels.items()
            if level in fields
        ]

    def _comment(self, labels: dict[str, str]) -> str:
        # One line: XNAT's pattern does not reach across a line end.
        words = [f"{level.capitalize()}:{label}" for level, label in labels.items()]
        if self.options.auto_archive is not None:
            words.append(f"AA:{str(self.options.auto_archive).lower()}")
        return " ".join(words)


def _wanted(labels: dict[str, str], originals: dict[str, str], chosen: frozenset[str]) -> Wanted:
    return Wanted(
        project=labels.get("project"),
        subject=labels.get("subject"),
        session=labels.get("session"),
        subject_original=originals.get("subject"),
        session_original=originals.get("session"),
        chosen=chosen,
    )


def _build(options: Options, context: Context) -> Identify:
    identifier = context.identifier(options.server or None)
    if options.write != "fields" and not identifier.reads_comments:
        raise FerryError(
            "the receiving XNAT does not read PatientComments", hint="use write: fields"
        )
    return Identify(options, identifier)


@hookimpl
def dicomferry_transforms() -> Iterable[Component[Options, Transform]]:
    """Offer the identify transform."""
    yield Component("identify", "the XNAT project, subject and session wanted", Options, _build)

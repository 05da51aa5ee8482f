"""Say what XNAT is to call an instance, and write it where the receiving XNAT will look."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

import msgspec
from msgspec import Struct

from dicomferry import (
    Component,
    Context,
    Edits,
    FerryError,
    Header,
    Rejected,
    Template,
    Transform,
    hookimpl,
)
from dicomferry.options import ServerName
from dicomferry.xnat import LEVELS, Identifier, LabelsIn, write_labels

_PART_EMPTY = "label-part-empty"
_PLAIN = re.compile(r"\{\{-?\s*([A-Za-z_]\w*(?:\.\w+)?)\s*((?:\|[^}]*)?)\}\}")
"""An expression that is one name, with or without filters."""
_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_NAMES = re.compile(r"\b(?:(?:path|row)\.)?[A-Za-z_]\w*\b")
_SECTIONS = frozenset({"params", "path", "row", "tag"})
_SEPARATORS = re.compile(r"[_\-. ]")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The project, subject and session wanted; a level that is not given is left to XNAT.

    Subjects and sessions are cleaned as XNAT cleans labels: all but ASCII letters, digits, `_` and
    `-` becomes `_`. What XNAT will really take is forecast afterwards; a difference stops the plan.
    """

    project: Annotated[Template | None, msgspec.Meta(description="XNAT project ID")] = None
    subject: Annotated[Template | None, msgspec.Meta(description="subject label")] = None
    session: Annotated[Template | None, msgspec.Meta(description="session label")] = None
    write: Annotated[
        LabelsIn,
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
        options = self.options
        texts = self._texts(header)
        edits = write_labels(texts, (self.identifier,), options.write, options.auto_archive)
        if isinstance(edits, Rejected) or not (empty := self._empty(header, texts)):
            return edits
        return Edits(edits.items, edits.wanted, tuple(f"{_PART_EMPTY}:{name}" for name in empty))

    def _empty(self, header: Header, texts: Mapping[str, str]) -> list[str]:
        """Return the names in the templates that have no value and leave a gap in a label."""
        found: dict[str, None] = {}
        for level, text in texts.items():
            template: Template | None = getattr(self.options, level)
            if template is None or level in (header.wanted.chosen if header.wanted else ()):
                continue
            names = dict.fromkeys(_NAMES.findall(template.source))
            plain = set[str]()
            if "{%" not in template.source:  # else it may say itself what an empty one becomes
                written = _PLAIN.findall(template.source)
                plain = {name for name, filters in written if "default" not in filters}
            gaps = _gaps(text)
            gap = gaps > 0 and gaps > _gaps(_EXPRESSION.sub("x", template.source))
            for name in names:
                known = "." in name or name in template.names - _SECTIONS
                if known and (gap or name in plain) and not _text(header, name):
                    found[name] = None
        return list(found)

    def _texts(self, header: Header) -> dict[str, str]:
        # A label that a chosen plan gives this series goes before the recipe's own.
        chosen = header.wanted.chosen if header.wanted else frozenset[str]()
        texts: dict[str, str] = {}
        for level in LEVELS:
            template: Template | None = getattr(self.options, level)
            if level in chosen:
                texts[level] = getattr(header.wanted, level)
            elif template is not None:
                texts[level] = template.render(header).strip()
        return texts


def _text(header: Header, name: str) -> str:
    """Return what a template sees by a keyword, or by a name of a path or a row."""
    section, dot, key = name.partition(".")
    if dot:
        return {"path": header.names, "row": header.row}[section].get(key, "").strip()
    return (header.text(name) or "").strip()


def _gaps(label: str) -> int:
    """Return how many parts of a label are empty."""
    return _SEPARATORS.split(label).count("")


def _build(options: Options, context: Context) -> Identify:
    identifier = context.identifier(options.server or None)
    if options.write != "fields" and not identifier.reads_comments:
        raise FerryError(
            "the receiving XNAT does not read PatientComments", hint="use write: fields"
        )
    return Identify(options, identifier)


_EXAMPLE = """\
transforms:
  - identify:                         # what XNAT is to call it; a plan that differs
      project: P01                    # is refused before anything is sent
      subject: "{{ PatientID }}"
      session: "{{ PatientID }}_{{ Modality }}_{{ StudyDate }}"
"""


@hookimpl
def dicomferry_transforms() -> Iterable[Component[Options, Transform]]:
    """Offer the identify transform."""
    yield Component(
        "identify", "the XNAT project, subject and session wanted", Options, _build, _EXAMPLE
    )

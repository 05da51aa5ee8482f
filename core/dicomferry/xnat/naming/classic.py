"""XNAT's default identifier, on one generation of XNAT."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dicomferry.dicom.header import Header
from dicomferry.model import AutoArchive, Because, Destination, Forecast
from dicomferry.xnat.labels import to_label
from dicomferry.xnat.naming.assignment import Key
from dicomferry.xnat.naming.default_label import DEFAULT_SESSION
from dicomferry.xnat.naming.import_parameters import ImportParameters
from dicomferry.xnat.naming.notes import notes
from dicomferry.xnat.naming.options import Identification, RoutingRules
from dicomferry.xnat.naming.projects import FoundProject, Projects
from dicomferry.xnat.naming.sources import (
    COMMENTS,
    Candidates,
    first,
    from_comments,
    from_fields,
    from_rules,
)
from dicomferry.xnat.reading.errors import UnforeseeableError
from dicomferry.xnat.reading.reader import Reader
from dicomferry.xnat.routing.rules import RuleChain, RuleError, parse_rules

_PATIENT_NAME = 0x00100010
_PATIENT_ID = 0x00100020
_STUDY_DESCRIPTION = 0x00081030
_ACCESSION_NUMBER = 0x00080050
_COMMENT_TAGS = tuple(tag for _, tag in COMMENTS)
_TRUE = re.compile(r"t(?:rue)?", re.ASCII | re.IGNORECASE)
_FALSE = re.compile(r"f(?:alse)?", re.ASCII | re.IGNORECASE)

_Label = tuple[str, str, str]
"""The source in words, the label, and the text it was made of."""


class ClassicRules:
    """The rules of a server's default identifier, as one generation of XNAT applies them.

    Project, subject, session and auto-archive are found independently: receiver rules, site rules,
    assignments in three comments, then whole elements.
    """

    def __init__(self, options: Identification, reader: Reader) -> None:
        self._reader = reader
        self._projects = Projects(options.projects)
        high = reader.high_groups
        receiver = _chains("receiver", options.receiver, high_groups=high)
        self._imported = _chains("site", options.site, high_groups=high)
        self._imported[Key.AA] = parse_rules("site", options.site.aa, high_groups=high)
        self._received = {
            key: receiver.get(key, RuleChain()) + site for key, site in self._imported.items()
        }

    def forecast(self, header: Header, parameters: ImportParameters | None = None) -> Forecast:
        """Say what XNAT will call an instance; `parameters` are those of a REST import.

        A parameter wins over every other source, unless it names a project that is not there.
        Receiver rules do not apply to a REST import.
        """
        rules = self._imported if parameters else self._received
        try:
            return self._forecast(header, rules, parameters or ImportParameters())
        except RuleError as error:
            return nowhere(refused=str(error))
        except UnforeseeableError as error:
            return nowhere(unknown=str(error))

    def _forecast(
        self, header: Header, rules: Mapping[Key, RuleChain], parameters: ImportParameters
    ) -> Forecast:
        # XNAT asks the rules of all levels for their tags before it catches anything: one that
        # cannot be parsed makes it refuse every object.
        for chain in rules.values():
            chain.check()
        if (refusal := self._reader.refusal(header)) is not None:
            return nowhere(refused=refusal)
        project = self._project(header, rules[Key.PROJECT], parameters)
        subject = parameters.subject_label or self._label(Key.SUBJECT, header, rules)
        session = parameters.session_label or self._label(Key.SESSION, header, rules)
        auto_archive = AutoArchive.NEVER
        if project.id:
            found = self._auto_archive(header, rules[Key.AA])
            auto_archive = parameters.auto_archive or found
        applied = (rule for chain in rules.values() for rule in chain.rules)
        noted = notes(header, self._reader, applied, _COMMENT_TAGS)
        return Forecast(
            Destination(
                project.id,
                subject[1] if subject else None,
                session[1] if session else DEFAULT_SESSION,
            ),
            Because(
                project=project.why,
                subject=subject[0] if subject else "no value anywhere",
                session=session[0] if session else f"no value anywhere: {DEFAULT_SESSION}",
            ),
            auto_archive,
            notes=tuple(sorted({*project.notes, *noted})),
            originals=(subject[-1] if subject else None, session[-1] if session else None),
        )

    def _project(
        self, header: Header, rules: RuleChain, parameters: ImportParameters
    ) -> FoundProject:
        wanted = self._projects.find(parameters.project)
        if wanted is not None:
            return FoundProject(wanted, "parameter PROJECT_ID")

        def candidates() -> Candidates:
            yield from from_rules(rules, header, self._reader)
            yield from from_comments(Key.PROJECT, header, self._reader)
            yield from from_fields(
                header,
                self._reader,
                ("StudyDescription", _STUDY_DESCRIPTION),
                ("AccessionNumber", _ACCESSION_NUMBER),
            )

        try:
            return self._projects.first(candidates())
        except RuleError as error:
            # XNAT catches what a project rule throws at a value, and files under Unassigned.
            return FoundProject(None, f"{error}: Unassigned")

    def _label(self, key: Key, header: Header, rules: Mapping[Key, RuleChain]) -> _Label | None:
        field = ("PatientName", _PATIENT_NAME) if key is Key.SUBJECT else ("PatientID", _PATIENT_ID)

        def candidates() -> Candidates:
            yield from from_rules(rules[key], header, self._reader)
            yield from from_comments(key, header, self._reader)
            yield from from_fields(header, self._reader, field)

        found = first(candidates())
        return (found[0], to_label(found[1]), found[1]) if found else None

    def _auto_archive(self, header: Header, rules: RuleChain) -> AutoArchive:
        def candidates() -> Candidates:
            yield from from_rules(rules, header, self._reader)
            yield from from_comments(Key.AA, header, self._reader)

        found = first(candidates())
        return requested(found[1] if found else None)


def nowhere(*, refused: str | None = None, unknown: str | None = None) -> Forecast:
    """Return the forecast of what XNAT refuses, or of what cannot be told, for that reason."""
    reason = refused or unknown or ""
    because = Because(reason, reason, reason)
    place = Destination(None, None, DEFAULT_SESSION)
    return Forecast(place, because, AutoArchive.NEVER, refused=refused, unknown=unknown)


def refused_without_uids(header: Header) -> Forecast | None:
    """Return XNAT's refusal of an instance that does not say what it is; None for one that does.

    No identifier asks for it: the SOPInstanceUID of every instance is another, and a PACS need not
    tell the class of an instance that is not retrieved yet.
    """
    for keyword in ("SOPClassUID", "SOPInstanceUID"):
        if not header.text(keyword):
            return nowhere(refused=f"it has no {keyword}")
    return None


def requested(text: str | None) -> AutoArchive:
    """Return what a value of `AA:` asks for."""
    if text is not None and _TRUE.fullmatch(text):
        return AutoArchive.AUTO
    if text is not None and _FALSE.fullmatch(text):
        return AutoArchive.MANUAL
    return AutoArchive.PROJECT_DEFAULT


def _chains(owner: str, rules: RoutingRules, *, high_groups: bool) -> dict[Key, RuleChain]:
    levels = {
        Key.PROJECT: rules.project, Key.SUBJECT: rules.subject, Key.SESSION: rules.session,
    }  # fmt: skip
    return {
        key: parse_rules(owner, texts, high_groups=high_groups) for key, texts in levels.items()
    }

"""How XNAT's receivers name what arrives, emulated: the default identifier and DQR's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from dicomferry.dicom.header import Header
from dicomferry.model import AutoArchive, Because, Destination, Forecast
from dicomferry.xnat.labels import dcm_text, to_label
from dicomferry.xnat.naming.assignment import Key, assigned
from dicomferry.xnat.naming.default_label import DEFAULT_SESSION
from dicomferry.xnat.naming.import_parameters import ImportParameters
from dicomferry.xnat.naming.notes import PROJECTS_NOT_DECLARED, notes
from dicomferry.xnat.naming.options import Identification, Project, RoutingRules
from dicomferry.xnat.routing.java_errors import UnforeseeableError
from dicomferry.xnat.routing.rules import RuleChain, RuleError, parse_rules

_PATIENT_NAME = 0x00100010
_PATIENT_ID = 0x00100020
_STUDY_DESCRIPTION = 0x00081030
_ACCESSION_NUMBER = 0x00080050
_STUDY_ID = 0x00200010
_STUDY_INSTANCE_UID = 0x0020000D
_COMMENTS = (
    ("PatientComments", 0x00104000),
    ("StudyComments", 0x00324000),
    ("AdditionalPatientHistory", 0x001021B0),
)
_COMMENT_TAGS = tuple(tag for _, tag in _COMMENTS)
_TRUE = re.compile(r"t(?:rue)?", re.ASCII | re.IGNORECASE)
_FALSE = re.compile(r"f(?:alse)?", re.ASCII | re.IGNORECASE)

_Candidates = Iterator[tuple[str, str | None]]
"""The source in words and the text found there, in XNAT's order."""

_Label = tuple[str, str, str]
"""The source in words, the label, and the text it was made of."""


_PROJECT_ID: Final = re.compile(r"[A-Za-z0-9_-]+")
_UNDECLARED: Final = ", if there is such a project: the server's projects are not declared"


def _from_rules(chain: RuleChain, header: Header) -> _Candidates:
    chain.check()
    for rule in chain.rules:
        try:
            yield str(rule), rule.extract(header)
        except (RuleError, UnforeseeableError) as error:
            raise type(error)(f"{rule.name}: {error}") from error


def _from_comments(key: Key, header: Header) -> _Candidates:
    for keyword, tag in _COMMENTS:
        comment = dcm_text(header, tag)
        if comment is not None:
            yield f"{keyword} '{key}:'", assigned(key, comment)


def _from_fields(header: Header, *fields: tuple[str, int]) -> _Candidates:
    for keyword, tag in fields:
        yield keyword, dcm_text(header, tag)


def _first(candidates: _Candidates) -> tuple[str, str] | None:
    """Return the first source with a text that is not empty (XNAT's `ChainExtractor`)."""
    return next(((source, text) for source, text in candidates if text), None)


def _requested(text: str | None) -> AutoArchive:
    if text is not None and _TRUE.fullmatch(text):
        return AutoArchive.AUTO
    if text is not None and _FALSE.fullmatch(text):
        return AutoArchive.MANUAL
    return AutoArchive.PROJECT_DEFAULT


class _FoundProject(Struct, frozen=True):
    """A project's ID, None for Unassigned; the rule that decided, in words; notes on it."""

    id: str | None
    why: str
    notes: tuple[str, ...] = ()


class _Projects:
    """The projects the receiving user can read, by ID and alias, exact to the letter.

    Without a declaration the projects are unknown: any text that can be a project's ID counts as
    one, and the reason says so.
    """

    def __init__(self, projects: list[str | Project] | None) -> None:
        self._declared = projects is not None
        known = [Project(id=item) if isinstance(item, str) else item for item in projects or ()]
        aliases = {alias: project.id for project in known for alias in project.aliases}
        self._ids = {**aliases, **{project.id: project.id for project in known}}

    def find(self, text: str | None) -> str | None:
        if text and not self._declared:
            return text if _PROJECT_ID.fullmatch(text) else None
        return self._ids.get(text) if text else None

    def first(self, candidates: _Candidates) -> _FoundProject:
        for source, text in candidates:
            if (project := self.find(text)) is not None:
                if self._declared:
                    return _FoundProject(project, source)
                return _FoundProject(project, f"{source}{_UNDECLARED}", (PROJECTS_NOT_DECLARED,))
        return _FoundProject(None, "no rule matched: Unassigned")


def _project(find: Callable[[], _FoundProject]) -> _FoundProject:
    """Find the project; XNAT catches whatever goes wrong here and files under Unassigned."""
    try:
        return find()
    except RuleError as error:
        return _FoundProject(None, f"{error}: Unassigned")


def _refusal(reason: str) -> Forecast:
    because = Because(reason, reason, reason)
    nowhere = Destination(None, None, DEFAULT_SESSION)
    return Forecast(nowhere, because, AutoArchive.NEVER, refused=reason)


class ClassicIdentifier:
    """XNAT's default, `ClassicDicomObjectIdentifier`.

    Project, subject, session and auto-archive are found independently: receiver rules, site rules,
    assignments in three comments, then whole elements.
    """

    fields: Mapping[str, str] = MappingProxyType(
        {"project": "StudyDescription", "subject": "PatientName", "session": "PatientID"}
    )
    reads_comments = True
    first_session_wins = False

    def __init__(self, options: Identification) -> None:
        self._projects = _Projects(options.projects)
        self._receiver = _chains("receiver", options.receiver)
        self._site = _chains("site", options.site)
        self._site[Key.AA] = parse_rules("site", options.site.aa)

    def forecast(self, header: Header) -> Forecast:
        """Say what XNAT will call an instance that comes by C-STORE, and why."""
        return self._forecast(header, self._receiver, ImportParameters())

    def forecast_import(self, header: Header, parameters: ImportParameters) -> Forecast:
        """Say what XNAT will call an instance that comes by REST import.

        A parameter wins over every other source, unless it names a project that is not there.
        Receiver rules do not apply.
        """
        return self._forecast(header, {}, parameters)

    def _forecast(
        self, header: Header, receiver: Mapping[Key, RuleChain], parameters: ImportParameters
    ) -> Forecast:
        rules = {key: receiver.get(key, RuleChain()) + site for key, site in self._site.items()}
        try:
            project = self._project(header, rules[Key.PROJECT], parameters)
            subject = parameters.subject_label or self._label(Key.SUBJECT, header, rules)
            session = parameters.session_label or self._label(Key.SESSION, header, rules)
            auto_archive = self._auto_archive(header, rules[Key.AA])
        except (RuleError, UnforeseeableError) as error:
            return _refusal(str(error))
        because = Because(
            project=project.why,
            subject=subject[0] if subject else "no value anywhere",
            session=session[0] if session else f"no value anywhere: {DEFAULT_SESSION}",
        )
        destination = Destination(
            project.id, subject[1] if subject else None, session[1] if session else DEFAULT_SESSION
        )
        applied = (rule for chain in rules.values() for rule in chain.rules)
        requested = parameters.auto_archive or auto_archive
        return Forecast(
            destination,
            because,
            requested if project.id else AutoArchive.NEVER,
            notes=tuple(sorted({*project.notes, *notes(header, applied, _COMMENT_TAGS)})),
            originals=(subject[-1] if subject else None, session[-1] if session else None),
        )

    def _project(
        self, header: Header, rules: RuleChain, parameters: ImportParameters
    ) -> _FoundProject:
        wanted = self._projects.find(parameters.project)
        if wanted is not None:
            return _FoundProject(wanted, "parameter PROJECT_ID")

        def candidates() -> _Candidates:
            yield from _from_rules(rules, header)
            yield from _from_comments(Key.PROJECT, header)
            yield from _from_fields(
                header,
                ("StudyDescription", _STUDY_DESCRIPTION),
                ("AccessionNumber", _ACCESSION_NUMBER),
            )

        return _project(lambda: self._projects.first(candidates()))

    def _label(self, key: Key, header: Header, rules: Mapping[Key, RuleChain]) -> _Label | None:
        tag = _PATIENT_NAME if key is Key.SUBJECT else _PATIENT_ID

        def candidates() -> _Candidates:
            yield from _from_rules(rules[key], header)
            yield from _from_comments(key, header)
            yield from _from_fields(header, (self.fields[key.lower()], tag))

        found = _first(candidates())
        return (found[0], to_label(found[1]), found[1]) if found else None

    def _auto_archive(self, header: Header, rules: RuleChain) -> AutoArchive:
        def candidates() -> _Candidates:
            yield from _from_rules(rules, header)
            yield from _from_comments(Key.AA, header)

        found = _first(candidates())
        return _requested(found[1] if found else None)


def _chains(owner: str, rules: RoutingRules) -> dict[Key, RuleChain]:
    return {
        Key.PROJECT: parse_rules(owner, rules.project),
        Key.SUBJECT: parse_rules(owner, rules.subject),
        Key.SESSION: parse_rules(owner, rules.session),
    }


class DqrIdentifier:
    """The DQR plug-in's `dqrObjectIdentifier`.

    The project comes from the table of routed studies alone, the subject from PatientName, the
    session from StudyID or else AccessionNumber. An instance that arrives within half an hour of
    the first one of its study gets the first one's session (see `filing/first_session.py`).
    """

    fields: Mapping[str, str] = MappingProxyType({"subject": "PatientName", "session": "StudyID"})
    reads_comments = False
    first_session_wins = True

    def __init__(self, options: Identification) -> None:
        self._projects = _Projects(options.projects)
        self._routing = dict(options.routing)

    def forecast(self, header: Header) -> Forecast:
        """Say what XNAT will call this instance if it is the first of its study to arrive."""
        project, why = self._project(header)
        subject = _first(_from_fields(header, ("PatientName", _PATIENT_NAME)))
        fields = (("StudyID", _STUDY_ID), ("AccessionNumber", _ACCESSION_NUMBER))
        session = _first(
            (source, text if text and text.strip() else None)
            for source, text in _from_fields(header, *fields)
        )
        requested = _first(_from_comments(Key.AA, header))
        return Forecast(
            Destination(
                project,
                to_label(subject[1]) if subject else None,
                to_label(session[1]) if session else DEFAULT_SESSION,
            ),
            Because(
                why,
                subject[0] if subject else "no value anywhere",
                session[0] if session else f"no value anywhere: {DEFAULT_SESSION}",
            ),
            _requested(requested[1] if requested else None) if project else AutoArchive.NEVER,
            originals=(subject[1] if subject else None, session[1] if session else None),
        )

    def _project(self, header: Header) -> tuple[str | None, str]:
        routed = self._routing.get(header.text(_STUDY_INSTANCE_UID) or "")
        if routed is None:
            return None, "study not routed: Unassigned"
        project = self._projects.find(routed)
        if project is None:
            return None, "study routed to a project that is not there: Unassigned"
        return project, "routing of the study"

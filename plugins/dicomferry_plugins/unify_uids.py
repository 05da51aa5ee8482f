"""The transform `unify-uids`: every XNAT session gets one StudyInstanceUID of its own."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal

import msgspec

from dicomferry import (
    Catalog,
    Component,
    Context,
    DamagedError,
    Destination,
    Edit,
    Edits,
    Header,
    Rejected,
    Set,
    StudyAt,
    TagPath,
    Transform,
    hookimpl,
)
from dicomferry.options import ServerName
from dicomferry.xnat import Identifier

_STUDY_INSTANCE_UID = 0x0020_000D
_SERIES_INSTANCE_UID = 0x0020_000E
_REFERENCED_STUDY_SEQUENCE = 0x0008_1110
_RT_REFERENCED_STUDY_SEQUENCE = 0x3006_0012
_REFERENCED_SOP_INSTANCE_UID = 0x0008_1155
_UID_OF_CONTENT = 0x0040_A124
"""The value of a content item with the value type UIDREF."""
_NAMING = {
    _REFERENCED_STUDY_SEQUENCE: _REFERENCED_SOP_INSTANCE_UID,
    _RT_REFERENCED_STUDY_SEQUENCE: _REFERENCED_SOP_INSTANCE_UID,
}
"""Sequences whose items name a study as though it were an instance."""
_NOT_FOLLOWED = "reference-not-followed"
_BYTE_ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")

_Session = tuple[str, str]
"""A project (empty for Unassigned) and a session label: one session of XNAT's archive."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One StudyInstanceUID for each session; references to a changed one follow it.

    `derive` makes it from the salt, the project and the session: the same on every machine and
    run. `first` keeps the UID of the session's earliest study, `keep` that of a session which is
    exactly one study; where another session has that UID, it is derived. With both, a session of
    which something is stored keeps the UID it was stored under, whatever a later disk brings. An
    instance without a StudyInstanceUID gets its session's.
    """

    scope: Annotated[
        Literal["session"], msgspec.Meta(description="what shares one StudyInstanceUID")
    ] = "session"
    study: Annotated[
        Literal["derive", "first", "keep"], msgspec.Meta(description="where the UID comes from")
    ] = "derive"
    salt: Annotated[
        str,
        msgspec.Meta(
            description="makes derived UIDs this recipe's own; may be a secret; default: its name"
        ),
    ] = ""
    server: Annotated[
        ServerName, msgspec.Meta(description="the XNAT server meant, where the recipe has several")
    ] = ""


class UnifyUids:
    """The transform; `prepare` finds the sessions of every study, and the UID of every session."""

    def __init__(self, study: str, salt: str, identifier: Identifier) -> None:
        self._study = study
        self.salt = salt
        self._identifier = identifier
        self._catalog: Catalog | None = None
        self._sessions: Mapping[str, set[_Session]] = {}
        self._uids: dict[_Session, str] = {}

    def prepare(self, catalog: Catalog) -> None:
        """Choose the UID of every session."""
        self._catalog = catalog
        studies: dict[_Session, list[StudyAt]] = defaultdict(list)
        sessions: dict[str, set[_Session]] = defaultdict(set)
        for study in catalog.studies():
            studies[_session(study.destination)].append(study)
            sessions[study.study_instance_uid].add(_session(study.destination))
        self._sessions = dict(sessions)
        self._uids = {}
        taken = self._stored(catalog) if self._study != "derive" else set[str]()
        for session in sorted(studies.keys() - self._uids.keys()):
            kept = self._kept(studies[session])
            uid = kept if kept and kept not in taken else derived_uid(self.salt, *session)
            self._uids[session] = uid
            taken.add(uid)

    def _stored(self, catalog: Catalog) -> set[str]:
        """Give stored sessions the UIDs they have; return all of these, nobody else gets one."""
        taken: set[str] = set()
        for stored in catalog.stored_studies():
            self._uids.setdefault(_session(stored.destination), stored.study_instance_uid)
            taken.add(stored.study_instance_uid)
        return taken

    def edit(self, header: Header) -> Edits | Rejected:
        """Set the StudyInstanceUID of the instance's session, and every reference to a study."""
        own_session = _session(self._identifier.forecast(header).destination)
        try:
            return self._edits(header, own_session)
        except DamagedError as error:
            return Rejected(error.message)

    def _kept(self, studies: list[StudyAt]) -> str:
        if self._study == "first":
            # Studies without a date sort last.
            first = min(
                studies, key=lambda at: (not at.study_date, at.study_date, at.study_instance_uid)
            )
            return first.study_instance_uid
        uids = {study.study_instance_uid for study in studies}
        if self._study == "keep" and len(uids) == 1:
            (uid,) = uids
            return uid if len(self._sessions[uid]) == 1 else ""
        return ""

    def _edits(self, header: Header, own_session: _Session) -> Edits:
        edits: list[Edit] = []
        notes: tuple[str, ...] = ()
        own = header.text(_STUDY_INSTANCE_UID)
        new = self._uids.get(own_session)
        if new is None and not own and self._study == "derive":
            # Without a UID it is in no catalog, and another instance of its session may not be.
            new = derived_uid(self.salt, *own_session)
        if new and new != own:
            edits.append(Set((_STUDY_INSTANCE_UID,), new))
        for path, item, uid in _references(header):
            session = self._referenced(uid, item, own_session)
            if session is None:
                if uid in self._sessions:
                    notes = (_NOT_FOLLOWED,)
            elif (target := self._uids[session]) != uid:
                edits.append(Set(path, target))
        return Edits(tuple(edits), notes=notes)

    def _referenced(self, uid: str, item: Header, own_session: _Session) -> _Session | None:
        """Return the session of a referenced study; None where several are possible."""
        candidates = self._sessions.get(uid, set())
        series = {
            _session(destination)
            for series_uid in _series(item)
            for destination in self._destinations(series_uid)
        } & candidates
        if len(series) == 1:
            return next(iter(series))
        if own_session in candidates:
            return own_session
        return next(iter(candidates)) if len(candidates) == 1 else None

    def _destinations(self, series_uid: str) -> tuple[Destination, ...]:
        return self._catalog.destinations_of_series(series_uid) if self._catalog else ()


def derived_uid(salt: str, project: str, session: str) -> str:
    """Return the UID of a session: `2.25.` and a UUID in decimal (PS3.5 B.2), at most 44 long.

    The UUID is made of the SHA-256 of the three texts. Each text follows its length, so that
    different triples never give the same bytes.
    """
    sha = hashlib.sha256()
    for text in (salt, project, session):
        sha.update(len(text.encode()).to_bytes(8, "big") + text.encode())
    return f"2.25.{uuid.UUID(bytes=sha.digest()[:16], version=5).int}"


def _session(destination: Destination) -> _Session:
    return destination.project or "", destination.session


def _references(header: Header) -> Iterator[tuple[TagPath, Header, str]]:
    """Yield path, item and value of every UID in a sequence that names a study."""
    for path, sequence, item in _items(header, _STUDY_INSTANCE_UID, _UID_OF_CONTENT, *_NAMING):
        for key in (_NAMING.get(sequence, _STUDY_INSTANCE_UID), _UID_OF_CONTENT):
            if uid := item.text(key):
                yield (*path, key), item, uid


def _series(item: Header) -> Iterator[str]:
    for header in (item, *(below for _, _, below in _items(item, _SERIES_INSTANCE_UID))):
        if uid := header.text(_SERIES_INSTANCE_UID):
            yield uid


def _items(header: Header, *wanted: int) -> Iterator[tuple[TagPath, int, Header]]:
    """Yield the path, the sequence's tag and the header of every item at any depth.

    Sequences whose bytes hold none of the `wanted` tags are left out.
    """
    pending: list[tuple[TagPath, Header]] = [((), header)]
    while pending:
        path, holder = pending.pop()
        for tag in holder.sequences():
            if tag not in wanted and not _may_hold(holder.raw(tag), wanted):
                continue
            for number, item in enumerate(holder.items(tag)):
                yield (*path, tag, number), tag, item
                pending.append(((*path, tag, number), item))


def _may_hold(sequence: bytes | None, tags: Iterable[int]) -> bool:
    # A search in the bytes is fast: an enhanced multi-frame has thousands of items to skip.
    return sequence is None or any(
        (tag >> 16).to_bytes(2, order) + (tag & 0xFFFF).to_bytes(2, order) in sequence
        for tag in tags
        for order in _BYTE_ORDERS
    )


def _build(options: Options, context: Context) -> UnifyUids:
    salt = context.secret(options.salt) if options.salt else context.recipe_name
    return UnifyUids(options.study, salt, context.identifier(options.server or None))


_EXAMPLE = """\
transforms:
  - unify-uids: {study: derive}       # one StudyInstanceUID for each session
"""


@hookimpl
def dicomferry_transforms() -> Iterable[Component[Options, Transform]]:
    """Offer the unify-uids transform."""
    yield Component(
        "unify-uids", "one StudyInstanceUID for each session", Options, _build, _EXAMPLE
    )

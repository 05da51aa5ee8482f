"""Why XNAT would not archive a session into one that is there, in its own words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from dicomferry.xnat.filing.keys import subject_key


class Conflict(StrEnum):
    """What keeps a session in the prearchive, in status CONFLICT or ERROR."""

    STUDY = "study"
    SUBJECT = "subject"
    MODALITY = "modality"
    FILES = "files"
    CONTENT = "content"
    EXISTS = "exists"
    SEVERAL_STUDIES = "several studies"
    NO_SUBJECT = "no subject"
    SCAN_NUMBER = "scan number"

    def words(self, name: str = "") -> str:
        """Return XNAT's message, verbatim; `name` is the session label or scan ID that it names."""
        text, mark = _WORDS[self]
        return text.format(mark=mark, name=name)


_WORDS: Final[Mapping[Conflict, tuple[str, str]]] = MappingProxyType({
    Conflict.STUDY: ("Invalid modification of {mark} via archive process.", "session UID"),
    Conflict.SUBJECT: (
        (
            "Invalid modification of session subject via archive process.:"
            " {name} Already Exists for {mark}"
        ),
        "another Subject",
    ),
    Conflict.MODALITY: (
        "Invalid modification of {mark} via archive process.  Data may require a manual merge.",
        "session modality",
    ),
    Conflict.FILES: ("Session already exists with {mark}.", "matching files"),
    Conflict.CONTENT: ("{mark} cannot be merged at this time.", "Duplicate DCM UID"),
    Conflict.EXISTS: ("Session already exists, {mark} enabled", "retry with overwrite"),
    Conflict.SEVERAL_STUDIES: ("{mark}Exception", "NoUniqueSession"),
    Conflict.NO_SUBJECT: ("Unable to {mark}.", "identify subject"),
    Conflict.SCAN_NUMBER: (
        "Session already contains a scan with the same UID, but {mark} ({name}).",
        "a different number",
    ),
})  # fmt: skip
"""XNAT's message of each conflict, and the part of it by which the conflict is known."""


def conflicts_in(message: str) -> list[Conflict]:
    """Return the conflicts that a message of an XNAT tells of."""
    return [conflict for conflict, (_, mark) in _WORDS.items() if mark in message]


class Merge(Struct, frozen=True):
    """What an archive operation may do to a session that is there.

    `allowed` is XNAT's allowSessionMerge, which auto-archive implies; `overwrite` replaces files;
    `override` replaces what is there, whatever its UID (`overwrite=delete`).
    """

    allowed: bool = True
    overwrite: bool = False
    override: bool = False


class SessionFacts(Struct, frozen=True):
    """What XNAT compares of two sessions with one project and label; None is what is not known.

    `kind` is the modality, or the data type that XNAT makes of it: the same for both sessions.
    """

    subject: str | None
    kind: str | None
    study_instance_uids: frozenset[str] | None


def session_conflict(
    incoming: SessionFacts, existing: SessionFacts, merge: Merge | None = None
) -> Conflict | None:
    """Return why XNAT would not merge `incoming` (XNAT's `checkForConflicts`); None if it would.

    Looks at the sessions only, not at their scans. What is not known of either session is no
    conflict.
    """
    merge = merge or Merge()
    if not merge.allowed:
        return Conflict.EXISTS
    if None not in {incoming.kind, existing.kind} and incoming.kind != existing.kind:
        return Conflict.MODALITY
    if _differ(incoming.subject, existing.subject):
        return Conflict.SUBJECT
    if merge.override:
        return None
    mine, theirs = incoming.study_instance_uids, existing.study_instance_uids
    if mine is not None and theirs is not None and mine - theirs:
        return Conflict.STUDY
    return None


def _differ(one: str | None, other: str | None) -> bool:
    return None not in {one, other} and subject_key(one) != subject_key(other)

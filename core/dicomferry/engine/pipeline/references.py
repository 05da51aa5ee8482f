"""References that no edit follows: UIDs of studies that are named where nothing is changed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from dicomferry.dicom.header import Header
from dicomferry.model import InstanceRef

REFERENCE_LEFT: Final = "reference-not-followed"
STUDY_RENAMED: Final = "study-renamed"
"""The note of a study that another step than a preparing one has given its UID."""
NAMES_STUDY: Final = "names-study:"
"""Begins the note of an instance that names another study; its UID follows."""
STUDY_INSTANCE_UID: Final = 0x0020000D
_ROOTS: Final = 4
_MOST: Final = 20
"""Studies that are noted of one instance."""


class KnownStudies:
    """The studies of a plan, to be looked for in the bytes of instances.

    UIDs of one origin begin alike: the few beginnings are searched for, which is fast, and what
    follows them is looked up.
    """

    def __init__(self) -> None:
        self._uids: frozenset[bytes] = frozenset()
        self._roots: tuple[re.Pattern[bytes], ...] = ()

    def learn(self, study_instance_uids: Iterable[str]) -> None:
        """Look for these studies from now on."""
        self._uids = frozenset(uid.encode() for uid in study_instance_uids if uid.isascii() and uid)
        lengths = (24, 20, 16, 12, 8, 4)
        found = ({uid[:length] for uid in self._uids} for length in lengths)
        roots = next((few for few in found if len(few) <= _ROOTS), {b"1.", b"2."})
        self._roots = tuple(re.compile(re.escape(root) + b"[0-9.]*") for root in sorted(roots))

    def named(self, header: Header, own: str) -> list[str]:
        """Return the known studies but for `own` whose UID stands anywhere in an instance."""
        if len(self._uids) < 2:
            return []
        elements = header.elements
        found = {uid for root in self._roots for uid in elements.findall(root)} & self._uids
        return sorted(uid.decode() for uid in found if uid != own.encode())[:_MOST]


def references_left(
    header: Header, edited: Header, was: InstanceRef, sent: InstanceRef, known: KnownStudies
) -> tuple[str, ...]:
    """Return notes of an instance that names a study where no edit has followed it.

    `header` is the instance as found, `edited` as sent. Private elements and those of an unknown
    VR are looked at as well: they are searched for the text of a UID. Whether another study that
    is named gets another UID is known when all instances are.
    """
    laid = frozenset((*edited.laid, STUDY_INSTANCE_UID))
    elements, old = header.elements, was.study_instance_uid
    notes = [
        f"{NAMES_STUDY}{uid}"
        for uid in known.named(header, old)
        if elements.names(uid, without=laid, beside=0)
    ]
    changed = old.isascii() and old not in ("", sent.study_instance_uid)
    if changed and elements.names(old, without=laid, beside=1):
        notes.append(REFERENCE_LEFT)
    return tuple(notes)

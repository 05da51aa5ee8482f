"""References that no edit has followed: a study's old UID somewhere else in its instance."""

from __future__ import annotations

from typing import Final

from dicomferry.dicom.header import Header
from dicomferry.model import InstanceRef

REFERENCE_LEFT: Final = "reference-not-followed"
_STUDY_INSTANCE_UID: Final = 0x0020000D


def references_left(
    header: Header, edited: Header, was: InstanceRef, sent: InstanceRef
) -> tuple[str, ...]:
    """Return the note for an instance whose study gets another UID and that names the old one.

    `header` is the instance as found, `edited` as sent. Private elements and those of an unknown
    VR are looked at as well: they are searched for the UID's text.
    """
    old = was.study_instance_uid
    if old == sent.study_instance_uid or not old.isascii():
        return ()
    laid = frozenset((*edited.laid, _STUDY_INSTANCE_UID))
    return (REFERENCE_LEFT,) if header.elements.names(old, without=laid) else ()

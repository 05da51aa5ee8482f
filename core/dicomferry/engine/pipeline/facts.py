"""What the ledger keeps of headers; what the images of a series share is read once."""

from __future__ import annotations

from collections.abc import Hashable

from msgspec.structs import replace

from dicomferry.dicom.header import Header
from dicomferry.dicom.patient import Patient
from dicomferry.dicom.reads import Reads
from dicomferry.ledger.rows import Facts
from dicomferry.model import InstanceRef

_CHARACTER_SET = 0x00080005
_SOP_CLASS, _SOP_INSTANCE = 0x00080016, 0x00080018
_STUDY_DATE, _MODALITY = 0x00080020, 0x00080060
_STUDY, _SERIES, _SERIES_NUMBER = 0x0020000D, 0x0020000E, 0x00200011
_ACQUIRED = (0x00080022, 0x00080021, 0x00080023)
"""AcquisitionDate, SeriesDate, ContentDate: the first that has a value counts."""
_PATIENT = (0x00100020, 0x00100021, 0x00100010, 0x00100030, 0x00100040)
"""In the order of the fields of `Patient`."""
_DECIDING = (
    _CHARACTER_SET, _SOP_CLASS, _STUDY_DATE, _MODALITY, _STUDY, _SERIES, _SERIES_NUMBER,
)  # fmt: skip
_SHARED = Reads(
    tuple(sorted((*_DECIDING, *_ACQUIRED, *_PATIENT))),
    all_tags=False,
    sequences=False,
)
_ALL = frozenset((*_DECIDING, _SOP_INSTANCE))
_MOST = 2000
"""Series that are remembered."""


class FactsReader:
    """Reads the facts of one header after another."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Facts] = {}

    def read(self, header: Header, transfer_syntax_uid: str) -> Facts:
        """Return the facts of an instance before any edit."""
        fingerprint = header.elements.fingerprint(_SHARED)
        key = transfer_syntax_uid, fingerprint
        if key in self._known:
            facts = self._known[key]
            ref = replace(facts.ref, sop_instance_uid=header.text(_SOP_INSTANCE) or "")
            return replace(facts, ref=ref)
        facts = _read(header, transfer_syntax_uid)
        if fingerprint is not None:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[key] = facts
        return facts


def as_sent(facts: Facts, edited: Header) -> tuple[Facts, InstanceRef]:
    """Return the facts with what XNAT's scan IDs are made of as it will be sent, and its UIDs."""
    if _ALL.isdisjoint(edited.laid):
        return facts, facts.ref
    modality, number = edited.text(_MODALITY) or "", edited.text(_SERIES_NUMBER) or ""
    if (modality, number) == (facts.modality, facts.series_number):
        return facts, edited.ref
    return replace(facts, modality=modality, series_number=number), edited.ref


def _read(header: Header, transfer_syntax_uid: str) -> Facts:
    return Facts(
        ref=header.ref,
        transfer_syntax_uid=transfer_syntax_uid,
        study_date=header.text(_STUDY_DATE) or "",
        modality=header.text(_MODALITY) or "",
        series_number=header.text(_SERIES_NUMBER) or "",
        acquired=next(filter(None, map(header.text, _ACQUIRED)), ""),
        patient=Patient(*(header.text(tag) or "" for tag in _PATIENT)),
    )

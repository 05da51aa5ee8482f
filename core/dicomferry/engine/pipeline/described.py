"""Instances on a server: described before they are fetched, relabelled before they are edited."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from dicomferry.dicom.dictionary import standard_vr, tag_of
from dicomferry.dicom.edits import Edit, Edits, Set
from dicomferry.dicom.header import Header
from dicomferry.dicom.matching import matches
from dicomferry.dicom.patient import Patient, contradictions
from dicomferry.dicom.quiet import quietly
from dicomferry.dicom.tags import parse_tag
from dicomferry.ledger.planning.chosen_labels import Labels
from dicomferry.ledger.rows import Item, Remote
from dicomferry.model import Forecast, Wanted

if TYPE_CHECKING:
    from pydicom import Dataset

_NUMBERS: Final[Mapping[str, Callable[[str], object]]] = {
    **dict.fromkeys(("US", "SS", "UL", "SL", "UV", "SV"), int),
    **dict.fromkeys(("FL", "FD"), float),
}
"""VRs whose values are encoded as numbers (PS3.5 6.2), and what reads their text."""

_NO_TEXT: Final = frozenset(
    ("SQ", "OB", "OD", "OF", "OL", "OV", "OW", "UN", "AT", "US or SS", "US or OW", "OB or OW")
)

OTHER_PATIENT_ID: Final = "other-patient-id"
"""Says in `Manners.accepts` that an instance may have another PatientID than its server told."""

_PATIENT = frozenset(
    ("PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate", "PatientSex")
)

_CHARACTER_SET = "SpecificCharacterSet"
"""Of no use in a description: its texts are decoded."""

_NOT_TOLD_OF_INSTANCES = frozenset({"ModalitiesInStudy", "SOPClassUID"})


def described(item: Item, remote: Remote) -> Header:
    """Return a header made of what is known of a remote instance; all else is missing in it."""
    from pydicom import Dataset

    dataset = Dataset()
    if not all(value.isascii() for value in remote.attributes.values()):
        dataset.SpecificCharacterSet = "ISO_IR 192"
    uids = {
        "StudyInstanceUID": remote.ref.study_instance_uid,
        "SeriesInstanceUID": remote.ref.series_instance_uid,
        "SOPInstanceUID": remote.ref.sop_instance_uid,
        "SOPClassUID": remote.ref.sop_class_uid,
    }
    for keyword, value in {**remote.attributes, **uids}.items():
        if keyword != _CHARACTER_SET and (value or keyword not in _NOT_TOLD_OF_INSTANCES):
            _set(dataset, keyword, value)
    if "ModalitiesInStudy" in dataset:
        del dataset.ModalitiesInStudy
    return Header.of(dataset, location=item.location, names=item.names, row=item.row)


def _set(dataset: Dataset, keyword: str, value: str) -> None:
    vr = standard_vr(tag_of(keyword) or 0)
    if vr is None or vr in _NO_TEXT:
        return
    kind = _NUMBERS.get(vr, str)
    with quietly():
        try:
            values = [kind(text) for text in value.split("\\")] if value else [value]
            setattr(dataset, keyword, values if len(values) > 1 else values[0])
        except (ValueError, TypeError, OverflowError):
            return  # what is no value of its VR is not known; the instance itself will tell


def relabelled(header: Header, item: Item, labels: Labels) -> Header:
    """Return the header as the first transform is to see it; raises `EditError`.

    Laid over it are what its table row relabels and the labels its series has in a chosen plan.
    """
    if item.remote is None and not labels:
        return header
    edits = _relabelling(item)
    if labels:
        ref = header.ref
        series = (item.source, ref.study_instance_uid, ref.series_instance_uid)
        chosen = labels.get(series)
        if chosen is not None and chosen.chosen:
            edits += Edits((), chosen)
    return header.edited(edits) if edits else header


def not_as_listed(item: Item, forecast: Forecast, wanted: Wanted | None) -> str:
    """Return in what a forecast is not what an item's table row asks for; empty when it is.

    A label of a chosen plan goes before the row's.
    """
    asked = item.remote.labels if item.remote else {}
    chosen = wanted.chosen if wanted else frozenset[str]()
    for level, label in asked.items():
        coming: str | None = getattr(forecast.destination, level)
        if level not in chosen and label != coming:
            rule = getattr(forecast.because, level)
            return (
                f"its table row asks for {level} '{label}', but XNAT will take"
                f" '{coming or 'none'}' (by {rule})"
            )
    return ""


def signed(digest: str, item: Item, work: str) -> str:
    """Return the digest by which the ledger knows the edits of an item.

    What the transforms will do to a remote instance cannot be told from its description alone.
    So its digest also changes with the transforms themselves (`work`), and it is retrieved anew.
    """
    if item.remote is None:
        return digest
    whole = f"{digest} {_relabelling(item).digest()} {work}"
    return hashlib.sha256(whole.encode()).hexdigest()


def not_as_asked(header: Header, remote: Remote) -> str:
    """Return in what a retrieved instance is not the one asked for; empty when it is."""
    told = {} if OTHER_PATIENT_ID in remote.accepts else remote.attributes
    wanted, found = remote.ref, header.ref
    for word, one, other in (
        ("SOPInstanceUID", wanted.sop_instance_uid, found.sop_instance_uid),
        ("SeriesInstanceUID", wanted.series_instance_uid, found.series_instance_uid),
        ("StudyInstanceUID", wanted.study_instance_uid, found.study_instance_uid),
        ("PatientID", told.get("PatientID"), header.text("PatientID") or ""),
    ):
        if one is not None and one.strip() != other.strip():
            return f"{remote.server} sent it with another {word} than it had told"
    if differing := contradictions(Patient.of(told.get), Patient.of(header.text)):
        words = " and ".join(differing)
        return f"{remote.server} sent it with the {words} of another person than it had told"
    for keyword, asked in remote.asked.items():
        own = header.text(keyword) or ""
        answered = remote.attributes.get(keyword, "") or (
            remote.attributes.get("ModalitiesInStudy", "") if keyword == "Modality" else ""
        )
        if not _is_as_asked(keyword, asked, own, answered):
            return f"{keyword} '{asked}' was asked for, and its own header has '{own}'"
    return ""


def _is_as_asked(keyword: str, asked: str, own: str, told: str) -> bool:
    """Tell whether a header's own value is what was asked for.

    Where the server had told a value, an empty one contradicts nothing, and nor does another case.
    Its patient is compared with the one that was told.
    """
    if not told.strip(" \0"):
        return matches({keyword: asked}, {keyword: own})
    if keyword in _PATIENT or not own.strip(" \0"):
        return True
    return matches({keyword: asked.casefold()}, {keyword: own.casefold()})


def _relabelling(item: Item) -> Edits:
    relabel = item.remote.relabel if item.remote else {}
    return Edits.of(_edit(keyword, value) for keyword, value in relabel.items())


def _edit(keyword: str, value: str) -> Edit:
    # Labels are ASCII, and may be longer than their VR allows: XNAT takes them, and so does DQR.
    return Set((parse_tag(keyword),), value.encode("ascii") if value.isascii() else value)

"""Instances made up from a few attributes: what a recipe's tests are tried on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from dicomferry.dicom.edits import Delete, Edits
from dicomferry.dicom.elements import Elements
from dicomferry.dicom.header import Header
from dicomferry.dicom.tags import parse_pattern
from dicomferry.dicom.walk import EXPLICIT
from dicomferry.errors import EditError, FerryError
from dicomferry.model import Location

MR_IMAGE: Final = "1.2.840.10008.5.1.4.1.1.4"

SOP_CLASSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "MR": MR_IMAGE,
        "CT": "1.2.840.10008.5.1.4.1.1.2",
        "CR": "1.2.840.10008.5.1.4.1.1.1",
        "DX": "1.2.840.10008.5.1.4.1.1.1.1",
        "MG": "1.2.840.10008.5.1.4.1.1.1.2",
        "NM": "1.2.840.10008.5.1.4.1.1.20",
        "PT": "1.2.840.10008.5.1.4.1.1.128",
        "US": "1.2.840.10008.5.1.4.1.1.6.1",
        "XA": "1.2.840.10008.5.1.4.1.1.12.1",
        "RTSTRUCT": "1.2.840.10008.5.1.4.1.1.481.3",
        "SR": "1.2.840.10008.5.1.4.1.1.88.11",
    }
)
"""The SOP class of a made-up instance by modality (PS3.4 B.5); of others secondary capture."""

_SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"

_EMPTY: Final = (
    "AccessionNumber", "PatientBirthDate", "PatientID", "PatientName", "PatientSex",
    "ReferringPhysicianName", "StudyDate", "StudyID", "StudyTime",
)  # fmt: skip
"""Type 2 of the patient and study modules (PS3.3 C.7.1.1, C.7.2.1): there, but perhaps empty."""


def made_up(
    given: Mapping[str, str | None],
    seed: str,
    names: Mapping[str, str] = MappingProxyType({}),
    row: Mapping[str, str] = MappingProxyType({}),
) -> Header:
    """Return a valid instance with the attributes `given`; None leaves one out.

    What is not given is made up: an MR image in UTF-8 whose UIDs `seed` decides and whose other
    attributes are empty. Raises `FerryError` for a value that no instance can have.
    """
    header = Header(Elements.of(b"", EXPLICIT), location=Location("(made up)"))
    modality = given.get("Modality") or "MR"
    filled: dict[str, str | None] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": SOP_CLASSES.get(modality, _SECONDARY_CAPTURE),
        "SOPInstanceUID": _uid(seed, "instance"),
        "Modality": "MR",
        "StudyInstanceUID": _uid(seed, "study"),
        "SeriesInstanceUID": _uid(seed, "series"),
        "SeriesNumber": "1",
        "InstanceNumber": "1",
    }
    filled |= dict.fromkeys(_EMPTY, "")
    return with_given(header, filled | dict(given)).with_origin(header.location, names, row)


def with_given(header: Header, given: Mapping[str, str | None]) -> Header:
    """Return a header with the attributes `given` laid over it; None removes one."""
    for name, value in sorted(given.items(), key=lambda one: one[0] != "SpecificCharacterSet"):
        pattern = parse_pattern(name)
        try:
            edits = (
                tuple(Delete(path) for path in pattern.matches(header))
                if value is None
                else pattern.setting(header, value)
            )
            header = header.edited(Edits(edits))
        except EditError as error:
            raise FerryError(f"{name}: no instance can have this: {error.message}") from error
    return header


def _uid(seed: str, what: str) -> str:
    # PS3.5 B.2: a UUID's number below 2.25
    digest = hashlib.sha256(f"{what} of {seed}".encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"

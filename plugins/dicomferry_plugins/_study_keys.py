"""The keys by which sources ask a server for studies, and what is wrong with a question."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dicomferry_plugins._pacs.choice import date_fault

STUDY_KEYS: Final = (
    "StudyInstanceUID", "AccessionNumber", "StudyDate", "StudyID", "StudyDescription",
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "ReferringPhysicianName",
    "ModalitiesInStudy",
)  # fmt: skip
_DATES: Final = ("StudyDate", "PatientBirthDate")

Where = dict[str, str]
"""One question: values by keyword."""


def study_key_faults(
    where: Where | tuple[Where, ...],
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield keys that no study is found by, and questions that ask for everything."""
    if not where:
        yield ("where",), "nothing is asked for"
        return
    for number, keys in enumerate((where,) if isinstance(where, dict) else where):
        path: tuple[str | int, ...] = ("where",) if isinstance(where, dict) else ("where", number)
        if not any(value.strip("*? ") for value in keys.values()):
            yield path, "asks for every study: give at least one criterion"
        for keyword, value in keys.items():
            if fault := _fault(keyword, value):
                yield (*path, keyword), fault


def _fault(keyword: str, value: str) -> str:
    if keyword == "Modality":
        return "studies are asked for by ModalitiesInStudy"
    if keyword not in STUDY_KEYS:
        known = ", ".join(STUDY_KEYS)
        return f"'{keyword}' is not asked for at the level of studies; known: {known}"
    return date_fault(value) if keyword in _DATES and value else ""

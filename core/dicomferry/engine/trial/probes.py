"""Make up instances that tell two recipes apart, from the attributes that the recipes mention."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from dicomferry.dicom import dictionary
from dicomferry.dicom.header import Header
from dicomferry.dicom.made_up import made_up
from dicomferry.dicom.tags import parse_pattern
from dicomferry.errors import FerryError

_WORD: Final = re.compile(r"[A-Z][A-Za-z0-9]+")
_MEMBER: Final = re.compile(r"\b(path|row)(?:\.(\w+)|\[\s*['\"]([^'\"]+))")
_MODALITIES: Final = ("MR", "CT")
_KEPT: Final = frozenset(
    {"SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "Modality", "PixelData"}
)
_VALUES: Final[Mapping[str, str]] = {
    "AE": "PROBE", "AS": "042Y", "CS": "PROBE", "DA": "20200102", "DS": "1.5",
    "DT": "20200102103000", "FD": "1.5", "FL": "1.5", "IS": "1", "LO": "Probe", "LT": "Probe",
    "PN": "PROBE^PAT", "SH": "Probe", "SL": "1", "SS": "1", "ST": "Probe", "TM": "103000",
    "UC": "Probe", "UI": "2.25.1", "UL": "1", "US": "1", "UT": "Probe",
}  # fmt: skip
"""A value for each VR; a probe has no attribute of any other VR."""


def probes(texts: Iterable[str]) -> Iterator[tuple[str, Header]]:
    """Yield named instances: one per modality with every attribute in `texts`, one with none.

    `texts` are all keys and values of the recipes that are compared.
    """
    words = list(texts)
    given = dict(_attributes(words))
    names: dict[str, dict[str, str]] = {"path": {}, "row": {}}
    for text in words:
        for group, plain, quoted in _MEMBER.findall(text):
            names[group][plain or quoted] = plain or quoted
    for modality in _MODALITIES:
        label = f"made up, {modality}"
        header = _made({**given, "Modality": modality}, label, names)
        if header is not None:
            yield label, header
    yield "made up, bare", made_up({}, "made up, bare", names["path"], names["row"])


def _made(
    given: Mapping[str, str], seed: str, names: Mapping[str, Mapping[str, str]]
) -> Header | None:
    try:
        return made_up(given, seed, names["path"], names["row"])
    except FerryError:
        return None


def _attributes(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        for name in (text, *_WORD.findall(text)):
            if name in _KEPT:
                continue
            try:
                pattern = parse_pattern(name)
            except ValueError:
                continue
            if not pattern.settable or pattern.steps or pattern.leaf.tag >> 16 <= 2:
                continue
            vr = _vr(pattern.leaf.tag, pattern.leaf.creator)
            if vr in _VALUES:
                yield name, _VALUES[vr]


def _vr(tag: int, creator: str) -> str:
    if creator:
        return dictionary.private_vr(tag, creator) or "LO"
    return dictionary.standard_vr(tag)[:2]

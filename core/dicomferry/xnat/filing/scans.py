"""What XNAT calls the scans of a session, and the types of both."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

_NOT_WORD = re.compile(r"\W", re.ASCII)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_LEADING = ("PT", "MR", "CT")
"""Modalities that make a session theirs whatever else it holds, most telling first."""
_TYPED = frozenset({"CR", "CT", "DX", "ECG", "EEG", "EPS", "ES", "GM", "GMV", "HD", "IO", "MEG",
    "MG", "MR", "NM", "OP", "OPT", "PETMR", "RF", "SM", "US", "XA", "XC"})  # fmt: skip
"""Modalities that have data types of their own in XNAT's schema, by the same letters."""


def lead_modality(modalities: Iterable[str]) -> str:
    """Return the modality that stands for a scan or session; `OT` when none is known."""
    known = [modality for modality in modalities if modality]
    return next((lead for lead in _LEADING if lead in known), known[0] if known else "OT")


def session_modality(modalities: Iterable[str]) -> str:
    """Return what decides a session's data type; PET and MR together are a type of their own."""
    known = set(modalities)
    return "PETMR" if {"PT", "MR"} <= known else lead_modality(sorted(known))


def scan_ids(series: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Return the scan ID of each SeriesInstanceUID, given its SeriesNumber and modality.

    XNAT's `DICOMSessionBuilder`: the number; where several series share it, all of them are told
    apart by modality and a count, in the order of their UIDs.
    """
    plain = {uid: _plain_id(number, uid) for uid, (number, _) in series.items()}
    shared = {number for number, times in Counter(plain.values()).items() if times > 1}
    counts: Counter[str] = Counter()
    ids: dict[str, str] = {}
    for uid, (_, modality) in sorted(series.items()):
        stem = _stem_of_shared(plain[uid], modality)
        counts[stem] += 1
        ids[uid] = f"{stem}{counts[stem]}" if plain[uid] in shared else plain[uid]
    return ids


def _plain_id(number: str, uid: str) -> str:
    return re.sub(r"\A\+", "_", number) if number.strip() else _NOT_WORD.sub("_", uid)


def _stem_of_shared(plain: str, modality: str) -> str:
    return f"{plain}-{lead_modality([modality])}"


def shared_scan_ids(number: str, modalities: Iterable[str]) -> dict[str, int]:
    """Return what the IDs of series that share a SeriesNumber begin with, and how many there are.

    `modalities` has one for each series: two of MR and number 7 are `7-MR`, 2 for `7-MR1`, `7-MR2`.
    """
    return Counter(_stem_of_shared(_plain_id(number, ""), one) for one in modalities)


def _java_hash(text: str) -> int:
    """Return Java's `String.hashCode`, unsigned."""
    value = 0
    for char in text:
        value = (31 * value + ord(char)) & 0xFFFFFFFF
    return value


def uid_hash(sop_class_uid: str, sop_instance_uid: str) -> str:
    """Return Java's `List.hashCode` of both UIDs, unsigned, in base 36."""
    class_hash, instance_hash = _java_hash(sop_class_uid), _java_hash(sop_instance_uid)
    value = (31 * (31 + class_hash) + instance_hash) & 0xFFFFFFFF
    digits = ""
    while value or not digits:
        value, digit = divmod(value, 36)
        digits = _DIGITS[digit] + digits
    return digits


def session_type(modality: str) -> str:
    """Return the `xsi:type` of a session, given what `session_modality` made of its scans."""
    return f"xnat:{_stem(modality)}SessionData"


def scan_type(modality: str) -> str:
    """Return the `xsi:type` of a scan of one modality."""
    return f"xnat:{_stem(modality)}ScanData"


def type_code(modality: str) -> str:
    """Return the letters by which XNAT tells apart scans that it merges: those of the data type."""
    code = _stem(modality)[:2].upper()
    return "PT" if code == "PE" else code


def _stem(modality: str) -> str:
    if modality == "PT":
        return "pet"
    return modality.lower() if modality in _TYPED else "otherDicom"

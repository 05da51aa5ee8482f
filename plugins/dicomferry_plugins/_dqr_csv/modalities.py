"""The column Modality: the terms of PS3.3 C.7.3.1.1.1, and what people write instead."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

TERMS: Final = frozenset((
    "ANN", "AR", "ASMT", "AU", "BDUS", "BI", "BMD", "CFM", "CR", "CT", "CTPROTOCOL", "DMS", "DG",
    "DOC", "DX", "ECG", "EEG", "EMG", "EOG", "EPS", "ES", "FID", "GM", "HC", "HD", "IO", "IOL",
    "IVOCT", "IVUS", "KER", "KO", "LEN", "LS", "M3D", "MG", "MR", "NM", "OAM", "OCT", "OP", "OPM",
    "OPT", "OPTBSV", "OPTENF", "OPV", "OSS", "OT", "PA", "PLAN", "POS", "PR", "PT", "PX", "REG",
    "RESP", "RF", "RG", "RTDOSE", "RTIMAGE", "RTINTENT", "RTPLAN", "RTRAD", "RTRECORD", "RTSEGANN",
    "RTSTRUCT", "RWV", "SEG", "SM", "SMR", "SR", "SRF", "STAIN", "TEXTUREMAP", "TG", "US", "VA",
    "XA", "XAPROTOCOL", "XC",
))  # fmt: skip
_MEANT: Final[Mapping[str, str]] = MappingProxyType({
    "CAT": "CT", "MAMMO": "MG", "MRI": "MR", "MRT": "MR", "PET": "PT", "SPECT": "NM",
    "ULTRASOUND": "US", "XR": "DX", "XRAY": "DX", "X-RAY": "DX",
})  # fmt: skip


def modality_fault(text: str) -> tuple[str, str] | None:
    """Return what is wrong with a cell, and a hint; None for terms, wildcards and lists of them."""
    if "," in text or ";" in text:
        terms = text.replace(",", "\\").replace(";", "\\").replace(" ", "")
        return f"'{text}' is one value with a comma", f"write several values as {terms}"
    for value in (one.strip() for one in text.split("\\")):
        if value in TERMS or "*" in value or "?" in value:
            continue
        plain = value.upper()
        near = [plain] if plain in TERMS else get_close_matches(plain, sorted(TERMS), 1)
        meant = _MEANT.get(plain, near[0] if near else "")
        hint = f"did you mean '{meant}'?" if meant else "MR, CT, PT and the like are known"
        return f"'{value}' is no modality of DICOM", hint
    return None

"""Which SOP classes to expect where a PACS does not tell them."""

from __future__ import annotations

from typing import Final

_STORAGE: Final = "1.2.840.10008.5.1.4.1.1."

_BY_MODALITY: Final = {
    "AR": ("78.2",),
    "AU": ("9.4.1", "9.4.2"),
    "CR": ("1", "1.1"),
    "CT": ("2", "2.1", "2.2"),
    "DOC": ("104.1", "104.2"),
    "DX": ("1.1", "1.1.1"),
    "ECG": ("9.1.1", "9.1.2", "9.1.3"),
    "EPS": ("9.3.1",),
    "ES": ("77.1.1", "77.1.1.1", "77.1.4"),
    "FID": ("66.2",),
    "GM": ("77.1.2", "77.1.2.1"),
    "HD": ("9.2.1", "9.1.1"),
    "IO": ("1.3", "1.3.1", "1.1"),
    "IVOCT": ("14.1", "14.2"),
    "KER": ("78.3",),
    "LEN": ("78.1",),
    "M3D": ("104.3",),
    "MG": ("1.2", "1.2.1", "13.1.3", "13.1.4"),
    "MR": ("4", "4.1", "4.2", "4.3", "4.4"),
    "NM": ("20", "5"),
    "OAM": ("78.7",),
    "OP": ("77.1.5.1", "77.1.5.2", "77.1.4"),
    "OPT": ("77.1.5.4", "77.1.5.8", "77.1.5.7"),
    "OPV": ("80.1",),
    "OT": ("7.1", "7.2", "7.3", "7.4"),
    "PR": ("11.1", "11.2", "11.3", "11.4", "11.5"),
    "PT": ("128", "130", "128.1"),
    "PX": ("1.1", "1.1.1", "1.3", "1"),
    "REG": ("66.1", "66.3"),
    "RESP": ("9.6.1",),
    "RF": ("12.2", "12.2.1"),
    "RTDOSE": ("481.2",),
    "RTIMAGE": ("481.1",),
    "RTPLAN": ("481.5", "481.8"),
    "RTRECORD": ("481.4", "481.6", "481.7", "481.9"),
    "RTSTRUCT": ("481.3",),
    "SEG": ("66.4", "66.5"),
    "SM": ("77.1.6", "77.1.3"),
    "SMR": ("7.1", "7.2"),
    "SRF": ("78.4",),
    "US": ("6.1", "3.1", "6", "3", "6.2"),
    "VA": ("78.5",),
    "XA": ("12.1", "12.1.1", "13.1.1", "12.3"),
    "XC": ("77.1.4", "77.1.4.1"),
}
"""Modality to the storage SOP classes its series have (PS3.3 C.7.3.1.1.1, PS3.4 B.5)."""

_ANYWHERE: Final = (
    "7", "7.2", "66", "66.1", "11.1", "88.11", "88.22", "88.33", "88.59", "88.67", "104.1",
)  # fmt: skip
"""Secondary captures, raw data, presentation states, reports and documents."""


RETIRED: Final = tuple(_STORAGE + end for end in ("3", "5", "6", "12.3", "77.1", "77.2", "9"))
"""Storage SOP classes of old devices, which the Standard names no more (PS3.6 A)."""


def likely_classes(modality: str) -> tuple[str, ...]:
    """Return the SOP classes that a series of a modality may hold, the likeliest first."""
    own = _BY_MODALITY.get(modality) or _BY_MODALITY["OT"]
    return tuple(_STORAGE + end for end in dict.fromkeys((*own, *_ANYWHERE)))

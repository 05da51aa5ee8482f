"""Which SOP classes to expect where a PACS does not tell them."""

from __future__ import annotations

from typing import Final

_STORAGE: Final = "1.2.840.10008.5.1.4.1.1."

_BY_MODALITY: Final = {
    "CR": ("1", "1.1"),
    "CT": ("2", "2.1", "2.2"),
    "DX": ("1.1", "1.1.1"),
    "MG": ("1.2", "1.2.1", "13.1.3"),
    "MR": ("4", "4.1", "4.2", "4.3", "4.4"),
    "NM": ("20",),
    "OT": ("7.1", "7.2", "7.3", "7.4"),
    "PT": ("128", "130"),
    "RF": ("12.2", "12.2.1"),
    "RTDOSE": ("481.2",),
    "RTIMAGE": ("481.1",),
    "RTPLAN": ("481.5",),
    "RTSTRUCT": ("481.3",),
    "SEG": ("66.4", "66.5"),
    "SM": ("77.1.6",),
    "US": ("6.1", "3.1"),
    "XA": ("12.1", "12.1.1", "13.1.1"),
}
"""Modality to the storage SOP classes its series have (PS3.3 C.7.3.1.1.1, PS3.4 B.5)."""

_ANYWHERE: Final = (
    "7", "7.2", "66", "66.1", "11.1", "88.11", "88.22", "88.33", "88.59", "88.67", "104.1",
)  # fmt: skip
"""Secondary captures, raw data, presentation states, reports and documents."""


def likely_classes(modality: str) -> tuple[str, ...]:
    """Return the SOP classes that a series of a modality may hold, the likeliest first."""
    own = _BY_MODALITY.get(modality) or _BY_MODALITY["OT"]
    return tuple(_STORAGE + end for end in dict.fromkeys((*own, *_ANYWHERE)))

"""What of a plan XNAT holds: by SOP Instance UID, over archive and prearchive."""

from __future__ import annotations

from dicomferry.engine.verify.inquiry import Findings, Inquiry, inquire
from dicomferry.engine.verify.read_back import Compared, Sameness
from dicomferry.engine.verify.verdict import HoldingPlace, SessionVerdict, Standing

__all__ = [
    "Compared",
    "Findings",
    "HoldingPlace",
    "Inquiry",
    "Sameness",
    "SessionVerdict",
    "Standing",
    "inquire",
]

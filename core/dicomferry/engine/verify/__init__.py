"""What of a plan XNAT holds: by SOP Instance UID, over archive and prearchive."""

from __future__ import annotations

from dicomferry.engine.verify.inquiry import Findings, Inquiry, inquire
from dicomferry.engine.verify.read_back import Compared, Sameness
from dicomferry.engine.verify.verdict import Place, SessionVerdict, Standing

__all__ = [
    "Compared",
    "Findings",
    "Inquiry",
    "Place",
    "Sameness",
    "SessionVerdict",
    "Standing",
    "inquire",
]

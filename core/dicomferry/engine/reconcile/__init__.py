"""What of a plan XNAT holds: by SOP Instance UID, over archive and prearchive."""

from __future__ import annotations

from dicomferry.engine.reconcile.content import Compared, Sameness
from dicomferry.engine.reconcile.inquiry import Findings, Inquiry, inquire
from dicomferry.engine.reconcile.verdict import Place, SessionVerdict, Standing

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

"""Verification: it asks XNAT which instances of a plan it holds, in archive and prearchive.

* `Inquiry`: what to find out, and of which XNATs. `inquire` does it and returns `Findings`.
* `Reconciler`: compares the plan with one XNAT, session by session (`reconciler.py`).
* `Holding`: the instances of one session that XNAT lists, while the reconciler collects them.
* `SessionVerdict`: how one session stands, where it is, and which command mends it (`verdict.py`).
* `Standing`: the verdict in a word: landed, landed elsewhere, waiting, short, empty, unknown.
* `Compared`: what came of one instance that was read back (`read_back.py`).
* *Mismatch* (`mismatch/`): a session that XNAT filed for good otherwise than forecast.

The session, `ferry.py`, `rehearsal.py` and the reports call this room. It asks, and changes
nothing in XNAT: mending is left to the user.
"""

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

"""What all problems of one code have in common."""

from __future__ import annotations

from msgspec import Struct

from dicomferry.model import Severity


class Kind(Struct, frozen=True):
    """One kind of problem: how much it matters, why XNAT minds, and what to do."""

    severity: Severity
    why: str
    hint: str

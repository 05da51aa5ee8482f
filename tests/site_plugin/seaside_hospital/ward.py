"""A transform: notes the ward in every instance and leaves phantoms out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from dicomferry import Component, Context, Edits, Excluded, Header, Set

INSTITUTIONAL_DEPARTMENT_NAME = 0x00081040


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which ward the archive belonged to."""

    ward: Annotated[str, msgspec.Meta(description="the name of the ward")]


@dataclass(frozen=True, slots=True)
class Ward:
    """Write one ward's name; scans of a phantom are excluded."""

    ward: str

    def edit(self, header: Header) -> Edits | Excluded:
        """Return the one edit, or why there is none."""
        if (header.text("PatientName") or "").upper().startswith("PHANTOM"):
            return Excluded("a phantom")
        return Edits((Set((INSTITUTIONAL_DEPARTMENT_NAME,), self.ward),))


def _build(options: Options, context: Context) -> Ward:
    return Ward(options.ward)


WARD = Component("seaside-ward", "Notes the ward and leaves phantoms out", Options, _build)

"""The labels that XNAT makes of texts."""

from __future__ import annotations

import re
from typing import Final

UNASSIGNED: Final = "Unassigned"
"""What XNAT calls the place of sessions without a project."""

_NOT_LABEL = re.compile(r"[^\w-]", re.ASCII)
_UNCLEAN = re.compile(r"[`~@#$%^&*()+=\[\]{}|\\/?:;',.<> ]")


def to_label(text: str) -> str:
    """Return `text` as a label: `_` replaces all but ASCII letters, digits, `_` and `-`.

    XNAT's `Labels.toLabelChars` does this to subjects and sessions, never to project IDs.
    """
    return _NOT_LABEL.sub("_", text)


def clean_value(text: str) -> str:
    """Return `text` as XNAT's archive stage changes it (`OmUtils.cleanValue`).

    Labels from REST parameters get this rule only; it keeps letters beyond ASCII.
    """
    return _UNCLEAN.sub("_", text)

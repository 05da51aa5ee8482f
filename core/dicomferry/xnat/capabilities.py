"""What XNAT's C-STORE SCP takes: everything else is refused at the presentation context."""

from __future__ import annotations

import json
from importlib.resources import files


def _listed(key: str) -> list[str]:
    text = files("dicomferry.xnat").joinpath("scp_capabilities.json").read_text("utf-8")
    listed: list[str] = json.loads(text)[key]
    return listed


def accepted_sop_classes() -> frozenset[str]:
    """Return the UIDs of the storage SOP classes XNAT accepts."""
    return frozenset(_listed("sop_classes"))


def accepted_transfer_syntaxes() -> tuple[str, ...]:
    """Return the UIDs of the transfer syntaxes XNAT accepts, in its own order."""
    return tuple(_listed("transfer_syntaxes"))

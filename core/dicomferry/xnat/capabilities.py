"""The SOP classes and transfer syntaxes of XNAT's C-STORE SCP; it refuses all others."""

from __future__ import annotations

import json
from importlib.resources import files


def _listed(key: str) -> list[str]:
    text = files("dicomferry.xnat").joinpath("scp_capabilities.json").read_text("utf-8")
    listed: list[str] = json.loads(text)[key]
    return listed


def accepted_sop_classes() -> frozenset[str]:
    """Return the UIDs of the storage SOP classes that XNAT accepts."""
    return frozenset(_listed("sop_classes"))


def accepted_transfer_syntaxes() -> tuple[str, ...]:
    """Return the UIDs of the transfer syntaxes that XNAT accepts, in XNAT's order."""
    return tuple(_listed("transfer_syntaxes"))

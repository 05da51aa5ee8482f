"""What is told of one installed plug-in, and which plug-ins may be imported."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

GROUP: Final = "dicomferry.plugins"
"""The entry point group in which distributions announce their plug-ins."""

API_VERSION: Final = 1
"""A plug-in module that sets `DICOMFERRY_API` to another number is refused."""


class PluginState(StrEnum):
    """What became of a plug-in when it was loaded."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    BROKEN = "broken"
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    NOT_INSTALLED = "not installed"


class Plugin(Struct, frozen=True):
    """One installed plug-in, its state and, unless active, the reason for it."""

    name: str
    module: str
    distribution: str
    version: str
    state: PluginState
    reason: str = ""


class Selection(Struct, frozen=True):
    """Which plug-ins may be imported: all but `blocked`, or only those in `allowed`."""

    allowed: frozenset[str] | None = None
    blocked: frozenset[str] = frozenset()

    def refusal(self, name: str) -> str:
        """Return why a plug-in may not be imported; empty when it may."""
        if name in self.blocked:
            return "it is on the block list"
        if self.allowed is not None and name not in self.allowed:
            return "it is not on the allow list"
        return ""


def selection_of(environment: Mapping[str, str]) -> Selection:
    """Return the selection that DICOMFERRY_ALLOW_PLUGINS and …_BLOCK_PLUGINS make."""
    allowed = environment.get("DICOMFERRY_ALLOW_PLUGINS")
    blocked = _names(environment.get("DICOMFERRY_BLOCK_PLUGINS", ""))
    return Selection(_names(allowed) if allowed is not None else None, blocked)


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())

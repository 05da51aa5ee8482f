"""Why a Java pattern cannot be used here."""

from __future__ import annotations


class JavaSyntaxError(ValueError):
    """Java refuses this pattern or replacement too."""


class UnforeseeableError(ValueError):
    """Java takes it, and what it would make of it cannot be told here."""

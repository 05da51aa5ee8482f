"""The errors of Java patterns."""

from __future__ import annotations


class JavaSyntaxError(ValueError):
    """Java refuses this pattern or replacement, too."""


class UnforeseeableError(ValueError):
    """Java takes this pattern, but Python cannot forecast its result."""

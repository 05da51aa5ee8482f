"""The error of Java patterns."""

from __future__ import annotations


class JavaSyntaxError(ValueError):
    """Java refuses this pattern or replacement, too."""

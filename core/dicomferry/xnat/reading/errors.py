"""The error for what cannot be told of a server."""

from __future__ import annotations


class UnforeseeableError(ValueError):
    """XNAT takes this, and what it makes of it cannot be told from outside."""

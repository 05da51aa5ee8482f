"""The script that an XNAT has where nobody changed it."""

from __future__ import annotations

from typing import Final

DEFAULT_SCRIPT: Final = """\
version "6.1"
project != "Unassigned" ? (0008,1030) := project
(0010,0010) := subject
(0010,0020) := session
"""
"""XNAT's `META-INF/xnat/defaults/id.das`."""

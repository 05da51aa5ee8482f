"""What XNAT calls a session that nothing names."""

from __future__ import annotations

from typing import Final

from dicomferry.model import Destination

DEFAULT_SESSION: Final = "dicom_upload"
"""The label of every session without one, which brings all of them together in a project."""


def is_unnamed(destination: Destination) -> bool:
    """Tell whether a session has XNAT's default label."""
    return destination.session == DEFAULT_SESSION

"""Whether a PACS would send images here, found out without keeping any."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dicomferry.dimse import Peer
from dicomferry_plugins._pacs.classes import likely_classes
from dicomferry_plugins._pacs.get import open_get
from dicomferry_plugins._pacs.intake import Door, Intake, receiving
from dicomferry_plugins._pacs.listener import MoveTarget, listening
from dicomferry_plugins._pacs.move import open_move
from dicomferry_plugins._pacs.proposals import Wanted, proposals
from dicomferry_plugins._pacs.retrieval import Ended, Request

_KEYS: Final = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")


def try_get(peer: Peer) -> None:
    """Associate for C-GET and ask for nothing.

    Raises `ContextRefusedError` when the peer does no C-GET, and as `open_association`.
    """
    with open_get(peer, next(proposals(Wanted((), likely_classes("MR")))), Door()):
        return


def try_move(peer: Peer, target: MoveTarget, instance: Mapping[str, str]) -> tuple[bool, Ended]:
    """Ask for one instance to be moved, and refuse it when it comes.

    `instance` is what the peer told of it, by keyword. Returns whether it came, and how the peer
    ended its answer. Raises as `open_association`, and `FerryError` when the port is taken.
    """
    intake = Intake(None)
    request = Request("IMAGE", {key: instance[key] for key in _KEYS})
    with (
        tempfile.TemporaryDirectory(prefix="dicomferry-doctor-") as folder,
        receiving(Path(folder)) as door,
        listening(target, door),
        open_move(peer, target, door) as way,
    ):
        ended = way.retrieve(request, intake, lambda: False)
    return intake.unasked > 0, ended

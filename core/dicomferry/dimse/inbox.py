"""What a PACS sends, taken into a folder: nothing that was not asked for, and no more than fits."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pynetdicom.events import Event

SUCCESS = 0x0000
OUT_OF_RESOURCES = 0xA700
NOT_AUTHORIZED = 0x0124
CANNOT_WRITE = 0xA701


class Inbox:
    """Answers C-STORE requests for the instances of one retrieval.

    `wanted` is the file for each SOP Instance UID, `room` how many bytes may still be taken. A
    file is there in full or not at all. Safe for several associations at once.
    """

    def __init__(self, wanted: Mapping[str, Path], room: int) -> None:
        self._wanted = wanted
        self._room = room
        self._lock = threading.Lock()
        self.arrived: dict[str, Path] = {}
        self.full = False
        self.unasked = 0

    @property
    def room(self) -> int:
        """Return how many bytes may still be taken."""
        return self._room

    def missing(self) -> list[str]:
        """Return the UIDs that have not arrived, in the order asked for."""
        return [uid for uid in self._wanted if uid not in self.arrived]

    def take(self, event: Event) -> int:
        """Keep one instance and return the status to answer with (PS3.4 B.2.3)."""
        file = Path(event.dataset_path)
        try:
            return self._take(str(getattr(event.request, "AffectedSOPInstanceUID", "")), file)
        except OSError:
            return CANNOT_WRITE
        finally:
            file.unlink(missing_ok=True)

    def _take(self, uid: str, file: Path) -> int:
        size = file.stat().st_size
        with self._lock:
            if uid not in self._wanted:
                self.unasked += 1
                return NOT_AUTHORIZED
            if uid in self.arrived:
                return SUCCESS
            if size > self._room:
                self.full = True
                return OUT_OF_RESOURCES
            os.replace(file, self._wanted[uid])  # noqa: PTH105  the atomic step
            self._room -= size
            self.arrived[uid] = self._wanted[uid]
        return SUCCESS


class Door:
    """Lets instances into the inbox that is open, and into none otherwise."""

    def __init__(self) -> None:
        self.inbox: Inbox | None = None

    def take(self, event: Event) -> int:
        """Answer one C-STORE request."""
        inbox = self.inbox
        if inbox is not None:
            return inbox.take(event)
        Path(event.dataset_path).unlink(missing_ok=True)
        return NOT_AUTHORIZED


@contextmanager
def receiving(folder: Path) -> Iterator[None]:
    """Let pynetdicom write what it receives into `folder`, piece by piece, for this process.

    It knows no other way to be told than its module's own settings.
    """
    from pynetdicom import _config

    before = (_config.STORE_RECV_CHUNKED_DATASET, tempfile.tempdir)
    _config.STORE_RECV_CHUNKED_DATASET, tempfile.tempdir = True, str(folder)
    try:
        yield
    finally:
        _config.STORE_RECV_CHUNKED_DATASET, tempfile.tempdir = before

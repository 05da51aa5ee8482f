"""What a PACS sends, taken into a folder: nothing that was not asked for, and no more than fits."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pynetdicom.events import Event

SUCCESS = 0x0000
OUT_OF_RESOURCES = 0xA700
NOT_AUTHORIZED = 0x0124
CANNOT_WRITE = 0xA701


class Inbox:
    """Answers C-STORE requests for the instances of one retrieval.

    `wanted` is the file for each SOP Instance UID, `room` how many bytes may still be taken;
    `refused` are the UIDs there was no room for. A file is there in full or not at all. Safe for
    several associations at once.
    """

    def __init__(self, wanted: Mapping[str, Path], room: int) -> None:
        self._wanted = wanted
        self._room = room
        self._lock = threading.Lock()
        self.arrived: dict[str, Path] = {}
        self.refused: set[str] = set()
        self.unasked = 0

    @property
    def room(self) -> int:
        """Return how many bytes may still be taken."""
        return self._room

    @property
    def full(self) -> bool:
        """Tell whether there was no room for an instance."""
        return bool(self.refused)

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
            if not size or size > self._room:  # empty: it outgrew the room while it came
                self.refused.add(uid)
                return OUT_OF_RESOURCES
            os.replace(file, self._wanted[uid])  # noqa: PTH105  the atomic step
            self._room -= size
            self.arrived[uid] = self._wanted[uid]
        return SUCCESS


class Door:
    """Lets instances into the inbox that is open, and into none otherwise."""

    def __init__(self) -> None:
        self.inbox: Inbox | None = None

    @property
    def room(self) -> int:
        """Return how many bytes may come in now."""
        inbox = self.inbox
        return inbox.room if inbox is not None else 0

    def take(self, event: Event) -> int:
        """Answer one C-STORE request."""
        inbox = self.inbox
        if inbox is not None:
            return inbox.take(event)
        Path(event.dataset_path).unlink(missing_ok=True)
        return NOT_AUTHORIZED


@contextmanager
def receiving(folder: Path) -> Iterator[Door]:
    """Let pynetdicom write what it receives into `folder`, piece by piece, for this process.

    It knows no other way to be told than its modules' own names and settings.
    """
    from pynetdicom import _config, dimse_messages

    door = Door()
    names: Any = dimse_messages
    before = (_config.STORE_RECV_CHUNKED_DATASET, names.NamedTemporaryFile)
    _config.STORE_RECV_CHUNKED_DATASET = True
    names.NamedTemporaryFile = lambda **_: _Bounded(folder, door.room)
    try:
        yield door
    finally:
        _config.STORE_RECV_CHUNKED_DATASET, names.NamedTemporaryFile = before


class _Bounded:
    """The file of one instance on its way in. One that outgrows its room is left empty."""

    def __init__(self, folder: Path, room: int) -> None:
        self.file = NamedTemporaryFile(dir=folder, suffix=".dcm", delete=False)  # noqa: SIM115
        self.name = self.file.name
        self._room = room
        self._size = 0

    def write(self, data: bytes) -> None:
        self._size += len(data)
        if self._size <= self._room:
            self.file.write(data)
        else:
            self.file.truncate(0)

    def close(self) -> None:
        self.file.close()

"""One order's place in the spool."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from msgspec import Struct

from dicomferry.contract.fetcher import BytesWriter
from dicomferry.engine.retrieve.pace import Pace
from dicomferry.engine.retrieve.spool import PARTIAL, unusable
from dicomferry.model import Location, RemoteInstance


class Slot(Struct, frozen=True):
    """An instance that is ordered, and the file that it is to be."""

    instance: RemoteInstance
    file: Path


class SpoolInbox:
    """Implements `Inbox`.

    `arrived` and `refused` (for want of room) are the locations of instances; `why` says of the
    last one that was not taken what was wrong with it.
    """

    def __init__(
        self, folder: Path, slots: Mapping[Location, Slot], room: int, pace: Pace,
        stopped: Callable[[], bool],
    ) -> None:  # fmt: skip
        self.folder = folder
        self.room = room
        self.arrived: set[Location] = set()
        self.refused: set[Location] = set()
        self.why = ""
        self._slots = slots
        self._pace = pace
        self._stopped = stopped
        self._lock = threading.Lock()

    @property
    def full(self) -> bool:
        """Tell whether there was no room for an instance."""
        return bool(self.refused)

    def missing(self) -> list[RemoteInstance]:
        """Return what was ordered and has not arrived, in the order asked for."""
        return [slot.instance for at, slot in self._slots.items() if at not in self.arrived]

    @contextmanager
    def writing(self, instance: RemoteInstance) -> Iterator[BytesWriter]:
        """Write one instance; it has arrived when the block ends.

        Raises `FerryError` where the spool cannot be written.
        """
        with self._partial() as file:
            path = Path(file.name)
            try:
                yield _BoundedWriter(file, self.room)
            except _OutgrownError:
                file.truncate(0)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
        try:
            self.take(instance, path)
        finally:
            path.unlink(missing_ok=True)

    def _partial(self) -> IO[bytes]:
        try:
            return NamedTemporaryFile(dir=self.folder, suffix=PARTIAL, delete=False)
        except OSError as error:
            raise unusable(str(self.folder), error) from None

    def take(self, instance: RemoteInstance, file: Path) -> bool:
        """Move a whole file in; raises `OSError`."""
        size = file.stat().st_size
        at = instance.location
        with self._lock:
            if at in self.arrived:
                return True
            if at not in self._slots:
                return False
            if not size or size > self.room:
                self.refused.add(at)
                return False
            if instance.size and size != instance.size:
                self.why = f"{size:,} bytes came of an instance of {instance.size:,}"
                return False
            if instance.modified_ns:
                os.utime(file, ns=(instance.modified_ns, instance.modified_ns))
            os.replace(file, self._slots[at].file)  # noqa: PTH105  the atomic step
            self.room -= size
            self.arrived.add(at)
        return True

    def stopped(self) -> bool:
        """Tell whether the run is to stop."""
        return self._stopped()

    def pause(self) -> float:
        """Return how many seconds the next request has to wait."""
        return self._pace.left()

    def wait(self) -> None:
        """Wait until the next request may be made, or the run is to stop."""
        self._pace.wait(self._stopped)

    def asked(self) -> None:
        """Note that a request is made now."""
        self._pace.asked()


class _OutgrownError(Exception):
    """More was written of an instance than there is room for."""


class _BoundedWriter:
    """Writes to a file no more than fits."""

    def __init__(self, file: IO[bytes], room: int) -> None:
        self._file = file
        self._left = room

    def write(self, data: bytes, /) -> int:
        self._left -= len(data)
        if self._left < 0:
            raise _OutgrownError
        try:
            return self._file.write(data)
        except OSError as error:
            raise unusable(self._file.name, error) from None

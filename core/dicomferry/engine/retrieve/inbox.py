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
from dicomferry.engine.pipeline.spooled import note_digest
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
    last one that was not taken what was wrong with it. `unlisted` are instances that were not
    ordered, arrived or refused; `extra` returns the file that such an instance is to be, or None.
    """

    def __init__(
        self, folder: Path, slots: Mapping[Location, Slot], room: int, pace: Pace,
        stopped: Callable[[], bool], extra: Callable[[RemoteInstance], Path | None] | None = None,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.room = room
        self.arrived: set[Location] = set()
        self.refused: set[Location] = set()
        self.unlisted: dict[Location, RemoteInstance] = {}
        self.why = ""
        self._extra = extra
        self._slots = dict(slots)
        self._ordered = tuple(slots)
        self._pace = pace
        self._stopped = stopped
        self._lock = threading.Lock()

    @property
    def full(self) -> bool:
        """Tell whether there was no room for an instance."""
        return bool(self.refused)

    def missing(self) -> list[RemoteInstance]:
        """Return what was ordered and has not arrived, in the order asked for."""
        return [self._slots[at].instance for at in self._ordered if at not in self.arrived]

    def complete(self, series: RemoteInstance) -> None:
        """Note that all instances came of a series that has no list."""
        with self._lock:
            self.arrived.add(series.location)

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
            if at not in self._slots and not self._admits(instance):
                return False
            if not size or size > self.room:
                self.refused.add(at)
                return False
            if instance.size and size != instance.size:
                self.why = f"{size:,} bytes came of an instance of {instance.size:,}"
                return False
            if instance.modified_ns:
                os.utime(file, ns=(instance.modified_ns, instance.modified_ns))
            note_digest(file, self._slots[at].file)
            os.replace(file, self._slots[at].file)  # noqa: PTH105  the atomic step
            self.room -= size
            self.arrived.add(at)
        return True

    def _admits(self, instance: RemoteInstance) -> bool:
        """Make a place for an instance that was not ordered, if its series is wanted whole."""
        file = self._extra(instance) if self._extra else None
        if file is None:
            return False
        self.unlisted[instance.location] = instance
        self._slots[instance.location] = Slot(instance, file)
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

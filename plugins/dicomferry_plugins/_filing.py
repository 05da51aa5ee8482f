"""Files instances in a folder tree: none is overwritten, half written, or outside of it."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from dicomferry import Failed, Outcome, Rejected, Stored
from dicomferry.dicom import Spliced
from dicomferry_plugins._paths import folded

SPARE_BYTES = 1 << 20
"""Bytes that must stay free on the disk beside a file: folders and the ledger need room."""

_NO_HARD_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})


class Cabinet:
    """A folder tree that one consignment fills."""

    def __init__(self, root: Path, *, fsync: bool) -> None:
        self._root = root
        self._fsync = fsync
        self._listings: dict[Path, dict[str, str]] = {}

    def file(self, names: tuple[str, ...], uid: str, content: Callable[[], Spliced]) -> Outcome:
        """Write `content` at `names` below the root; `uid` is its SOP Instance UID."""
        target = self._root.joinpath(*names)
        relative = "/".join(names)
        try:
            if twin := self._twin(names):
                return Rejected(f"{relative} and {twin} differ only in case or Unicode spelling")
            if not target.parent.resolve().is_relative_to(self._root.resolve()):
                return Rejected(f"{relative} leads out of the export folder by a symbolic link")
            if _holds_something(target):
                return _compared(target, relative, uid, content())
            return self._write(target, relative, uid, content())
        except OSError as error:
            return Failed(f"{target}: cannot be written: {error.strerror}", retryable=True)

    def _write(self, target: Path, relative: str, uid: str, content: Spliced) -> Outcome:
        free = shutil.disk_usage(self._root).free
        if free < content.length + SPARE_BYTES:
            needed = f"{content.length + SPARE_BYTES} bytes are needed, {free} are free"
            return Failed(f"{target}: the disk is full: {needed}", retryable=True)
        self._make_folder(target.parent)
        # The name is the same on every run: the next run removes the file of a killed one.
        digest = hashlib.sha256(f"{uid}\0{target.name}".encode()).hexdigest()[:32]
        temporary = target.with_name(f".{digest}.part")
        temporary.unlink(missing_ok=True)
        try:
            self._fill(temporary, content)
            _publish(temporary, target)
        except FileExistsError:
            return _compared(target, relative, uid, content)
        finally:
            temporary.unlink(missing_ok=True)
        self._sync_folder(target.parent)
        return Stored(relative)

    def _fill(self, temporary: Path, content: Spliced) -> None:
        with temporary.open("xb") as file:
            for chunk in content.chunks():
                file.write(chunk)
            if self._fsync:
                file.flush()
                os.fsync(file.fileno())

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        self._sync_folder(folder.parent)

    def _sync_folder(self, folder: Path) -> None:
        if not self._fsync:
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _twin(self, names: tuple[str, ...]) -> str:
        """Return a present path that differs from this one only in case or Unicode spelling.

        Copying a tree with both to Windows or macOS would lose one of them.
        """
        folder = self._root
        for depth, name in enumerate(names):
            there = self._listing(folder).setdefault(folded(name), name)
            if there != name:
                return "/".join((*names[:depth], there))
            folder /= name
        return ""

    def _listing(self, folder: Path) -> dict[str, str]:
        if folder not in self._listings:
            names = sorted(os.listdir(folder)) if folder.is_dir() else []  # noqa: PTH208 - names
            self._listings[folder] = {folded(name): name for name in names}
        return self._listings[folder]


def _holds_something(target: Path) -> bool:
    # On a disk without hard links, a run killed in `_publish` may leave an empty file.
    try:
        status = target.lstat()
    except FileNotFoundError:
        return False
    return not stat.S_ISREG(status.st_mode) or status.st_size > 0


def _compared(target: Path, relative: str, uid: str, content: Spliced) -> Outcome:
    if _identical(target, content):
        return Stored(f"{relative} (already there, identical)")
    return Rejected(f"{relative} is there already with other content than instance {uid}")


def _identical(target: Path, content: Spliced) -> bool:
    status = target.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_size != content.length:
        return False
    with target.open("rb") as file:
        return all(file.read(len(chunk)) == chunk for chunk in content.chunks())


def _publish(temporary: Path, target: Path) -> None:
    """Give a complete file its name; raises `FileExistsError` if the name is in use."""
    try:
        target.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if not (target.exists() and target.stat().st_size == 0):
            target.touch(exist_ok=False)
        temporary.replace(target)

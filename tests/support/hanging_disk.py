"""A file system whose files do not answer when they are read: FUSE, spoken by this program.

The kernel waits for its answers where no signal reaches a process, as for an NFS server that has
gone. `python hanging_disk.py SOURCE MOUNT` shows the files of SOURCE under MOUNT; a read of the
file whose name SOURCE.hangs has is never answered, and neither is the listing where the name is a
point, or the question whether there is NAME where it is `NAME?`. `mounted` starts it. Only root can
mount it without `fusermount`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_DONE = {18, 25, 29}  # RELEASE, FLUSH, RELEASEDIR
_UNANSWERED = {2, 36, 42}  # FORGET, INTERRUPT, BATCH_FORGET
_ROOT = 1
_DIRECT_IO = 1
_MNT_DETACH = 2


def can_mount() -> bool:
    """Tell whether this user may mount such a file system here, by mounting an empty one."""
    if sys.platform != "linux" or os.geteuid() or not os.access("/dev/fuse", os.W_OK):
        return False
    with TemporaryDirectory() as folder:
        source = Path(folder, "files")
        source.mkdir()
        try:
            with mounted(source, Path(folder, "disk")):
                return True
        except AssertionError:
            return False


@contextmanager
def mounted(source: Path, mount: Path) -> Iterator[None]:
    """Show the files of `source` under `mount`; what waits for one goes on at the end."""
    mount.mkdir()
    with subprocess.Popen(
        [sys.executable, __file__, source, mount], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"mounted\n"
            yield
        finally:
            process.kill()  # the kernel answers with an error what is open
            process.wait()
            ctypes.CDLL(None).umount2(os.fsencode(mount), _MNT_DETACH)


class Disk:
    """The files of a folder, numbered from 2 on."""

    def __init__(self, source: Path) -> None:
        self.files = sorted(source.iterdir())
        self.hangs = source.with_suffix(".hangs")

    def attributes(self, node: int) -> bytes:
        if node == _ROOT:
            return self._packed(node, 0, 0, stat.S_IFDIR | 0o755)
        found = self.files[node - 2].stat()
        return self._packed(node, found.st_size, int(found.st_mtime), stat.S_IFREG | 0o644)

    @staticmethod
    def _packed(node: int, size: int, time: int, mode: int) -> bytes:
        return struct.pack(
            "6Q10I", node, size, 1, time, time, time, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0
        )

    def entry(self, name: str) -> bytes | int:
        for node, file in enumerate(self.files, 2):
            if file.name == name:
                return struct.pack("4Q2I", node, 0, 60, 60, 0, 0) + self.attributes(node)
        return -errno.ENOENT

    def listing(self, offset: int) -> bytes:
        found = b""
        for number, file in enumerate(self.files[offset:], offset + 1):
            name = file.name.encode()
            entry = struct.pack("2Q2I", number + 1, number, len(name), 8) + name
            found += entry.ljust((len(entry) + 7) // 8 * 8, b"\0")
        return found

    def read(self, node: int, offset: int, size: int) -> bytes | None:
        file = self.files[node - 2]
        return None if self.is_hung(file.name) else file.read_bytes()[offset : offset + size]

    def is_hung(self, name: str) -> bool:
        return self.hangs.exists() and self.hangs.read_text() == name

    def answer(self, operation: int, node: int, body: bytes) -> bytes | int | None:
        """Return what is answered: bytes, an error, or None for no answer."""
        if operation in _UNANSWERED:
            return None
        if operation in _DONE:
            return b""
        match operation:
            case 26:  # INIT
                return struct.pack("4I2H2I2H8I", 7, 31, 0, 0, 12, 9, 1 << 16, 1, 16, *[0] * 9)
            case 1:  # LOOKUP
                name = body.rstrip(b"\0").decode()
                return None if self.is_hung(f"{name}?") else self.entry(name)
            case 3:  # GETATTR
                return struct.pack("Q2I", 60, 0, 0) + self.attributes(node)
            case 14 | 27:  # OPEN, OPENDIR
                return struct.pack("Q2I", 0, _DIRECT_IO if operation == 14 else 0, 0)
            case 15 | 28:  # READ, READDIR
                _, offset, size = struct.unpack_from("2QI", body)
                if node != _ROOT:
                    return self.read(node, offset, size)
                return None if self.is_hung(".") else self.listing(offset)
        return -errno.ENOSYS


def serve(source: Path, mount: Path) -> None:
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
    if ctypes.CDLL(None, use_errno=True).mount(
        b"hanging", os.fsencode(mount), b"fuse", 0, options.encode()
    ):
        raise OSError(ctypes.get_errno(), "it cannot be mounted")
    print("mounted", flush=True)
    disk = Disk(source)
    while True:
        request = os.read(device, 1 << 18)
        _, operation, unique, node = struct.unpack_from("2I2Q", request)
        answer = disk.answer(operation, node, request[40:])
        if answer is None:
            continue
        error, data = (answer, b"") if isinstance(answer, int) else (0, answer)
        os.write(device, struct.pack("IiQ", 16 + len(data), error, unique) + data)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))

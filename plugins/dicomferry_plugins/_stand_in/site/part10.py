"""Part 10 files made of what came over the wire, and their place in the storage folder."""

from __future__ import annotations

import os
import re
import struct
import threading
from pathlib import Path

from msgspec import Struct

from dicomferry.xnat import UNASSIGNED

_IMPLEMENTATION_CLASS_UID = "2.25.261407421839163265149736230471820593201"
_IMPLEMENTATION_VERSION = "FERRY_STAND_IN"
_UNSAFE = re.compile(r"[^\w.-]", re.ASCII)


class Wire(Struct, frozen=True):
    """What a C-STORE request and its association say of an object."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    calling_ae_title: str


def _element(element: int, vr: bytes, value: bytes, pad: bytes = b"\0") -> bytes:
    value += pad * (len(value) % 2)
    if vr == b"OB":
        return struct.pack("<HH2sHL", 2, element, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", 2, element, vr, len(value)) + value


def front(wire: Wire) -> bytes:
    """Return what is in front of the data set: preamble and a fresh meta group (PS3.10 7.1)."""
    meta = b"".join(
        (
            _element(0x0001, b"OB", b"\0\1"),
            _element(0x0002, b"UI", wire.sop_class_uid.encode("ascii", "replace")),
            _element(0x0003, b"UI", wire.sop_instance_uid.encode("ascii", "replace")),
            _element(0x0010, b"UI", wire.transfer_syntax_uid.encode("ascii")),
            _element(0x0012, b"UI", _IMPLEMENTATION_CLASS_UID.encode("ascii")),
            _element(0x0013, b"SH", _IMPLEMENTATION_VERSION.encode("ascii"), b" "),
            _element(0x0016, b"AE", wire.calling_ae_title.encode("ascii", "replace"), b" "),
        )
    )
    length = _element(0x0000, b"UL", struct.pack("<L", len(meta)))
    return b"".join((bytes(128), b"DICM", length, meta))


def _component(text: str) -> str:
    """Return `text` as one safe component of a path."""
    safe = _UNSAFE.sub("_", text)
    return safe if safe.strip(".") else "_"


def stored_path(project: str | None, session: str, path: str) -> str:
    """Return where a session's file goes, relative to the storage folder."""
    return "/".join(map(_component, (project or UNASSIGNED, session, *path.split("/"))))


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, for their owner alone: `mkdir` makes the latter open."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)


def write_file(path: Path, data: bytes | bytearray) -> None:
    """Write a file that is there in full or not at all, and its owner's alone."""
    scratch = path.with_name(f".{path.name}.{threading.get_ident()}.part")
    try:
        descriptor = _opened(scratch)
        try:
            write_all(descriptor, data)
        finally:
            os.close(descriptor)
        os.replace(scratch, path)  # noqa: PTH105 - Path.replace says less: this is the atomic step
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def _opened(path: Path) -> int:
    """Open a new file to write it; most often its folder is there already."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        make_folder(path.parent)
        return os.open(path, flags, 0o600)


def write_all(descriptor: int, data: bytes | bytearray) -> None:
    """Write all of `data`: the system may take a part of it at a time."""
    with memoryview(data) as rest:
        written = 0
        while written < len(rest):
            written += os.write(descriptor, rest[written:])

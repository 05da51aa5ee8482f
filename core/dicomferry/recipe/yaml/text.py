"""Reads a YAML file's text; refuses large files, other encodings and control characters."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NoReturn

from dicomferry.errors import FerryError, ProblemsError
from dicomferry.model import Place, Problem

MAX_BYTES: Final = 512 * 1024

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufffe\uffff]")


def read_yaml_text(path: Path) -> str:
    """Return the text of a file; raises `FerryError`, and `ProblemsError` with a place."""
    name = str(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise FerryError(f"{name} cannot be read: {reason}") from error
    if len(data) > MAX_BYTES:
        refuse("yaml-size", f"the file is larger than {MAX_BYTES // 1024} KiB", Place(name, 1, 1))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        refuse("yaml-encoding", "this is UTF-16; save the file as UTF-8", Place(name, 1, 1))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place_at(data[: error.start].decode("utf-8"), name)
        message = f"the byte 0x{data[error.start]:02X} is not UTF-8; save the file as UTF-8"
        refuse("yaml-encoding", message, place)
    text = text.removeprefix("\ufeff")
    check_characters(text, name)
    return text


def check_characters(text: str, name: str) -> None:
    """Raise `ProblemsError` for a character that YAML forbids."""
    if found := _FORBIDDEN.search(text):
        message = f"the character U+{ord(found[0]):04X} is not allowed in YAML"
        refuse("yaml-character", message, _place_at(text[: found.start()], name))


def _place_at(before: str, name: str) -> Place:
    return Place(name, before.count("\n") + 1, len(before) - before.rfind("\n"))


def refuse(code: str, message: str, place: Place, hint: str = "") -> NoReturn:
    """Raise one problem of a YAML file."""
    raise ProblemsError([Problem(code, message, place=place, hint=hint)])

"""Turns any text into a file name that every common file system takes."""

from __future__ import annotations

import hashlib
import re
import unicodedata

MAX_BYTES = 255
"""The longest name, in UTF-8 bytes, on Linux, macOS and Windows file systems."""

_FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?", re.IGNORECASE)
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # controls, direction marks, surrogates


def safe_name(text: str) -> str:
    """Return `text` as one path component; empty only for blank text.

    The result is NFC. It has no separator, control or invisible character, does not end in a dot,
    and is no Windows device name. It has at most `MAX_BYTES` bytes: a longer name is cut and gets
    a digest of all of it, so that two long names stay different.
    """
    visible = "".join(
        "_" if unicodedata.category(character) in _INVISIBLE else character for character in text
    )
    name = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", visible)).strip()
    stem = name.rstrip(". ")
    name = stem + "_" * len(name[len(stem) :])
    if device := _RESERVED.fullmatch(name):
        name = f"{device[1]}_{name[len(device[1]) :]}"
    return _shortened(name)


def folded(name: str) -> str:
    """Return a name's key on file systems that ignore case and Unicode spelling.

    Unicode's canonical caseless matching (The Unicode Standard, D145).
    """
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def _shortened(name: str) -> str:
    if len(name.encode()) <= MAX_BYTES:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix.encode()) > 16:
        stem, dot, suffix = name, "", ""
    tail = f"~{hashlib.sha256(name.encode()).hexdigest()[:16]}{dot}{suffix}"
    return stem.encode()[: MAX_BYTES - len(tail.encode())].decode(errors="ignore") + tail

"""Turn any text into a file name that is safe on every common file system."""

from __future__ import annotations

import hashlib
import re
import unicodedata

MAX_BYTES = 255
"""The longest name, in UTF-8 bytes, that Linux, macOS and Windows file systems all take."""

_FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?", re.IGNORECASE)
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # controls, direction marks, surrogates


def safe_name(text: str) -> str:
    """Return `text` as one path component; empty only for blank text.

    The result is NFC, has no separator, control or invisible character, is neither `.` nor `..`,
    does not end in a dot, is no Windows device name, and has at most `MAX_BYTES` bytes: a longer
    one is cut and marked with a digest of the whole, so that two long names stay two.
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
    """Return what a name is to a file system that minds neither case nor Unicode's spellings.

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

"""What two DICOM files differ in, told by programs that know nothing of the product."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

_HEAD = re.compile(r"^# dcmdump \(\d+/\d+\): (.*)$")
_TAG = re.compile(r"^\s*(\([0-9a-f]{4},[0-9a-f]{4}\))")
_META = "(0002,"


def dumps(dcmdump: str, files: Iterable[Path]) -> dict[Path, list[str]]:
    """Return dcmdump's lines of each file's data set, values whole, meta group left out."""
    found: dict[Path, list[str]] = {}
    names = [str(file) for file in files]
    for start in range(0, len(names), 500):
        chunk = names[start : start + 500]
        output = subprocess.run(
            [dcmdump, "+L", "+uc", "-q", "+F", *chunk], capture_output=True, check=True, timeout=600
        ).stdout.decode("latin-1")
        lines: list[str] = []
        for line in output.splitlines():
            if head := _HEAD.match(line):
                lines = found.setdefault(Path(head[1]), [])
            elif _TAG.match(line) and not line.lstrip().startswith(_META):
                lines.append(line.rstrip())
    return found


def changed_tags(before: list[str], after: list[str]) -> set[str]:
    """Return the top-level tags in which two dumps differ."""
    one, other = _by_tag(before), _by_tag(after)
    return {tag for tag in {*one, *other} if one.get(tag) != other.get(tag)}


def pixel_digest(path: Path) -> str:
    """Return the SHA-256 of a file's pixel data."""
    from pydicom import dcmread

    return hashlib.sha256(dcmread(path, force=True).PixelData).hexdigest()


def _by_tag(lines: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    tag = ""
    for line in lines:
        if not line.startswith(" "):
            match = _TAG.match(line)
            tag = match[1] if match else tag
        found.setdefault(tag, []).append(line)
    return found

"""What dcmdump reads of a file, to compare files that two programs wrote."""

from __future__ import annotations

import subprocess
from pathlib import Path


def run(*arguments: str) -> str:
    done = subprocess.run(arguments, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def dump(dcmdump: str, path: Path, *, without: tuple[str, ...] = ()) -> list[str]:
    """Return the data set's lines; the lengths of sequences are the writer's choice.

    Lines that begin with one of `without` are left out.
    """
    lines = run(dcmdump, "-q", "+L", str(path)).splitlines()
    start = next(number for number, line in enumerate(lines) if "Dicom-Data-Set" in line)
    return [
        line.split("#")[0].split("(Sequence with")[0].split("(Item with")[0].strip()
        for line in lines[start + 1 :]
        if "elimitation" not in line and not line.startswith(without)
    ]

"""What the last verification of a state folder found wrong: a run after it must not call all well.

It is a file beside the ledger and not in it, because `verify` reads the ledger beside a run.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from dicomferry.engine.verify.inquiry import Findings
from dicomferry.engine.verify.read_back import Sameness
from dicomferry.engine.verify.verdict import Standing

_NAME = "verify.json"


class LastVerify(Struct, frozen=True):
    """What a verification found: sessions that have not landed, and instances that are not right.

    `differing` instances are those of the last time that contents were read back.
    """

    at: str
    sessions: int
    not_landed: int
    missing: int
    differing: int

    @property
    def failed(self) -> bool:
        """Tell whether XNAT did not hold everything as it was forecast."""
        return bool(not self.sessions or self.not_landed or self.missing or self.differing)

    def __str__(self) -> str:
        parts = [f"{self.not_landed:,} of {self.sessions:,} sessions had not landed as forecast"]
        if self.missing:
            parts.append(f"{self.missing:,} instances were missing")
        if self.differing:
            parts.append(f"{self.differing:,} instances had other content")
        return f"the verify of {self.at}: " + ", ".join(parts)


def note(folder: Path, findings: Findings) -> None:
    """Note what was found; nothing is noted in a folder that cannot be written."""
    before = last(folder)
    differing = sum(one.sameness is Sameness.DIFFERS for one in findings.compared)
    if not findings.read_back and before is not None:
        differing = before.differing
    found = LastVerify(
        datetime.now(UTC).isoformat(timespec="seconds"),
        len(findings.verdicts),
        sum(one.standing is not Standing.LANDED for one in findings.verdicts),
        sum(len(one.missing) for one in findings.verdicts),
        differing,
    )
    scratch = folder / f"{_NAME}.{os.getpid()}.part"
    with suppress(OSError):
        handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(found))
        scratch.replace(folder / _NAME)


def last(folder: Path) -> LastVerify | None:
    """Return what the last verification found; None where there was none."""
    try:
        return msgspec.json.decode((folder / _NAME).read_bytes(), type=LastVerify)
    except (OSError, msgspec.DecodeError):
        return None


def doubt(folder: Path) -> str:
    """Return in words what the last verification found wrong; empty where it found all well."""
    found = last(folder)
    return str(found) if found is not None and found.failed else ""

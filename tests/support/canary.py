"""Canaries: a patient and a password, and everything a run of the program lets be seen of them."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from support.cli import PROGRAM
from support.instances import image, part10, uid
from support.journey import PASSWORD
from support.processes import command_lines

NAME = "CANARYBIRD^YELLOW"
PATIENT_ID = "CANARYID77"
PATIENT = ("canarybird", "yellow", "canaryid77")
"""What of the patient may be seen nowhere, in lower case."""


def make_patient(folder: Path, count: int = 3) -> list[Path]:
    """Write instances of the patient under names that tell nothing; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        elements: dict[str, object] = {
            "SOPInstanceUID": uid("canary", number), "StudyInstanceUID": uid("canary study"),
            "SeriesInstanceUID": uid("canary series"), "SeriesNumber": 1,
            "PatientName": NAME, "PatientID": PATIENT_ID, "StudyDescription": "P",
        }  # fmt: skip
        path = folder / f"I{number}"
        path.write_bytes(part10(image(elements)))
        paths.append(path)
    return paths


@dataclass
class Watch:
    """Runs the program in a folder and keeps what it says and what the process list shows."""

    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)
    stdout: str = ""
    stderr: str = ""
    command_lines: set[str] = field(default_factory=set)

    def ferry(self, verb: str, *arguments: object) -> int:
        """Run a verb, watch it, and return how it ended."""
        scratch = self.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        with subprocess.Popen(
            [*PROGRAM, verb, *map(str, arguments)],
            cwd=self.folder, env=os.environ | {"TMPDIR": str(scratch)} | self.env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        ) as running:  # fmt: skip
            while True:
                self.command_lines |= command_lines(running.pid)
                try:
                    stdout, stderr = running.communicate(timeout=0.05)
                    break
                except subprocess.TimeoutExpired:
                    continue
        self.stdout += stdout
        self.stderr += stderr
        return running.returncode

    def logs(self) -> str:
        """Return every log: of the state folders, and those that tell of a bug."""
        return "\n".join(path.read_text() for path in sorted(self.folder.rglob("*.log")))

    def bugs(self) -> list[Path]:
        """Return the files that tell of a bug."""
        return sorted((self.folder / "scratch").glob("dicomferry-bug-*.log"))

    def run_records(self) -> str:
        """Return what the ledgers hold of runs, and every reason they give."""
        return "\n".join(str(row) for path in self._ledgers() for row in _records(path))

    def seen_of_the_patient(self, *, stdout: bool) -> list[str]:
        """Return where the patient can be seen; `stdout` says whether to look there, too."""
        places = {
            "stderr": self.stderr,
            "logs": self.logs(),
            "run records": self.run_records(),
            "process list": "\n".join(self.command_lines),
            "stdout": self.stdout if stdout else "",
        }
        return [
            f"{place}: {word}"
            for place, text in places.items()
            for word in PATIENT
            if word in text.lower()
        ]

    def seen_of_the_password(self, *known: Path) -> list[str]:
        """Return where the password can be seen: in all that was said, and in every file."""
        places = {
            "stderr": self.stderr,
            "stdout": self.stdout,
            "process list": "\n".join(self.command_lines),
        }
        seen = [place for place, text in places.items() if PASSWORD in text]
        files = (path for path in self.folder.rglob("*") if path.is_file() and path not in known)
        return seen + [str(path) for path in files if PASSWORD.encode() in path.read_bytes()]

    def _ledgers(self) -> list[Path]:
        return sorted(self.folder.rglob("ledger.sqlite"))


def _records(path: Path) -> Iterator[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as ledger:
        yield from ledger.execute("SELECT * FROM run")
        yield from ledger.execute("SELECT reason FROM delivery")
        yield from ledger.execute("SELECT reason FROM item")

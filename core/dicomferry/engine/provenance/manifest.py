"""Read the manifest of a run: one line for each instance that it sent or held back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from dicomferry.engine.provenance.lock_file import RecipeLock, lock_from
from dicomferry.errors import FerryError
from dicomferry.ledger.planning.chosen_labels import Labels, labels_from

MANIFEST_VERSION = 1


class Head(Struct, frozen=True):
    """The first line of a manifest: the recipe's file, its params, and the lock of the run.

    A param is None when it may be a secret: the run did not write it down. `labels` are the labels
    that a user edited in a saved plan.
    """

    run: int
    recipe: Path
    params: dict[str, str | None]
    lock: RecipeLock
    labels: Labels

    def settings(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return the params of the run, with those `given` that the manifest does not keep.

        Raises `FerryError` where one is still missing.
        """
        known = {**self.params, **given}
        missing = [name for name, value in known.items() if value is None]
        if missing:
            raise FerryError(
                f"the manifest does not keep what may be a secret: {', '.join(missing)}",
                hint=" ".join(f"--set {name}=VALUE" for name in missing),
            )
        return {name: value for name, value in known.items() if value is not None}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One instance at one sink, or an item that the plan held back (then `sink` is empty)."""

    sink: str = ""
    path: str
    member: str
    sop: str = ""
    input: str = ""
    edits: str = ""
    destination: tuple[str | None, str | None, str] | None = None
    sent_sop: str = ""
    sent: str = ""
    untouched: int = 0
    outcome: str
    reason: str
    mended: str = ""


def read_head(path: Path) -> Head:
    """Read the head of a manifest; raises `FerryError` for a file that is none."""
    line = next(_lines(path), None)
    number = line.get("manifest") if isinstance(line, dict) else None
    if line is None or not isinstance(number, int):
        raise FerryError(
            f"{path}: is not a manifest",
            hint="a run writes it into the folder 'manifests' beside its ledger",
        )
    if number > MANIFEST_VERSION:
        raise FerryError(f"{path}: the manifest has version {number}", hint="upgrade dicomferry")
    try:
        lock = lock_from(json.dumps(line["lock"]).encode(), path)
        labels = labels_from(line.get("labels", ()))
        return Head(int(line["run"]), Path(line["recipe"]), dict(line["params"]), lock, labels)
    except (KeyError, TypeError, ValueError):
        raise FerryError(f"{path}: line 1 is not the head of a manifest") from None


def read_entries(path: Path) -> Iterator[Entry]:
    """Yield the entries of a manifest; raises `FerryError` for a line that is none."""
    for number, line in enumerate(_lines(path), 1):
        if number == 1 or "finished" in line:
            continue
        try:
            yield _held_entry(line) if "held" in line else msgspec.convert(line, Entry)
        except (KeyError, msgspec.ValidationError):
            raise FerryError(f"{path}: line {number} is not a manifest's") from None


def last_manifest(state: Path, run: int) -> Path | None:
    """Return the last manifest in a state folder that has the number of a run."""
    folder = state / "manifests"
    found = [*folder.glob(f"run-{run}.jsonl"), *folder.glob(f"run-{run}-*.jsonl")]
    return max(found, key=lambda path: (len(path.name), path.name), default=None)


def outcomes_in(path: Path) -> int:
    """Return of how many instances, counted once for each sink, a manifest tells the outcome.

    What stands behind a line that cannot be read is not counted.
    """
    seen: set[int] = set()
    with suppress(FerryError):
        for entry in read_entries(path):
            if entry.sink:
                seen.add(hash((entry.sink, entry.path, entry.member)))
    return len(seen)


def _held_entry(line: dict[str, Any]) -> Entry:
    reason = f"{line['reason']} ({line['code']})"
    return msgspec.convert({**line, "outcome": line["held"], "reason": reason}, Entry)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            for number, text in enumerate(file, 1):
                if not text.endswith("\n"):
                    return  # a killed run did not end this line
                yield _line(path, number, text)
    except OSError as error:
        raise FerryError(f"{path}: cannot be read: {error.strerror}") from None


def _line(path: Path, number: int, text: str) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except ValueError:
        line = None
    if not isinstance(line, dict):
        raise FerryError(f"{path}: line {number} is not a manifest's")
    return line

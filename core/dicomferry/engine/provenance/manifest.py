"""The manifest of a run: one line for each instance it brought somewhere, written as it goes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

import msgspec

from dicomferry.engine.provenance.lock_file import Lock, lock_from
from dicomferry.engine.stages import Taking
from dicomferry.errors import FerryError, LedgerError
from dicomferry.ledger.deliveries import Delivered, columns_of
from dicomferry.ledger.provenance import HeldBack
from dicomferry.recipe.recipe import Recipe
from dicomferry.recipe.secrets import is_reference, sounds_secret

MANIFEST_VERSION = 1
_FOLDER = "manifests"


@dataclass(frozen=True, slots=True)
class Head:
    """What a manifest is of: the recipe's file, its params, and the lock of the run.

    A param is None where it may be a secret, and was not kept.
    """

    run: int
    recipe: Path
    params: dict[str, str | None]
    lock: Lock


@dataclass(frozen=True, slots=True)
class Entry:
    """One instance at one sink, or an item that was held back (`sink` empty)."""

    sink: str
    path: str
    member: str
    sop: str
    input: str
    edits: str
    destination: tuple[str | None, str | None, str] | None
    sent_sop: str
    sent: str
    outcome: str
    reason: str


class ManifestWriter:
    """Writes a manifest line by line; a context manager that ends it.

    A run that is killed leaves a manifest without an end; what stands in it is true all the same.
    Raises `LedgerError` where it cannot be written.
    """

    def __init__(self, state: Path, recipe: Recipe, run: int, lock: Lock) -> None:
        self.path = state / _FOLDER / f"run-{run}.jsonl"
        self._instances = 0
        self._held = 0
        self._complete = False
        self._file = self._open(run)
        self._write(
            {
                "manifest": MANIFEST_VERSION,
                "run": run,
                "recipe": str(recipe.file.absolute()),
                "params": dict(_kept(recipe.params)),
                "started": _now(),
                "lock": msgspec.to_builtins(lock),
            }
        )
        self._flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._write(
                {
                    "finished": _now(),
                    "complete": self._complete,
                    "instances": self._instances,
                    "held": self._held,
                }
            )
        self._file.close()

    def delivered(self, taking: Taking, results: Sequence[Delivered]) -> None:
        """Note what became of instances at a sink, before the ledger does."""
        for result in results:
            self._write(_delivered_line(taking, result))
        self._instances += len(results)
        self._flush()

    def finish(self, held: Iterator[HeldBack], *, complete: bool) -> None:
        """Note what the plan held back, and whether the run brought everything."""
        for item in held:
            self._write(
                {
                    "held": str(item.verdict),
                    "path": item.location.path,
                    "member": item.location.member,
                    "code": item.code,
                    "reason": item.reason,
                }
            )
            self._held += 1
        self._complete = complete

    def _open(self, run: int) -> TextIO:
        """Open a file of a name that is free: a ledger that is put aside counts anew."""
        try:
            self.path.parent.mkdir(mode=0o700, exist_ok=True)
            for number in count(2):
                with suppress(FileExistsError):
                    handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                    return os.fdopen(handle, "w", encoding="ascii")
                self.path = self.path.with_name(f"run-{run}-{number}.jsonl")
        except OSError as error:
            raise self._unwritable(error) from None
        raise AssertionError("the numbers do not end")

    def _write(self, line: dict[str, Any]) -> None:
        try:
            # File names need not be UTF-8: escapes keep them.
            self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
        except OSError as error:
            raise self._unwritable(error) from None

    def _flush(self) -> None:
        try:
            self._file.flush()
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> LedgerError:
        return LedgerError(
            f"{self.path}: the manifest cannot be written: {error.strerror}",
            hint="free some space or mend the disk, then run again: nothing is sent twice",
        )


def read_head(path: Path) -> Head:
    """Read what a manifest is of; raises `FerryError` where it is none."""
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
        return Head(int(line["run"]), Path(line["recipe"]), dict(line["params"]), lock)
    except (KeyError, TypeError, ValueError):
        raise FerryError(f"{path}: line 1 is not the head of a manifest") from None


def read_entries(path: Path) -> Iterator[Entry]:
    """Yield what a manifest lists; raises `FerryError` where a line is not what it was."""
    for number, line in enumerate(_lines(path), 1):
        if number == 1 or "finished" in line:
            continue
        try:
            yield _held_entry(line) if "held" in line else _entry(line)
        except (KeyError, TypeError, ValueError):
            raise FerryError(f"{path}: line {number} is not a manifest's") from None


def _delivered_line(taking: Taking, result: Delivered) -> dict[str, Any]:
    due, proof = result.due, result.proof
    outcome, reason, _ = columns_of(result.outcome)
    place = due.destination
    return {
        "sink": taking.id,
        "receiver": taking.sink.receiver,
        "path": due.item.location.path,
        "member": due.item.location.member,
        "sop": proof.sop_instance_uid if proof else "",
        "input": proof.input if proof else "",
        "edits": due.edits,
        "destination": [place.project, place.subject, place.session],
        "sent_sop": due.sent.sop_instance_uid,
        "sent": proof.sent if proof else "",
        "outcome": outcome,
        "reason": reason,
    }


def _entry(line: dict[str, Any]) -> Entry:
    project, subject, session = line["destination"]
    return Entry(
        sink=line["sink"], path=line["path"], member=line["member"], sop=line["sop"],
        input=line["input"], edits=line["edits"], destination=(project, subject, session),
        sent_sop=line["sent_sop"], sent=line["sent"], outcome=line["outcome"],
        reason=line["reason"],
    )  # fmt: skip


def _held_entry(line: dict[str, Any]) -> Entry:
    return Entry(
        sink="", path=line["path"], member=line["member"], sop="", input="", edits="",
        destination=None, sent_sop="", sent="", outcome=line["held"],
        reason=f"{line['reason']} ({line['code']})",
    )  # fmt: skip


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="ascii") as file:
            for number, text in enumerate(file, 1):
                if not text.endswith("\n"):
                    return  # a killed run was at this line
                line = json.loads(text)
                if not isinstance(line, dict):
                    raise FerryError(f"{path}: line {number} is not a manifest's")
                yield line
    except OSError as error:
        raise FerryError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise FerryError(f"{path}: is not a manifest, or was changed since") from None


def _kept(params: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    for name, value in params.items():
        hidden = sounds_secret(name) and bool(value) and not is_reference(value)
        yield name, None if hidden else value


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

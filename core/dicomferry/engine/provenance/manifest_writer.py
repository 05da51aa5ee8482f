"""Write the manifest of a run, line by line, while the run goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Self, TextIO

import msgspec

from dicomferry.engine.pipeline.steps import SinkStep
from dicomferry.engine.provenance.lock_file import RecipeLock
from dicomferry.engine.provenance.manifest import MANIFEST_VERSION
from dicomferry.errors import LedgerError
from dicomferry.ledger.delivering.deliveries import Delivered
from dicomferry.ledger.delivering.outcomes import columns_of
from dicomferry.ledger.planning.chosen_labels import Labels, plain_labels
from dicomferry.ledger.reading.item_states import ItemState
from dicomferry.recipe.recipe import Recipe
from dicomferry.recipe.secrets import is_reference, sounds_secret

_FOLDER = "manifests"


class ManifestWriter:
    """Writes a manifest line by line; a context manager that writes its last line.

    The manifest of a killed run has no last line; its other lines hold. `receivers` names the
    receiver of each sink, by the id of the step. `labels` are the labels that a user edited in a
    saved plan. Raises `LedgerError` when the file cannot be written.
    """

    def __init__(
        self,
        state: Path,
        recipe: Recipe,
        run: int,
        lock: RecipeLock,
        receivers: Mapping[str, str],
        labels: Labels,
    ) -> None:
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
                "receivers": dict(receivers),
                **({"labels": plain_labels(labels)} if labels else {}),
                "lock": msgspec.to_builtins(lock),
            }
        )
        self._flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            with suppress(OSError):
                self._file.close()
            return
        self._write(
            {
                "finished": _now(),
                "complete": self._complete,
                "instances": self._instances,
                "held": self._held,
            }
        )
        try:
            self._file.close()
        except OSError as failure:
            raise self._unwritable(failure) from None

    def delivered(self, sink_step: SinkStep, results: Sequence[Delivered]) -> None:
        """Write down what became of instances at a sink, before the ledger does."""
        for result in results:
            self._write(_delivered_line(sink_step, result))
        self._instances += len(results)
        self._flush()

    def finish(self, held: Iterator[ItemState], *, complete: bool) -> None:
        """Write down what the plan held back, and keep `complete` for the last line."""
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
        """Open a file with a free name: a new ledger in an old folder counts runs from 1 again."""
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
            # A file name need not be UTF-8: JSON escapes keep its bytes.
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


def _delivered_line(sink_step: SinkStep, result: Delivered) -> dict[str, Any]:
    due, proof = result.due, result.proof
    outcome, reason, _ = columns_of(result.outcome)
    place = due.destination
    return {
        "sink": sink_step.id,
        "path": due.item.location.path,
        "member": due.item.location.member,
        "sop": proof.sop_instance_uid if proof else "",
        "input": proof.input if proof else "",
        "edits": due.edits,
        "destination": [place.project, place.subject, place.session],
        "sent_sop": due.sent.sop_instance_uid,
        "sent": proof.sent if proof else "",
        "untouched": proof.untouched if proof else 0,
        "outcome": outcome,
        "reason": reason,
        **({"mended": proof.mended} if proof and proof.mended else {}),
    }


def _kept(params: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    for name, value in params.items():
        hidden = sounds_secret(name) and bool(value) and not is_reference(value)
        yield name, None if hidden else value


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

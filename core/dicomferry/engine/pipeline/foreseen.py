"""What the sinks of a recipe will do with an instance, asked before anything is sent.

The plan keeps it as notes of the instance: a kind, the id of the sink, and why. An instance that
several sinks all leave out has one more note, `TAKEN_BY_NONE`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote, unquote

from msgspec import Struct

from dicomferry.contract.sink import Foresees
from dicomferry.dicom.header import Header
from dicomferry.engine.pipeline.steps import SinkStep
from dicomferry.errors import FerryError
from dicomferry.model import Destination

LEFT_OUT: Final = "left-out-by-sink"
REFUSED: Final = "refused-by-sink"
TAKEN_BY_NONE: Final = "taken-by-no-sink"


class SinkNote(Struct, frozen=True):
    """One note: `kind` is `LEFT_OUT` or `REFUSED`; `sink` is the id of the step."""

    kind: str
    sink: str
    why: str = ""

    def __str__(self) -> str:
        return beginning(self.kind, self.sink) + quote(self.why, safe="")


def sink_note(note: str) -> SinkNote | None:
    """Return what a note of an instance says of a sink, None where it says something else."""
    kind, _, rest = note.partition(":")
    if kind not in (LEFT_OUT, REFUSED):
        return None
    sink, _, why = rest.partition(":")
    return SinkNote(kind, unquote(sink), unquote(why))


def beginning(kind: str, sink: str) -> str:
    """Return how every note of a kind begins that is of one sink."""
    return f"{kind}:{quote(sink, safe='')}:"


def foreseen(sinks: Sequence[SinkStep], header: Header, destination: Destination) -> Iterator[str]:
    """Yield a note for each sink that will leave an instance out or reject it."""
    notes = [note for step in sinks if (note := _foreseen_at(step, header, destination))]
    yield from map(str, notes)
    if len(sinks) > 1 and [note.kind for note in notes] == [LEFT_OUT] * len(sinks):
        yield TAKEN_BY_NONE


def _foreseen_at(step: SinkStep, header: Header, destination: Destination) -> SinkNote | None:
    try:
        if step.when is not None and not step.when.holds(header):
            return SinkNote(LEFT_OUT, step.id)
    except FerryError as error:
        return SinkNote(REFUSED, step.id, f"its when: cannot be evaluated: {error.message}")
    try:
        why = step.sink.refusal(header, destination) if isinstance(step.sink, Foresees) else ""
    except FerryError as error:
        why = error.message
    return SinkNote(REFUSED, step.id, why) if why else None

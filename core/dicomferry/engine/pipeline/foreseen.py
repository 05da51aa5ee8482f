"""What the sinks of a recipe will do with an instance, asked before anything is sent.

The plan keeps it as notes of the instance: a kind, the id of the sink, and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


class SinkNote(Struct, frozen=True):
    """One note: `kind` is `LEFT_OUT` or `REFUSED`; `sink` is the id of the step."""

    kind: str
    sink: str
    why: str = ""

    def __str__(self) -> str:
        return ":".join((self.kind, quote(self.sink, safe=""), quote(self.why, safe="")))


def sink_note(note: str) -> SinkNote | None:
    """Return what a note of an instance says of a sink, None where it says something else."""
    kind, _, rest = note.partition(":")
    if kind not in (LEFT_OUT, REFUSED):
        return None
    sink, _, why = rest.partition(":")
    return SinkNote(kind, unquote(sink), unquote(why))


def foreseen(sinks: Iterable[SinkStep], header: Header, destination: Destination) -> Iterator[str]:
    """Yield a note for each sink that will leave an instance out or reject it."""
    for step in sinks:
        try:
            if step.when is not None and not step.when.holds(header):
                yield str(SinkNote(LEFT_OUT, step.id))
                continue
            why = step.sink.refusal(header, destination) if isinstance(step.sink, Foresees) else ""
        except FerryError as error:
            why = error.message
        if why:
            yield str(SinkNote(REFUSED, step.id, why))

"""Compare two manifests, instance by instance, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from dicomferry.engine.provenance.lock_file import drift
from dicomferry.engine.provenance.manifest import Entry, read_entries, read_head
from dicomferry.ledger.comparing import FACTS, Counterparts, ListedEntry, SideBySide, side_by_side

_WORDS = {
    "input": "the file",
    "edits": "the edits",
    "destination": "the destination",
    "sent_sop": "its SOP Instance UID as sent",
    "untouched": "the number of bytes that were sent untouched",
    "sent": "the bytes that were sent",
    "outcome": "the outcome",
}
_SHOWN = 16


class ManifestDifference(Struct, frozen=True):
    """The first fact in which one instance differs between two manifests.

    `before` or `after` is empty for an instance that only the other manifest lists.

    `fact` is `input`, `edits`, `destination`, `sent_sop`, `untouched`, `sent`, `outcome`,
    `missing` or `extra`.
    """

    sop_instance_uid: str
    location: str
    fact: str
    before: str
    after: str

    def __str__(self) -> str:
        where = f"{self.sop_instance_uid} ({self.location})"
        if self.fact == "missing":
            return f"{where}: is not in the second" + (f" ({self.after})" if self.after else "")
        if self.fact == "extra":
            return f"{where}: is not in the first" + (f" ({self.before})" if self.before else "")
        change = f"{_short(self.before)} → {_short(self.after)}"
        return f"{where}: {_WORDS[self.fact]}: {change}"


class Comparison:
    """Two sets of entries, matched by the SOP Instance UID of the source; `compare` makes it."""

    def __init__(self, lists: SideBySide) -> None:
        self._lists = lists

    def count(self) -> int:
        """Return the number of instances in the first set."""
        return self._lists.count()

    def differences(self) -> Iterator[ManifestDifference]:
        """Yield one difference for each instance that has any, in the order of the first set."""
        for one in self._lists.first():
            if found := _difference(one):
                yield found
        for one in self._lists.only_second():
            yield ManifestDifference(one.key, _location(one), "extra", one.held, "")


@contextmanager
def compare(first: Iterable[Entry], second: Iterable[Entry]) -> Iterator[Comparison]:
    """Match two sets of entries; the end of the block deletes the comparison."""
    with side_by_side(map(_listed, first), map(_listed, second)) as lists:
        yield Comparison(lists)


def diff_manifests(first: Path, second: Path) -> Iterator[str]:
    """Yield a line for each difference of two runs: first of their locks, then of their instances.

    Raises `FerryError` for a file that is no manifest.
    """
    yield from drift(
        read_head(first).lock, read_head(second).lock, ("in the first", "in the second")
    )
    with compare(read_entries(first), read_entries(second)) as comparison:
        yield from map(str, comparison.differences())


def _listed(entry: Entry) -> ListedEntry:
    return ListedEntry(
        sink=entry.sink,
        path=_printable(entry.path),
        member=_printable(entry.member),
        # An instance that failed before it was opened has no UID of the source: use the sent UID.
        key=entry.sop or entry.sent_sop,
        input=entry.input,
        edits=entry.edits,
        destination=" / ".join(part or "-" for part in entry.destination or ()),
        sent_sop=entry.sent_sop,
        untouched=str(entry.untouched),
        sent=entry.sent,
        outcome=entry.outcome,
        reason=entry.reason,
    )


def _difference(one: Counterparts) -> ManifestDifference | None:
    if one.after is None:
        return ManifestDifference(one.key, _location(one), "missing", "", one.held)
    for fact in FACTS:
        before, after = one.before[fact], one.after[fact]
        if before != after:
            return ManifestDifference(one.key, _location(one), fact, before, after)
    return None


def _location(one: Counterparts) -> str:
    return f"{one.path}!{one.member}" if one.member else one.path


def _short(fact: str) -> str:
    return f"{fact[:_SHOWN]}…" if len(fact) > 4 * _SHOWN - 1 and fact.isalnum() else fact or "none"


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()

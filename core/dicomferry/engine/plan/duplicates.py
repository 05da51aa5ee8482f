"""One SOP Instance UID twice: the same content goes once, different contents go not at all.

Unless the source says which copy wins. Time and memory grow with the number of copies, not with
their pairs: a reason names one other copy and counts the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import ClassVar, Final

from msgspec import Struct

from dicomferry.contract.executor import Done, Executor
from dicomferry.contract.source import FoundCopy, Preferring
from dicomferry.dicom.content import content_digest_of, content_of, differing
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.syntax import CutError, UnsureError
from dicomferry.engine.pipeline.examine import content_digest
from dicomferry.engine.pipeline.steps import Steps
from dicomferry.engine.pipeline.watch import Watch
from dicomferry.engine.workers.workbench import Workbench
from dicomferry.engine.workers.workshop import Workshop
from dicomferry.errors import FerryError
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.reading.same_instance import Twin
from dicomferry.ledger.rows import Item, Verdict

DUPLICATE: Final = "duplicate"
DUPLICATE_DIFFERS: Final = "duplicate-differs"
NOT_PREFERRED: Final = "not-preferred"

_NAMING: Final = frozenset(
    ("PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "SeriesInstanceUID")
)
"""Elements in which copies of one instance never differ: what does is another instance."""

_ITEMS_AT_ONCE: Final = 2000
_ITEMS_OF_A_TASK: Final = 50
_MOST_COMPARED: Final = 20
"""Different copies of one instance that are set beside the first, to name what differs."""
_MOST_NAMED: Final = 5

Held = tuple[int, Verdict, str, str]
_Kind = tuple[str, str, int]
"""What makes two copies the same to a receiver: content, edits and destination."""


class Digests(Struct, frozen=True):
    """The answer to a `DigestTask` or a `ContentTask`: item to hex digest.

    The digest is empty where the item cannot be read now.
    """

    by_item: dict[int, str]


class Differences(Struct, frozen=True):
    """The answer to a `CompareTask`: the keywords of the elements that differ."""

    item: int
    keywords: list[str]


class DigestTask(Struct, frozen=True):
    """Digest the data sets of items that share a SOP Instance UID, byte by byte."""

    items: tuple[Item, ...]
    durable: ClassVar[bool] = False

    def work(self, bench: Workbench, _stopped: Callable[[], bool]) -> Iterator[Digests]:
        """Yield one `Digests` of all items."""
        yield Digests({item.id: _digest(item, bench.watch) for item in self.items})

    def without(self, item: int) -> Iterator[DigestTask]:
        """Yield the task for the other items."""
        if left := tuple(one for one in self.items if one.id != item):
            yield DigestTask(left)


def _digest(item: Item, watch: Watch) -> str:
    try:
        return content_digest(item, watch)
    except (OSError, FerryError, MemoryError):
        return ""


class ContentTask(Struct, frozen=True):
    """Digest what items say, whatever transfer syntax they are written in."""

    items: tuple[Item, ...]
    durable: ClassVar[bool] = False

    def work(self, bench: Workbench, _stopped: Callable[[], bool]) -> Iterator[Digests]:
        """Yield one `Digests` of all items."""
        watch = bench.watch
        yield Digests({item.id: content_digest_of(_content(item, watch)) for item in self.items})

    def without(self, item: int) -> Iterator[ContentTask]:
        """Yield the task for the other items."""
        if left := tuple(one for one in self.items if one.id != item):
            yield ContentTask(left)


class CompareTask(Struct, frozen=True):
    """Find out in which elements an item differs from another."""

    item: Item
    other: Item
    durable: ClassVar[bool] = False

    def work(self, bench: Workbench, _stopped: Callable[[], bool]) -> Iterator[Differences]:
        """Yield one `Differences`."""
        both = (_content(item, bench.watch) for item in (self.item, self.other))
        yield Differences(self.item.id, differing(*both))

    def without(self, _item: int) -> Iterator[CompareTask]:
        """Yield nothing: what differs is not known."""
        yield from ()


_Task = DigestTask | ContentTask | CompareTask


def resolve_duplicates(shop: Workshop, catalog: PlanWriter) -> None:
    """Give every ready item that shares its SOP Instance UID with another a verdict.

    The first found of identical instances with one destination stays ready, the others are
    excluded. Of instances that differ in content, edits or destination, the one stays that their
    source prefers. Otherwise all are rejected, because a receiver keeps only one of them and
    nobody can say which is meant.
    """
    groups = PlanReader(shop.ledger, catalog.scan).same_instance()
    if not (first := next(groups, None)):
        return
    with shop.workers(shop.processes) as executor:
        for some in _portions(chain((first,), groups)):
            catalog.hold(_verdicts(executor, some, shop.steps))


def _portions(groups: Iterable[list[Twin]]) -> Iterator[list[list[Twin]]]:
    some: list[list[Twin]] = []
    for group in groups:
        some.append(group)
        if sum(map(len, some)) >= _ITEMS_AT_ONCE:
            yield some
            some = []
    yield some


def _verdicts(executor: Executor, groups: list[list[Twin]], steps: Steps) -> Iterator[Held]:
    exact = _digests(executor, DigestTask, [twin.item for group in groups for twin in group])
    odd = [
        twin.item
        for group in groups
        if len({exact[twin.item.id] for twin in group}) > 1
        for twin in {exact[twin.item.id]: twin for twin in reversed(group)}.values()
        if twin.item.remote is None
    ]
    said = _digests(executor, ContentTask, odd)
    exact |= {item: "" for item, digest in said.items() if not digest}
    by_exact = {exact[item]: digest for item, digest in said.items() if digest}
    kinds = {
        twin.item.id: (by_exact.get(exact[twin.item.id], exact[twin.item.id]), twin.edits,
                       twin.destination)
        for group in groups
        for twin in group
    }  # fmt: skip
    compared = list(chain.from_iterable(_comparisons(group, kinds) for group in groups))
    keywords = {
        one.item: one.keywords
        for one in _answers(executor, compared)
        if isinstance(one, Differences)
    }
    for group in groups:
        unread = next((twin.item for twin in group if not exact[twin.item.id]), None)
        if unread is None:
            yield from _group_verdicts(group, kinds, keywords, steps)
        else:
            yield from _unread(group, unread)


def _unread(group: list[Twin], item: Item) -> Iterator[Held]:
    reason = f"{item.location}, which has the same SOP Instance UID, cannot be read now"
    for twin in group:
        yield (twin.item.id, Verdict.NOT_LOOKED_INTO, "unreadable", reason)


def _digests(
    executor: Executor, kind: type[DigestTask | ContentTask], items: list[Item]
) -> dict[int, str]:
    starts = range(0, len(items), _ITEMS_OF_A_TASK)
    tasks = [kind(tuple(items[at : at + _ITEMS_OF_A_TASK])) for at in starts]
    digests = dict.fromkeys((item.id for item in items), "")
    for one in _answers(executor, tasks):
        if isinstance(one, Digests):
            digests.update(one.by_item)
    return digests


def _answers(executor: Executor, tasks: Iterable[_Task]) -> Iterator[object]:
    """Yield the answers; an item whose disk did not answer has none."""
    left = list(tasks)
    while left:
        again: list[_Task] = []
        for said in executor.run(iter(left), ahead=True):
            for one in said:
                hung = one.message.item if isinstance(one.message, Done) else 0
                if hung and isinstance(one.task, _Task):
                    again += one.task.without(hung)
                elif isinstance(one.message, Done) and one.message.error:
                    raise FerryError(one.message.error, hint=one.message.hint)
                else:
                    yield one.message
        left = again


def _content(item: Item, watch: Watch) -> dict[str, str]:
    try:
        with open_instance(watch.open(item.location, item.id), item.location) as instance:
            return content_of(instance)
    except (UnsureError, CutError, OSError, FerryError, MemoryError):
        # What an odd sequence says is not known; its bytes are compared alone.
        return {"": _digest(item, watch)}


def _first_of_kinds(group: list[Twin], kinds: Mapping[int, _Kind]) -> list[Twin]:
    return list({kinds[twin.item.id]: twin for twin in reversed(group)}.values())[::-1]


def _comparisons(group: list[Twin], kinds: Mapping[int, _Kind]) -> Iterator[CompareTask]:
    first, *others = _first_of_kinds(group, kinds)
    for other in others[:_MOST_COMPARED]:
        both = (first.item, other.item)
        contents = {kinds[item.id][0] for item in both}
        if len(contents) > 1 and all(item.remote is None for item in both):
            yield CompareTask(other.item, first.item)


def _group_verdicts(
    group: list[Twin],
    kinds: Mapping[int, _Kind],
    keywords: Mapping[int, list[str]],
    steps: Steps,
) -> Iterator[Held]:
    firsts = _first_of_kinds(group, kinds)
    kept: Twin | None = group[0]
    if len(firsts) > 1:
        choosable = _are_copies(firsts, kinds, keywords)
        kept = _preferred(group, kinds, steps) if choosable else None
    if kept is not None:
        yield from _left_out(group, kept, kinds)
        return
    first, second = firsts[0], firsts[1]
    for twin in group:
        kind = kinds[twin.item.id]
        other = second if kind == kinds[first.item.id] else first
        which = other if other is second else _of_kind(firsts, kind, kinds)
        how = _how(keywords.get(which.item.id), kind, kinds[other.item.id])
        more = f", and to {len(group) - 2:,} more" if len(group) > 2 else ""
        reason = f"its SOP Instance UID also belongs to {other.item.location}, which {how}{more}"
        yield (twin.item.id, Verdict.REJECTED, DUPLICATE_DIFFERS, reason)


def _left_out(group: list[Twin], kept: Twin, kinds: Mapping[int, _Kind]) -> Iterator[Held]:
    place = kept.item.location
    for twin in group:
        if twin is kept:
            continue
        if kinds[twin.item.id] == kinds[kept.item.id]:
            yield (twin.item.id, Verdict.EXCLUDED, DUPLICATE, f"the same instance as {place}")
        else:
            reason = f"its source prefers another copy: {place}"
            yield (twin.item.id, Verdict.EXCLUDED, NOT_PREFERRED, reason)


def _are_copies(
    firsts: list[Twin], kinds: Mapping[int, _Kind], keywords: Mapping[int, list[str]]
) -> bool:
    """Tell whether all are copies of one instance: of one patient, study and series.

    What was not compared with the first is not known to be one.
    """
    first = kinds[firsts[0].item.id][0]
    others = [twin.item.id for twin in firsts[1:] if kinds[twin.item.id][0] != first]
    return all(item in keywords and _NAMING.isdisjoint(keywords[item]) for item in others)


def _of_kind(firsts: list[Twin], kind: _Kind, kinds: Mapping[int, _Kind]) -> Twin:
    return next(twin for twin in firsts if kinds[twin.item.id] == kind)


def _how(keywords: list[str] | None, kind: _Kind, other: _Kind) -> str:
    """Say how two copies differ, by the keywords of elements and never by their values."""
    if kind[0] != other[0]:
        if not keywords:
            return "differs"
        rest = len(keywords) - _MOST_NAMED
        more = f" and {rest:,} more elements" if rest > 0 else ""
        return f"differs in {', '.join(keywords[:_MOST_NAMED])}{more}"
    return "goes elsewhere" if kind[2] != other[2] else "is edited otherwise"


def _preferred(group: list[Twin], kinds: Mapping[int, _Kind], steps: Steps) -> Twin | None:
    """Return the copy that the source of all prefers; None where it does not choose one."""
    sources = {twin.item.source for twin in group}
    source = next((step.source for step in steps.sources if {step.id} == sources), None)
    if not isinstance(source, Preferring):
        return None
    ranks = [source.rank(_copy(twin)) for twin in group]
    least = min(ranks)
    best = [twin for twin, rank in zip(group, ranks, strict=True) if rank == least]
    return best[0] if len({kinds[twin.item.id] for twin in best}) == 1 else None


def _copy(twin: Twin) -> FoundCopy:
    return FoundCopy(twin.item.location, twin.item.modified_ns, twin.transfer_syntax_uid)

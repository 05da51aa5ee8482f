"""One SOP Instance UID twice: the same content goes once, different contents go not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from msgspec import Struct

from dicomferry.contract.executor import Done, Executor
from dicomferry.engine.pipeline.examine import content_digest
from dicomferry.engine.workers.workbench import Workbench
from dicomferry.engine.workers.workshop import Workshop
from dicomferry.errors import FerryError
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.reading.same_instance import Twin
from dicomferry.ledger.rows import Item, Verdict

DUPLICATE = "duplicate"
DUPLICATE_DIFFERS = "duplicate-differs"

_GROUPS_AT_ONCE = 500

Held = tuple[int, Verdict, str, str]


class Digests(Struct, frozen=True):
    """The answer to a `DigestTask`: item to hex digest, empty where it cannot be read now."""

    by_item: dict[int, str]


class DigestTask(Struct, frozen=True):
    """Digest the contents of items that share a SOP Instance UID."""

    items: tuple[Item, ...]
    durable: ClassVar[bool] = False

    def work(self, _bench: Workbench, _stopped: Callable[[], bool]) -> Iterator[Digests]:
        """Yield one `Digests` of all items."""
        yield Digests({item.id: _digest(item) for item in self.items})


def _digest(item: Item) -> str:
    try:
        return content_digest(item)
    except (OSError, FerryError, MemoryError):
        return ""


def resolve_duplicates(shop: Workshop, catalog: PlanWriter) -> None:
    """Give every ready item that shares its SOP Instance UID with another a verdict.

    The first found of identical instances with one destination stays ready, the others are
    excluded. Instances that differ in content, edits or destination are all rejected, because a
    receiver keeps only one of them and nobody can say which is meant.
    """
    groups = PlanReader(shop.ledger, catalog.scan).same_instance()
    chunk: list[list[Twin]] = []
    if not (first := next(groups, None)):
        return
    with shop.workers(shop.processes) as executor:
        for group in _chain(first, groups):
            chunk.append(group)
            if len(chunk) == _GROUPS_AT_ONCE:
                catalog.hold(_verdicts(executor, chunk))
                chunk = []
        catalog.hold(_verdicts(executor, chunk))


def _chain(first: list[Twin], rest: Iterator[list[Twin]]) -> Iterator[list[Twin]]:
    yield first
    yield from rest


def _verdicts(executor: Executor, groups: list[list[Twin]]) -> Iterator[Held]:
    digests: dict[int, str] = {}
    tasks = (DigestTask(tuple(twin.item for twin in group)) for group in groups)
    for said in executor.run(tasks, ahead=True):
        for one in said:
            if isinstance(one.message, Digests):
                digests.update(one.message.by_item)
            elif isinstance(one.message, Done) and one.message.error:
                raise FerryError(one.message.error, hint=one.message.hint)
    for group in groups:
        yield from _group_verdicts(group, digests)


def _group_verdicts(group: list[Twin], digests: dict[int, str]) -> Iterator[Held]:
    first, *others = group
    unread = [twin.item for twin in group if not digests[twin.item.id]]
    if unread:
        reason = f"{unread[0].location}, which has the same SOP Instance UID, cannot be read now"
        for twin in group:
            yield (twin.item.id, Verdict.NOT_LOOKED_INTO, "unreadable", reason)
        return
    same = all(
        (digests[twin.item.id], twin.edits, twin.destination)
        == (digests[first.item.id], first.edits, first.destination)
        for twin in others
    )
    if same:
        for twin in others:
            reason = f"the same instance as {first.item.location}"
            yield (twin.item.id, Verdict.EXCLUDED, DUPLICATE, reason)
        return
    for twin in group:
        rest = ", ".join(str(other.item.location) for other in group if other is not twin)
        reason = f"its SOP Instance UID also belongs to {rest}, which differs"
        yield (twin.item.id, Verdict.REJECTED, DUPLICATE_DIFFERS, reason)

"""The studies wanted from one server: which is asked for next, and how much of it may come."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from dicomferry.contract.fetcher import Manners
from dicomferry.engine.retrieve.messages import Retrieved, RetrieveOrder
from dicomferry.engine.retrieve.pace import Share, share_out
from dicomferry.ledger.delivering.retrievals import WantedStudy


class Supply(Struct):
    """Shares a server's lanes and the room in the spool out among the studies of `queue`.

    `budget` is the room of an empty spool. A free lane is known by when it last asked. Manners that
    are to change do so once nothing is under way by the old ones, and never back to ones that were
    tried: a fetcher that goes back and forth would be asked for ever.
    """

    name: str
    manners: Manners
    queue: deque[WantedStudy]
    spool: str
    budget: int
    _share: Share = Share(lanes=1, interval=0.0)
    _free: list[float] = field(default_factory=list)
    _under_way: list[RetrieveOrder] = field(default_factory=list)
    _large: set[str] = field(default_factory=set)
    _asked: float = float("-inf")
    _changed: Manners | None = None
    _tried: list[Manners] = field(default_factory=list)

    def begin(self) -> int:
        """Share the lanes out anew, while no study is under way, and return how many there are."""
        self.manners, self._changed = self._changed or self.manners, None
        self._tried.append(self.manners)
        self._share = share_out(self.manners, len(self.queue))
        self._free = [self._asked] * self._share.lanes
        self._under_way = []
        return self._share.lanes

    @property
    def under_way(self) -> int:
        """Return how many studies are asked for and not here yet."""
        return len(self._under_way)

    @property
    def free(self) -> bool:
        """Tell whether there is a lane for one more study."""
        return bool(self.queue and self._free) and self._changed is None

    @property
    def state(self) -> object:
        """Return what is different whenever something was achieved."""
        return sum(len(study.items) for study in self.queue), self._changed or self.manners

    def task(self, spooled: int) -> RetrieveOrder | None:
        """Return what is to be asked for now, when so many bytes are in the spool.

        None while there is no lane or no room. A study whose size is known gets as much room, any
        other a lane's share. One that is larger than the spool, or of which nothing came for want
        of room, is asked for alone, with all of the spool to itself.
        """
        if not self.free:
            return None
        study = self.queue[0]
        left = self.budget - spooled - sum(task.room for task in self._under_way)
        if study.uid in self._large or study.size > self.budget:
            room, least = left, self.budget
        elif study.size:
            room, least = min(left, study.size), study.size
        else:
            room, least = left // len(self._free), self.budget // (2 * self._share.lanes)
        if room < least:
            return None
        task = RetrieveOrder(
            self.queue.popleft(), self.spool, self.manners.way, room, self._share.interval,
            self._free.pop(), self._share.lanes,
        )  # fmt: skip
        self._under_way.append(task)
        return task

    def over(self, task: RetrieveOrder) -> None:
        """Note that a task is over, also one that nothing came of."""
        self._under_way = [other for other in self._under_way if other is not task]

    def came(self, task: RetrieveOrder, result: Retrieved) -> Sequence[int]:
        """Note what came of a study; return the items that there is no more hope for.

        What there was no room for, and what is to be asked for otherwise, is asked for again.
        """
        study = result.study
        alone = task.room == self.budget
        self.over(task)
        self._free.append(result.asked)
        self._asked = max(self._asked, result.asked)
        if result.stopped:
            return ()
        if result.manners is not None and result.manners not in self._tried:
            self._changed = result.manners
            whole = len(result.missing) == len(study.items)
            self.queue.appendleft(study if whole else _some(study, result.missing))
            return ()
        if not result.refused:
            return result.missing
        in_vain = len(result.arrivals) == result.reused
        lost = result.refused if in_vain and alone else ()
        if again := [item for item in result.missing if item not in lost]:
            self.queue.appendleft(_some(study, again))
        if in_vain:
            self._large.add(study.uid)
        return lost


def _some(study: WantedStudy, items: Collection[int]) -> WantedStudy:
    some = tuple(item for item in study.items if item.id in items)
    return replace(study, items=some, whole_series=frozenset())

"""What of the spool goes to one sink next."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from dicomferry.contract.executor import Done, Said, Task
from dicomferry.engine.deliver.courier import Courier
from dicomferry.engine.deliver.task import DeliverTask
from dicomferry.ledger.delivering.retrievals import Retrievals


class Outlet:
    """Hands a courier the destinations of which all is here, each once."""

    def __init__(self, courier: Courier, retrievals: Retrievals) -> None:
        self.courier = courier
        self._retrievals = retrievals
        self._ready: deque[int] = deque()
        self._under_way: set[int] = set()
        self._changed = True

    @property
    def under_way(self) -> int:
        """Return how many consignments are being brought."""
        return len(self._under_way)

    @property
    def held(self) -> bool:
        """Tell whether something waits here only because the receiver is to be given time."""
        return bool(self._ready or self._changed) and self.courier.held

    def changed(self) -> None:
        """Note that more has come."""
        self._changed = True

    def next(self, *, whole: bool = True) -> DeliverTask | None:
        """Return a consignment to be brought now, if there is one and the sink takes one more.

        Without `whole`, also one of which more is to come.
        """
        if not self.courier.free:
            return None
        if not self._ready and (self._changed or not whole):
            self._ready.extend(self._retrievals.ready(self.courier.key, whole=whole))
            self._changed = False
        while self._ready:
            place = self._ready.popleft()
            if place not in self._under_way and (task := self.courier.task(place)):
                self._under_way.add(place)
                return task
        return None

    def take(self, said: Sequence[Said[Task]]) -> bool:
        """Take what workers said of this sink's consignments; tell whether one is done."""
        mine = [Said(one.task, one.message) for one in said if isinstance(one.task, DeliverTask)
                and one.task.load.sink == self.courier.key]  # fmt: skip
        self.courier.take(mine)
        done = {one.task.load.number for one in mine if isinstance(one.message, Done)}
        self._under_way -= done
        self._changed |= bool(done)
        return bool(done)

"""What of the spool goes to one sink next."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from dicomferry.engine.deliver.courier import Courier
from dicomferry.engine.workers.pool import Said
from dicomferry.engine.workers.worker import Done, Task
from dicomferry.ledger.delivering.deliveries import Load
from dicomferry.ledger.delivering.retrievals import Retrievals


class Outlet:
    """Hands a courier the destinations of which all is here, each once."""

    def __init__(self, courier: Courier, retrievals: Retrievals) -> None:
        self.courier = courier
        self._retrievals = retrievals
        self._ready: deque[int] = deque()
        self._under_way: dict[int, int] = {}
        self._changed = True

    @property
    def under_way(self) -> int:
        """Return how many consignments are being brought."""
        return len(self._under_way)

    def changed(self) -> None:
        """Note that more has come."""
        self._changed = True

    def next(self, *, whole: bool = True) -> Load | None:
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
            if place not in self._under_way.values() and (load := self.courier.load(place)):
                self._under_way[id(load)] = place
                return load
        return None

    def take(self, said: Sequence[Said[Task]]) -> bool:
        """Take what workers said of this sink's consignments; tell whether one is done."""
        mine = [Said(one.task, one.message) for one in said if isinstance(one.task, Load)
                and one.task.sink == self.courier.key]  # fmt: skip
        self.courier.take(mine)
        done = [one.task for one in mine if isinstance(one.message, Done)]
        for load in done:
            del self._under_way[id(load)]
            self._changed = True
        return bool(done)

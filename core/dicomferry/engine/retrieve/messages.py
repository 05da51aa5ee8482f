"""What the main process and the retrieving workers say to one another."""

from __future__ import annotations

from msgspec import Struct

from dicomferry.contract.fetcher import Manners
from dicomferry.ledger.delivering.arrival import Arrival
from dicomferry.ledger.delivering.retrievals import WantedStudy
from dicomferry.ledger.delivering.unlisted import Unlisted


class RetrieveOrder(Struct, frozen=True):
    """A study that is to be fetched from one server into the spool.

    `way` and `lanes` are those of the manners in use, `room` how many bytes may come, `interval`
    how many seconds are at least between two requests. `asked` is when the last one before this
    task was made, by the monotonic clock that all processes of a machine share.
    """

    study: WantedStudy
    spool: str
    way: str
    room: int
    interval: float
    asked: float
    lanes: int = 1


class Retrieved(Struct, frozen=True):
    """What came of one study.

    Instances are missing for the reason in `why`, unless there was no room for some (`refused`)
    or the run was stopped. `silent` says that the server could not be reached; `manners` are how
    it is to be asked from now on, if they are to change. `reused` of the arrivals lay in the spool
    already; `asked` is when the last request was made. `unlisted` came beyond what was ordered;
    `whole` are items that stood for a series of which all came.
    """

    study: WantedStudy
    arrivals: tuple[Arrival, ...]
    missing: tuple[int, ...]
    refused: tuple[int, ...]
    why: str
    stopped: bool
    silent: bool
    manners: Manners | None
    reused: int
    asked: float
    unlisted: tuple[Unlisted, ...] = ()
    whole: tuple[int, ...] = ()

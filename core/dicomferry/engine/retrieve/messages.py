"""What the main process and the retrieving workers say to one another."""

from __future__ import annotations

from msgspec import Struct

from dicomferry.ledger.delivering.retrievals import Arrival, WantedStudy


class RetrieveOrder(Struct, frozen=True):
    """A study that is to be retrieved from one PACS into the spool.

    `move` says C-MOVE rather than C-GET, `room` how many bytes may come, `interval` how many
    seconds are at least between two requests. `asked` is when the last one before this task was
    made, by the monotonic clock that all processes of a machine share.
    """

    server: str
    study: WantedStudy
    spool: str
    move: bool
    room: int
    interval: float
    asked: float


class Retrieved(Struct, frozen=True):
    """What came of one study.

    Instances are missing for the reason in `why`, unless there was no room for some (`refused`)
    or the run was stopped. `silent` says that the PACS could not be reached, `no_get` that it does
    no C-GET. `reused` of the arrivals lay in the spool already; `asked` is when the last request
    was made.
    """

    study: WantedStudy
    arrivals: tuple[Arrival, ...]
    missing: tuple[int, ...]
    refused: tuple[int, ...]
    why: str
    stopped: bool
    silent: bool
    no_get: bool
    reused: int
    asked: float

"""What the main process and the retrieving workers say to one another."""

from __future__ import annotations

from dataclasses import dataclass

from dicomferry.ledger.retrievals import Arrival, WantedStudy


@dataclass(frozen=True, slots=True)
class RetrieveTask:
    """Retrieve studies from one PACS into the spool.

    `move` says C-MOVE rather than C-GET, `room` how many bytes may come, `interval` how many
    seconds are at least between two requests. `asked` is when the last one before this worker
    was started had been made, by the monotonic clock that all processes of a machine share.
    """

    server: str
    studies: tuple[WantedStudy, ...]
    spool: str
    move: bool
    room: int
    interval: float
    asked: float


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What came of one study.

    Instances are missing for the reason in `why`, unless the spool was `full` or the run was
    stopped. `silent` says that the PACS could not be reached, `no_get` that it does no C-GET.
    `reused` of the arrivals lay in the spool already.
    """

    study: WantedStudy
    arrivals: tuple[Arrival, ...]
    missing: tuple[int, ...]
    why: str = ""
    full: bool = False
    stopped: bool = False
    silent: bool = False
    no_get: bool = False
    reused: int = 0

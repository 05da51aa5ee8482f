"""One study asked for, and asked for again, until all of it is here or there is no more hope."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager

from msgspec import Struct, field

from dicomferry.dimse import (
    AssociationLostError,
    AssociationRejectedError,
    UnreachableError,
)
from dicomferry.dimse.discreet import discreet
from dicomferry.dimse.retrieve.inbox import Inbox
from dicomferry.dimse.retrieve.retrieval import Request, Way
from dicomferry.engine.retrieve.pace import Pace
from dicomferry.ledger.delivering.retrievals import WantedStudy
from dicomferry.ledger.rows import Item

_IMAGES_AT_ONCE = 64
_MOST_LOSSES = 4
_MOST_IN_VAIN = 10
"""So many single requests in a row that bring nothing end the asking."""

_LONGEST_IDLE = 10.0
"""Seconds after which a PACS may take an association for forgotten, and hang up."""

_FIRST_PAUSE = 0.5

OpenWay = Callable[[], AbstractContextManager[Way]]


class Asker(Struct):
    """Asks one PACS; `why` says how it last ended an answer that was not all.

    `pace` keeps its requests apart. `silent` is set when the last study found no way to the PACS
    at all.
    """

    open_way: OpenWay
    stopped: Callable[[], bool]
    pace: Pace
    why: str = ""
    silent: bool = False
    _told: Mapping[str, str] = field(default_factory=dict)

    def ask(self, study: WantedStudy, inbox: Inbox) -> None:
        """Ask for what an inbox waits for: by series, by series again, then one by one.

        Counters and statuses decide nothing: what the PACS itself had listed does. Raises
        `ContextRefusedError` when the PACS does not do this kind of retrieval.
        """
        self.why, self.silent = "", False
        self._told = _patient(study)
        for number, requests in enumerate((_by_series, _by_series, _one_by_one)):
            if self._done(inbox) or self.silent:
                return
            if number:
                self._pause(_FIRST_PAUSE * number)
            self._round(requests(study, inbox), inbox)

    def _round(self, requests: Iterable[Request], inbox: Inbox) -> None:
        waiting = deque(requests)
        losses = vain = 0
        answered = False
        while waiting and losses < _MOST_LOSSES and not self._done(inbox):
            self.pace.wait(self.stopped)
            try:
                with self.open_way() as way:
                    answered = True
                    while waiting and vain < _MOST_IN_VAIN and not self._done(inbox):
                        request = waiting.popleft()
                        vain = 0 if self._one(way, request, inbox) else vain + 1
                        if self.pace.left() > _LONGEST_IDLE:
                            break
                    if vain >= _MOST_IN_VAIN:
                        return
            except (AssociationLostError, AssociationRejectedError, UnreachableError) as error:
                self.why = error.message
                losses += 1
                if isinstance(error, AssociationRejectedError) and not error.transient:
                    break
                if losses < _MOST_LOSSES:
                    self._pause(_FIRST_PAUSE * 2**losses)
        self.silent = not answered

    def _one(self, way: Way, request: Request, inbox: Inbox) -> bool:
        self.pace.wait(self.stopped)
        self.pace.asked()
        before = len(inbox.arrived)
        ended = way.retrieve(request, inbox, self.stopped)
        self.why = f"it ended its answer with {discreet(str(ended), self._told.get)}"
        return len(inbox.arrived) > before or request.level != "IMAGE"

    def _done(self, inbox: Inbox) -> bool:
        return inbox.full or self.stopped() or not inbox.missing()

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self.stopped():
            time.sleep(min(left, 0.2))


def _by_series(study: WantedStudy, inbox: Inbox) -> Iterator[Request]:
    missing = set(inbox.missing())
    for series, items in _series(study).items():
        uids = [uid for uid in map(uid_of, items) if uid in missing]
        keys = {"StudyInstanceUID": study.uid, "SeriesInstanceUID": series}
        if uids and series in study.whole_series:
            yield Request("SERIES", keys)
            continue
        for start in range(0, len(uids), _IMAGES_AT_ONCE):
            some = "\\".join(uids[start : start + _IMAGES_AT_ONCE])
            yield Request("IMAGE", keys | {"SOPInstanceUID": some})


def _one_by_one(study: WantedStudy, inbox: Inbox) -> Iterator[Request]:
    missing = set(inbox.missing())
    for series, items in _series(study).items():
        keys = {"StudyInstanceUID": study.uid, "SeriesInstanceUID": series}
        for uid in map(uid_of, items):
            if uid in missing:
                yield Request("IMAGE", keys | {"SOPInstanceUID": uid})


def _series(study: WantedStudy) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in study.items:
        assert item.remote is not None  # noqa: S101  a wanted item is a remote one
        found.setdefault(item.remote.ref.series_instance_uid, []).append(item)
    return found


def _patient(study: WantedStudy) -> Mapping[str, str]:
    remote = study.items[0].remote if study.items else None
    return remote.attributes if remote else {}


def uid_of(item: Item) -> str:
    """Return the SOP Instance UID that a PACS told of a remote item."""
    return item.location.member.rsplit("/", 1)[-1]

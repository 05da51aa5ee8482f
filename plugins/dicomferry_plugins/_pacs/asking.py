"""One study asked for, and asked for again, until all of it is here or there is no more hope."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

from msgspec import Struct, field
from msgspec.structs import replace

from dicomferry import RemoteInstance
from dicomferry.contract import FetchOrder, Inbox
from dicomferry.dimse import (
    AssociationLostError,
    AssociationRejectedError,
    Syntaxes,
    UnreachableError,
    discreet,
)
from dicomferry_plugins._pacs.intake import SUCCESS, Intake, is_bare
from dicomferry_plugins._pacs.retrieval import Ended, Request, Way
from dicomferry_plugins._pacs.statuses import named_status, retrieval_hint

_IMAGES_AT_ONCE = 64
_MOST_LOSSES = 4
_MOST_NAMED = 5
_MOST_IN_VAIN = 10
"""So many single requests in a row that bring nothing end the asking."""

_LONGEST_IDLE = 10.0
"""Seconds after which a PACS may take an association for forgotten, and hang up."""

_FIRST_PAUSE = 0.5
_REGISTER = "have who runs the PACS register our AE title, address and port, spelt exactly so"
_OTHERWISE = "try retrieve: c-move, or ask who runs the PACS what it may send by C-GET"
_AGAIN = "see the log of the PACS, then run again"

_REFUSALS = (0x0110, 0x0122, 0x0211, 0x0212, 0xA900)
"""Statuses by which a PACS refuses a request as such, beside those it cannot process (0xC…)."""

OpenWay = Callable[[], AbstractContextManager[Way]]


class Asker(Struct):
    """Asks one PACS; `why` says how it last ended an answer that was not all.

    `open_ways` are the ways to it, the likeliest first: each lets other kinds of instances in.
    `silent` is set when the last study found no way to the PACS at all, `crowded` when the PACS
    took no more associations for the time being.
    """

    open_ways: Sequence[OpenWay]
    why: str = ""
    silent: bool = False
    crowded: bool = False
    _told: Mapping[str, str] = field(default_factory=dict)
    _hint: str = ""
    _refused: bool = False
    _taken: dict[Syntaxes, None] = field(default_factory=dict)

    def ask(self, order: FetchOrder, inbox: Inbox) -> None:
        """Ask for what an inbox waits for: by series, by series again, then one by one.

        After the first time, what has not come is asked for over the other ways as well. Where the
        PACS refuses series, the study is asked for, and what was not ordered is refused.

        Counters and statuses decide nothing: what the PACS itself had listed does. Raises
        `ContextRefusedError` when the PACS does not do this kind of retrieval.
        """
        self.why, self._hint, self.silent = "", "", False
        self._told = order.instances[0].attributes if order.instances else {}
        intake = Intake(inbox, order.whole_series)
        first, *others = self.open_ways
        self._round(first, _by_series(order, inbox), inbox, intake)
        rounds = [*((_by_series, way, 0) for way in others),
                  (_by_series, first, 1), (_one_by_one, first, 2)]  # fmt: skip
        if self._refused and not intake.came:
            rounds.insert(0, (_as_a_study, first, 0))
        for requests, way, pauses in rounds:
            if _done(inbox) or self.silent:
                break
            _sleep(_FIRST_PAUSE * pauses, inbox)
            self._round(way, requests(order, inbox), inbox, intake)
        if inbox.missing() and not inbox.stopped():
            self.why += f"; {_told_of(self._taken)}" if self._taken else ""
            self.why += f" (hint: {self._hint})" if self._hint else ""

    def _round(
        self, open_way: OpenWay, requests: Iterable[Request], inbox: Inbox, intake: Intake
    ) -> None:
        waiting = deque(requests)
        losses = vain = 0
        answered = False
        while waiting and losses < _MOST_LOSSES and not _done(inbox):
            inbox.wait()
            try:
                with open_way() as way:
                    answered, self.crowded = True, False
                    self._taken.update(dict.fromkeys(way.takes or ()))
                    if way.takes == []:
                        self.why = self.why or "it accepts no kind of instance that was proposed"
                        self._hint = self._hint or _OTHERWISE
                        return
                    while waiting and vain < _MOST_IN_VAIN and not _done(inbox):
                        request = waiting.popleft()
                        vain = 0 if self._one(way, request, intake, inbox) else vain + 1
                        if inbox.pause() > _LONGEST_IDLE:
                            break
                    if vain >= _MOST_IN_VAIN:
                        return
            except (AssociationLostError, AssociationRejectedError, UnreachableError) as error:
                self.why, self._hint = error.message, error.hint or _AGAIN
                losses += 1
                self.crowded = isinstance(error, AssociationRejectedError) and error.transient
                if isinstance(error, AssociationRejectedError) and not error.transient:
                    break
                if losses < _MOST_LOSSES:
                    _sleep(_FIRST_PAUSE * 2**losses, inbox)
        self.silent = not answered

    def _one(self, way: Way, request: Request, intake: Intake, inbox: Inbox) -> bool:
        inbox.wait()
        inbox.asked()
        before = intake.came
        if way.needs_patient:
            patient = {"PatientID": self._told.get("PatientID", "")}
            request = Request(request.level, patient | request.keys)
        ended = way.retrieve(request, intake, inbox.stopped)
        self.why = self._end_of(ended)
        self._hint = _REGISTER if ended.doubts else retrieval_hint(ended.status)
        came = intake.came > before
        self._refused = self._refused or (not came and _is_refusal(ended.status))
        if ended.status == SUCCESS and request.level != "IMAGE":
            for one in filter(is_bare, inbox.missing()):
                series = one.ref.series_instance_uid
                asked = request.keys.get("SeriesInstanceUID", series) == series
                if asked and intake.unlisted[series]:
                    inbox.complete(one)
        return came or request.level != "IMAGE"

    def _end_of(self, ended: Ended) -> str:
        """Return in words how the PACS ended an answer, without the patient it may quote."""
        if ended.status == SUCCESS:
            words = "it said that it was done, and did not send them"
        elif ended.status is None:
            words = "it ended its answer with no status at all"
        else:
            words = f"it ended its answer with {named_status(ended.status)}"
        return words + replace(ended, comment=discreet(ended.comment, self._told.get)).details


def _told_of(taken: Iterable[Syntaxes]) -> str:
    """Return in words which kinds of instances a PACS would send of all that were proposed."""
    from pydicom.uid import UID

    classes = list(dict.fromkeys(UID(uid).name for uid, _ in taken))
    syntaxes = list(dict.fromkeys(UID(uid).name for _, uid in taken))
    some = ", ".join(classes[:_MOST_NAMED]) + (", …" if len(classes) > _MOST_NAMED else "")
    return f"of what was proposed it accepts {some} in {', '.join(syntaxes)}"


def _is_refusal(status: int | None) -> bool:
    """Tell whether a PACS may not retrieve at the level it was asked at."""
    return status is not None and (status in _REFUSALS or status >> 12 == 0xC)


def _done(inbox: Inbox) -> bool:
    return inbox.full or inbox.stopped() or not inbox.missing()


def _sleep(seconds: float, inbox: Inbox) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and not inbox.stopped():
        time.sleep(min(left, 0.2))


def _by_series(order: FetchOrder, inbox: Inbox) -> Iterator[Request]:
    for series, instances in _series(inbox.missing()).items():
        keys = {"StudyInstanceUID": order.study_instance_uid, "SeriesInstanceUID": series}
        if series in order.whole_series or any(map(is_bare, instances)):
            yield Request("SERIES", keys)
            continue
        uids = [one.ref.sop_instance_uid for one in instances]
        for start in range(0, len(uids), _IMAGES_AT_ONCE):
            some = "\\".join(uids[start : start + _IMAGES_AT_ONCE])
            yield Request("IMAGE", keys | {"SOPInstanceUID": some})


def _as_a_study(order: FetchOrder, inbox: Inbox) -> Iterator[Request]:
    if inbox.missing():
        yield Request("STUDY", {"StudyInstanceUID": order.study_instance_uid})


def _one_by_one(order: FetchOrder, inbox: Inbox) -> Iterator[Request]:
    for series, instances in _series(inbox.missing()).items():
        keys = {"StudyInstanceUID": order.study_instance_uid, "SeriesInstanceUID": series}
        for one in instances:
            if is_bare(one):
                continue
            yield Request("IMAGE", keys | {"SOPInstanceUID": one.ref.sop_instance_uid})


def _series(instances: Iterable[RemoteInstance]) -> dict[str, list[RemoteInstance]]:
    found: dict[str, list[RemoteInstance]] = {}
    for one in instances:
        found.setdefault(one.ref.series_instance_uid, []).append(one)
    return found

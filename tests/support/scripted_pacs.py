"""A PACS that does what it is told to, rather than what it should."""

from __future__ import annotations

import gc
import ssl
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from threading import Barrier, Timer
from typing import Any

from pydicom import Dataset
from pynetdicom import AE, evt, register_uid
from pynetdicom.service_class import StorageServiceClass
from pynetdicom.sop_class import uid_to_service_class

from support.instances import EXPLICIT_LITTLE, MR_IMAGE
from support.scu import store_each
from support.servers import HOST, PATIENCE

FIND = "1.2.840.10008.5.1.4.1.2.2.1"
MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
GET = "1.2.840.10008.5.1.4.1.2.2.3"
_NO_KEYS = ("QueryRetrieveLevel", "SpecificCharacterSet")
_UNIQUE = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}


@dataclass
class Script:
    """How it misbehaves.

    `ignores` are keys it answers everything for; `answers` is how many made-up studies it adds;
    `stops_after` ends every C-GET with a failure after so many instances, `aborts` by hanging up
    instead; `lies` reports no failures; `stranger` is sent, unasked, before all else;
    `final` is the final status of every C-FIND; `loses` are SOP Instance UIDs it never sends;
    `pretends` are values it answers in place of those its instances have. `comment` goes with every
    failure. From the second C-GET on it `waits` for something before it answers, and `together` is
    how many C-GETs it wants to have under way before it answers any. Its C-MOVE goes to the port
    `moves_to`, over `over` associations at once. `before_find` sees each C-FIND first; a status
    that it returns is the whole answer. `lists` is how many answers it gives at most at a level,
    `hides` are keys that it never answers. Its C-MOVE goes to the host `moves_at`, calls it
    `calls` where that is given, and where it is `late`, it answers at once and sends so many
    seconds afterwards. At the levels it `refuses` it retrieves nothing. `patient_root` gives it
    that model alone: then it wants to know of which patient. It takes `most` associations at once.
    Its answers are in the encoding `nameless`, which they do not name.
    `alters` sees the level and the answers to each C-FIND and returns what is
    answered in their place, `hangs_up` is asked before each of them; `pending` is their status.
    `sends` returns what a C-GET sends in place of what it found.
    """

    ignores: tuple[str, ...] = ()
    answers: int = 0
    stops_after: int | None = None
    aborts: bool = False
    lies: bool = False
    stranger: Dataset | None = None
    final: int = 0x0000
    loses: tuple[str, ...] = ()
    pretends: Mapping[str, str] = field(default_factory=dict)
    comment: str = ""
    waits: Callable[[], bool] | None = None
    together: int = 1
    moves_to: int = 0
    over: int = 1
    before_find: Callable[[Any], int | None] | None = None
    lists: Mapping[str, int] = field(default_factory=dict)
    hides: tuple[str, ...] = ()
    moves_at: str = HOST
    calls: str = ""
    late: float = 0
    refuses: tuple[str, ...] = ()
    patient_root: bool = False
    most: int = 0
    nameless: str = ""
    alters: Callable[[str, list[Dataset]], list[Dataset]] | None = None
    hangs_up: Callable[[str, int], bool] | None = None
    pending: int = 0xFF00
    sends: Callable[[list[Dataset]], list[Dataset]] | None = None


@dataclass
class ScriptedPacs:
    """A running one; `sent` are the SOP Instance UIDs it was asked to send.

    `gets` and `finds` count the requests.
    `answered` are the statuses its C-STORE requests were answered with, of C-MOVE.
    """

    instances: list[Dataset]
    script: Script
    port: int = 0
    ae_title: str = "SCRIPTED"
    host: str = HOST
    sent: list[str] = field(default_factory=list)
    gets: int = 0
    finds: int = 0
    answered: list[int] = field(default_factory=list)
    meeting: Barrier = field(init=False)

    def __post_init__(self) -> None:
        self.meeting = Barrier(self.script.together)

    def find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        """Answer a C-FIND."""
        self.finds += 1
        asked = event.identifier
        told = self.script.before_find(event) if self.script.before_find else None
        if told is not None:
            yield self._status(told), None
            return
        if asked.QueryRetrieveLevel != "STUDY" and self._lacks_patient(asked):
            yield self._status(0xA900), None
            return
        level = asked.QueryRetrieveLevel
        found = self._found(asked, level)
        if self.script.alters is not None:
            found = self.script.alters(level, found)
        for number, answer in enumerate(found):
            if self.script.hangs_up is not None and self.script.hangs_up(level, number):
                event.assoc.abort()
                return
            yield self.script.pending, answer
        yield self._status(self.script.final), None

    def _found(self, asked: Dataset, level: str) -> list[Dataset]:
        unique = _UNIQUE[level]
        seen: set[str] = set()
        found = []
        for instance in self.instances:
            uid = str(instance[unique].value)
            if len(seen) == self.script.lists.get(level, -1):
                break
            if uid not in seen and self._matches(asked, instance):
                seen.add(uid)
                answer = _answer(asked, instance)
                if self.script.nameless:
                    answer = _nameless(answer, self.script.nameless)
                for keyword in self.script.hides:
                    if keyword in answer:
                        delattr(answer, keyword)
                for keyword, value in self.script.pretends.items():
                    setattr(answer, keyword, value)
                found.append(answer)
        for number in range(self.script.answers if unique == "StudyInstanceUID" else 0):
            answer = _answer(asked, self.instances[0])
            answer.StudyInstanceUID = f"1.2.3.{number}"
            found.append(answer)
        return found

    def get(self, event: Any) -> Iterator[Any]:
        """Answer a C-GET."""
        self.gets += 1
        if self._refuses(event.identifier):
            yield 1
            yield self._status(0xA900), None
            return
        if self.gets > 1 and self.script.waits is not None:
            _wait_for(self.script.waits)
        self.meeting.wait(PATIENCE)
        found = self._asked_for(event)
        if self.script.sends is not None:
            found = self.script.sends(found)
        if self.script.stranger is not None:
            found = [self.script.stranger, *found]
        yield len(found)
        for number, instance in enumerate(found):
            if self.script.stops_after is not None and number >= self.script.stops_after:
                if self.script.aborts:
                    event.assoc.abort()
                    return
                yield self._status(0x0000 if self.script.lies else 0xC000), None
                return
            self.sent.append(str(instance.SOPInstanceUID))
            yield 0xFF00, instance

    def move(self, event: Any) -> Iterator[Any]:
        """Answer a C-MOVE, once everything has been sent over associations of its own."""
        found = self._asked_for(event)
        yield self.script.moves_at, self.script.moves_to
        if self._refuses(event.identifier):
            yield 1
            yield self._status(0xA900), None
            return
        if self.script.late:
            Timer(self.script.late, self._send, (found, event.request.MoveDestination)).start()
        else:
            self._send(found, event.request.MoveDestination)
        yield 0

    def _send(self, found: list[Dataset], destination: str) -> None:
        entity = AE(self.ae_title)
        for pair in _contexts(found):
            entity.add_requested_context(*pair)
        called = self.script.calls or destination
        open_ones = [
            entity.associate(self.script.moves_at, self.script.moves_to, ae_title=called)
            for _ in range(self.script.over)
        ]
        if self.script.calls:
            return
        assert all(one.is_established for one in open_ones)
        meeting = Barrier(self.script.over)

        def send(number: int) -> None:
            meeting.wait(PATIENCE)
            for instance in found[number :: self.script.over]:
                (answer,) = store_each(open_ones[number], [instance])
                self.answered.append(int(answer.Status))
            open_ones[number].release()

        with ThreadPoolExecutor(self.script.over) as threads:
            list(threads.map(send, range(self.script.over)))

    def _refuses(self, asked: Dataset) -> bool:
        return asked.QueryRetrieveLevel in self.script.refuses or self._lacks_patient(asked)

    def _lacks_patient(self, asked: Dataset) -> bool:
        return self.script.patient_root and not asked.get("PatientID")

    def _asked_for(self, event: Any) -> list[Dataset]:
        found = [one for one in self.instances if self._matches(event.identifier, one)]
        return [one for one in found if one.SOPInstanceUID not in self.script.loses]

    def _status(self, number: int) -> Dataset:
        status = Dataset()
        status.Status = number
        if number and self.script.comment:
            status.ErrorComment = self.script.comment
        return status

    def _matches(self, asked: Dataset, instance: Dataset) -> bool:
        for element in asked:
            wanted = element.value
            if element.keyword in (*_NO_KEYS, *self.script.ignores) or not wanted:
                continue
            several = [str(one) for one in wanted] if element.VM > 1 else [str(wanted)]
            found = str(instance.get(element.keyword, ""))
            if not any(found == one or one.endswith("*") for one in several):
                return False
        return True


def _answer(asked: Dataset, instance: Dataset) -> Dataset:
    answer = Dataset()
    answer.QueryRetrieveLevel = asked.QueryRetrieveLevel
    for element in asked:
        if element.keyword in instance:
            answer[element.keyword] = deepcopy(instance[element.keyword])
    return answer


def _nameless(answer: Dataset, codec: str) -> Dataset:
    """Return an answer with texts in an encoding that it does not name."""
    for element in answer:
        if element.VR in ("PN", "LO", "SH"):
            # Without a character set pydicom writes Latin-1: a byte for each character.
            element.value = str(element.value or "").encode(codec).decode("latin-1")
    if "SpecificCharacterSet" in answer:
        del answer.SpecificCharacterSet
    return answer


def _contexts(instances: list[Dataset]) -> list[tuple[str, str]]:
    """Return what instances need to be sent, and what an image of MR does."""
    found = {(MR_IMAGE, EXPLICIT_LITTLE): None}
    for one in instances:
        meta = getattr(one, "file_meta", None)
        found[str(one.SOPClassUID), str(meta.TransferSyntaxUID) if meta else EXPLICIT_LITTLE] = None
    return list(found)


def _wait_for(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end, "what the PACS waits for never came"
        time.sleep(0.01)


@contextmanager
def scripted(
    instances: list[Dataset], script: Script, *, tls: ssl.SSLContext | None = None
) -> Iterator[ScriptedPacs]:
    """Run a scripted PACS in a thread of this process."""
    pacs = ScriptedPacs(instances, script)
    entity = AE(pacs.ae_title)
    entity.add_supported_context("1.2.840.10008.1.1")
    entity.maximum_associations = script.most or entity.maximum_associations
    services = (FIND, MOVE) if script.moves_to else (FIND, GET, MOVE)
    for service in services:
        root = service.replace(".1.2.2.", ".1.2.1.") if script.patient_root else service
        entity.add_supported_context(root)
    for sop_class, syntax in _contexts(instances):
        if uid_to_service_class(sop_class) is not StorageServiceClass:
            register_uid(sop_class, f"Made{sop_class.replace('.', '_')}", StorageServiceClass)
        entity.add_supported_context(sop_class, syntax, scu_role=True, scp_role=True)
    server = entity.start_server(
        (HOST, 0),
        block=False,
        ssl_context=tls,
        evt_handlers=[
            (evt.EVT_C_FIND, pacs.find),
            (evt.EVT_C_GET, pacs.get),
            (evt.EVT_C_MOVE, pacs.move),
        ],
    )
    assert server is not None
    pacs.port = server.server_address[1]
    try:
        yield pacs
    finally:
        server.shutdown()
        # pynetdicom leaves the socket of an association that it could not open to the collector.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()

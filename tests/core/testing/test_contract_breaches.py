"""Each contract notices a stage that breaks it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from dicomferry import (
    Consignment,
    Delete,
    Destination,
    Edits,
    Excluded,
    Failed,
    FerryError,
    Header,
    InstanceRef,
    LocalFile,
    Location,
    Outcome,
    Parcel,
    Pending,
    RemoteInstance,
    Set,
    Stored,
    Unusable,
)
from dicomferry.contract.executor import Done, ExecutorFactory, Said
from dicomferry.contract.fetcher import Fetched, FetchOrder, Inbox, Manners
from dicomferry.dicom import read_header
from dicomferry.engine.workers.in_process import InProcess
from dicomferry.engine.workers.pool import Pool
from dicomferry.testing import (
    ContractError,
    build_stage,
    check_executor,
    check_fetcher,
    check_identifier,
    check_sink,
    check_source,
    check_transform,
    header_of,
    instance_bytes,
)
from dicomferry.xnat import AutoArchive, Because, Forecast
from dicomferry_plugins import export
from support.instances import make_instances

REF = InstanceRef("1", "2", "3", "4")


@dataclass
class Finds:
    """A source of given findings; another list each time where there are several."""

    lists: Iterator[list[Any]]

    def discover(self) -> Iterator[Any]:
        yield from next(self.lists)


def always(*findings: Any) -> Finds:
    return Finds(itertools.repeat(list(findings)))


@pytest.fixture
def file(tmp_path: Path) -> LocalFile:
    path = tmp_path / "a"
    path.write_bytes(b"1234")
    return LocalFile(Location(str(path)), 4, path.stat().st_mtime_ns)


def test_a_sound_source_keeps_its_contract(file: LocalFile) -> None:
    assert check_source(always(file, Unusable(Location("b"), "gone", "not there"))) != []


def test_a_source_must_find_the_same_again(file: LocalFile) -> None:
    with pytest.raises(ContractError, match="same again"):
        check_source(Finds(iter([[file], []])))


@pytest.mark.parametrize(
    ("finding", "told"),
    [
        ("a path", "no finding"),
        (LocalFile(Location("relative"), 1, 1), "is relative"),
        (LocalFile(Location("/nowhere/at/all"), 1, 1), "not a file"),
        (Unusable(Location("x"), "", "reason"), "without a code"),
        (Unusable(Location("x"), "code", ""), "without a reason"),
        (RemoteInstance("a:b", "s", REF), "no name of a fetcher"),
        (RemoteInstance("web", "", REF), "no server"),
        (RemoteInstance("web", "s", InstanceRef("1", "", "3", "")), "UIDs"),
        (RemoteInstance("web", "s", REF, {"Rows": 512}), "attributes must map"),
    ],
)
def test_a_source_must_yield_what_is_there(finding: object, told: str) -> None:
    with pytest.raises(ContractError, match=told):
        check_source(always(finding))


def test_a_source_must_not_find_twice(file: LocalFile) -> None:
    with pytest.raises(ContractError, match="found twice"):
        check_source(always(file, file))


def test_a_source_must_know_the_size(file: LocalFile) -> None:
    wrong = LocalFile(file.location, 5, file.modified_ns)

    with pytest.raises(ContractError, match="size"):
        check_source(always(wrong))


def test_a_source_must_know_the_time(file: LocalFile) -> None:
    with pytest.raises(ContractError, match="modified_ns"):
        check_source(always(LocalFile(file.location, 4, 1)))


@dataclass
class Answers:
    """A transform by a function."""

    edit: Callable[[Header], Any]


def count(counter: Iterator[int]) -> Callable[[Header], Edits]:
    return lambda _: Edits((Set((0x00100020,), str(next(counter))),))


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda header: None, "returned None"),
        (lambda header: Excluded(""), "without a reason"),
        (lambda header: Edits((Set((0x00280010,), "many"),)), "cannot be made"),
        (count(itertools.count()), "two answers"),
    ],
)
def test_a_transform_must_answer_with_sound_edits(edit: Callable[[Header], Any], told: str) -> None:
    with pytest.raises(ContractError, match=told):
        check_transform(Answers(edit), [header_of({})])


def test_a_sound_transform_keeps_its_contract() -> None:
    edits = Edits((Delete((0x00100020,)),))

    assert check_transform(Answers(lambda header: edits), [header_of({})]) == [edits]


def test_a_transform_that_prepares_needs_a_catalog() -> None:
    class Prepares(Answers):
        def prepare(self, catalog: object) -> None:
            return

    with pytest.raises(ContractError, match="catalog"):
        check_transform(Prepares(lambda header: Edits()), [header_of({})])


@dataclass
class Names:
    """An identifier with one answer."""

    destination: Destination
    fields: Mapping[str, str] = field(default_factory=dict)
    because: Because = field(default_factory=lambda: Because("a", "b", "c"))
    reads_comments: bool = False
    first_session_wins: bool = False

    def forecast(self, header: Header) -> Forecast:
        return Forecast(self.destination, self.because, AutoArchive.AUTO)


@pytest.mark.parametrize(
    ("identifier", "told"),
    [
        (Names(Destination("P", "S", "")), "always has a label"),
        (Names(Destination("P", "", "E")), "is None"),
        (Names(Destination("P", "A B", "E")), "would not call"),
        (Names(Destination("P", "S", "E"), because=Because("", "b", "c")), "no rule"),
        (Names(Destination("P", "S", "E"), {"visit": "StudyID"}), "no level called visit"),
    ],
)
def test_an_identifier_must_name_as_xnat_does(identifier: Names, told: str) -> None:
    with pytest.raises(ContractError, match=told):
        check_identifier(identifier, [header_of({})])


@dataclass
class Keeps:
    """A sink in memory; `store` says what it answers, and may not do it."""

    store_one: Callable[[dict[str, bytes], Parcel], Outcome | Pending]
    lanes: int = 1
    receiver: str = "memory"
    server: str = ""
    held: dict[str, bytes] = field(default_factory=dict)

    @contextmanager
    def open(self, consignment: Consignment) -> Iterator[Keeps]:
        yield self

    def store(self, parcel: Parcel) -> Outcome | Pending:
        return self.store_one(self.held, parcel)


def keep(held: dict[str, bytes], parcel: Parcel) -> Outcome:
    held[parcel.ref.sop_instance_uid] = b"".join(map(bytes, parcel.file().chunks()))
    return Stored("kept")


def damage(held: dict[str, bytes], parcel: Parcel) -> Outcome:
    keep(held, parcel)
    uid = parcel.ref.sop_instance_uid
    held[uid] = held[uid][:-1] + b"\xff"
    return Stored("kept")


def test_a_sound_sink_keeps_its_contract(tmp_path: Path) -> None:
    sink = Keeps(keep)

    check_sink(sink, make_instances(tmp_path, 2), sink.held.__getitem__)


@pytest.mark.parametrize(
    ("sink", "told"),
    [
        (Keeps(damage), "not as it was handed over"),
        (Keeps(lambda held, parcel: Stored("never looked")), "cannot be read is called stored"),
        (Keeps(lambda held, parcel: Failed("full", True)), "was not stored"),
        (Keeps(lambda held, parcel: True), "return an Outcome"),
        (Keeps(keep, lanes=0), "lanes"),
        (Keeps(keep, receiver=""), "receiver is empty"),
    ],
)
def test_a_sink_must_store_what_it_says(sink: Keeps, told: str, tmp_path: Path) -> None:
    held = sink.held.__getitem__ if sink.store_one in (keep, damage) else None

    with pytest.raises(ContractError, match=told):
        check_sink(sink, make_instances(tmp_path, 1), held)


class Posts(Keeps):
    """A sink that posts a parcel when it closes; `answer` is what the receiver says then."""

    answer: str = ""

    @contextmanager
    def open(self, consignment: Consignment) -> Iterator[Keeps]:
        yield self
        if self.answer:
            raise FerryError(self.answer)


def pend(held: dict[str, bytes], parcel: Parcel) -> Pending:
    keep(held, parcel)
    return Pending("on its way")


def test_what_is_pending_is_stored_when_the_delivery_has_closed(tmp_path: Path) -> None:
    sink, failing = Posts(pend), Posts(pend)
    failing.answer = "500 Internal Server Error"

    outcomes = check_sink(sink, make_instances(tmp_path, 2), sink.held.__getitem__, failing=failing)

    assert outcomes == [Stored("on its way")] * 2


@pytest.mark.parametrize("kind", ["lying", "failing", "silent"])
@pytest.mark.parametrize("store", [keep, pend])
def test_nothing_is_stored_at_a_receiver_that_has_nothing(
    tmp_path: Path, kind: str, store: Callable[..., Any]
) -> None:
    with pytest.raises(ContractError, match="is called stored"):
        check_sink(Keeps(keep), make_instances(tmp_path, 1), **{kind: Posts(store)})


def test_a_sink_must_not_wait_for_ever(tmp_path: Path) -> None:
    heard = threading.Event()

    def wait(held: dict[str, bytes], parcel: Parcel) -> Outcome:
        heard.wait()
        return Failed("silent", retryable=True)

    with pytest.raises(ContractError, match="never answers"):
        check_sink(Keeps(keep), make_instances(tmp_path, 1), silent=Keeps(wait), patience=0.1)
    heard.set()


def test_options_that_a_component_does_not_take_are_told(tmp_path: Path) -> None:
    (component,) = export.dicomferry_sinks()

    with pytest.raises(FerryError, match="layout"):
        build_stage(component, {"path": "out", "layout": "../x"}, tmp_path)


class Sloppy(InProcess):
    """An executor that does not keep one of the promises."""

    def run(self, tasks, lanes=None, *, ahead=False):  # type: ignore[no-untyped-def]
        return self.spoil(super().run(tasks))

    def spoil(self, batches: Iterator[list[Said[Any]]]) -> Iterator[list[Said[Any]]]:
        return batches


class Silent(Sloppy):
    def spoil(self, batches: Iterator[list[Said[Any]]]) -> Iterator[list[Said[Any]]]:
        for batch in batches:
            yield [one for one in batch if not isinstance(one.message, Done)]


class Twice(Sloppy):
    def spoil(self, batches: Iterator[list[Said[Any]]]) -> Iterator[list[Said[Any]]]:
        for batch in batches:
            yield batch + batch[-1:]


class Backwards(Sloppy):
    def spoil(self, batches: Iterator[list[Said[Any]]]) -> Iterator[list[Said[Any]]]:
        for batch in batches:
            yield [*reversed(batch[:-1]), batch[-1]]


class Copies(Sloppy):
    def spoil(self, batches: Iterator[list[Said[Any]]]) -> Iterator[list[Said[Any]]]:
        for batch in batches:
            yield [Said(replace(one.task), one.message) for one in batch]


class Hintless(Sloppy):
    def spoil(self, batches: Iterator[list[Said[Any]]]) -> Iterator[list[Said[Any]]]:
        for batch in batches:
            yield [Said(one.task, _hintless(one.message)) for one in batch]


def _hintless(message: object) -> object:
    return replace(message, hint="") if isinstance(message, Done) else message


class RunsAhead(Sloppy):
    def spoil(self, batches: Iterator[list[Said[Any]]]) -> Iterator[list[Said[Any]]]:
        held: list[Said[Any]] = []
        for batch in batches:
            held += batch
            if isinstance(held[-1].message, Done):
                yield held
                held = []


class KeepsGiving(InProcess):
    def run(self, tasks, lanes=None, *, ahead=False):  # type: ignore[no-untyped-def]
        worker = self._open_worker()
        while (task := next(tasks, None)) is not None:
            for message in worker.perform(task, lambda: self._stopped):
                yield [Said(task, message)]


class Unstoppable(InProcess):
    def stop(self) -> None:
        return


class EndsAtTrouble(InProcess):
    def run(self, tasks, lanes=None, *, ahead=False):  # type: ignore[no-untyped-def]
        for batch in super().run(tasks):
            yield batch
            if getattr(batch[-1].message, "error", ""):
                return


class Crowded(Pool):
    def run(self, tasks, lanes=None, *, ahead=False):  # type: ignore[no-untyped-def]
        return super().run(tasks, None, ahead=ahead)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (Silent, "ended by 0 Dones"),
        (Twice, "ended by 2 Dones"),
        (Backwards, "the answers"),
        (Copies, "not the task that was given"),
        (Hintless, "message or hint of an error is lost"),
        (RunsAhead, "not durable yet"),
        (Unstoppable, "does not reach"),
        (KeepsGiving, "begun after stop"),
        (EndsAtTrouble, "ended by 0 Dones"),
        (Crowded, "over 2 lanes"),
    ],
)
def test_an_executor_must_have_every_task_done_as_promised(
    make: ExecutorFactory, told: str, tmp_path: Path
) -> None:
    with pytest.raises(ContractError, match=told):
        check_executor(make, tmp_path, processes=False)


@dataclass
class Shelf:
    """A fetcher of one file; each flag is a promise that it does not keep."""

    whole: bytes
    manners: Manners = field(default_factory=Manners)
    never_stops: bool = False
    fetches_anything: bool = False
    litters: bool = False
    raises: bool = False
    swaps: bool = False
    idle: bool = False

    def fetch(self, order: FetchOrder, inbox: Inbox) -> Fetched:
        for instance in inbox.missing():
            known = instance.ref.sop_instance_uid != "2.25.42"
            if (inbox.stopped() and not self.never_stops) or self.idle:
                break
            if self.raises and not known:
                raise FerryError("no such thing")
            if self.litters:
                (inbox.folder / "left.dcm").write_bytes(b"half")
            if known or self.fetches_anything:
                with inbox.writing(instance) as file:
                    file.write(instance_bytes({}) if self.swaps else self.whole)
        return Fetched()


def shelved(folder: Path, **breaks: Any) -> list[Path]:
    whole = instance_bytes({"PatientID": "P7"})
    header = read_header(whole, len(whole))
    assert header is not None
    instance = RemoteInstance("shelf", "s", header.ref, key="a/b")
    return check_fetcher(Shelf(whole, **breaks), [instance], folder / "fetched")


def test_a_sound_fetcher_keeps_its_contract(tmp_path: Path) -> None:
    (file,) = shelved(tmp_path)

    assert file.read_bytes() == instance_bytes({"PatientID": "P7"})


@pytest.mark.parametrize(
    ("breaks", "told"),
    [
        ({"never_stops": True}, "the run is to stop, and yet something arrived"),
        ({"fetches_anything": True}, "no such instance, and yet something arrived"),
        ({"litters": True}, "was left behind"),
        ({"raises": True}, "raised no such thing"),
        ({"swaps": True}, "was ordered, and"),
        ({"idle": True}, "did not arrive"),
        ({"manners": Manners(lanes=0)}, "not 1 or more"),
        ({"manners": Manners(hours={"mo": "all"})}, "not days"),
    ],
)
def test_a_fetcher_that_breaks_its_contract_is_noticed(
    tmp_path: Path, breaks: dict[str, Any], told: str
) -> None:
    with pytest.raises(ContractError, match=told):
        shelved(tmp_path, **breaks)

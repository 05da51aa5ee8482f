"""The contract of sinks."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dicomferry.contract.sink import Consignment, Delivery, Parcel, Pending, Sink
from dicomferry.dicom.blob import BytesBlob
from dicomferry.dicom.edits import Edits, Set
from dicomferry.dicom.instance import Instance, open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.dicom.splice import Spliced
from dicomferry.errors import DamagedError, FerryError
from dicomferry.model import Destination, Excluded, Failed, Location, Outcome, Rejected, Stored
from dicomferry.testing.contract import ContractError, require, require_texts

_PLACE = Destination("CONTRACT", "SUBJECT", "SESSION")
_SOP_INSTANCE_UID = 0x00080018
_BROKEN_UID = "2.25.42"
_BROKEN_LENGTH = 4096

ReadBack = Callable[[str], bytes]
"""Returns the receiver's Part 10 file for a SOP Instance UID."""


def check_sink(
    sink: Sink,
    files: Iterable[Path],
    read_back: ReadBack | None = None,
    *,
    lying: Sink | None = None,
    failing: Sink | None = None,
    silent: Sink | None = None,
    patience: float = 60.0,
) -> list[Outcome]:
    """Raise `ContractError` unless a sink keeps its contract; return its outcomes for `files`.

    A sink declares its lanes, its receiver and its server. It stores every instance it gets; with
    `read_back`, the data sets are compared bit for bit. It takes an instance twice without harm.
    It never returns `Stored` for an instance whose bytes cannot be read. `files` are complete
    instances that the sink must accept. What is pending is stored once the delivery has closed.

    The others are the same sink in front of receivers of other kinds, of which nothing may count
    as stored. `lying` answers as if all were well, but not for the instance that was sent, or with
    words or a status that say no. `failing` takes everything, and refuses it when the delivery
    closes. `silent` takes connections and never answers: the sink must be done with it within
    `patience` seconds.
    """
    _check_promises(sink)
    paths = list(files)
    require(bool(paths), "a contract cannot be checked without an instance")
    with _opened(paths) as instances:
        parcels = [_parcel(instance) for instance in instances]
        consignment = _consignment(parcels)
        with sink.open(consignment) as delivery:
            answers = [_store(delivery, parcel) for parcel in parcels]
        outcomes = [Stored(one.receipt) if isinstance(one, Pending) else one for one in answers]
        for parcel, outcome in zip(parcels, outcomes, strict=True):
            _check_stored(parcel, outcome, read_back)
        with sink.open(consignment) as delivery:
            _store(delivery, parcels[0])
        with sink.open(consignment) as delivery:
            _check_broken(delivery, parcels[0])
        if lying is not None:
            _check_nothing_stored(lying, parcels, "a receiver that lies")
        if failing is not None:
            _check_nothing_stored(failing, parcels, "a receiver that fails at the end")
        if silent is not None:
            _check_ends(silent, parcels, patience)
    return outcomes


def _check_nothing_stored(sink: Sink, parcels: Sequence[Parcel], receiver: str) -> None:
    """Require that nothing is stored, or that the sink takes it back when it closes."""
    try:
        with sink.open(_consignment(parcels)) as delivery:
            outcomes = [_store(delivery, parcel) for parcel in parcels]
    except ContractError:
        raise
    except (FerryError, OSError):
        return  # the engine calls failed what the delivery had pending or stored
    for parcel, outcome in zip(parcels, outcomes, strict=True):
        stored = isinstance(outcome, Stored | Pending)
        require(not stored, f"{parcel.ref.sop_instance_uid} at {receiver} is called stored")


def _check_ends(sink: Sink, parcels: Sequence[Parcel], patience: float) -> None:
    raised: list[BaseException] = []

    def deliver() -> None:
        try:
            _check_nothing_stored(sink, parcels, "a receiver that never answers")
        except BaseException as error:  # noqa: BLE001  it is raised in the thread that waits
            raised.append(error)

    thread = threading.Thread(target=deliver, daemon=True)
    thread.start()
    thread.join(patience)
    require(not thread.is_alive(), f"still waits for a receiver that never answers ({patience} s)")
    if raised:
        raise raised[0]


def _check_promises(sink: Sink) -> None:
    require(
        isinstance(sink.lanes, int) and sink.lanes > 0, f"lanes is {sink.lanes!r}, not 1 or more"
    )
    require_texts(sink, ("receiver", "server"))
    require(bool(sink.receiver), "receiver is empty: the ledger knows a receiver by it")


def _check_stored(parcel: Parcel, outcome: Outcome, read_back: ReadBack | None) -> None:
    uid = parcel.ref.sop_instance_uid
    require(isinstance(outcome, Stored), f"{uid} was not stored: {outcome!r}")
    if read_back is not None:
        location = Location(uid)
        with open_instance(BytesBlob(read_back(uid)), location) as held:
            same = _digest(held.data_set(held.header)) == _digest(parcel.data_set())
        require(same, f"{uid} is held, but not as it was handed over")


def _check_broken(delivery: Delivery, parcel: Parcel) -> None:
    header = parcel.header.edited(Edits((Set((_SOP_INSTANCE_UID,), _BROKEN_UID),)))
    broken = Parcel(
        header.ref, parcel.transfer_syntax_uid, header, parcel.destination, _unreadable, _unreadable
    )
    try:
        outcome: Outcome | Pending | None = _store(delivery, broken)
    except (FerryError, OSError):
        return  # the engine turns the error into an outcome
    stored = isinstance(outcome, Stored | Pending)
    require(not stored, "an instance that cannot be read is called stored")


def _store(delivery: Delivery, parcel: Parcel) -> Outcome | Pending:
    outcome = delivery.store(parcel)
    require(
        isinstance(outcome, Stored | Pending | Excluded | Rejected | Failed),
        f"store() returned {outcome!r}: return an Outcome",
    )
    if isinstance(outcome, Stored | Pending):
        require(isinstance(outcome.receipt, str), f"the receipt is {outcome.receipt!r}, not a text")
    else:
        require(bool(outcome.reason), f"{type(outcome).__name__} without a reason")
    return outcome


@contextmanager
def _opened(paths: Sequence[Path]) -> Iterator[list[Instance]]:
    instances: list[Instance] = []
    try:
        for path in paths:
            location = Location(str(path))
            instances.append(open_instance(open_blob(location), location))
        yield instances
    except FerryError as error:
        raise ContractError(error.message) from error
    finally:
        for instance in instances:
            instance.close()


def _parcel(instance: Instance) -> Parcel:
    header = instance.header
    return Parcel(
        ref=header.ref,
        transfer_syntax_uid=instance.transfer_syntax_uid,
        header=header,
        destination=_PLACE,
        data_set=lambda: instance.data_set(header),
        file=lambda: instance.file(header),
    )


def _consignment(parcels: Sequence[Parcel]) -> Consignment:
    pairs = {(parcel.ref.sop_class_uid, parcel.transfer_syntax_uid): None for parcel in parcels}
    size = sum(parcel.file().length for parcel in parcels)
    return Consignment(_PLACE, tuple(pairs), len(parcels), size)


def _digest(spliced: Spliced) -> str:
    sha = hashlib.sha256()
    for chunk in spliced.chunks():
        sha.update(chunk)
    return sha.hexdigest()


class _Unreadable:
    size = _BROKEN_LENGTH

    def read(self, start: int, length: int) -> bytes:
        raise DamagedError(f"{length} bytes from {start} cannot be read")

    def close(self) -> None:
        return


def _unreadable() -> Spliced:
    return Spliced([(0, _BROKEN_LENGTH)], _Unreadable(), 0)

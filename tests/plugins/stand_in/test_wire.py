"""The stand-in's own code for DIMSE, and objects that go to disk as they come."""

from __future__ import annotations

import hashlib
import socket
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom.dsutils import encode

from dicomferry.contract.stand_in import Faults
from dicomferry.dicom.splice import Spliced
from dicomferry.dimse import (
    AssociationLostError,
    Peer,
    StorageAssociation,
    Timeouts,
    open_association,
)
from dicomferry.dimse.negotiate import associate_rq
from dicomferry.dimse.wire import c_echo_rq
from dicomferry_plugins._stand_in.site.settings import SiteSettings
from dicomferry_plugins._stand_in.standin import XnatStandIn
from support.datasets import dataset_of
from support.patience import PATIENCE, until

MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
SYNTAXES = (MR_IMAGE, str(ExplicitVRLittleEndian))
A_ASSOCIATE_AC, A_ABORT = 2, 7
LARGE = 48 << 20
FEW = 12 << 20

Start = Callable[..., XnatStandIn]


class Zeros:
    """So many bytes of pixel data that are never all in memory."""

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, _start: int, length: int) -> bytes:
        return bytes(length)

    def close(self) -> None:
        """Nothing was opened."""


@contextmanager
def association(standin: XnatStandIn) -> Iterator[StorageAssociation]:
    times = Timeouts(PATIENCE, PATIENCE, PATIENCE)
    opened = open_association(Peer(standin.host, standin.port, "XNAT", "SENDER", times), [SYNTAXES])
    try:
        yield opened
    finally:
        opened.abort()


def large_object() -> tuple[str, Spliced, bytes]:
    """Return UID and data set of an object with much pixel data, and what is before that."""
    dataset = dataset_of(PatientComments="Project:P1 Subject:S1 Session:E1")
    header = encode(dataset, is_implicit_vr=False, is_little_endian=True) or b""
    header += struct.pack("<HH2sHL", 0x7FE0, 0x10, b"OW", 0, LARGE)
    return str(dataset.SOPInstanceUID), Spliced([header, (0, LARGE)], Zeros(LARGE), 0), header


def digest_of(header: bytes) -> str:
    digest = hashlib.sha256(header)
    for _ in range(LARGE >> 20):
        digest.update(bytes(1 << 20))
    return digest.hexdigest()


@pytest.mark.parametrize("kept", [True, False])
def test_a_large_object_is_never_in_memory(start: Start, tmp_path: Path, kept: bool) -> None:
    standin = start(storage=tmp_path if kept else None)
    uid, data_set, header = large_object()
    tracemalloc.start()
    try:
        with association(standin) as sender:
            answer = sender.store(MR_IMAGE, uid, SYNTAXES[1], data_set)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert answer.status == 0
    assert peak < FEW
    (receipt,) = standin.receipts()
    assert (receipt.size, receipt.sha256) == (len(header) + LARGE, digest_of(header))
    assert bool(receipt.file) == kept
    if kept:
        stored = tmp_path / receipt.file
        assert stored.stat().st_mode & 0o077 == 0
        assert stored.read_bytes().endswith(header + bytes(LARGE))


def test_a_large_object_that_is_anonymized_is_never_in_memory(start: Start, tmp_path: Path) -> None:
    standin = start(storage=tmp_path, settings=SiteSettings(anonymize=True))
    uid, data_set, _ = large_object()
    tracemalloc.start()
    try:
        with association(standin) as sender:
            answer = sender.store(MR_IMAGE, uid, SYNTAXES[1], data_set)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert answer.status == 0
    assert peak < FEW
    (receipt,) = standin.receipts()
    file = tmp_path / receipt.file
    stored = dcmread(file, stop_before_pixels=True)
    assert (stored.StudyDescription, stored.PatientName) == ("P1", "S1")
    assert file.read_bytes().endswith(bytes(LARGE))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["P1", "receipts.jsonl"]
    (session,) = standin.site.holdings.sessions()
    (instance,) = session.instances
    assert instance.digest == hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize("faults", [{"refuse_every": 1}, {"lose_every": 1}, {"disk_full_at": 1}])
def test_nothing_is_left_of_a_large_object_that_is_not_kept(
    start: Start, tmp_path: Path, faults: dict[str, int]
) -> None:
    standin = start(storage=tmp_path, faults=Faults(**faults))
    uid, data_set, _ = large_object()
    with association(standin) as sender:
        sender.store(MR_IMAGE, uid, SYNTAXES[1], data_set)

    assert [path.name for path in tmp_path.iterdir()] == ["receipts.jsonl"]


def test_a_sender_that_says_nothing_for_too_long_is_sent_an_abort(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dicomferry_plugins._stand_in.dicom.scp._PATIENCE", 0.1)
    standin = start()
    with socket.create_connection((standin.host, standin.port), PATIENCE) as silent:
        assert silent.recv(10)[0] == A_ABORT
        assert silent.recv(1) == b""


def test_nothing_is_left_of_an_object_whose_sender_goes_away(start: Start, tmp_path: Path) -> None:
    standin = start(storage=tmp_path)
    uid, data_set, header = large_object()

    class Broken(Zeros):
        def read(self, start: int, length: int) -> bytes:
            if start > LARGE // 2:
                raise AssociationLostError("the test ends it here")
            return bytes(length)

    cut = Spliced([header, (0, LARGE)], Broken(LARGE), 0)
    with association(standin) as sender, pytest.raises(AssociationLostError):
        sender.store(MR_IMAGE, uid, SYNTAXES[1], cut)

    until(lambda: [path.name for path in tmp_path.iterdir()] == ["receipts.jsonl"])
    with association(standin) as sender:
        assert sender.store(MR_IMAGE, uid, SYNTAXES[1], data_set).status == 0


def said(standin: XnatStandIn, *pdus: bytes) -> list[int]:
    """Send bytes; return the types of the PDUs that are answered until it hangs up."""
    with socket.create_connection((standin.host, standin.port), PATIENCE) as talk:
        for pdu in pdus:
            talk.sendall(pdu)
        talk.shutdown(socket.SHUT_WR)
        data = b"".join(iter(lambda: talk.recv(1 << 16), b""))
    types = []
    while data:
        kind, length = struct.unpack_from(">BxI", data)
        types.append(kind)
        data = data[6 + length :]
    return types


def pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxI", kind, len(body)) + body


def request() -> bytes:
    """Return an A-ASSOCIATE-RQ as dicomferry's sender would write it."""
    peer = Peer("127.0.0.1", 1, "XNAT", "SENDER", Timeouts(1, 1, 1))
    return associate_rq(peer, [SYNTAXES])


def pdv(context: int, control: int, data: bytes) -> bytes:
    return pdu(4, struct.pack(">IBB", len(data) + 2, context, control) + data)


@pytest.mark.parametrize(
    "nonsense",
    [
        pdv(99, 3, bytes(12)),
        pdv(1, 2, b"data before a command"),
        pdv(1, 3, b"no command set"),
        pdu(4, b"\xff\xff\xff\xff\1\3"),
        pdu(4, b"\0"),
        pdu(9, b""),
        b"\x04\0\xff\xff\xff\xff",
    ],
    ids=["context", "order", "command", "length", "cut", "type", "huge"],
)
def test_what_is_no_dimse_is_aborted(start: Start, nonsense: bytes) -> None:
    assert said(start(), request(), nonsense) == [A_ASSOCIATE_AC, A_ABORT]


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\n\r\n", pdu(1, b"short"), pdu(5, bytes(4))])
def test_what_is_no_request_for_an_association_is_aborted(start: Start, first: bytes) -> None:
    assert said(start(), first)[-1:] == [A_ABORT]


def test_a_command_in_many_fragments_is_one_command(start: Start) -> None:
    command = c_echo_rq(7)
    standin = start()
    # The context is one of storage: an echo is answered wherever it comes.
    pieces = [pdv(1, 1, command[at : at + 1]) for at in range(len(command) - 1)]
    release = pdu(5, bytes(4))

    assert said(standin, request(), *pieces, pdv(1, 3, command[-1:]), release) == [2, 4, 6]


def test_an_unknown_command_is_answered_as_such(start: Start) -> None:
    elements: Any = [(0x0100, 0x0020), (0x0110, 1), (0x0800, 0x0101)]
    command = b"".join(struct.pack("<HHIH", 0, tag, 2, value) for tag, value in elements)
    assert said(start(), request(), pdv(1, 3, command), pdu(5, bytes(4))) == [2, 4, 6]

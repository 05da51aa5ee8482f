"""Associations that go as they should, judged by independent receivers."""

from __future__ import annotations

import hashlib
import socket
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dicomferry.dicom.blob import BytesBlob, FileBlob
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.dicom.splice import Spliced
from dicomferry.dimse import (
    AssociationRejectedError,
    ContextRefusedError,
    Peer,
    UnreachableError,
    UserIdentity,
    echo,
    open_association,
)
from dicomferry.errors import DamagedError, FerryError, UnreadableError
from dicomferry.model import Location
from support import servers
from support.instances import CT_IMAGE, EXPLICIT_LITTLE, MR_IMAGE, make_instances
from support.misbehaving import HOST, Received, Receiver, response
from support.reference_transport import open_reference

CT = (CT_IMAGE, EXPLICIT_LITTLE)
MR = (MR_IMAGE, EXPLICIT_LITTLE)


@pytest.fixture
def pynetdicom_scp() -> Iterator[tuple[int, list[str]]]:
    """Give the port of a pynetdicom SCP, and the digests of the data sets it got."""
    from pynetdicom import AE, evt

    digests: list[str] = []

    def handle(event: evt.Event) -> int:
        digests.append(hashlib.sha256(event.request.DataSet.getvalue()).hexdigest())
        return 0

    entity = AE("XNAT")
    entity.add_supported_context("1.2.840.10008.1.1")
    entity.add_supported_context(*CT)
    handlers = [(evt.EVT_C_STORE, handle)]
    server = entity.start_server((HOST, 0), block=False, evt_handlers=handlers)
    try:
        yield server.server_address[1], digests
    finally:
        server.shutdown()


@pytest.mark.parametrize("length", [2, 999, 50_000, 3_000_001])
def test_a_data_set_arrives_bit_for_bit(pynetdicom_scp, sender, store, length) -> None:
    port, digests = pynetdicom_scp

    answer, digest = store(sender.open(port), length=length)

    assert answer.status == 0
    assert digests == [digest]


def test_storescp_holds_what_was_sent(storescp: servers.StoreScp, sender, tmp_path: Path) -> None:
    paths = make_instances(tmp_path / "made", 6)
    association = sender.open(storescp.port, MR, called=storescp.ae_title)
    for path in paths:
        location = Location(str(path))
        with open_instance(open_blob(location), location) as instance:
            uid, data_set = instance.header.ref.sop_instance_uid, instance.data_set(instance.header)
            assert association.store(*MR[:1], uid, MR[1], data_set).status == 0
    association.release()

    # The data set begins behind the meta group, whose length (0002,0000) says.
    arrived = {_data_set(path.read_bytes()) for path in storescp.files()}
    assert arrived == {_data_set(path.read_bytes()) for path in paths}


def test_orthanc_holds_what_was_sent(orthanc: servers.Orthanc, to_peer, tmp_path: Path) -> None:
    paths = make_instances(tmp_path, 6)
    peer = to_peer(orthanc.port, called=orthanc.ae_title)
    association = open_association(peer, [MR])
    for path in paths:
        location = Location(str(path))
        with open_instance(open_blob(location), location) as instance:
            uid, data_set = instance.header.ref.sop_instance_uid, instance.data_set(instance.header)
            assert association.store(*MR[:1], uid, MR[1], data_set).status == 0
    association.release()

    arrived = {_data_set(orthanc.file(instance)) for instance in orthanc.instances()}
    assert arrived == {_data_set(path.read_bytes()) for path in paths}


def _data_set(file: bytes) -> bytes:
    return file[144 + int.from_bytes(file[140:144], "little") :]


def test_many_instances_go_over_one_association(receiver: Receiver, sender, store) -> None:
    association = sender.open(receiver.port)

    sent = {f"1.2.{number}": store(association, f"1.2.{number}")[1] for number in range(30)}

    assert receiver.instances() == sent
    assert receiver.associations == 1
    assert [one.message_id for one in receiver.received] == list(range(1, 31))


def test_a_release_is_a_release_to_the_peer(receiver: Receiver, sender, store) -> None:
    association = sender.open(receiver.port)
    store(association)
    association.release()

    assert receiver.ends == ["released"]
    assert not association.alive


def test_pdus_are_no_longer_than_the_peer_takes(receiver: Receiver, sender, store) -> None:
    receiver.max_pdu = 4096

    _, digest = store(sender.open(receiver.port), length=100_000)

    assert receiver.stored[0].sha256 == digest
    assert receiver.stored[0].longest_pdu <= 4096


def test_a_command_set_is_split_too_when_pdus_are_tiny(receiver: Receiver, sender, store) -> None:
    receiver.max_pdu = 64

    _, digest = store(sender.open(receiver.port), length=1000)

    assert receiver.stored[0].sha256 == digest


def test_no_limit_is_no_limit(receiver: Receiver, sender, store) -> None:
    receiver.max_pdu = 0

    _, digest = store(sender.open(receiver.port), length=3_000_000)

    assert receiver.stored[0].sha256 == digest


def test_a_context_goes_by_its_own_transfer_syntax(receiver: Receiver, sender) -> None:
    jpeg = (CT_IMAGE, "1.2.840.10008.1.2.4.70")
    receiver.takes = lambda sop_class, syntax: syntax == EXPLICIT_LITTLE

    association = sender.open(receiver.port, jpeg, CT)

    assert dict(association.accepted) == {CT: 3}
    with pytest.raises(ContextRefusedError):
        association.store(CT_IMAGE, "1.2.3", jpeg[1], Spliced([b"data"], BytesBlob(b""), 0))
    assert receiver.received == []


def test_a_peer_that_takes_nothing_is_told_from_one_that_is_away(
    receiver: Receiver, sender
) -> None:
    receiver.takes = lambda sop_class, syntax: False

    with pytest.raises(ContextRefusedError, match="none of 1"):
        sender.open(receiver.port)


def test_a_wrong_ae_title_is_shown_with_the_reason(receiver: Receiver, sender) -> None:
    with pytest.raises(AssociationRejectedError) as caught:
        sender.open(receiver.port, called="XNTA")

    assert (caught.value.result, caught.value.source, caught.value.reason) == (1, 1, 7)
    assert "called AE title not recognized (result 1, source 1, reason 7" in caught.value.message
    assert "'XNTA' is not known" in caught.value.hint
    assert not caught.value.transient


def test_a_busy_peer_is_transient(receiver: Receiver, sender) -> None:
    receiver.reject = (2, 3, 1)

    with pytest.raises(AssociationRejectedError, match="temporary congestion") as caught:
        sender.open(receiver.port)

    assert caught.value.transient


def test_nobody_there_is_unreachable(sender) -> None:
    with pytest.raises(UnreachableError, match=r"XNAT@127\.0\.0\.1"):
        sender.open(servers.free_port())


def test_a_host_that_has_no_address_is_unreachable(associate) -> None:
    peer = Peer("nowhere.invalid", 104, "XNAT", "FERRY")

    with pytest.raises(UnreachableError):
        associate(peer, [CT])


@pytest.mark.parametrize("title", ["", "  ", "SEVENTEEN_LETTERS", "BACK\\SLASH", "É"])
def test_an_impossible_ae_title_is_refused_at_once(title: str) -> None:
    with pytest.raises(FerryError, match="not an AE title"):
        Peer(HOST, 104, title, "FERRY")


def test_the_error_comment_comes_along(receiver: Receiver, sender, store) -> None:
    def complain(conversation, received: Received) -> None:
        conversation.send(response(received, 0xC000, comment=b"disk full "))

    receiver.answers[1] = complain

    answer, _ = store(sender.open(receiver.port))

    assert (answer.status, answer.error_comment) == (0xC000, "disk full")


def test_a_warning_is_reported_as_it_is(receiver: Receiver, sender, store) -> None:
    receiver.status = lambda received: 0xB000

    assert store(sender.open(receiver.port))[0].status == 0xB000


def test_a_source_that_shrinks_is_never_completed(
    receiver: Receiver, sender, tmp_path: Path
) -> None:
    file = tmp_path / "data"
    file.write_bytes(bytes(5_000_000))
    blob = FileBlob(str(file), "data")
    association = sender.open(receiver.port)
    with file.open("r+b") as shrinking:
        shrinking.truncate(4_999_990)

    with pytest.raises(UnreadableError):
        association.store(CT_IMAGE, "1.2.3", EXPLICIT_LITTLE, Spliced([(0, blob.size)], blob, 0))

    assert receiver.received == []


def test_a_source_that_fails_midway_breaks_the_connection(
    receiver: Receiver, associate, sender
) -> None:
    class Failing:
        size = 3_000_004

        def read(self, start: int, length: int) -> bytes:
            if start >= 2 << 20:
                raise DamagedError("cut short")
            return bytes(length)

        def close(self) -> None: ...

    association = sender.open(receiver.port)

    with pytest.raises(DamagedError, match="cut short"):
        association.store(
            CT_IMAGE, "1.2.3", EXPLICIT_LITTLE, Spliced([(0, 3_000_004)], Failing(), 0)
        )

    assert receiver.received == []
    assert association.alive == (associate is open_reference)


def test_a_big_instance_takes_little_memory(receiver: Receiver, to_peer, tmp_path: Path) -> None:
    length = 300 << 20
    file = tmp_path / "sparse"
    with file.open("wb") as sparse:
        sparse.truncate(length)
    receiver.max_pdu = 1 << 17
    blob = FileBlob(str(file), "sparse")
    association = open_association(to_peer(receiver.port), [CT])

    tracemalloc.start()
    try:
        answer = association.store(
            CT_IMAGE, "1.2.3", EXPLICIT_LITTLE, Spliced([(0, length)], blob, 0)
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    association.release()

    assert answer.status == 0
    assert receiver.stored[0].length == length
    assert peak < 16 << 20


def test_nagle_is_off(receiver: Receiver, sender, monkeypatch) -> None:
    options: list[tuple[int, int]] = []
    original = socket.socket.setsockopt

    def spy(self: socket.socket, level: int, name: int, *value: object) -> None:
        if self.getpeername()[1] == receiver.port:
            options.append((level, name))
        original(self, level, name, *value)

    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "setsockopt", _tolerant(spy))
        sender.open(receiver.port)

    assert (socket.IPPROTO_TCP, socket.TCP_NODELAY) in options


def _tolerant(spy: Callable[..., None]) -> Callable[..., None]:
    def option(self: socket.socket, *arguments: object) -> None:
        try:
            spy(self, *arguments)
        except OSError:  # not connected yet
            return

    return option


def test_a_user_identity_is_negotiated(associate) -> None:
    from pynetdicom import AE, evt

    seen: list[tuple[int, bytes, bytes]] = []

    def identify(event: evt.Event) -> tuple[bool, None]:
        seen.append((event.user_id_type, event.primary_field, event.secondary_field))
        return True, None

    entity = AE("XNAT")
    entity.add_supported_context(*CT)
    handlers = [(evt.EVT_USER_ID, identify)]
    server = entity.start_server((HOST, 0), block=False, evt_handlers=handlers)
    identity = UserIdentity("ferry", "not-a-secret")
    peer = Peer(HOST, server.server_address[1], "XNAT", "FERRY", user_identity=identity)
    try:
        associate(peer, [CT]).release()
    finally:
        server.shutdown()

    assert seen == [(2, b"ferry", b"not-a-secret")]
    assert "not-a-secret" not in repr(peer)


def test_a_passcode_is_not_shown() -> None:
    peer = Peer(HOST, 104, "XNAT", "FERRY", user_identity=UserIdentity("ferry", "not-a-secret"))

    assert "ferry" in repr(peer)
    assert "not-a-secret" not in repr(peer) + str(peer)


def test_an_echo_is_answered(pynetdicom_scp, to_peer) -> None:
    port, _ = pynetdicom_scp

    echo(to_peer(port))


def test_an_echo_of_a_wrong_ae_title_says_why(receiver: Receiver, to_peer) -> None:
    with pytest.raises(AssociationRejectedError, match="called AE title"):
        echo(to_peer(receiver.port, called="XNTA"))

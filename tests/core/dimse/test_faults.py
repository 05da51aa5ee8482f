"""Peers that abort, hang, lie or fall over: what is unknown is never taken for stored."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable

import pytest

from dicomferry.dimse import AssociationLostError, open_association
from support.instances import CT_IMAGE, EXPLICIT_LITTLE
from support.misbehaving import (
    ABORT,
    RELEASE_RQ,
    Answer,
    Conversation,
    Received,
    Receiver,
    command_set,
    p_data,
    response,
)
from support.patience import until

CT = (CT_IMAGE, EXPLICIT_LITTLE)


def _send(make: Callable[[Received], bytes]) -> Answer:
    """Return a script that stores the instance and answers with bytes."""

    def script(conversation: Conversation, received: Received) -> None:
        conversation.keep(received)
        conversation.send(make(received))

    return script


def _abort(conversation: Conversation, received: Received) -> None:
    conversation.send(ABORT)


def _store_then_reset(conversation: Conversation, received: Received) -> None:
    conversation.keep(received)
    conversation.reset()


def _hang(conversation: Conversation, received: Received) -> None:
    conversation.hang()


def test_an_abort_is_told(receiver: Receiver, sender, store) -> None:
    receiver.answers[2] = _abort
    association = sender.open(receiver.port)
    store(association, "1.2.1")

    with pytest.raises(AssociationLostError) as caught:
        store(association, "1.2.2")

    assert not caught.value.hung
    assert not association.alive
    assert list(receiver.instances()) == ["1.2.1"]


def test_an_answer_lost_after_storing_is_not_success(receiver: Receiver, sender, store) -> None:
    receiver.answers[1] = _store_then_reset

    with pytest.raises(AssociationLostError):
        store(sender.open(receiver.port))

    assert len(receiver.stored) == 1


def test_a_connection_broken_inside_a_pdu_is_told(receiver: Receiver, sender, store) -> None:
    def reading(conversation: Conversation, count: int) -> None:
        if count > 300_000:
            conversation.reset()

    receiver.reading = reading

    with pytest.raises(AssociationLostError):
        store(sender.open(receiver.port), length=20_000_000)

    assert receiver.received == []


def test_a_hung_peer_is_noticed_within_the_time_limit(receiver: Receiver, sender, store) -> None:
    receiver.answers[1] = _hang
    association = sender.open(receiver.port, response=0.5)

    with pytest.raises(AssociationLostError) as caught:
        store(association)

    assert caught.value.hung


def test_a_peer_that_stops_reading_is_noticed(receiver: Receiver, sender, store) -> None:
    def reading(conversation: Conversation, count: int) -> None:
        if count > 300_000:
            conversation.hang()

    receiver.reading = reading
    association = sender.open(receiver.port, response=0.5)

    with pytest.raises(AssociationLostError) as caught:
        store(association, length=30_000_000)

    assert caught.value.hung


def test_a_dribbled_response_hits_the_limit_of_the_whole(receiver: Receiver, sender, store) -> None:
    def dribble(conversation: Conversation, received: Received) -> None:
        for byte in response(received, 0):
            if conversation.receiver.closing.wait(0.1):
                return
            conversation.send(bytes([byte]))

    receiver.answers[1] = dribble
    association = sender.open(receiver.port, response=0.7)

    with pytest.raises(AssociationLostError) as caught:
        store(association)

    assert caught.value.hung


def test_a_slow_reader_is_waited_for_while_it_reads(receiver: Receiver, sender, store) -> None:
    began, slow = time.monotonic(), 7_000_000

    def reading(conversation: Conversation, count: int) -> None:
        # By the clock: a slow machine does not make it slower still. The end is read at once, as
        # much of it waits in the operating system and counts as the time to respond.
        if count < slow:
            time.sleep(max(0, began + 4.0 * count / slow - time.monotonic()))

    receiver.reading = reading
    association = sender.open(receiver.port, response=3.0)

    answer, digest = store(association, length=8_000_000)

    assert answer.status == 0
    assert receiver.stored[0].sha256 == digest


@pytest.mark.parametrize(
    "cut",
    [
        lambda message: p_data(message[:10], 1) + p_data(message[10:], 3),
        lambda message: b"".join(p_data(bytes([byte]), 1) for byte in message) + p_data(b"", 3),
        lambda message: _one_pdu((message[:40], 1), (message[40:], 3)),
    ],
    ids=["two PDUs", "a PDU for each byte", "two PDVs in a PDU"],
)
def test_a_response_may_come_in_pieces(receiver: Receiver, sender, store, cut) -> None:
    receiver.answers[1] = _send(lambda received: cut(command_set(received, 0xB007)))

    assert store(sender.open(receiver.port))[0].status == 0xB007


def _one_pdu(*fragments: tuple[bytes, int]) -> bytes:
    body = b"".join(
        struct.pack(">IBB", len(data) + 2, 1, control) + data for data, control in fragments
    )
    return struct.pack(">BBI", 4, 0, len(body)) + body


@pytest.mark.parametrize("message_id", [0x0900, 0xA700, 0xFFFF])
def test_a_message_id_that_looks_like_a_status_is_none(
    receiver: Receiver, sender, store, message_id: int
) -> None:
    association = sender.open(receiver.port)
    association._message_id = message_id - 1

    assert store(association)[0].status == 0
    assert receiver.received[0].message_id == message_id


def test_message_ids_begin_anew_after_the_last(receiver: Receiver, sender, store) -> None:
    association = sender.open(receiver.port)
    association._message_id = 0xFFFF

    assert store(association)[0].status == 0
    assert receiver.received[0].message_id == 1


@pytest.mark.parametrize(
    "lie",
    [
        lambda received: response(received, 0, message_id=received.message_id + 1),
        lambda received: response(received, 0).replace(b"1.2.3", b"1.2.4"),
        lambda received: p_data(command_set(received, 0)[:-3], 3),
        lambda received: p_data(_without_status(command_set(received, 0)), 3),
    ],
    ids=["another message", "another instance", "cut short", "without a status"],
)
def test_a_response_that_is_not_for_this_instance_is_no_success(
    receiver: Receiver, sender, store, lie
) -> None:
    receiver.answers[1] = _send(lie)
    association = sender.open(receiver.port, response=1.0)

    with pytest.raises(AssociationLostError):
        store(association)

    assert not association.alive


def _without_status(command: bytes) -> bytes:
    at = command.index(struct.pack("<HHI", 0, 0x0900, 2))
    return struct.pack("<HHII", 0, 0, 4, len(command) - 22) + command[12:at] + command[at + 10 :]


def test_a_release_instead_of_a_response_is_a_loss(receiver: Receiver, sender, store) -> None:
    receiver.answers[1] = lambda conversation, received: conversation.send(RELEASE_RQ)
    association = sender.open(receiver.port, response=2.0)

    with pytest.raises(AssociationLostError):
        store(association)

    assert not association.alive


def test_a_release_between_two_instances_is_noticed(receiver: Receiver, sender, store) -> None:
    receiver.answers[1] = _send(lambda received: response(received, 0) + RELEASE_RQ)
    association = sender.open(receiver.port)
    assert store(association)[0].status == 0

    until(lambda: not association.alive)

    with pytest.raises(AssociationLostError):
        store(association)
    assert len(receiver.received) == 1


def test_a_peer_that_hung_up_between_two_instances_is_noticed(
    receiver: Receiver, sender, store
) -> None:
    def answer_and_go(conversation: Conversation, received: Received) -> None:
        conversation.send(response(received, 0))
        conversation.reset()

    receiver.answers[1] = answer_and_go
    association = sender.open(receiver.port)
    store(association)

    until(lambda: not association.alive)


@pytest.mark.parametrize(
    "noise",
    [struct.pack(">BBI", 9, 0, 4) + b"what", b"HTTP/1.1 400 Bad Request\r\n\r\n"],
    ids=["unknown PDU", "not DICOM"],
)
def test_another_language_is_a_loss(receiver: Receiver, sender, store, noise: bytes) -> None:
    receiver.answers[1] = lambda conversation, received: conversation.send(noise)

    with pytest.raises(AssociationLostError):
        store(sender.open(receiver.port, response=1.0))


def test_an_abort_in_the_middle_of_a_big_instance_is_noticed(
    receiver: Receiver, to_peer, store
) -> None:
    # pynetdicom does not listen while it sends.
    def reading(conversation: Conversation, count: int) -> None:
        if count > 1_000_000:
            conversation.send(ABORT)
            conversation.hang()

    receiver.reading = reading
    association = open_association(to_peer(receiver.port), [CT])

    with pytest.raises(AssociationLostError) as caught:
        store(association, length=50_000_000)

    assert not caught.value.hung


def test_a_peer_silent_at_the_association_is_noticed(receiver: Receiver, sender, to_peer) -> None:
    receiver.reading = lambda conversation, count: conversation.hang()

    with pytest.raises(AssociationLostError) as caught:
        sender.open(receiver.port, association=0.5)

    assert caught.value.hung

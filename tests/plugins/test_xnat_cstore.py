"""The XNAT sink: what it calls stored, what it sends again, and when it gives up."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from dicomferry.contract.sink import Consignment, Parcel
from dicomferry.dicom.blob import BytesBlob
from dicomferry.dicom.header import Header
from dicomferry.dicom.splice import Spliced
from dicomferry.dimse import AssociationRejectedError, Peer, Timeouts, UnreachableError
from dicomferry.engine.pipeline.context import LooseContext
from dicomferry.errors import DamagedError
from dicomferry.host import Selection, load_plugins
from dicomferry.model import Destination, Failed, InstanceRef, Outcome, Rejected, Stored
from dicomferry.recipe.servers import DeclaredTls, XnatDicom, XnatServer
from dicomferry_plugins._resend import COOL_DOWN, BackOff, Breaker
from dicomferry_plugins.xnat_cstore import Options, XnatCStore, dicomferry_sinks
from support.instances import CT_IMAGE, EXPLICIT_LITTLE, MR_IMAGE, pixels
from support.misbehaving import ABORT, HOST, Conversation, Received, Receiver, response, serving
from support.patience import PATIENCE
from support.servers import free_port

CT = (CT_IMAGE, EXPLICIT_LITTLE)
HERE = Destination("ALZ", "S1", "S1_MR1")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serving(Receiver()) as running:
        yield running


@pytest.fixture
def slept() -> list[float]:
    """Give the pauses that were made, in seconds; none of them is really waited for."""
    return []


@pytest.fixture
def sink_to(slept: list[float]) -> Callable[..., XnatCStore]:
    def make(port: int, *, called: str = "XNAT", patience: float = PATIENCE, **more) -> XnatCStore:
        peer = Peer(HOST, port, called, "FERRY", Timeouts(PATIENCE, PATIENCE, patience))
        return XnatCStore(peer, 4, str(peer), "xnat", back_off=BackOff(slept.append), **more)

    return make


def parcel(uid: str, pair: tuple[str, str] = CT, length: int = 20_000) -> Parcel:
    data = pixels(uid, length)
    return Parcel(
        InstanceRef("1.1", "1.2", uid, pair[0]),
        pair[1],
        Header.of(_data_set()),
        HERE,
        lambda: Spliced([data[:9], (9, length)], BytesBlob(data), 0),
        lambda: Spliced([], BytesBlob(b""), 0),
    )


def _data_set():
    from pydicom import Dataset

    return Dataset()


def deliver(sink: XnatCStore, parcels: Sequence[Parcel]) -> list[Outcome]:
    pairs = dict.fromkeys((one.ref.sop_class_uid, one.transfer_syntax_uid) for one in parcels)
    consignment = Consignment(HERE, tuple(pairs), len(parcels), 0)
    with sink.open(consignment) as delivery:
        return [delivery.store(one) for one in parcels]


def digests(parcels: Sequence[Parcel]) -> dict[str, str]:
    return {
        one.ref.sop_instance_uid: hashlib.sha256(b"".join(one.data_set().chunks())).hexdigest()
        for one in parcels
    }


def some(count: int) -> list[Parcel]:
    return [parcel(f"1.2.3.{number}") for number in range(1, count + 1)]


def _abort(conversation: Conversation, received: Received) -> None:
    conversation.send(ABORT)


def _store_then_reset(conversation: Conversation, received: Received) -> None:
    conversation.keep(received)
    conversation.reset()


def _hang(conversation: Conversation, received: Received) -> None:
    conversation.hang()


def test_what_xnat_took_is_stored_with_its_receipt(receiver: Receiver, sink_to) -> None:
    parcels = some(3)

    outcomes = deliver(sink_to(receiver.port), parcels)

    assert outcomes == [Stored(f"0x0000 success from XNAT@127.0.0.1:{receiver.port}")] * 3
    assert receiver.instances() == digests(parcels)
    assert receiver.ends == ["released"]


def test_a_warning_is_stored_and_told(receiver: Receiver, sink_to) -> None:
    receiver.status = lambda received: 0xB000

    (outcome,) = deliver(sink_to(receiver.port), some(1))

    assert isinstance(outcome, Stored)
    assert outcome.receipt.startswith("0xB000 stored, with data elements coerced")


def test_refused_once_for_want_of_resources_is_stored_in_the_end(
    receiver: Receiver, sink_to, slept: list[float]
) -> None:
    receiver.status = lambda received: 0xA700 if received.number % 5 == 0 else 0
    parcels = some(12)

    outcomes = deliver(sink_to(receiver.port), parcels)

    assert all(isinstance(outcome, Stored) for outcome in outcomes)
    assert receiver.instances() == digests(parcels)
    assert receiver.associations == 1
    assert len(slept) == len(receiver.received) - len(parcels)


@pytest.mark.parametrize(("status", "sent"), [(0xA700, 5), (0xC000, 3), (0x0110, 5)])
def test_refused_always_is_failed_after_a_few_pauses(
    receiver: Receiver, sink_to, slept: list[float], status: int, sent: int
) -> None:
    receiver.status = lambda received: status

    (outcome,) = deliver(sink_to(receiver.port), some(1))

    assert isinstance(outcome, Failed)
    assert outcome.retryable
    assert f"0x{status:04X}" in outcome.reason
    assert len(receiver.received) == sent
    assert len(slept) == sent - 1
    assert all(pause <= 0.5 * 2**number for number, pause in enumerate(slept))


def test_retries_that_were_in_vain_become_fewer(receiver: Receiver, sink_to) -> None:
    receiver.status = lambda received: 0xA700

    outcomes = deliver(sink_to(receiver.port), some(50))

    assert all(isinstance(outcome, Failed) for outcome in outcomes)
    assert len(receiver.received) == 50 + 4 + 3 + 2 + 1


def test_a_refusal_for_good_is_not_sent_again(receiver: Receiver, sink_to) -> None:
    receiver.status = lambda received: 0xA900 if received.number == 2 else 0

    outcomes = deliver(sink_to(receiver.port), some(3))

    assert [type(outcome) for outcome in outcomes] == [Stored, Rejected, Stored]
    assert "0xA900 data set does not match its SOP class" in outcomes[1].reason
    assert len(receiver.received) == 3


def test_the_error_comment_is_told(receiver: Receiver, sink_to) -> None:
    receiver.answers[1] = lambda conversation, received: conversation.send(
        response(received, 0xC123, comment=b"no such project ")
    )

    (outcome,) = deliver(sink_to(receiver.port), some(1))

    assert isinstance(outcome, Rejected)
    assert outcome.reason.endswith(": no such project")


@pytest.mark.parametrize("fault", [_abort, _store_then_reset])
def test_only_the_unacknowledged_is_sent_again(receiver: Receiver, sink_to, fault) -> None:
    receiver.answers[7] = fault
    parcels = some(10)

    outcomes = deliver(sink_to(receiver.port), parcels)

    assert all(isinstance(outcome, Stored) for outcome in outcomes)
    assert receiver.instances() == digests(parcels)
    assert [one.sop_instance_uid for one in receiver.received].count("1.2.3.7") == 2
    assert len(receiver.received) == 11
    assert receiver.associations == 2


def test_a_hung_peer_is_left_and_the_instance_sent_again(receiver: Receiver, sink_to) -> None:
    receiver.answers[3] = _hang
    parcels = some(5)

    outcomes = deliver(sink_to(receiver.port, patience=2.0), parcels)

    assert all(isinstance(outcome, Stored) for outcome in outcomes)
    assert receiver.instances() == digests(parcels)


def test_an_instance_that_always_breaks_the_receiver_does_not_stop_the_others(
    receiver: Receiver, sink_to
) -> None:
    receiver.answers = dict.fromkeys(range(2, 7), _abort)

    outcomes = deliver(sink_to(receiver.port), some(4))

    assert [type(outcome) for outcome in outcomes] == [Stored, Failed, Stored, Stored]
    assert "1.2.3.2" not in receiver.instances()


def test_a_dead_receiver_does_not_cost_a_time_limit_an_instance(
    receiver: Receiver, sink_to
) -> None:
    receiver.answers = dict.fromkeys(range(1, 1000), _hang)

    outcomes = deliver(sink_to(receiver.port, patience=0.3), some(100))

    assert all(isinstance(outcome, Failed) and outcome.retryable for outcome in outcomes)
    assert len(receiver.received) <= 4
    assert "not tried" in outcomes[-1].reason


def test_a_dead_receiver_is_tried_again_after_a_while() -> None:
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    breaker.silence()
    assert not breaker.tripped
    breaker.silence()
    assert breaker.tripped

    now[0] = COOL_DOWN

    assert not breaker.tripped


def test_a_receiver_that_is_away_is_an_error_at_once(sink_to, slept: list[float]) -> None:
    with pytest.raises(UnreachableError, match="unreachable"):
        deliver(sink_to(free_port()), some(3))

    assert slept == []


def test_a_wrong_ae_title_is_an_error_with_the_reason(receiver: Receiver, sink_to) -> None:
    with pytest.raises(AssociationRejectedError, match="called AE title not recognized"):
        deliver(sink_to(receiver.port, called="XNTA"), some(3))


def test_a_busy_receiver_is_asked_again(receiver: Receiver, sink_to, slept: list[float]) -> None:
    sink = sink_to(receiver.port)
    receiver.reject = (2, 3, 1)

    with pytest.raises(AssociationRejectedError, match="temporary congestion"):
        deliver(sink, some(1))

    assert len(slept) == sink.retries


def test_a_receiver_once_heard_may_be_restarting(
    receiver: Receiver, sink_to, slept: list[float]
) -> None:
    sink = sink_to(receiver.port)
    deliver(sink, some(1))
    sink.peer = Peer(HOST, free_port(), "XNAT", "FERRY", Timeouts(5.0, 5.0, 5.0))

    with pytest.raises(UnreachableError):
        deliver(sink, some(1))

    assert len(slept) == sink.retries


def test_a_refused_context_rejects_its_own_instances_only(receiver: Receiver, sink_to) -> None:
    receiver.takes = lambda sop_class, syntax: sop_class != MR_IMAGE
    parcels = [parcel("1.2.3.1"), parcel("1.2.3.2", (MR_IMAGE, EXPLICIT_LITTLE)), parcel("1.2.3.3")]

    outcomes = deliver(sink_to(receiver.port), parcels)

    assert [type(outcome) for outcome in outcomes] == [Stored, Rejected, Stored]
    assert outcomes[1].reason == (
        f"the receiver does not take MR Image Storage ({MR_IMAGE})"
        f" as Explicit VR Little Endian ({EXPLICIT_LITTLE})"
    )
    assert receiver.associations == 1


def test_a_receiver_that_takes_none_is_asked_once(receiver: Receiver, sink_to) -> None:
    receiver.takes = lambda sop_class, syntax: False

    outcomes = deliver(sink_to(receiver.port), some(20))

    assert all(isinstance(outcome, Rejected) for outcome in outcomes)
    assert receiver.associations == 1


def test_a_context_that_was_not_announced_gets_an_association(receiver: Receiver, sink_to) -> None:
    consignment = Consignment(HERE, (CT,), 2, 0)

    with sink_to(receiver.port).open(consignment) as delivery:
        outcome = delivery.store(parcel("1.2.3.2", (MR_IMAGE, EXPLICIT_LITTLE)))

    assert isinstance(outcome, Stored)
    assert receiver.proposed == [[CT], [(MR_IMAGE, EXPLICIT_LITTLE)]]


def test_an_association_that_ended_between_two_instances_is_opened_anew(
    receiver: Receiver, sink_to, slept: list[float]
) -> None:
    def answer_and_go(conversation: Conversation, received: Received) -> None:
        conversation.keep(received)
        conversation.send(response(received, 0))
        conversation.reset()

    receiver.answers[1] = answer_and_go

    outcomes = deliver(sink_to(receiver.port), some(2))

    assert [type(outcome) for outcome in outcomes] == [Stored, Stored]
    assert len(receiver.instances()) == 2


def test_more_than_128_contexts_take_several_associations(receiver: Receiver, sink_to) -> None:
    parcels = [
        parcel(f"1.2.3.{number}", (f"1.2.840.{number}", EXPLICIT_LITTLE), 100)
        for number in range(1, 131)
    ]

    outcomes = deliver(sink_to(receiver.port), [*parcels, parcels[0], parcels[-1]])

    assert all(isinstance(outcome, Stored) for outcome in outcomes)
    assert [len(pairs) for pairs in receiver.proposed] == [128, 2]


@pytest.mark.parametrize(
    ("uid", "pair"),
    [
        ("", CT),
        ("1.2.é", CT),
        ("1.2.3", ("", EXPLICIT_LITTLE)),
        ("1.2.3", ("CT Image", EXPLICIT_LITTLE)),
        ("1.2.3", (CT_IMAGE, "")),
    ],
)
def test_what_has_no_uid_is_rejected_without_spoiling_the_rest(
    receiver: Receiver, sink_to, uid: str, pair: tuple[str, str]
) -> None:
    outcomes = deliver(sink_to(receiver.port), [parcel(uid, pair), parcel("1.2.3.9")])

    assert [type(outcome) for outcome in outcomes] == [Rejected, Stored]
    assert len(receiver.received) == 1


def test_a_uid_against_the_rules_is_sent_as_it_is(receiver: Receiver, sink_to) -> None:
    (outcome,) = deliver(sink_to(receiver.port), [parcel("1.2.003.04", ("1.2.00840", CT[1]))])

    assert isinstance(outcome, Stored)
    assert list(receiver.instances()) == ["1.2.003.04"]


def test_a_damaged_source_is_rejected_and_nothing_of_it_is_kept(
    receiver: Receiver, sink_to
) -> None:
    class Cut:
        size = 3_000_000

        def read(self, start: int, length: int) -> bytes:
            if start:
                raise DamagedError("scan.dcm: became shorter while it was read")
            return bytes(length)

        def close(self) -> None: ...

    good, bad = parcel("1.2.3.1"), parcel("1.2.3.2")
    bad = Parcel(
        bad.ref, CT[1], bad.header, HERE, lambda: Spliced([(0, 3_000_000)], Cut(), 0), bad.file
    )

    outcomes = deliver(sink_to(receiver.port), [good, bad, parcel("1.2.3.3")])

    assert [type(outcome) for outcome in outcomes] == [Stored, Rejected, Stored]
    assert outcomes[1].reason == "scan.dcm: became shorter while it was read"
    assert list(receiver.instances()) == ["1.2.3.1", "1.2.3.3"]


def test_a_source_that_cannot_be_read_now_is_failed(receiver: Receiver, sink_to) -> None:
    def unreadable() -> Spliced:
        raise OSError(5, "Input/output error")

    bad = parcel("1.2.3.1")
    bad = Parcel(bad.ref, CT[1], bad.header, HERE, unreadable, bad.file)

    assert deliver(sink_to(receiver.port), [bad]) == [
        Failed("reading the source: Input/output error", retryable=True)
    ]


def test_an_interrupted_delivery_aborts(receiver: Receiver, sink_to) -> None:
    def interrupted() -> None:
        with sink_to(receiver.port).open(Consignment(HERE, (CT,), 1, 0)) as delivery:
            delivery.store(parcel("1.2.3"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert receiver.ends == ["aborted"]


def test_the_sink_is_built_from_the_recipes_server(tmp_path: Path) -> None:
    tls = DeclaredTls(ca="ca.pem")
    dicom = XnatDicom(host="xnat.example.org", associations=3, timeout=7, tls=tls)
    (component,) = dicomferry_sinks()

    sink = component.build(
        Options(server="xnat"),
        LooseContext(
            tmp_path, load_plugins(Selection()), "test", {"xnat": XnatServer(dicom=dicom)}
        ),
    )

    assert component.name == "xnat-cstore"
    assert (sink.lanes, sink.receiver, sink.server) == (3, "XNAT@xnat.example.org:8104", "xnat")
    assert sink.peer.timeouts == Timeouts(10, 7, 7)
    assert sink.peer.tls.ca_file == str(tmp_path / "ca.pem")


def test_an_instance_at_which_the_receiver_aborts_each_time_is_named_with_what_is_odd(
    receiver: Receiver, sink_to
) -> None:
    data_set = _data_set()
    data_set.add_new(0x00100020, "SH", "MC1")
    data_set.add_new(0x00331005, "UN", b"abcd")
    odd = some(1)[0]
    odd = replace(odd, header=Header.of(data_set))
    receiver.answers = dict.fromkeys(range(1, 4), _abort)

    first, second = deliver(sink_to(receiver.port, retries=2), [odd, *some(2)[1:]])

    assert isinstance(first, Failed)
    assert "tried 3 times" in first.reason
    assert f"each time at instance {odd.ref.sop_instance_uid}" in first.reason
    assert "(0010,0020) has the VR SH, PS3.6 says LO" in first.reason
    assert isinstance(second, Stored)

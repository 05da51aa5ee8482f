"""The stand-in, over real associations."""

from __future__ import annotations

import hashlib
import json
import logging
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.dsutils import encode

from dicomferry.contract.stand_in import Faults
from dicomferry.dicom.blob import BytesBlob
from dicomferry.dicom.splice import Spliced
from dicomferry.dimse import AssociationLostError, Peer, Timeouts, open_association
from dicomferry.errors import FerryError
from dicomferry.model import Destination
from dicomferry.xnat.naming.identifiers import ClassicIdentifier, DqrIdentifier
from dicomferry.xnat.naming.options import Identification, SiteRules
from dicomferry_plugins._stand_in.site.part10 import write_file
from dicomferry_plugins._stand_in.standin import XnatStandIn
from support.scu import store_each, undisturbed
from support.xnat_wire import rejection

MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
VERIFICATION = "1.2.840.10008.1.1"
PHILIPS_PRIVATE = "1.3.46.670589.5.0.1"
ENHANCED_RT = "1.2.840.10008.5.1.4.1.1.481.12"
COMMENT = "Project:P1 Subject:S1 Session:E1"

MakeDataset = Callable[..., Dataset]
Start = Callable[..., XnatStandIn]


@contextmanager
def association(standin: XnatStandIn, sop_class: str = MR_IMAGE) -> Iterator[Association]:
    entity = AE("SENDER")
    entity.add_requested_context(sop_class, ExplicitVRLittleEndian)
    entity.add_requested_context(VERIFICATION)
    assoc = entity.associate(standin.host, standin.port, ae_title="XNAT")
    try:
        yield assoc
    finally:
        if assoc.is_established:
            assoc.release()


def send(standin: XnatStandIn, *datasets: Dataset) -> list[Dataset]:
    with association(standin) as assoc:
        assert assoc.is_established
        return store_each(assoc, datasets)


def wire_bytes(dataset: Dataset) -> bytes:
    encoded = encode(dataset, is_implicit_vr=False, is_little_endian=True)
    assert encoded is not None
    return encoded


def test_an_echo_is_answered(start: Start) -> None:
    with association(start()) as assoc, undisturbed(assoc):
        assert assoc.send_c_echo().Status == 0x0000


def test_an_instance_is_filed_where_xnat_would_file_it(
    start: Start, make_dataset: MakeDataset
) -> None:
    standin = start()
    (answer,) = send(standin, make_dataset(PatientComments=COMMENT))
    assert answer.Status == 0x0000
    assert [receipt.destination for receipt in standin.receipts()] == [
        Destination("P1", "S1", "E1")
    ]


def test_the_receipt_has_the_digest_of_the_wire(start: Start, make_dataset: MakeDataset) -> None:
    standin, dataset = start(), make_dataset(PatientComments=COMMENT)
    send(standin, dataset)
    (receipt,) = standin.receipts()
    assert receipt.sha256 == hashlib.sha256(wire_bytes(dataset)).hexdigest()


def test_the_receipt_names_the_sender(start: Start, make_dataset: MakeDataset) -> None:
    standin = start()
    send(standin, make_dataset())
    assert standin.receipts()[0].calling_ae_title == "SENDER"


def test_the_stored_file_has_the_bytes_of_the_wire(
    start: Start, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    standin, dataset = start(storage=tmp_path), make_dataset(PatientComments=COMMENT)
    send(standin, dataset)
    (stored,) = tmp_path.rglob("*.dcm")
    assert stored.read_bytes().endswith(wire_bytes(dataset))


def test_the_stored_file_lies_in_project_session_and_scan(
    start: Start, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    standin = start(storage=tmp_path)
    send(standin, make_dataset(series=7, PatientComments=COMMENT))
    (stored,) = tmp_path.rglob("*.dcm")
    assert stored.parent == tmp_path / "P1" / "E1" / "SCANS" / "7" / "DICOM"


def test_the_stored_file_has_a_fresh_meta_group(
    start: Start, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    standin, dataset = start(storage=tmp_path), make_dataset()
    send(standin, dataset)
    (stored,) = tmp_path.rglob("*.dcm")
    meta = dcmread(stored).file_meta
    assert meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    assert meta.SourceApplicationEntityTitle == "SENDER"


def test_receipts_are_kept_as_json_lines(
    start: Start, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    standin = start(storage=tmp_path)
    send(standin, make_dataset(instance=1), make_dataset(instance=2))
    lines = (tmp_path / "receipts.jsonl").read_text().splitlines()
    assert [json.loads(line)["sop_instance_uid"] for line in lines] == [
        receipt.sop_instance_uid for receipt in standin.receipts()
    ]


def test_labels_cannot_lead_out_of_the_storage(
    start: Start, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    standin = start(storage=tmp_path / "storage")
    send(standin, make_dataset(PatientID="../../..", PatientName=".."))
    (stored,) = tmp_path.rglob("*.dcm")
    assert stored.is_relative_to(tmp_path / "storage")


def test_the_same_instance_sent_again_is_held_once(start: Start, make_dataset: MakeDataset) -> None:
    standin = start()
    send(standin, make_dataset(), make_dataset())
    assert len(standin.receipts()) == 2
    assert standin.tree().instances == 1


def test_another_called_ae_title_is_rejected_with_reason_7(start: Start) -> None:
    assert rejection(start().port, called="ORTHANC") == (1, 1, 7)


def test_a_class_xnat_does_not_take_is_refused_at_its_context(start: Start) -> None:
    with association(start(), ENHANCED_RT) as assoc:
        assert [context.abstract_syntax for context in assoc.rejected_contexts] == [ENHANCED_RT]


def test_a_deflated_transfer_syntax_is_refused(start: Start) -> None:
    standin = start()
    entity = AE("SENDER")
    entity.add_requested_context(MR_IMAGE, DeflatedExplicitVRLittleEndian)
    entity.add_requested_context(VERIFICATION)
    assoc = entity.associate(standin.host, standin.port, ae_title="XNAT")
    assert [context.abstract_syntax for context in assoc.rejected_contexts] == [MR_IMAGE]
    assoc.release()


def test_a_vendors_private_class_of_the_list_is_stored(
    start: Start, make_dataset: MakeDataset
) -> None:
    standin = start()
    dataset = make_dataset(SOPClassUID=PHILIPS_PRIVATE)
    with association(standin, PHILIPS_PRIVATE) as assoc:
        (answer,) = store_each(assoc, [dataset])

    assert answer.Status == 0x0000


def test_a_rule_that_throws_makes_it_refuse_with_c000(
    start: Start, make_dataset: MakeDataset
) -> None:
    site = SiteRules(subject=["(0010,0020):(.*):2"])
    standin = start(ClassicIdentifier(Identification(site=site)))
    (answer,) = send(standin, make_dataset(PatientID="MC0007"))
    assert answer.Status == 0xC000
    assert "group 2" in answer.ErrorComment
    assert standin.receipts() == ()


def test_bytes_that_are_no_data_set_are_refused_with_c000(
    start: Start, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = b"\x08\x00\x16\x00UI\xff\x7fcut!"
    monkeypatch.setattr("pynetdicom.association.encode", lambda *_args, **_options: cut)
    standin = start()
    (answer,) = send(standin, make_dataset())
    assert answer.Status == 0xC000
    assert standin.receipts() == ()


def test_an_identifier_that_fails_is_answered_with_c000(
    start: Start, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = ClassicIdentifier(Identification())
    monkeypatch.setattr(identifier, "forecast", lambda _header: dict[str, int]()["SECRET"])
    (answer,) = send(start(identifier), make_dataset())
    assert (answer.Status, answer.ErrorComment) == (0xC000, "KeyError")


def test_one_instance_on_two_associations_at_once_is_refused(
    start: Start, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    standin = start(storage=tmp_path)
    begun, answers = threading.Event(), list[Dataset]()

    def write_slowly(path: Path, data: bytes) -> None:
        if not begun.is_set():
            begun.set()
            answers.extend(send(standin, make_dataset()))
        write_file(path, data)

    monkeypatch.setattr("dicomferry_plugins._stand_in.site.content.write_file", write_slowly)
    answers.extend(send(standin, make_dataset()))
    assert [(answer.Status, answer.get("ErrorComment")) for answer in answers] == [
        (0xC000, "Concurrent file sends of the same data is not supported."), (0x0000, None),
    ]  # fmt: skip
    assert len(standin.receipts()) == 1


def test_dqr_keeps_a_study_in_the_session_of_its_first_instance(
    start: Start, make_dataset: MakeDataset
) -> None:
    standin = start(DqrIdentifier(Identification()))
    send(standin, make_dataset(instance=1, StudyID="77"), make_dataset(instance=2, StudyID="78"))
    assert {receipt.destination.session for receipt in standin.receipts()} == {"77"}


def test_every_nth_instance_is_refused_on_demand(start: Start, make_dataset: MakeDataset) -> None:
    standin = start(faults=Faults(refuse_every=2, refuse_status=0xA700))
    answers = send(standin, *(make_dataset(instance=number) for number in range(1, 5)))
    assert [answer.Status for answer in answers] == [0x0000, 0xA700, 0x0000, 0xA700]


@pytest.mark.parametrize(("drop_stored", "stored"), [(False, 1), (True, 2)])
def test_the_connection_is_dropped_on_demand(
    start: Start, make_dataset: MakeDataset, drop_stored: bool, stored: int
) -> None:
    standin = start(faults=Faults(drop_at=2, drop_stored=drop_stored))
    answers = send(standin, make_dataset(instance=1), make_dataset(instance=2))
    assert "Status" not in answers[1]
    assert len(standin.receipts()) == stored


def test_a_hanging_stand_in_can_be_stopped(start: Start, make_dataset: MakeDataset) -> None:
    standin = start(faults=Faults(hang_at=1, hang_seconds=600))
    entity = AE("SENDER")
    entity.dimse_timeout = 0.2
    entity.add_requested_context(MR_IMAGE, ExplicitVRLittleEndian)
    assoc = entity.associate(standin.host, standin.port, ae_title="XNAT")
    assert "Status" not in assoc.send_c_store(make_dataset())
    standin.stop()


def test_accepted_connections_send_without_delay(start: Start, make_dataset: MakeDataset) -> None:
    standin = start()
    with association(standin) as assoc:
        store_each(assoc, [make_dataset()])
        server = standin._scp._server
        assert server is not None
        (open_one,) = server._open
        assert open_one.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_it_says_that_it_is_no_xnat(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "dicomferry"):
        start()
    assert "not an XNAT" in caplog.text


def test_a_taken_port_is_a_clear_error(start: Start) -> None:
    taken = start()
    with pytest.raises(FerryError, match=f"{taken.host}:{taken.port}"):
        start(port=taken.port)


def test_sessions_are_archived_once_the_quiet_period_is_over(
    start: Start, make_dataset: MakeDataset
) -> None:
    standin = start()
    send(standin, make_dataset(PatientComments=COMMENT))
    standin.build()
    assert [session.status for session in standin.tree().sessions] == ["ARCHIVED"]


def test_dcmtk_stores_to_it(
    start: Start, make_dataset: MakeDataset, tmp_path: Path, dcmtk: Callable[[str], str]
) -> None:
    standin = start()
    for number in range(1, 4):
        dataset = make_dataset(instance=number, PatientComments=COMMENT)
        dataset.save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
    subprocess.run(
        [dcmtk("storescu"), "-aec", "XNAT", standin.host, str(standin.port), *tmp_path.iterdir()],
        check=True,
        timeout=60,
    )
    assert standin.tree().instances == 3


def test_an_odd_data_set_makes_it_abort_as_receivers_of_dcmtk_do(
    start: Start, make_dataset: MakeDataset
) -> None:
    standin = start()
    data = wire_bytes(make_dataset(PatientComments=COMMENT)) + b"\xe0\x7f\x10\x00OB\0\0\1\0\0\0\7"
    peer = Peer(standin.host, standin.port, "XNAT", "SENDER", Timeouts(30, 30, 30))
    syntaxes = (MR_IMAGE, str(ExplicitVRLittleEndian))
    sent = open_association(peer, [syntaxes])

    with pytest.raises(AssociationLostError, match="abort"):
        sent.store(MR_IMAGE, "1.2.3", syntaxes[1], Spliced([data], BytesBlob(b""), 0))

    assert standin.receipts() == ()
    assert [answer.Status for answer in send(standin, make_dataset(PatientComments=COMMENT))] == [0]

"""The sinks of a replay keep the contract of every sink, and a folder's is never left."""

from __future__ import annotations

from pathlib import Path

from dicomferry.contract.sink import Consignment, Parcel
from dicomferry.dicom.blob import BytesBlob
from dicomferry.dicom.instance import open_instance
from dicomferry.dimse import Peer
from dicomferry.engine.pipeline.own_sinks import FolderSink, ReceiverSink
from dicomferry.model import Destination, Location, Outcome, Rejected, Stored
from dicomferry.testing import instance_bytes
from dicomferry.testing.sinks import check_sink
from support import servers
from support.instances import make_instances


def files(folder: Path) -> list[Path]:
    make_instances(folder, 3)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def stored(root: Path, place: Destination, uid: str, name: str = "A") -> Outcome:
    """Have an instance stored that calls itself `uid`."""
    file = instance_bytes({"SOPInstanceUID": "1.2.3", "PatientName": name})
    with open_instance(BytesBlob(file), Location("memory")) as instance:
        header = instance.header
        ref = type(header.ref)("1.2", "1.2.1", uid, header.ref.sop_class_uid)
        parcel = Parcel(
            ref, instance.transfer_syntax_uid, header, place,
            lambda: instance.data_set(header), lambda: instance.file(header),
        )  # fmt: skip
        sink = FolderSink(root, receiver=str(root))
        with sink.open(Consignment(place, (), 1, len(file))) as filing:
            return filing.store(parcel)


def test_a_folder_keeps_the_contract_of_a_sink(tmp_path: Path) -> None:
    root = tmp_path / "out"

    check_sink(
        FolderSink(root, receiver="a folder"),
        files(tmp_path / "data"),
        lambda uid: next(root.rglob(f"{uid}.dcm")).read_bytes(),
    )


def test_a_receiver_keeps_the_contract_of_a_sink(
    tmp_path: Path, storescp: servers.StoreScp
) -> None:
    peer = Peer("127.0.0.1", storescp.port, "STORESCP", "DICOMFERRY")

    check_sink(ReceiverSink(peer, str(peer), lanes=1), files(tmp_path / "data"))


def test_a_file_lies_by_project_subject_session_and_uid(tmp_path: Path) -> None:
    assert stored(tmp_path, Destination("P", "S", "E"), "1.2.3") == Stored("P/S/E/1.2.3.dcm")
    assert stored(tmp_path, Destination(None, None, "E"), "1.2.3") == Stored(
        "Unassigned/none/E/1.2.3.dcm"
    )


def test_no_label_and_no_uid_leads_out_of_the_folder(tmp_path: Path) -> None:
    root = tmp_path / "out"

    outcome = stored(root, Destination("..", "/etc", "a/../.."), "../../../1.2")

    assert isinstance(outcome, Stored)
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert file == root / outcome.receipt
    assert file.resolve().is_relative_to(root.resolve())


def test_a_file_with_other_content_is_not_written_over(tmp_path: Path) -> None:
    place = Destination("P", "S", "E")
    stored(tmp_path, place, "1.2.3", "FIRST")
    before = (tmp_path / "P/S/E/1.2.3.dcm").read_bytes()

    outcome = stored(tmp_path, place, "1.2.3", "SECOND")

    assert isinstance(outcome, Rejected)
    assert (tmp_path / "P/S/E/1.2.3.dcm").read_bytes() == before
    assert isinstance(stored(tmp_path, place, "1.2.3", "FIRST"), Stored)

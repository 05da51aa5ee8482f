"""The servers that plug-in authors test against answer as real ones do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.uid import UID
from pynetdicom import AE, build_role, evt
from pynetdicom.association import Association

from dicomferry.testing import Pacs, header_of, instance_bytes, open_receiver
from support.scu import undisturbed

FIND, MOVE, GET = (UID(f"1.2.840.10008.5.1.4.1.2.2.{number}") for number in (1, 2, 3))
MR_IMAGE = UID("1.2.840.10008.5.1.4.1.1.4")

HELD = (
    {"PatientID": "P1", "PatientName": "DOE^JOHN", "StudyDate": "20050102"},
    {"PatientID": "P2", "PatientName": "ROE^JANE", "StudyDate": "20060102"},
    {"PatientID": "P2", "PatientName": "ROE^JANE", "StudyDate": "20060102", "InstanceNumber": 2,
     "StudyInstanceUID": "1.2.3"},
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "held"
    folder.mkdir()
    for number, attributes in enumerate(HELD):
        (folder / str(number)).write_bytes(instance_bytes(attributes))
    return folder


@pytest.fixture
def pacs(folder: Path) -> Iterator[Pacs]:
    with Pacs(folder) as server:
        yield server


def associated(pacs: Pacs, *, arrived: list[Dataset] | None = None) -> Association:
    entity = AE(ae_title="TEST")
    for uid in (FIND, MOVE, GET, MR_IMAGE):
        entity.add_requested_context(uid)

    def store(event: evt.Event) -> int:
        (arrived if arrived is not None else []).append(event.dataset)
        return 0

    association = entity.associate(
        pacs.host, pacs.port, ae_title=pacs.ae_title,
        ext_neg=[build_role(MR_IMAGE, scp_role=True)], evt_handlers=[(evt.EVT_C_STORE, store)],
    )  # fmt: skip
    assert association.is_established
    return association


def find(pacs: Pacs, level: str, **keys: str) -> list[Dataset]:
    query = Dataset()
    query.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(query, keyword, value)
    association = associated(pacs)
    with undisturbed(association):
        answers = [found for status, found in association.send_c_find(query, FIND) if found]
    association.release()
    return answers


@pytest.mark.parametrize(
    ("keys", "patients"),
    [
        ({}, ["P1", "P2", "P2"]),
        ({"PatientID": "P1"}, ["P1"]),
        ({"PatientID": "P?"}, ["P1", "P2", "P2"]),
        ({"PatientName": "roe*"}, ["P2", "P2"]),
        ({"StudyDate": "20050101-20051231"}, ["P1"]),
        ({"StudyDate": "20060101-"}, ["P2", "P2"]),
        ({"StudyInstanceUID": "1.2.3"}, ["P2"]),
        ({"StudyInstanceUID": "1.2.3\\1.2.4"}, ["P2"]),
        ({"PatientID": "P3"}, []),
    ],
)
def test_the_pacs_finds_studies(pacs: Pacs, keys: dict[str, str], patients: list[str]) -> None:
    found = find(pacs, "STUDY", **({"PatientID": "", "StudyInstanceUID": ""} | keys))

    assert sorted(answer.PatientID for answer in found) == patients


def test_the_pacs_gives_instances(pacs: Pacs) -> None:
    arrived: list[Dataset] = []
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    query.StudyInstanceUID = "1.2.3"
    association = associated(pacs, arrived=arrived)
    with undisturbed(association):
        *_, (status, _) = association.send_c_get(query, GET)
    association.release()

    assert status.Status == 0
    assert [instance.InstanceNumber for instance in arrived] == [2]


def test_the_pacs_moves_instances_to_a_receiver_it_knows(folder: Path, tmp_path: Path) -> None:
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    query.StudyInstanceUID = "1.2.3"
    with (
        open_receiver(tmp_path / "moved") as receiver,
        Pacs(folder, destinations={"XNAT": (receiver.host, receiver.port)}) as pacs,
    ):
        association = associated(pacs)
        with undisturbed(association):
            *_, (status, _) = association.send_c_move(query, "XNAT", MOVE)
        association.release()
        moved = receiver.receipts()

    assert status.Status == 0
    assert len(moved) == 1


def test_the_pacs_moves_nothing_to_whom_it_does_not_know(pacs: Pacs) -> None:
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    query.StudyInstanceUID = "1.2.3"
    association = associated(pacs)
    with undisturbed(association):
        *_, (status, _) = association.send_c_move(query, "NOBODY", MOVE)
    association.release()

    assert status.Status == 0xA801


def test_made_instances_differ_where_their_attributes_do() -> None:
    one, other = header_of({"InstanceNumber": 1}), header_of({"InstanceNumber": 2})

    assert one.ref.sop_instance_uid != other.ref.sop_instance_uid


def test_a_made_instance_is_the_same_every_time() -> None:
    assert instance_bytes({"PatientID": "X"}) == instance_bytes({"PatientID": "X"})

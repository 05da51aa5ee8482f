"""Every session vector that arrives by C-STORE: grouping, scan IDs, merging, conflicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dicomferry.model import AutoArchive, Destination, InstanceRef
from dicomferry.xnat import Generation
from dicomferry_plugins._stand_in.site.files import scan_folder
from dicomferry_plugins._stand_in.site.holdings import Holdings
from dicomferry_plugins._stand_in.site.sessions import Received

Vector = dict[str, Any]
VECTORS: list[Vector] = [
    vector
    for vector in json.loads(Path(__file__).with_name("sessions.json").read_text())
    if vector["context"]["transport"] == "c-store"
]


def received_of(item: Vector) -> Received:
    return Received(
        InstanceRef(
            item["study_instance_uid"],
            item["series_instance_uid"],
            item["sop_instance_uid"],
            "1.2.840.10008.5.1.4.1.1.4",
        ),
        Destination(item["project"], item["subject"], item["label"]),
        AutoArchive(item["auto_archive"]),
        item["series_number"],
        item["modality"],
        scan_folder(item["series_number"], item["series_instance_uid"], Generation.XNAT_1_10),
        f"{item['sop_instance_uid']}.dcm",
        100,
        item["sop_instance_uid"],
    )


def holdings_of(vector: Vector) -> Holdings:
    holdings = Holdings(vector["context"]["project_prearchive_code"])
    for archived in (True, False):
        for item in vector["situation"]:
            if item["already_archived"] is archived:
                holdings.receive(received_of(item))
        holdings.build()
    return holdings


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['id']}")
def test_sessions_end_where_the_vector_says(vector: Vector) -> None:
    expected = vector["expect"]["sessions"]
    holdings = holdings_of(vector)
    found = [
        {
            "project": session.destination.project,
            "label": session.destination.session,
            "subject": session.destination.subject,
            "study_instance_uid": session.study_instance_uid,
            "where": "archive" if session.status == "ARCHIVED" else "prearchive",
            "status": str(session.status),
            "scans": sorted(scan.id for scan in session.scans.values()),
        }
        for session in holdings.sessions()
    ]
    assert found == expected


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['id']}")
def test_scans_instances_and_conflicts_are_as_the_vector_says(vector: Vector) -> None:
    expected = vector["expect"]
    sessions = holdings_of(vector).sessions()
    scans = {uid: scan.id for session in sessions for uid, scan in session.scans.items()}
    conflicts = [session.conflict for session in sessions if session.conflict]
    assert scans == expected["scan_of_series"]
    assert sum(1 for session in sessions for _ in session.instances) == expected["stored_instances"]
    assert conflicts == ([expected["conflict"]] if expected["conflict"] else [])

"""The vectors once more, by another route: sent to the stand-in, and asked back over REST."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydicom import Dataset

from dicomferry.xnat.naming.identifiers import ClassicIdentifier, DqrIdentifier
from dicomferry.xnat.naming.options import Identification
from dicomferry_plugins._stand_in.site.settings import SiteSettings
from dicomferry_plugins._stand_in.standin import XnatStandIn
from support.instances import part10
from support.xnat_wire import Rest, rest_of, store, zip_of

Vector = dict[str, Any]
Start = Callable[..., XnatStandIn]
MakeDataset = Callable[..., Dataset]
HERE = Path(__file__)
NAMING = HERE.parents[2] / "core" / "xnat" / "naming"
NAMED: list[Vector] = json.loads((NAMING / "identification.json").read_text())
GROUPED: list[Vector] = json.loads(HERE.with_name("sessions.json").read_text())
STORED = [vector for vector in GROUPED if vector["context"]["transport"] == "c-store"]
UPLOADED = [vector for vector in GROUPED if vector["context"]["transport"] == "rest"]
AA = {"auto": " AA:true", "manual": " AA:false"}
WORDS = {"AutoArchive": "auto", "Manual": "manual"}


def name(vector: Vector) -> str:
    return str(vector["id"])


def named_by(vector: Vector) -> tuple[Any, Identification]:
    server = vector["server"]
    receiver = {key: rules for key, rules in server["receiver_rules"].items() if key != "aa"}
    declared = msgspec.convert(
        {
            "xnat": "1.9",
            "projects": server["projects"],
            "site": server["site_rules"],
            "receiver": receiver,
            "routing": server["routing"],
        },
        Identification,
    )
    kind = DqrIdentifier if server["identifier"] == "dqr" else ClassicIdentifier
    return kind(declared), declared


def send(vector: Vector, standin: XnatStandIn, rest: Rest) -> list[bool]:
    """Send a vector's data sets one by one; tell which were taken."""
    datasets = [Dataset.from_json(data) for data in vector["datasets"]]
    if vector["transport"] == "c-store":
        return [status == 0x0000 for dataset in datasets for status in store(standin, dataset)]
    query = {"import-handler": "gradual-DICOM", **vector["rest_parameters"]}
    return [rest.upload(part10(one), "one.dcm", **query).status_code == 200 for one in datasets]


@pytest.mark.filterwarnings("ignore:The value length")  # A60 has 73 characters on purpose
@pytest.mark.parametrize("vector", NAMED, ids=name)
def test_the_receiver_names_as_the_vector_says(start: Start, vector: Vector) -> None:
    identifier, declared = named_by(vector)
    settings = SiteSettings(prearchive_code=0, declared=declared)
    standin = start(identifier, rest_port=0, settings=settings)
    with rest_of(standin) as rest:
        taken = send(vector, standin, rest)
        assert taken == [not expected["refused"] for expected in vector["expect"]]
        destinations = [receipt.destination for receipt in standin.receipts()]
        wanted = [expected for expected in vector["expect"] if not expected["refused"]]
        for place, expected in zip(destinations, wanted, strict=True):
            found = {"project": place.project, "subject": place.subject, "session": place.session}
            compared = {k: v for k, v in expected.items() if k in found}
            for level in expected.get("ignore", []):
                compared.pop(level, None)
            assert {level: found[level] for level in compared} == compared
        asked = {row["autoarchive"] for row in rest.rows("/data/prearchive")}
        forecast = {expected["auto_archive"] for expected in wanted if expected["project"]}
        if len(wanted) == 1 and forecast and "auto_archive" not in wanted[0].get("ignore", []):
            assert {WORDS.get(word, "project-default") for word in asked} == forecast


def dataset_of(make_dataset: MakeDataset, item: Vector) -> Dataset:
    project = f"Project:{item['project']} " if item["project"] else ""
    wanted = AA.get(item["auto_archive"], "") if item["project"] else ""
    made = make_dataset(
        PatientComments=f"{project}Subject:{item['subject']} Session:{item['label']}{wanted}",
        SeriesNumber=item["series_number"],
        Modality=item["modality"],
    )
    made.StudyInstanceUID = item["study_instance_uid"]
    made.SeriesInstanceUID = item["series_instance_uid"]
    made.SOPInstanceUID = item["sop_instance_uid"]
    return made


def held(rest: Rest) -> list[Vector]:
    """Return what is there as the vectors have it, read over REST."""
    archived = [
        {
            "project": row["project"],
            "label": row["label"],
            "subject": row["subject_label"],
            "study_instance_uid": row["UID"],
            "where": "archive",
            "status": "ARCHIVED",
            "scans": sorted(scan["ID"] for scan in rest.rows(f"{row['URI']}/scans")),
        }
        for row in rest.rows("/data/experiments")
    ]
    waiting = [
        {
            "project": None if row["project"] == "Unassigned" else row["project"],
            "label": row["name"],
            "subject": row["subject"],
            "study_instance_uid": row["tag"],
            "where": "prearchive",
            "status": row["status"],
            "scans": sorted(scan["ID"] for scan in rest.rows(f"/data{row['url']}/scans")),
        }
        for row in rest.rows("/data/prearchive")
    ]
    return archived + waiting


@pytest.mark.parametrize("vector", STORED, ids=name)
def test_the_receiver_groups_as_the_vector_says(
    start: Start, make_dataset: MakeDataset, vector: Vector
) -> None:
    settings = SiteSettings(prearchive_code=vector["context"]["project_prearchive_code"])
    standin = start(rest_port=0, settings=settings)
    for archived in (True, False):
        for item in vector["situation"]:
            if item["already_archived"] is archived:
                assert store(standin, dataset_of(make_dataset, item)) == [0x0000]
        standin.build()
    expected = vector["expect"]
    with rest_of(standin) as rest:
        assert held(rest) == expected["sessions"]
        conflicts = [
            entry["entry"]
            for row in rest.rows("/data/prearchive")
            for entry in rest.rows(f"/data{row['url']}/logs")
        ]
    assert conflicts == ([expected["conflict"]] if expected["conflict"] else [])
    assert standin.tree().instances == expected["stored_instances"]


def upload(
    make_dataset: MakeDataset, rest: Rest, vector: Vector, handler: str
) -> tuple[int, list[Vector]]:
    files = {
        f"{number}.dcm": part10(dataset_of(make_dataset, item))
        for number, item in enumerate(vector["situation"])
    }
    first = vector["situation"][0]
    folder = f"/prearchive/projects/{first['project']}/20260101_000000000/{first['label']}"
    query = {"import-handler": handler, "dest": folder}
    answer = rest.upload(zip_of(files), **query)
    return answer.status_code, rest.rows("/data/prearchive")


@pytest.mark.parametrize("vector", UPLOADED, ids=name)
def test_dicom_zip_refuses_what_the_vector_says(
    start: Start, make_dataset: MakeDataset, vector: Vector
) -> None:
    with rest_of(start(rest_port=0, settings=SiteSettings(prearchive_code=0))) as rest:
        status, rows = upload(make_dataset, rest, vector, "DICOM-zip")
    assert status == vector["expect"]["by_handler"]["DICOM-zip"]["http"]
    assert len(rows) == vector["expect"]["prearchive_sessions"]


@pytest.mark.parametrize("vector", UPLOADED, ids=name)
def test_si_takes_it_and_the_build_fails_as_the_vector_says(
    start: Start, make_dataset: MakeDataset, vector: Vector
) -> None:
    with rest_of(start(rest_port=0, settings=SiteSettings(prearchive_code=0))) as rest:
        status, rows = upload(make_dataset, rest, vector, "SI")
        messages = [entry["entry"] for entry in rest.rows(f"/data{rows[0]['url']}/logs")]
    assert status == 200
    assert [row["status"] for row in rows] == ["ERROR"]
    assert messages == [vector["expect"]["error"]]
    assert len(rows) == vector["expect"]["prearchive_sessions"]

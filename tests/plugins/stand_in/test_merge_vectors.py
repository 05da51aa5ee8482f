"""What XNAT makes of scans that meet scans in the archive, asked of the stand-in from outside."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from dicomferry.xnat import ClassicIdentifier, Generation, Identification
from dicomferry_plugins._stand_in.site.settings import SiteSettings
from dicomferry_plugins._stand_in.standin import XnatStandIn
from support.xnat_wire import Rest, rest_of, store

Vector = dict[str, Any]
Start = Callable[..., XnatStandIn]
MakeDataset = Callable[..., Dataset]
_TEXT = Path(__file__).with_name("sessions_merge.json").read_text()
VECTORS: dict[str, Vector] = {vector["id"]: vector for vector in json.loads(_TEXT)}


def sent(standin: XnatStandIn, make_dataset: MakeDataset, items: list[Vector]) -> None:
    for item in items:
        made = make_dataset(
            PatientComments="Project:P1 Subject:S1 Session:E1",
            SeriesNumber=item["number"],
            Modality=item.get("modality", "MR"),
        )
        made.SeriesInstanceUID = item["series"]
        made.SOPInstanceUID = f"1.2.{int.from_bytes(item['sop'].encode())}"
        assert store(standin, made) == [0x0000]
    standin.build()


def scans_of(rest: Rest) -> dict[str, str]:
    """Return the scan ID of each series in the archive."""
    (session,) = rest.rows("/data/experiments")
    return {scan["UID"]: scan["ID"] for scan in rest.rows(f"{session['URI']}/scans")}


def test_a_later_file_of_a_scan_that_was_renamed_is_a_conflict(
    start: Start, make_dataset: MakeDataset
) -> None:
    vector = VECTORS["X1"]
    standin = start(rest_port=0, settings=SiteSettings(prearchive_code=4))
    sent(standin, make_dataset, vector["archived"])
    sent(standin, make_dataset, vector["then"])

    with rest_of(standin) as rest:
        (row,) = rest.rows("/data/prearchive")
        (entry,) = rest.rows(f"/data{row['url']}/logs")
    assert row["status"] == vector["expect"]["status"]
    assert entry["entry"] == vector["expect"]["conflict"]


def test_both_scans_that_were_renamed_together_may_grow_together(
    start: Start, make_dataset: MakeDataset
) -> None:
    standin = start(rest_port=0, settings=SiteSettings(prearchive_code=4))
    archived = VECTORS["X1"]["archived"]
    sent(standin, make_dataset, archived)
    sent(standin, make_dataset, [{**item, "sop": item["sop"] + "9"} for item in archived])

    with rest_of(standin) as rest:
        assert rest.rows("/data/prearchive") == []
        assert sorted(scans_of(rest).values()) == ["1-MR1", "1-MR2"]


def test_which_series_gets_which_suffix_goes_by_its_uid(
    start: Start, make_dataset: MakeDataset
) -> None:
    vector = VECTORS["X3"]
    standin = start(rest_port=0, settings=SiteSettings(prearchive_code=4))
    sent(standin, make_dataset, vector["archived"])

    with rest_of(standin) as rest:
        assert scans_of(rest) == vector["expect"]["scan_ids"]


@pytest.mark.filterwarnings("ignore:Invalid value for VR DA")
@pytest.mark.parametrize(("date", "end"), VECTORS["X5"]["study_dates"].items())
def test_a_study_date_that_is_no_date_is_refused_by_the_older_xnat(
    start: Start, make_dataset: MakeDataset, date: str, end: str
) -> None:
    declared = Identification(projects=["P1"], xnat=Generation.XNAT_1_9)
    standin = start(ClassicIdentifier(declared), settings=SiteSettings(declared=declared))
    made = make_dataset(PatientComments="Project:P1 Subject:S1 Session:E1")
    made.StudyDate = date

    assert store(standin, made) == [0x0000 if end == "taken" else 0xC000]


def test_scans_that_were_told_apart_go_on_counting_in_a_session_that_has_such(
    start: Start, make_dataset: MakeDataset
) -> None:
    standin = start(rest_port=0, settings=SiteSettings(prearchive_code=4))
    sent(standin, make_dataset, VECTORS["X1"]["archived"])
    more = ({"series": f"1.2.9.{last}", "number": "1", "sop": f"c{last}"} for last in (3, 4))
    sent(standin, make_dataset, list(more))

    with rest_of(standin) as rest:
        assert scans_of(rest) == {
            "1.2.9.1": "1-MR1", "1.2.9.2": "1-MR2", "1.2.9.3": "1-MR3", "1.2.9.4": "1-MR4",
        }  # fmt: skip


def test_an_instance_without_a_study_is_in_no_session_that_can_be_built(
    start: Start, make_dataset: MakeDataset
) -> None:
    standin = start(rest_port=0, settings=SiteSettings(prearchive_code=4))
    made = make_dataset(PatientComments="Project:P1 Subject:S1 Session:E1")
    del made.StudyInstanceUID
    assert store(standin, made) == [0x0000]
    standin.build()

    with rest_of(standin) as rest:
        (row,) = rest.rows("/data/prearchive")
        (entry,) = rest.rows(f"/data{row['url']}/logs")
    assert row["status"] == "ERROR"
    assert "NoUniqueSession" in entry["entry"]


def test_the_suffix_of_a_scan_that_joins_a_session_is_its_own_modality(
    start: Start, make_dataset: MakeDataset
) -> None:
    standin = start(rest_port=0, settings=SiteSettings(prearchive_code=4))
    pet = {"series": "1.2.9.1", "number": "1", "sop": "a1", "modality": "PT"}
    other = {"series": "1.2.9.3", "number": "2", "sop": "d1", "modality": "PT"}
    sent(standin, make_dataset, [pet])
    sent(standin, make_dataset, [
        {"series": "1.2.9.2", "number": "1", "sop": "c1", "modality": "SR"}, other,
    ])  # fmt: skip

    with rest_of(standin) as rest:
        assert scans_of(rest) == {"1.2.9.1": "1", "1.2.9.2": "1-OT1", "1.2.9.3": "2"}

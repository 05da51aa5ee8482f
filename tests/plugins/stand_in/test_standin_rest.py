"""The stand-in asked over REST: what real XNATs answer, in their shapes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from pydicom import Dataset

from dicomferry.contract.stand_in import Faults
from dicomferry.xnat.naming.identifiers import DqrIdentifier
from dicomferry.xnat.naming.options import Identification, RoutingRules, SiteRules
from dicomferry_plugins._stand_in.site.settings import SiteSettings
from dicomferry_plugins._stand_in.standin import XnatStandIn
from support.xnat_wire import Rest, rest_of, store

Start = Callable[..., XnatStandIn]
MakeDataset = Callable[..., Dataset]
NAMED = "Project:P1 Subject:S1 Session:E1"
PREARCHIVE_COLUMNS = [
    "project", "timestamp", "lastmod", "uploaded", "scan_date", "scan_time", "subject",
    "folderName", "name", "tag", "status", "url", "autoarchive", "prevent_anon",
    "prevent_auto_commit", "SOURCE", "VISIT", "PROTOCOL", "TIMEZONE",
]  # fmt: skip


@pytest.fixture
def standin(start: Start, tmp_path: Path) -> XnatStandIn:
    """A stand-in that keeps files and leaves sessions in the prearchive."""
    declared = Identification(
        projects=["P1", "P2"],
        site=SiteRules(project=["(0008,1030):(P.):1"]),
        receiver=RoutingRules(subject=["(0010,0020):(.*)", "(0010,0010):(.*)"]),
    )
    settings = SiteSettings(prearchive_code=0, declared=declared)
    return start(storage=tmp_path / "store", rest_port=0, settings=settings)


@pytest.fixture
def rest(standin: XnatStandIn) -> Iterator[Rest]:
    with rest_of(standin) as asked:
        yield asked


def received(standin: XnatStandIn, rest: Rest, *datasets: Dataset, build: bool = True) -> str:
    """Store data sets of one session and return its route in the prearchive."""
    assert set(store(standin, *datasets)) == {0x0000}
    if build:
        standin.build()
    (row,) = rest.rows("/data/prearchive")
    return f"/data{row['url']}"


def archived(standin: XnatStandIn, rest: Rest, *datasets: Dataset) -> str:
    """Archive one session and return its route."""
    source = received(standin, rest, *datasets)
    assert rest.ask("POST", "/data/services/archive", data={"src": source}).status_code == 301
    return "/data/projects/P1/subjects/S1/experiments/E1"


def test_a_login_opens_a_session_that_needs_no_login_again(standin: XnatStandIn) -> None:
    with rest_of(standin) as rest:
        session = rest.ask("POST", "/data/JSESSION").text
    with rest_of(standin, None) as rest:
        cookie = {"Cookie": f"JSESSIONID={session}"}
        assert rest.ask("GET", "/data/projects", headers=cookie).status_code == 200


def test_nobody_gets_in_without_a_login(standin: XnatStandIn) -> None:
    with rest_of(standin, None) as rest:
        assert rest.get("/data/projects").status_code == 401


def test_only_the_declared_login_gets_in(start: Start) -> None:
    standin = start(rest_port=0, settings=SiteSettings(login="me:right"))
    with rest_of(standin, ("me", "wrong")) as rest:
        assert rest.get("/data/projects").status_code == 401
    with rest_of(standin, ("me", "right")) as rest:
        assert rest.get("/data/projects").status_code == 200


def test_a_session_lapses(start: Start) -> None:
    standin = start(rest_port=0, settings=SiteSettings(session_timeout=0))
    with rest_of(standin) as rest:
        session = rest.ask("POST", "/data/JSESSION").text
    with rest_of(standin, None) as rest:
        cookie = {"Cookie": f"JSESSIONID={session}"}
        assert rest.ask("GET", "/data/projects", headers=cookie).status_code == 401


def test_an_alias_token_is_a_login(start: Start) -> None:
    standin = start(rest_port=0, settings=SiteSettings(login="me:right"))
    with rest_of(standin, ("me", "right")) as rest:
        token = rest.get("/data/services/tokens/issue").json()
    with rest_of(standin, (token["alias"], token["secret"])) as rest:
        assert rest.get("/data/projects").status_code == 200


def test_projects_are_those_declared(rest: Rest) -> None:
    assert [row["ID"] for row in rest.rows("/data/projects")] == ["P1", "P2"]


def test_a_project_that_is_not_there_is_404(rest: Rest) -> None:
    assert rest.get("/data/projects/NOPE").status_code == 404


def test_an_unknown_route_is_404_and_a_wrong_method_405(rest: Rest) -> None:
    assert rest.get("/data/nothing").status_code == 404
    assert rest.ask("DELETE", "/data/projects").status_code == 405


def test_the_prearchive_has_xnats_columns(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    received(standin, rest, make_dataset(PatientComments=NAMED))
    assert list(rest.rows("/data/prearchive")[0]) == PREARCHIVE_COLUMNS


def test_a_session_is_receiving_until_it_is_built(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    received(standin, rest, make_dataset(PatientComments=NAMED), build=False)
    assert [row["status"] for row in rest.rows("/data/prearchive")] == ["RECEIVING"]
    standin.build()
    assert [row["status"] for row in rest.rows("/data/prearchive")] == ["READY"]


def test_a_session_has_no_scans_before_it_is_built(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    route = received(standin, rest, make_dataset(PatientComments=NAMED), build=False)
    assert rest.rows(f"{route}/scans") == []


def test_the_prearchive_is_listed_by_project_and_by_study(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    dataset = make_dataset(PatientComments=NAMED)
    received(standin, rest, dataset)
    assert len(rest.rows("/data/prearchive/projects/P1")) == 1
    assert rest.rows("/data/prearchive/projects/P2,Unassigned") == []
    assert len(rest.rows("/data/prearchive", tag=dataset.StudyInstanceUID)) == 1
    assert rest.rows("/data/prearchive", tag="1.2.3") == []


def test_a_catalog_names_the_instances_by_uid(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    datasets = [make_dataset(number, PatientComments=NAMED) for number in (1, 2)]
    route = archived(standin, rest, *datasets)
    answer = rest.get(f"{route}/scans/1/resources/DICOM", format="xml")
    catalog = ET.fromstring(answer.content)
    assert catalog.tag == "{http://nrg.wustl.edu/catalog}DCMCatalog"
    assert catalog.get("UID") == datasets[0].SeriesInstanceUID
    entries = catalog.iter("{http://nrg.wustl.edu/catalog}entry")
    assert [entry.get("UID") for entry in entries] == [one.SOPInstanceUID for one in datasets]


@pytest.mark.parametrize("place", ["prearchive", "archive"])
def test_files_are_listed_and_handed_out(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset, tmp_path: Path, place: str
) -> None:
    dataset = make_dataset(PatientComments=NAMED)
    route = {"prearchive": received, "archive": archived}[place](standin, rest, dataset)
    (row,) = rest.rows(f"{route}/scans/1/resources/DICOM/files")
    (stored,) = (tmp_path / "store").rglob("*.dcm")
    assert row["Name"] == stored.name
    assert rest.get(row["URI"]).content == stored.read_bytes()


def test_files_of_all_scans_come_in_one_list(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    datasets = [make_dataset(1, number, PatientComments=NAMED) for number in (1, 2)]
    route = archived(standin, rest, *datasets)
    assert len(rest.rows(f"{route}/scans/ALL/files")) == 2
    assert len(rest.rows(f"{route}/scans/2/files")) == 1


def test_an_archived_session_is_found_by_uid_label_and_number(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    dataset = make_dataset(PatientComments=NAMED)
    archived(standin, rest, dataset)
    (row,) = rest.rows("/data/experiments", UID=dataset.StudyInstanceUID)
    assert (row["label"], row["subject_label"], row["xsiType"]) == (
        "E1",
        "S1",
        "xnat:mrSessionData",
    )
    assert rest.get(f"/data/experiments/{row['ID']}").status_code == 200
    assert len(rest.rows("/data/projects/P1/experiments", label="E1")) == 1
    assert rest.rows("/data/experiments", UID="1.2.3") == []


def test_columns_choose_and_the_uri_stays(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    archived(standin, rest, make_dataset(PatientComments=NAMED))
    (row,) = rest.rows("/data/experiments", columns="ID,label")
    assert set(row) == {"ID", "label", "URI"}


def test_data_archive_and_rest_are_the_same_routes(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    archived(standin, rest, make_dataset(PatientComments=NAMED))
    assert rest.rows("/data/archive/projects/P1/experiments") == rest.rows(
        "/REST/projects/P1/experiments"
    )


def test_a_session_is_an_item_with_its_scans(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    route = archived(standin, rest, make_dataset(PatientComments=NAMED))
    (item,) = rest.get(route).json()["items"]
    assert item["data_fields"]["label"] == "E1"
    assert [scan["data_fields"]["ID"] for scan in item["children"][0]["items"]] == ["1"]


def test_lists_are_paged_where_that_is_asked(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    answer = rest.get("/data/projects", offset="1", limit="1").json()["ResultSet"]
    assert [row["ID"] for row in answer["Result"]] == ["P2"]
    assert answer["totalRecords"] == "2"


def test_site_rules_are_shown_and_missing_ones_are_404(rest: Rest) -> None:
    (row,) = rest.rows("/data/config/dicom/projectRules", format="json")
    assert (row["contents"], row["status"]) == ("(0008,1030):(P.):1", "enabled")
    assert rest.get("/data/config/dicom/subjectRules").status_code == 404


def test_new_site_rules_are_gone_by_from_then_on(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    rule = "(0020,000E):(.*):1 t:.+ r:P2"
    assert rest.ask("PUT", "/data/config/dicom/projectRules", data=rule).status_code == 201
    store(standin, make_dataset(PatientComments=NAMED))
    assert standin.receipts()[0].destination.project == "P2"


def test_the_receiver_describes_itself(standin: XnatStandIn, rest: Rest) -> None:
    (receiver,) = rest.get("/xapi/dicomscp").json()
    assert (receiver["aeTitle"], receiver["port"]) == (standin.ae_title, standin.port)
    assert receiver["identifier"] == "dicomObjectIdentifier"
    assert receiver["subjectRoutingExpression"] == "(0010,0020):(.*)\n(0010,0010):(.*)"
    assert receiver["routingExpressionsEnabled"] is True


def test_the_site_says_that_it_is_no_xnat(rest: Rest) -> None:
    assert "not an XNAT" in rest.get("/xapi/siteConfig").json()["siteDescription"]


def test_one_preference_is_asked_for_by_name(rest: Rest) -> None:
    assert rest.get("/xapi/siteConfig/preventCrossModalityMerge").json() is True
    assert rest.get("/xapi/siteConfig/nope").status_code == 404


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_a_routed_study_goes_where_it_is_routed(start: Start, make_dataset: MakeDataset) -> None:
    declared = Identification(projects=["P1", "P2"])
    settings = SiteSettings(prearchive_code=0, declared=declared)
    standin = start(DqrIdentifier(declared), rest_port=0, settings=settings)
    dataset = make_dataset(StudyID="E1")
    route = f"/data/routing/{dataset.StudyInstanceUID}"
    with rest_of(standin) as rest:
        assert rest.get(route).status_code == 404
        assert rest.ask("PUT", route, data="project=P2", headers=FORM).status_code == 200
        store(standin, dataset)
        assert standin.receipts()[0].destination.project == "P2"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("project=P1", {"Content-Type": "text/plain"}, 415),
        ("", FORM, 400),
        ("project=P1&subject=S", FORM, 400),
        ("project=NOPE", FORM, 403),
    ],
)
def test_a_routing_xnat_refuses_is_refused(
    rest: Rest, body: str, headers: dict[str, str], status: int
) -> None:
    answer = rest.ask("PUT", "/data/routing/1.2.3", data=body, headers=headers)
    assert answer.status_code == status


def test_a_routing_is_forgotten_once_its_study_is_deleted(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    dataset = make_dataset(PatientComments=NAMED)
    route = f"/data/routing/{dataset.StudyInstanceUID}"
    rest.ask("PUT", route, data="project=P1", headers=FORM)
    rest.ask("DELETE", received(standin, rest, dataset))
    assert rest.get(route).status_code == 404


def test_a_conflict_is_409_in_xnats_words(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    archived(standin, rest, make_dataset(PatientComments=NAMED))
    source = received(standin, rest, make_dataset(study=2, PatientComments=NAMED))
    form = {"src": source, "overwrite": "append"}
    answer = rest.ask("POST", "/data/services/archive", data=form)
    assert answer.status_code == 409
    assert answer.text == "Invalid modification of session UID via archive process."
    assert [row["status"] for row in rest.rows("/data/prearchive")] == ["CONFLICT"]


def test_a_second_session_needs_leave_to_be_merged(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    archived(standin, rest, make_dataset(PatientComments=NAMED))
    source = received(standin, rest, make_dataset(2, PatientComments=NAMED))
    refused = rest.ask("POST", "/data/services/archive", data={"src": source})
    assert refused.text == "Session already exists, retry with overwrite enabled"
    form = {"src": source, "overwrite": "append"}
    assert rest.ask("POST", "/data/services/archive", data=form).status_code == 301
    assert standin.tree().instances == 2


def test_validation_tells_of_a_conflict_and_archives_nothing(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    archived(standin, rest, make_dataset(PatientComments=NAMED))
    source = received(standin, rest, make_dataset(study=2, PatientComments=NAMED))
    answer = rest.ask("POST", "/data/services/validate-archive", data={"src": source})
    assert [notice["type"] for notice in answer.json()] == ["CONFLICT", "FAIL"]
    assert [row["status"] for row in rest.rows("/data/prearchive")] == ["READY"]


def test_a_conflict_on_demand_ends_with_a_merge(start: Start, make_dataset: MakeDataset) -> None:
    standin = start(rest_port=0, faults=Faults(conflict_at=1))
    with rest_of(standin) as rest:
        source = received(standin, rest, make_dataset(PatientComments=NAMED))
        assert [row["status"] for row in rest.rows("/data/prearchive")] == ["CONFLICT"]
        form = {"src": source, "overwrite": "append"}
        rest.ask("POST", "/data/services/archive", data=form)
        assert len(rest.rows("/data/experiments")) == 1


def test_a_session_moves_to_another_project(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    route = received(standin, rest, make_dataset())
    answer = rest.ask("POST", route, params={"action": "move", "newProject": "P2"})
    assert answer.status_code == 301
    assert [row["project"] for row in rest.rows("/data/prearchive")] == ["P2"]


def test_a_commit_with_aa_archives(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    route = received(standin, rest, make_dataset(PatientComments=NAMED), build=False)
    answer = rest.ask("POST", route, params={"action": "commit", "AA": "true"})
    assert answer.headers["Location"] == "/data/archive/projects/P1/subjects/S1/experiments/E1"


def test_a_deleted_session_is_gone(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    route = received(standin, rest, make_dataset(PatientComments=NAMED))
    rest.ask("POST", "/data/services/prearchive/delete", data={"src": route})
    assert rest.rows("/data/prearchive") == []


def test_a_session_in_conflict_does_not_overwrite_what_is_archived(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    route = archived(standin, rest, make_dataset(PatientComments=NAMED))
    (row,) = rest.rows(f"{route}/scans/1/files")
    before = hashlib.sha256(rest.get(row["URI"]).content).hexdigest()
    received(standin, rest, make_dataset(PatientComments=NAMED, PatientID="other"))
    assert hashlib.sha256(rest.get(row["URI"]).content).hexdigest() == before

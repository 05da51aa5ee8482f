"""`services/import` with its documented quirks, on the stand-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pydicom import Dataset

from dicomferry.xnat.naming.options import Identification
from dicomferry_plugins._stand_in.site.settings import SiteSettings
from dicomferry_plugins._stand_in.standin import XnatStandIn
from support.instances import part10
from support.xnat_wire import Rest, rest_of, zip_of

Start = Callable[..., XnatStandIn]
MakeDataset = Callable[..., Dataset]
LABELS = {"PROJECT_ID": "P1", "SUBJECT_ID": "S1", "EXPT_LABEL": "E1"}


@pytest.fixture
def standin(start: Start) -> XnatStandIn:
    declared = Identification(projects=["P1", "P2"])
    return start(rest_port=0, settings=SiteSettings(prearchive_code=0, declared=declared))


@pytest.fixture
def rest(standin: XnatStandIn) -> Iterator[Rest]:
    with rest_of(standin) as asked:
        yield asked


def zipped(make_dataset: MakeDataset, *numbers: int, **junk: bytes) -> bytes:
    files = {f"{number}.dcm": part10(make_dataset(number)) for number in numbers}
    return zip_of({**files, **junk})


def test_parameters_beat_the_header(rest: Rest, make_dataset: MakeDataset) -> None:
    answer = rest.upload(zipped(make_dataset, 1, 2), **LABELS)
    (row,) = rest.rows("/data/prearchive")
    assert answer.text.strip() == f"/data{row['url']}"
    assert (row["project"], row["subject"], row["name"]) == ("P1", "S1", "E1")


def test_an_unknown_project_falls_back_to_the_header(rest: Rest, make_dataset: MakeDataset) -> None:
    rest.upload(zipped(make_dataset, 1), **{**LABELS, "PROJECT_ID": "NOPE"})
    assert [row["project"] for row in rest.rows("/data/prearchive")] == ["Unassigned"]


def test_one_bad_entry_is_400_and_what_was_read_stays(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    answer = rest.upload(zipped(make_dataset, 1, notes=b"not DICOM"), **LABELS)
    assert answer.status_code == 400
    assert standin.tree().instances == 1


def test_ignore_unparsable_takes_the_rest(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    content = zip_of({"notes": b"not DICOM", "1.dcm": part10(make_dataset(1))})
    answer = rest.upload(content, **LABELS, **{"Ignore-Unparsable": "true"})
    assert answer.status_code == 200
    assert standin.tree().instances == 1


def test_prearchive_code_with_any_overwrite_is_400(rest: Rest, make_dataset: MakeDataset) -> None:
    answer = rest.upload(zipped(make_dataset, 1), **LABELS, prearchive_code="1", overwrite="append")
    assert answer.status_code == 400


def test_two_files_in_one_call_are_400(rest: Rest, make_dataset: MakeDataset) -> None:
    file = part10(make_dataset(1))
    answer = rest.ask(
        "POST",
        "/data/services/import",
        files=[("a", ("a.dcm", file)), ("b", ("b.dcm", file))],
    )
    assert answer.status_code == 400
    assert "one uploaded resource at a time" in answer.text


def test_an_unknown_handler_is_400(rest: Rest, make_dataset: MakeDataset) -> None:
    answer = rest.upload(zipped(make_dataset, 1), **{"import-handler": "XAR"})
    assert answer.status_code == 400


def test_a_bare_body_of_application_dicom_is_one_instance(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    answer = rest.ask(
        "POST",
        "/data/services/import",
        params=LABELS,
        data=part10(make_dataset(1)),
        headers={"Content-Type": "application/dicom"},
    )
    assert answer.status_code == 200
    assert standin.tree().instances == 1


@pytest.mark.parametrize(("rename", "kept"), [("false", True), ("true", False)])
def test_the_client_names_the_file_unless_told_to_rename(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset, rename: str, kept: bool
) -> None:
    rest.upload(zipped(make_dataset, 1), **LABELS, rename=rename)
    standin.build()
    (row,) = rest.rows("/data/prearchive")
    (file,) = rest.rows(f"/data{row['url']}/scans/1/files")
    assert (file["Name"] == "1.dcm") is kept


def test_what_is_not_to_be_committed_is_not_built(
    standin: XnatStandIn, rest: Rest, make_dataset: MakeDataset
) -> None:
    rest.upload(zipped(make_dataset, 1), **LABELS, prevent_auto_commit="true")
    standin.build()
    assert [row["status"] for row in rest.rows("/data/prearchive")] == ["RECEIVING"]


def test_a_destination_in_the_archive_archives_at_once(
    rest: Rest, make_dataset: MakeDataset
) -> None:
    dest = "/archive/projects/P1/subjects/S1/experiments/E1"
    answer = rest.upload(zipped(make_dataset, 1), dest=dest)
    assert answer.text.strip() == f"/data{dest}"
    assert rest.rows("/data/prearchive") == []


def test_a_destination_in_the_prearchive_stays_there(
    start: Start, make_dataset: MakeDataset
) -> None:
    standin = start(rest_port=0, settings=SiteSettings(prearchive_code=4))
    with rest_of(standin) as rest:
        rest.upload(zipped(make_dataset, 1), dest="/prearchive/projects/P1", EXPT_LABEL="E1")
        standin.build()
        assert [row["status"] for row in rest.rows("/data/prearchive")] == ["READY"]


def test_receiver_rules_never_touch_what_is_uploaded(
    start: Start, make_dataset: MakeDataset
) -> None:
    from dicomferry.xnat.naming.identifiers import ClassicIdentifier
    from dicomferry.xnat.naming.options import RoutingRules

    declared = Identification(
        projects=["P1", "P2"],
        receiver=RoutingRules(project=["(0020,000E):(.*):1 t:.+ r:P2"]),
    )
    standin = start(
        ClassicIdentifier(declared),
        rest_port=0,
        settings=SiteSettings(prearchive_code=0, declared=declared),
    )
    with rest_of(standin) as rest:
        rest.upload(part10(make_dataset(1, StudyDescription="P1")), "1.dcm")
        assert [row["project"] for row in rest.rows("/data/prearchive")] == ["P1"]


def test_an_upload_of_nothing_is_400(rest: Rest) -> None:
    assert rest.ask("POST", "/data/services/import").status_code == 400

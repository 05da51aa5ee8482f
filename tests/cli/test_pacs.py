"""From a PACS to XNAT: by query and by DQR file, with C-GET and C-MOVE, across kills."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom import dcmread

from dicomferry.xnat.naming.identifiers import DqrIdentifier
from dicomferry.xnat.naming.options import Identification
from dicomferry_plugins._stand_in.standin import XnatStandIn
from support import pacs, servers
from support.cli import ferry
from support.instances import uid
from support.pacs_recipes import MOVER, csv_source, pacs_recipe
from support.processes import killed_run
from support.scripted_pacs import Script, scripted


@contextmanager
def standin(folder: Path, routed: int, port: int = 0) -> Iterator[XnatStandIn]:
    routing = {pacs.study_uid(number): "P" for number in range(1, routed + 1)}
    options = Identification(projects=["P"], routing=routing)
    with XnatStandIn(DqrIdentifier(options), folder / "xnat", port=port) as receiver:
        yield receiver


@contextmanager
def filled(kind: str, folder: Path, studies: int, port: int = 11112) -> Iterator[pacs.Pacs]:
    """Run a PACS with so many studies of two instances; the last of them is a CT."""
    for number in range(1, studies + 1):
        modality = "CT" if number == studies else "MR"
        pacs.study(folder / "in", number, Modality=modality)
    run = pacs.orthanc if kind == "orthanc" else servers.dcmqrscp
    with run(folder / kind, movers={MOVER: port}) as server:
        pacs.fill(server, folder / "in")
        yield server


def wanted_csv(studies: int) -> str:
    rows = (f"A{n:04},Subj{n:03},Subj{n:03}_MR1\n" for n in range(1, studies + 1))
    return "Accession Number,Subject,Session\n" + "".join(rows)


@pytest.fixture(autouse=True)
def _programs(dcmtk: Callable[[str], str]) -> None:
    dcmtk("dcmqrscp")
    if servers.program("Orthanc") is None:
        pytest.skip("Orthanc is not installed: sudo apt-get install orthanc")


@pytest.mark.parametrize(
    ("kind", "retrieve", "studies"),
    [
        ("orthanc", "c-get", 60),
        ("dcmqrscp", "c-get", 6),
        ("orthanc", "c-move", 6),
        ("dcmqrscp", "c-move", 60),
    ],
)
def test_the_studies_of_a_csv_arrive_relabelled(
    tmp_path: Path, kind: str, retrieve: str, studies: int
) -> None:
    port = servers.free_port()
    with filled(kind, tmp_path, studies, port) as server, standin(tmp_path, studies) as xnat:
        source = csv_source(tmp_path, wanted_csv(studies))
        recipe = pacs_recipe(
            tmp_path, server, xnat, source, routed=studies, retrieve=retrieve,
            move_ae_title=MOVER, move_port=port, batch=10,
        )  # fmt: skip
        result = ferry("run", recipe)
        xnat.build()
        sessions = [(s.label, s.instances) for s in xnat.tree().sessions]

    assert result.returncode == 0, result.stdout + result.stderr
    assert sorted(sessions) == [(f"Subj{n:03}_MR1", 2) for n in range(1, studies + 1)]
    assert not any((tmp_path / ".dicomferry" / "wanted" / "spool").iterdir())


def test_a_killed_run_is_finished_without_retrieving_anything_twice(tmp_path: Path) -> None:
    studies = [pacs.study(tmp_path / "in", number) for number in range(1, 17)]
    held = [dcmread(path) for paths in studies for path in paths]
    script, killed = Script(), threading.Event()
    with (
        scripted(held, script) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        # The seventh study is not sent before the run is killed, however late that is.
        script.waits = lambda: server.gets < 7 or killed.is_set()
        source = csv_source(tmp_path, wanted_csv(16))
        recipe = pacs_recipe(tmp_path, server, xnat, source, retrieve="c-get")
        killed_run(recipe, lambda: server.gets >= 7, workers=True)
        before = len(server.sent)
        killed.set()
        result = ferry("run", recipe, "--format", "json")
        arrived = {dcmread(file).SOPInstanceUID for file in xnat.files()}
        again = ferry("run", recipe, "--format", "json")

    assert result.returncode == 0, result.stdout + result.stderr
    assert before == 12
    assert len(arrived) == 32
    # Of the study under way, the PACS cannot know that nobody listens any more.
    assert 32 <= len(server.sent) <= 36
    assert json.loads(again.stdout)["retrieval"]["retrieved"] == 0


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_row_that_finds_several_studies_is_rejected_before_anything_is_retrieved(
    tmp_path: Path,
) -> None:
    with filled("dcmqrscp", tmp_path, 4) as server, standin(tmp_path, 4) as xnat:
        source = csv_source(
            tmp_path, "Modality,Accession Number,Subject\nMR,,Subj002\n,A0004,Subj004\n"
        )
        recipe = pacs_recipe(tmp_path, server, xnat, source, routed=4)
        result = ferry("run", recipe)
        stored = xnat.receipts()
    rejects = table(tmp_path / ".dicomferry" / "wanted" / "rejects.csv")
    rows = table(tmp_path / ".dicomferry" / "wanted" / "rows.csv")

    assert result.returncode == 1
    assert len(stored) == 2
    assert [row["Subject"] for row in rejects] == ["Subj002"]
    assert pacs.study_uid(1) in rejects[0]["Rejected because"]
    assert [(row["row"], row["outcome"]) for row in rows] == [("1", "rejected"), ("2", "stored")]


@pytest.mark.parametrize("kind", ["orthanc", "dcmqrscp"])
def test_a_modality_brings_no_study_of_another(tmp_path: Path, kind: str) -> None:
    with filled(kind, tmp_path, 5) as server, standin(tmp_path, 5) as xnat:
        source = csv_source(tmp_path, "Modality\nCT\n")
        result = ferry("run", pacs_recipe(tmp_path, server, xnat, source, routed=5))
        stored = {receipt.destination.session for receipt in xnat.receipts()}

    assert result.returncode == 0, result.stdout + result.stderr
    assert stored == {"S0005"}


def test_a_query_takes_ranges_wildcards_lists_and_chooses_series(tmp_path: Path) -> None:
    for number in range(1, 5):
        pacs.study(tmp_path / "in", number, series=2)
    with servers.dcmqrscp(tmp_path / "pacs") as server, standin(tmp_path, 4) as xnat:
        pacs.fill(server, tmp_path / "in")
        where = [
            {"PatientID": "P*", "StudyDate": "20210302-20210303"},
            {"AccessionNumber": "A0002\\A0003"},
        ]
        source = {
            "pacs-query": {
                "pacs": "clinic",
                "where": where,
                "series": {"exclude": {"SeriesNumber": ["1"]}},
            }
        }
        recipe = pacs_recipe(tmp_path, server, xnat, source, routed=4)
        result = ferry("run", recipe)
        stored = [receipt.destination.session for receipt in xnat.receipts()]

    assert result.returncode == 0, result.stdout + result.stderr
    assert sorted(stored) == ["S0001"] * 2 + ["S0002"] * 2 + ["S0003"] * 2


def test_a_plan_says_what_is_provisional_and_retrieves_nothing(tmp_path: Path) -> None:
    with filled("orthanc", tmp_path, 2) as server, standin(tmp_path, 2) as xnat:
        source = csv_source(tmp_path, wanted_csv(2))
        result = ferry("plan", pacs_recipe(tmp_path, server, xnat, source, routed=2))

    assert result.returncode == 0, result.stdout + result.stderr
    assert "Subj001_MR1" in result.stdout
    assert "provisional" in result.stdout
    assert not (tmp_path / ".dicomferry" / "wanted" / "spool").exists()


def test_a_file_with_errors_is_refused_before_the_pacs_is_asked(tmp_path: Path) -> None:
    nobody = servers.StoreScp(9, "NOBODY", tmp_path, None)  # type: ignore[arg-type]
    source = csv_source(tmp_path, "Acession Number,Subject\n1,S 1\n")
    result = ferry("plan", pacs_recipe(tmp_path, nobody, nobody, source))

    assert result.returncode == 2
    assert "wanted.csv:1:1" in result.stderr
    assert "wanted.csv:2:3" in result.stderr


def test_a_pacs_that_is_not_there_is_told_without_a_traceback(tmp_path: Path) -> None:
    nobody = servers.StoreScp(servers.free_port(), "NOBODY", tmp_path, None)  # type: ignore[arg-type]
    source = csv_source(tmp_path, wanted_csv(1))
    result = ferry("run", pacs_recipe(tmp_path, nobody, nobody, source))

    assert result.returncode == 2
    assert "NOBODY" in result.stderr
    assert "Traceback" not in result.stderr


def test_outside_its_hours_a_pacs_is_asked_nothing_unless_its_people_agree(tmp_path: Path) -> None:
    with filled("orthanc", tmp_path, 1) as server, standin(tmp_path, 1) as xnat:
        source = csv_source(tmp_path, wanted_csv(1))
        recipe = pacs_recipe(tmp_path, server, xnat, source, routed=1, hours={"all": "none"})
        closed = ferry("run", recipe)
        before = len(xnat.receipts())
        now = ferry("run", recipe, "--now")
        after = len(xnat.receipts())

    assert (closed.returncode, before) == (2, 0)
    assert "outside the hours of clinic" in closed.stderr
    assert (now.returncode, after) == (0, 2)


def test_a_small_spool_is_filled_and_emptied_until_all_is_there(tmp_path: Path) -> None:
    for number in range(1, 4):
        pacs.study(tmp_path / "in", number, instances=4, rows=300)
    with pacs.orthanc(tmp_path / "pacs") as server, standin(tmp_path, 3) as xnat:
        pacs.fill(server, tmp_path / "in")
        source = csv_source(tmp_path, wanted_csv(3))
        recipe = pacs_recipe(tmp_path, server, xnat, source, routed=3)
        result = ferry("run", recipe, "--spool", "1")
        stored = len(xnat.receipts())

    assert (result.returncode, stored) == (0, 12), result.stdout + result.stderr


def test_what_was_retrieved_goes_by_the_recipe_as_it_is_now_and_is_not_asked_for_again(
    tmp_path: Path,
) -> None:
    port = servers.free_port()
    with filled("dcmqrscp", tmp_path, 2) as server:
        with standin(tmp_path, 2, port) as xnat:
            recipe = pacs_recipe(
                tmp_path, server, xnat, csv_source(tmp_path, wanted_csv(2)), routed=2
            )
        assert ferry("run", recipe).returncode == 1, "the receiver is not there"
        with recipe.open("a") as file:
            file.write("transforms: [{remap: {set: {InstitutionName: NOW}}}]\n")

        with standin(tmp_path, 2, port):
            result = ferry("run", recipe, "--format", "json")

    assert result.returncode == 0, result.stdout + result.stderr
    assert json.loads(result.stdout)["retrieval"]["retrieved"] == 0
    sent = [dcmread(path).InstitutionName for path in (tmp_path / "xnat").rglob("*.dcm")]
    assert sent == ["NOW"] * 4


def test_a_diff_shows_what_is_known_of_an_instance_on_a_pacs_and_says_that_it_is_not_all(
    tmp_path: Path,
) -> None:
    with filled("dcmqrscp", tmp_path, 1) as server, standin(tmp_path, 1) as xnat:
        recipe = pacs_recipe(tmp_path, server, xnat, csv_source(tmp_path, wanted_csv(1)), routed=1)
        with recipe.open("a") as file:
            file.write("transforms: [{remap: {set: {InstitutionName: NOW}}}]\n")
        result = ferry("plan", recipe, "--diff", uid("sop", 1, 1, 1))

    assert result.returncode == 0, result.stderr
    told = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "still on clinic: this is made of what it told of the instance" in result.stdout
    assert 'PatientID "P0001" → "Subj001"' in told
    assert 'InstitutionName (not told) → "NOW"' in told
    assert told[-1] == "goes to P / Subj001 / Subj001_MR1"


def test_a_diff_of_what_was_retrieved_is_made_of_its_own_header(tmp_path: Path) -> None:
    with filled("dcmqrscp", tmp_path, 1) as server:
        with standin(tmp_path, 1) as xnat:
            source = csv_source(tmp_path, wanted_csv(1))
            recipe = pacs_recipe(tmp_path, server, xnat, source, routed=1)
        with recipe.open("a") as file:
            file.write('transforms: [{remap: {set_if_present: {Rows: "3"}}}]\n')
        assert ferry("run", recipe).returncode == 1, "the receiver is not there"
        result = ferry("plan", recipe, "--diff", uid("sop", 1, 1, 1))

    told = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "still on" not in result.stdout
    assert any(line.startswith("Rows ") for line in told), told
    assert 'PatientID "P0001" → "Subj001"' in told

"""Labels edited in a saved plan are what the receiver files under."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from ruamel.yaml import YAML

from dicomferry.xnat.naming.identifiers import ClassicIdentifier, DqrIdentifier
from dicomferry.xnat.naming.options import Identification
from dicomferry_plugins._stand_in.standin import XnatStandIn
from support import pacs, servers
from support.cli import ferry
from support.instances import uid
from support.journey import Journey, journey
from support.pacs_recipes import TWO_STUDIES, csv_source, pacs_recipe
from support.plan_tables import read, write as save

Places = dict[tuple[int, int], set[tuple[str | None, str | None, str]]]
"""Study and series, as numbers, to where the receiver has put their instances."""

IDENTIFY = {"project": "P", "subject": "{{ PatientID }}", "session": "{{ PatientID }}_MR"}


@pytest.fixture
def trip(tmp_path: Path) -> Iterator[Journey]:
    """Two studies of two series with two instances each, and an XNAT with two projects."""
    for number in (1, 2):
        pacs.study(tmp_path / "data", number, series=2)
    with journey(tmp_path, declared=Identification(projects=["P", "Q"])) as one:
        write(one, {"identify": IDENTIFY})
        yield one


def write(trip: Journey, *transforms: Any, allow: tuple[str, ...] = (), **rules: Any) -> None:
    """Write the recipe with these transforms alone."""
    trip.write(identification={"projects": ["P", "Q"], **rules})
    with trip.recipe.open() as file:
        recipe = YAML(typ="safe").load(file)
    with trip.recipe.open("w") as file:
        YAML(typ="safe").dump(recipe | {"transforms": list(transforms), "allow": list(allow)}, file)


def table(trip: Journey) -> Path:
    """Save the plan; its lines stand in the order of studies and series."""
    path = trip.folder / "plan.csv"
    result = trip.ferry("plan", "-o", path)
    assert path.exists(), result.stderr
    save(path, sorted(read(path), key=lambda row: (row["StudyDate"], row["SeriesNumber"])))
    return path


def edit(path: Path, lines: tuple[int, ...], **labels: str) -> Path:
    rows = read(path)
    for line in lines:
        rows[line] |= labels
    save(path, rows)
    return path


def run(trip: Journey, plan: Path, *options: object) -> dict[str, Any]:
    result = trip.ferry("run", "--plan", plan, "--format", "json", *options)
    assert result.returncode == 0, result.stdout + result.stderr
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def refused(trip: Journey, plan: Path) -> str:
    result = trip.ferry("run", "--plan", plan)
    assert result.returncode == 2, result.stdout + result.stderr
    assert not trip.xnat.receipts(), "something was sent"
    return result.stdout + result.stderr


def held(xnat: XnatStandIn) -> Places:
    """Return where the receiver has everything, by its own record."""
    names = {
        uid("sop", study, series, instance): (study, series)
        for study in (1, 2, 3) for series in (1, 2) for instance in (1, 2)
    }  # fmt: skip
    found: Places = {}
    for receipt in xnat.receipts():
        place = receipt.destination
        of_series = found.setdefault(names[receipt.sop_instance_uid], set())
        of_series.add((place.project, place.subject, place.session))
    return found


def codes(report: dict[str, Any]) -> dict[str, str]:
    return {problem["code"]: problem["severity"] for problem in report["problems"]}


@pytest.mark.parametrize(
    ("labels", "place"),
    [
        ({"project": "Q"}, ("Q", "P0001", "P0001_MR")),
        ({"subject": "S-1"}, ("P", "S-1", "P0001_MR")),
        ({"session": " BASELINE "}, ("P", "P0001", "BASELINE")),
        ({"project": "Q", "subject": "S1", "session": "S1_T0"}, ("Q", "S1", "S1_T0")),
    ],
)
def test_xnat_files_a_study_under_the_labels_that_were_edited(
    trip: Journey, labels: dict[str, str], place: tuple[str, str, str]
) -> None:
    report = run(trip, edit(table(trip), (0, 1), **labels))

    assert held(trip.xnat)[1, 1] == held(trip.xnat)[1, 2] == {place}
    assert codes(report)["labels-from-plan"] == "note"


def test_what_was_not_edited_keeps_the_labels_of_the_recipe(trip: Journey) -> None:
    run(trip, edit(table(trip), (0, 1), session="BASELINE"))

    assert held(trip.xnat)[2, 1] == held(trip.xnat)[2, 2] == {("P", "P0002", "P0002_MR")}


@pytest.mark.parametrize("way", ["comments", "fields", "both"])
def test_a_label_is_written_where_the_recipe_writes_its_own(trip: Journey, way: str) -> None:
    write(trip, {"identify": IDENTIFY | {"write": way}})

    run(trip, edit(table(trip), (0, 1), session="BASELINE"))

    file = next((trip.folder / "xnat").rglob("*BASELINE*/**/*.dcm"))
    sent = dcmread(file)
    assert ("BASELINE" in sent.get("PatientComments", "")) == (way != "fields")
    assert (sent.PatientID == "BASELINE") == (way != "comments")
    assert held(trip.xnat)[1, 1] == {("P", "P0001", "BASELINE")}


def test_a_level_that_the_recipe_leaves_to_xnat_can_be_edited(trip: Journey) -> None:
    write(trip, {"identify": {"project": "P"}})

    run(trip, edit(table(trip), (2, 3), subject="SECOND"))

    assert held(trip.xnat)[2, 2] == {("P", "SECOND", "P0002")}


def test_a_recipe_without_identify_has_edited_labels_written_all_the_same(trip: Journey) -> None:
    write(trip, {"remap": {"set": {"StudyDescription": "P"}}})

    run(trip, edit(table(trip), (0, 1), subject="FIRST", session="FIRST_T0"))

    assert held(trip.xnat)[1, 1] == {("P", "FIRST", "FIRST_T0")}
    assert held(trip.xnat)[2, 1] == {("P", "DOE_NR2", "P0002")}


def test_what_was_not_edited_is_the_same_to_the_byte(trip: Journey) -> None:
    write(trip, {"remap": {"set": {"StudyDescription": "P"}}})

    run(trip, edit(table(trip), (0, 1), session="FIRST_T0"))
    labelled = {receipt.sop_instance_uid: receipt.sha256 for receipt in trip.xnat.receipts()}
    with XnatStandIn(ClassicIdentifier(Identification(projects=["P"]))) as other:
        text = trip.recipe.read_text().replace(str(trip.xnat.port), str(other.port))
        trip.recipe.write_text(text)
        assert trip.ferry("run", "--state", trip.folder / "other").returncode == 0
        plain = {receipt.sop_instance_uid: receipt.sha256 for receipt in other.receipts()}

    same = {sop for sop in plain if plain[sop] == labelled[sop]}
    assert same == {uid("sop", 2, series, n) for series in (1, 2) for n in (1, 2)}


def test_a_series_edited_alone_becomes_a_session_with_a_study_of_its_own(trip: Journey) -> None:
    write(trip, {"identify": IDENTIFY}, {"unify-uids": {}})

    report = run(trip, edit(table(trip), (1,), session="P0001_T1"))

    assert held(trip.xnat)[1, 1] == {("P", "P0001", "P0001_MR")}
    assert held(trip.xnat)[1, 2] == {("P", "P0001", "P0001_T1")}
    trip.xnat.build()
    assert len({session.study_instance_uid for session in trip.xnat.tree().sessions}) == 3
    assert codes(report)["study-over-several-sessions"] == "warning"  # of the source


def test_a_transform_that_must_know_the_whole_sees_what_is_labelled_after_it(
    trip: Journey,
) -> None:
    pacs.study(trip.folder / "data", 3, PatientID="P0001", PatientName="DOE^NR1")
    write(trip, {"unify-uids": {}}, {"identify": IDENTIFY}, allow=("studies-joined-apart",))

    run(trip, edit(table(trip), (0, 1, 4), session="BASELINE"))

    trip.xnat.build()
    sessions = [(s.label, s.instances) for s in trip.xnat.tree().sessions]
    assert sorted(sessions) == [("BASELINE", 6), ("P0002_MR", 4)]


def test_without_unify_uids_a_study_over_two_sessions_is_warned_of(trip: Journey) -> None:
    report = run(trip, edit(table(trip), (1,), session="P0001_T1"), "--dry-run")

    assert codes(report)["study-over-several-sessions"] == "warning"


def test_a_dry_run_shows_where_it_would_go_and_sends_nothing(trip: Journey) -> None:
    plan = edit(table(trip), (0, 1), session="BASELINE")

    result = trip.ferry("run", "--plan", plan, "--dry-run")

    assert "BASELINE" in result.stdout
    assert "2 series by plan.csv: P / P0001 / BASELINE" in result.stdout
    assert not trip.xnat.receipts()


def test_a_label_on_a_line_that_is_left_out_asks_for_nothing(trip: Journey) -> None:
    report = run(trip, edit(table(trip), (0, 1), include="no", session="no label at all"))

    assert held(trip.xnat).keys() == {(2, 1), (2, 2)}
    assert "labels-from-plan" not in codes(report)


def test_a_label_that_a_rule_of_the_server_overrules_is_an_error(trip: Journey) -> None:
    rule = r"(0008,0050):A(\d+):1"
    write(trip, {"identify": {"project": "P"}}, site={"session": [rule]})

    told = refused(trip, edit(table(trip), (0, 1), session="BASELINE"))

    assert "forecast-mismatch" in told
    assert "the chosen plan asks for session 'BASELINE', but XNAT will take '0001'" in told


def test_a_label_lands_where_the_recipe_writes_none(trip: Journey) -> None:
    write(trip, {"identify": IDENTIFY, "when": "SeriesNumber == 1"})

    run(trip, edit(table(trip), (0, 1), session="BASELINE"))

    assert held(trip.xnat)[1, 1] == {("P", "P0001", "BASELINE")}
    assert {place[2] for place in held(trip.xnat)[1, 2]} == {"BASELINE"}


def test_a_label_lands_though_a_transform_of_the_site_writes_over_it(trip: Journey) -> None:
    comment = "AA:true Project:P Subject:{{ PatientID }} Session:{{ PatientID }}_MR"
    write(trip, {"identify": IDENTIFY}, {"remap": {"set": {"PatientComments": comment}}})

    run(trip, edit(table(trip), (0, 1), session="BASELINE"))

    sent = dcmread(next((trip.folder / "xnat").rglob("*BASELINE*/**/*.dcm")))
    assert sent.PatientComments == "Project:P Subject:P0001 Session:BASELINE AA:true"
    assert held(trip.xnat)[1, 1] == held(trip.xnat)[1, 2] == {("P", "P0001", "BASELINE")}
    assert held(trip.xnat)[2, 1] == {("P", "P0002", "P0002_MR")}


def test_a_label_written_over_behind_the_whole_is_sent_as_it_was_planned(trip: Journey) -> None:
    comment = "Project:P Subject:{{ PatientID }} Session:{{ PatientID }}_MR"
    overwriting = {"remap": {"set": {"PatientComments": comment}}}
    write(trip, {"identify": IDENTIFY}, {"unify-uids": {}}, overwriting)

    run(trip, edit(table(trip), (1,), session="P0001_T1"))

    assert held(trip.xnat)[1, 2] == {("P", "P0001", "P0001_T1")}
    trip.xnat.build()
    assert len({session.study_instance_uid for session in trip.xnat.tree().sessions}) == 3


def test_another_label_that_changes_with_an_edited_one_is_refused_in_its_place(
    trip: Journey,
) -> None:
    write(trip, {"remap": {"set": {"PatientComments": "Project:Q Subject:{{ PatientID }}"}}})
    plan = edit(table(trip), (0,), session="BASELINE")

    told = refused(trip, plan)

    assert f"{plan}:2:" in told
    assert "the subject is another now" in told
    assert "have identify in the recipe name all that is wanted" in told


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("", "was taken away"),
        ("Unassigned", "was taken away"),
        ("A; B", "is several labels"),
        ("CASE 01", "has what XNAT replaces by '_' in a label"),
        ("1,23E+11", "has what XNAT replaces by '_' in a label"),
        ("4-Mar", "is a date that a spreadsheet has made of a label"),
    ],
)
@pytest.mark.parametrize("level", ["project", "subject", "session"])
def test_what_cannot_be_a_label_is_refused_in_its_place(
    trip: Journey, level: str, label: str, told: str
) -> None:
    plan = edit(table(trip), (2,), **{level: label})

    said = refused(trip, plan)

    assert f"{plan}:4:" in said
    assert f"the {level} " in said
    assert told in said


def test_an_edited_check_is_refused_in_its_place(trip: Journey) -> None:
    plan = edit(table(trip), (2,), check="p0-1x0")

    assert f"{plan}:4:" in refused(trip, plan)


def test_leading_zeros_that_a_spreadsheet_took_away_are_no_edit(trip: Journey) -> None:
    write(trip, {"identify": IDENTIFY | {"subject": "{{ PatientID | replace('P', '') }}"}})
    plan = table(trip)
    assert read(plan)[0]["subject"] == "0001"

    report = run(trip, edit(edit(plan, (0, 1), subject="1"), (2, 3), subject="2"))

    assert held(trip.xnat)[1, 1] == {("P", "0001", "P0001_MR")}
    assert codes(report)["zeros-restored"] == "note"
    assert "labels-from-plan" not in codes(report)


def test_a_session_that_two_subjects_are_to_have_is_refused_with_both_lines(trip: Journey) -> None:
    plan = edit(table(trip), (2, 3), session="P0001_MR")

    told = refused(trip, plan)

    assert f"{plan}:4:" in told
    assert "the session is of another subject on line 2" in told


def test_two_patients_that_become_one_subject_are_an_error(trip: Journey) -> None:
    told = refused(trip, edit(table(trip), (2, 3), subject="P0001"))

    assert "patients-merged" in told
    assert "P0002" not in told.split("patients-merged")[1].split("\n")[0]


def test_two_patients_become_one_subject_where_the_recipe_allows_it(trip: Journey) -> None:
    write(trip, {"identify": IDENTIFY}, allow=("patients-merged",))

    run(trip, edit(table(trip), (2, 3), subject="P0001"))

    assert held(trip.xnat)[2, 1] == {("P", "P0001", "P0002_MR")}


def test_a_patient_with_two_subjects_may_become_one(trip: Journey) -> None:
    pacs.study(trip.folder / "data", 3, PatientID="P0001", PatientName="NEE^NR1")
    write(
        trip, {"identify": IDENTIFY | {"subject": "{{ PatientName }}", "session": "{{ StudyID }}"}}
    )

    run(trip, edit(table(trip), (4,), subject="DOE_NR1"))

    assert held(trip.xnat)[3, 1] == {("P", "DOE_NR1", "S0003")}


def test_labels_that_have_changed_places_are_an_error(trip: Journey) -> None:
    plan = edit(table(trip), (0, 1), subject="P0002", session="P0002_MR")

    told = refused(trip, edit(plan, (2, 3), subject="P0001", session="P0001_MR"))

    assert "the subjects of 4 lines of plan.csv have changed places among them" in told
    assert "labels-swapped" in told


def test_the_same_table_again_stores_nothing_again(trip: Journey) -> None:
    plan = edit(table(trip), (0, 1), session="BASELINE")
    run(trip, plan)

    report = run(trip, plan)

    assert report["sinks"]["xnat-cstore"]["stored"] == 0
    assert len(trip.xnat.receipts()) == 8


def test_a_run_goes_on_under_the_edited_labels_where_it_stopped(trip: Journey) -> None:
    plan = edit(table(trip), (0, 1, 2, 3), project="Q")
    run(trip, plan, "--limit", "1")

    run(trip, plan)

    assert {place[0] for places in held(trip.xnat).values() for place in places} == {"Q"}
    assert len(trip.xnat.receipts()) == 8


def test_without_the_table_nothing_is_filed_a_second_time(trip: Journey) -> None:
    run(trip, edit(table(trip), (0, 1), session="BASELINE"))

    result = trip.ferry("run")

    assert result.returncode == 2
    assert "stored-under-other-labels" in result.stdout
    assert (
        "4 instances have been stored as P / P0001 / BASELINE by a chosen plan, and would go to"
        " P / P0001 / P0001_MR as well" in result.stdout
    )
    assert len(trip.xnat.receipts()) == 8


def test_without_the_table_the_labels_are_the_recipes_again(trip: Journey) -> None:
    trip.ferry("run", "--dry-run", "--plan", edit(table(trip), (0, 1), session="BASELINE"))

    assert trip.ferry("run").returncode == 0
    assert held(trip.xnat)[1, 1] == {("P", "P0001", "P0001_MR")}


def test_labels_that_are_put_into_the_recipe_go_on_from_the_table(trip: Journey) -> None:
    run(trip, edit(table(trip), (0, 1, 2, 3), project="Q"), "--limit", "1")
    write(trip, {"identify": IDENTIFY | {"project": "Q"}})

    assert trip.ferry("run").returncode == 0
    assert held(trip.xnat)[1, 1] == {("Q", "P0001", "P0001_MR")}
    assert len(trip.xnat.receipts()) == 8


def test_a_replay_reproduces_edited_labels_to_the_byte(trip: Journey) -> None:
    report = run(trip, edit(table(trip), (0, 1), session="BASELINE"))

    result = ferry("replay", report["manifest"])

    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.splitlines()[-1] == "8 instances: every byte is the same."


def test_a_replay_without_the_edited_labels_is_not_called_the_same(trip: Journey) -> None:
    report = run(trip, edit(table(trip), (0, 1), session="BASELINE"))
    head, *lines = Path(report["manifest"]).read_text().splitlines()
    stripped = trip.folder / "stripped.jsonl"
    plain = json.dumps({key: value for key, value in json.loads(head).items() if key != "labels"})
    stripped.write_text("\n".join([plain, *lines]) + "\n")

    result = ferry("replay", stripped)

    assert result.returncode == 1
    assert "4 of 8 instances identical." in result.stdout


def test_verify_knows_edited_labels_and_what_was_written_of_them(trip: Journey) -> None:
    run(trip, edit(table(trip), (0, 1), session="BASELINE"))
    trip.xnat.build()

    report = trip.verify("--content", "all")

    assert {"BASELINE", "P0002_MR"} == {session["session"] for session in report["sessions"]}
    assert report["landed"]


@contextmanager
def routed(folder: Path, port: int = 0) -> Iterator[XnatStandIn]:
    """Start an XNAT that takes both studies for the project P, as DQR's receiver does."""
    routing = {pacs.study_uid(number): "P" for number in (1, 2)}
    options = Identification(projects=["P"], routing=routing)
    with XnatStandIn(DqrIdentifier(options), folder / "xnat", port=port) as xnat:
        yield xnat


def pacs_trip(folder: Path, clinic: servers.Dcmqrscp, xnat: XnatStandIn) -> Journey:
    """Write the recipe that brings both studies of the clinic."""
    recipe = pacs_recipe(folder, clinic, xnat, csv_source(folder, TWO_STUDIES), routed=2)
    trip = Journey(folder, xnat)
    recipe.rename(trip.recipe)
    return trip


def test_a_study_of_a_pacs_is_filed_under_the_labels_that_were_edited(
    tmp_path: Path, clinic: servers.Dcmqrscp
) -> None:
    with routed(tmp_path) as xnat:
        trip = pacs_trip(tmp_path, clinic, xnat)

        report = run(trip, edit(table(trip), (0, 1), subject="NEW", session="NEW_T0"))

        assert report["retrieval"]["retrieved"] == 6
        assert held(xnat)[1, 1] == held(xnat)[1, 2] == {("P", "NEW", "NEW_T0")}
        assert held(xnat)[2, 1] == {("P", "S2", "S2_MR")}


def test_a_label_that_the_receiver_takes_from_nowhere_is_an_error(
    tmp_path: Path, clinic: servers.Dcmqrscp
) -> None:
    with routed(tmp_path) as xnat:
        trip = pacs_trip(tmp_path, clinic, xnat)

        told = refused(trip, edit(table(trip), (0, 1), project="Q"))

        assert "asks for project 'Q', but XNAT will take 'P' (by routing of the study)" in told


def test_a_series_that_its_study_takes_along_is_refused_in_its_place(
    tmp_path: Path, clinic: servers.Dcmqrscp
) -> None:
    with routed(tmp_path) as xnat:
        trip = pacs_trip(tmp_path, clinic, xnat)
        plan = edit(table(trip), (1,), session="LATER")

        told = refused(trip, plan)

        assert f"{plan}:3:" in told
        assert "the session that is asked for is not the one XNAT would take" in told


def test_what_was_retrieved_before_goes_under_labels_that_are_edited_now(
    tmp_path: Path, clinic: servers.Dcmqrscp
) -> None:
    port = servers.free_port()
    with routed(tmp_path, port) as xnat:
        trip = pacs_trip(tmp_path, clinic, xnat)
        plan = table(trip)
    assert trip.ferry("run").returncode == 1, "the receiver is not there"

    with routed(tmp_path, port) as xnat:
        report = run(trip, edit(plan, (0, 1), subject="NEW", session="NEW_T0"))

        assert report["retrieval"]["retrieved"] == 0
        assert held(xnat)[1, 1] == held(xnat)[1, 2] == {("P", "NEW", "NEW_T0")}
        assert held(xnat)[2, 1] == {("P", "S2", "S2_MR")}

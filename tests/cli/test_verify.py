"""`verify` tells what XNAT holds, instance by instance, and what mends what it does not."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from ruamel.yaml import YAML

from dicomferry.contract.stand_in import Faults
from support import pacs
from support.instances import make_instances
from support.journey import PASSWORD, Journey, journey
from support.scripted_pacs import Script, scripted


def verdicts(report: dict[str, Any]) -> list[str]:
    return [session["verdict"] for session in report["sessions"]]


def missing(report: dict[str, Any]) -> list[str]:
    return [m["sop_instance_uid"] for s in report["sessions"] for m in s["missing"]]


def uid(number: int) -> str:
    return f"2.25.3{number:028d}"


def carry(trip: Journey, count: int = 12, *, build: bool = True) -> None:
    make_instances(trip.folder / "data", count)
    result = trip.ferry("run")
    assert result.returncode == 0, result.stdout + result.stderr
    if build:
        trip.xnat.build()


def test_everything_that_is_archived_as_forecast_has_landed(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        carry(trip)

        result = trip.ferry("verify")

        assert result.returncode == 0, result.stdout + result.stderr
        assert "4 of 4 sessions landed as forecast." in result.stdout


def test_what_is_being_received_waits(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        carry(trip, build=False)

        report = trip.verify()

        assert verdicts(report) == ["waiting in the prearchive"] * 4
        assert report["sessions"][0]["where"][0]["state"] == "RECEIVING"
        assert "--wait" in report["sessions"][0]["mend"]
        assert not missing(report)


def test_what_a_project_keeps_in_the_prearchive_waits_for_a_person(tmp_path: Path) -> None:
    with journey(tmp_path, prearchive_code=0) as trip:
        carry(trip)

        (session, *_) = trip.verify()["sessions"]

        assert session["verdict"] == "waiting in the prearchive"
        assert (session["where"][0]["state"], session["held"]) == ("READY", 3)
        assert f"{trip.xnat.url}/data/services/archive" in session["mend"]


def test_what_xnat_dropped_in_silence_is_named_and_sent_again(tmp_path: Path) -> None:
    with journey(tmp_path, faults=Faults(lose_every=9)) as trip:
        carry(trip, 30)

        lost = missing(report := trip.verify())
        assert len(lost) == 3
        assert set(verdicts(report)) == {"landed", "short"}
        assert {uid(n) for n in range(30)} - set(_held(trip)) == set(lost)

        assert trip.verify("--send-again")["due_again"] == 3
        result = trip.ferry("run")
        assert "3 instances stored" in result.stdout
        trip.xnat.build()
        assert verdicts(trip.verify()) == ["landed"] * 4


def test_whose_images_a_receiver_has_lost_is_forgotten(tmp_path: Path) -> None:
    """Another patient may have the label then, and the same one another label."""
    with journey(tmp_path, faults=Faults(lose_every=1)) as trip:
        carry(trip)
        before = stored_patients(trip)
        trip.verify("--send-again")

        assert before
        assert stored_patients(trip) == 0


def stored_patients(trip: Journey) -> int:
    (path,) = trip.folder.glob(".dicomferry/*/ledger.sqlite")
    with closing(sqlite3.connect(path)) as ledger:
        (count,) = ledger.execute("SELECT count(*) FROM stored_patient").fetchone()
    return int(count)


def _held(trip: Journey) -> list[str]:
    sessions = trip.xnat.site.holdings.sessions()
    return [i.ref.sop_instance_uid for session in sessions for i in session.instances]


def test_verify_alone_makes_nothing_due_again(tmp_path: Path) -> None:
    with journey(tmp_path, faults=Faults(lose_every=9)) as trip:
        carry(trip)
        trip.verify()

        assert "0 instances stored" in trip.ferry("run").stdout


def test_a_session_of_which_nothing_is_there_is_empty(tmp_path: Path) -> None:
    with journey(tmp_path, faults=Faults(lose_every=1)) as trip:
        carry(trip)

        assert verdicts(trip.verify()) == ["empty"] * 4


def test_what_was_not_sent_yet_is_mended_by_a_run(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        make_instances(trip.folder / "data", 12)
        trip.ferry("run", "--limit", 1)
        trip.xnat.build()

        (first, *others) = trip.verify()["sessions"]

        assert first["verdict"] == "landed"
        assert others[0]["verdict"] == "empty"
        assert others[0]["mend"] == f"dicomferry run {trip.recipe}"
        assert not others[0]["missing"][0]["sent"]


def test_the_mend_names_params_and_state_as_they_were_given(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        trip.write(params={"where": {"default": "data"}})
        make_instances(trip.folder / "data", 4)
        options = ("--set", "where=a b", "--state", tmp_path / "state")
        trip.ferry("plan", *options)

        (session, *_) = trip.verify(*options)["sessions"]

    mend = f"dicomferry run {trip.recipe} --set 'where=a b' --state {tmp_path / 'state'}"
    assert session["mend"] == mend


def test_a_conflict_is_told_in_xnats_words_with_its_mend(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        trip.write(session="SAME")
        make_instances(trip.folder / "data", 4, sessions=1)
        assert trip.ferry("run").returncode == 0
        trip.xnat.build()
        for path in (trip.folder / "data").rglob("I*"):
            content = path.read_bytes()
            for kind in (1, 3):
                mine, other = (b"2.25.%d%028d" % (kind, n) for n in (0, 77))
                content = content.replace(mine, other)
            path.write_bytes(content)
            break
        trip.ferry("run")
        trip.xnat.build()

        (session,) = trip.verify()["sessions"]

        assert session["verdict"] == "waiting in the prearchive"
        assert session["where"][0]["state"] == "CONFLICT"
        assert "Invalid modification of session UID" in session["message"]
        assert "unify-uids" in session["mend"]


def test_what_landed_in_unassigned_landed_elsewhere(tmp_path: Path) -> None:
    from dicomferry.xnat.naming.options import Identification

    with journey(tmp_path, declared=Identification(projects=["OTHER"])) as trip:
        carry(trip)

        (session, *_) = trip.verify()["sessions"]

        assert session["verdict"] == "landed elsewhere"
        assert session["where"][0]["project"] is None
        assert "action=move&newProject=P'" in session["mend"]
        assert "dicomferry doctor" in session["mend"]


def test_what_landed_under_another_label_is_found_by_its_study(tmp_path: Path) -> None:
    from dicomferry.xnat.naming.options import Identification, SiteRules

    rules = SiteRules(session=["(0010,0020):(.*)"])
    with journey(tmp_path, declared=Identification(projects=["P"], site=rules)) as trip:
        carry(trip)

        (session, *_) = trip.verify()["sessions"]

        assert session["verdict"] == "landed elsewhere"
        assert session["where"] == [
            {"project": "P", "subject": "MC0000", "session": "MC0000", "state": "ARCHIVED"}
        ]


def test_contents_are_the_same_apart_from_what_is_anonymized(tmp_path: Path) -> None:
    with journey(tmp_path, anonymize=True) as trip:
        trip.write(transforms=[{"unify-uids": {"study": "derive"}}])
        carry(trip)

        report = trip.verify("--content", "all")

        assert [one["sameness"] for one in report["content"]] == ["="] * 12


SITE = """\
version "6.1"
removeAllPrivateTags
(0008,0020) := shiftDateByIncrement[(0008,0020), "-1"]
(0008,0080) := project
"""
OF_PROJECT = 'version "6.1"\n-(0008,1030)\n'


def test_contents_are_the_same_apart_from_what_the_scripts_change(tmp_path: Path) -> None:
    scripts = {"site_script": SITE, "project_scripts": {"P": OF_PROJECT}}
    with journey(tmp_path, anonymize=True, **scripts) as trip:
        carry(trip, 4)
        assert {one["sameness"] for one in trip.verify("--content", "all")["content"]} == {"*"}

        assert trip.ferry("doctor", "--write").returncode == 0
        assert trip.ferry("plan").returncode == 0

        report = trip.verify("--content", "all")
        assert [one["sameness"] for one in report["content"]] == ["="] * 4


def test_a_plan_names_what_it_does_not_understand_of_a_script(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        numbered = f"{SITE}(0020,0011) := 7\n"
        trip.write(server={"scripts": {"site": numbered}})
        carry(trip, 4)

        problems = json.loads(trip.ferry("plan", "--format", "json").stdout)["problems"]

    found = {one["code"]: one["message"] for one in problems}
    assert "xnat rewrites StudyDate, InstitutionName, SeriesNumber" in found["site-anonymizes"]
    assert found["site-script-changes-filing"].endswith("the site's script changes SeriesNumber")
    assert "line 3: (0008,0020) :=" in found["site-script-not-understood"]
    assert "line 2: removeAllPrivateTags" in found["site-script-not-understood"]


def test_a_changed_attribute_is_named_and_its_value_is_not(tmp_path: Path) -> None:
    with journey(tmp_path, anonymize=True) as trip:
        carry(trip)
        trip.write(server={"anonymizes": ["PatientID", "PatientName"]})
        trip.ferry("plan")

        report = trip.verify("--content", "sample")

        assert {one["sameness"] for one in report["content"]} == {"*"}
        assert {one["detail"] for one in report["content"]} == {"StudyDescription"}
        assert len(report["content"]) == 8, "one of each series"


def test_a_source_that_changed_cannot_be_compared(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        carry(trip, 4)
        for path in (trip.folder / "data").rglob("I*"):
            path.write_bytes(path.read_bytes() + b"\0\0")

        report = trip.verify("--content", "all")

        assert {one["sameness"] for one in report["content"]} == {"!"}


def test_verdicts_are_saved_as_a_spreadsheet_and_as_json(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        carry(trip)
        trip.ferry("verify", "-o", tmp_path / "v.csv")
        trip.ferry("verify", "-o", tmp_path / "v.json")

    rows = list(csv.DictReader((tmp_path / "v.csv").read_text().splitlines()))
    saved = json.loads((tmp_path / "v.json").read_text())
    assert [row["verdict"] for row in rows] == verdicts(saved) == ["landed"] * 4


def test_run_waits_for_xnat_and_verifies(tmp_path: Path) -> None:
    with journey(tmp_path, builds_at=12) as trip:
        make_instances(trip.folder / "data", 12)

        result = trip.ferry("run", "--verify", "--wait", "60s")

        assert result.returncode == 0, result.stdout + result.stderr
        assert "4 of 4 sessions landed as forecast." in result.stdout


def test_a_run_whose_sessions_do_not_land_in_time_fails(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        make_instances(trip.folder / "data", 4)

        result = trip.ferry("run", "--verify", "--wait", "0", "--format", "json")

        assert result.returncode == 1
        assert not json.loads(result.stdout)["verify"]["landed"]


def test_a_refused_login_can_be_mended(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        carry(trip)
        trip.password = "another-canary"

        result = trip.ferry("verify")

        assert result.returncode == 2
        assert "refuses the login" in result.stderr
        assert "hint:" in result.stderr


def test_a_login_without_a_colon_can_be_mended(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        trip.write(rest={"login": "${env:HOME}"})
        carry(trip)

        result = trip.ferry("verify")

        assert result.returncode == 2
        assert "does not resolve to user:password" in result.stderr


def test_an_xnat_without_rest_cannot_be_asked(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        trip.write(server={"rest": None})
        carry(trip)

        result = trip.ferry("verify")

        assert result.returncode == 2
        assert "has no rest: block" in result.stderr


def test_an_xnat_that_is_away_is_no_success(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        carry(trip)

    result = trip.ferry("verify")

    assert result.returncode == 2
    assert "cannot be asked over REST" in result.stderr


@pytest.mark.parametrize("name", ['(0019,"CREATOR",0C)', "RequestAttributesSequence[0].StudyID"])
def test_what_cannot_be_left_out_of_the_comparison_is_a_fault(tmp_path: Path, name: str) -> None:
    with journey(tmp_path) as trip:
        trip.write(server={"anonymizes": [name]})

        result = trip.ferry("validate")

    assert result.returncode == 2
    assert "only a keyword or (gggg,eeee)" in result.stderr


@pytest.mark.parametrize("span", ["soon", "-1", "5d"])
def test_a_span_of_time_that_is_none_is_told(tmp_path: Path, span: str) -> None:
    with journey(tmp_path) as trip:
        assert trip.ferry("verify", f"--wait={span}").returncode == 2


def test_the_password_is_in_no_output_and_in_no_file(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        carry(trip, 4)
        outputs = [trip.ferry("verify", "-o", tmp_path / "v.json"), trip.ferry("doctor")]
        trip.password = PASSWORD + "-wrong"
        outputs.append(trip.ferry("verify"))

    for result in outputs:
        assert PASSWORD not in result.stdout + result.stderr
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert PASSWORD.encode() not in path.read_bytes(), path


def test_what_came_from_a_pacs_is_not_taken_for_compared(tmp_path: Path) -> None:
    held = [dcmread(path) for path in pacs.study(tmp_path / "in", 1)]
    with journey(tmp_path) as trip, scripted(held, Script()) as server:
        from_a_pacs(trip, server)
        carried = trip.ferry("run")
        trip.xnat.build()
        told = trip.ferry("verify", "--content", "all")
        report = trip.verify("--content", "all")

    assert carried.returncode == 0, carried.stdout + carried.stderr
    assert verdicts(report) == ["landed"]
    assert [one["sameness"] for one in report["content"]] == ["?", "?"]
    assert {one["detail"] for one in report["content"]} == {"the source is on clinic"}
    assert "2 not compared" in told.stdout
    assert told.returncode == 1


def from_a_pacs(trip: Journey, server: pacs.Pacs) -> None:
    """Let a journey's recipe take its instances from a PACS."""
    yaml = YAML(typ="safe")
    recipe = yaml.load(trip.recipe.read_text())
    address = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
    recipe["servers"]["clinic"] = {"pacs": address}
    query = {"pacs": "clinic", "where": [{"AccessionNumber": "A0001"}]}
    recipe["sources"] = [{"pacs-query": query}]
    with trip.recipe.open("w") as file:
        yaml.dump(recipe, file)


def test_what_differs_is_sent_again_and_nothing_else(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        carry(trip)
        _change_what_is_held(trip)
        assert trip.verify()["due_again"] == 0

        report = trip.verify("--content", "all", "--send-again")

        differing = [one for one in report["content"] if one["sameness"] == "*"]
        assert 0 < len(differing) == report["due_again"] < 12
        assert f"{len(differing)} instances stored" in trip.ferry("run").stdout


@pytest.mark.parametrize("trouble", ["missing", "differs", "waiting"])
def test_no_run_after_a_verify_that_failed_says_that_all_is_well(
    tmp_path: Path, trouble: str
) -> None:
    faults = Faults(lose_every=9) if trouble == "missing" else None
    with journey(tmp_path, **({"faults": faults} if faults else {})) as trip:
        carry(trip, build=trouble != "waiting")
        if trouble == "differs":
            _change_what_is_held(trip)
        assert trip.ferry("verify", "--content", "all").returncode == 1

        result = trip.ferry("run")
        report = json.loads(trip.ferry("run", "--format", "json").stdout)
        status = trip.ferry("status")

        assert (result.returncode, status.returncode, report["complete"]) == (1, 1, False)
        assert "Everything is stored" not in result.stdout
        assert "XNAT did not hold it all at the verify of" in result.stdout
        assert f"dicomferry verify {trip.recipe}" in result.stdout
        assert "XNAT did not hold it all" in status.stdout


def test_a_verify_that_finds_all_lets_a_run_say_so_again(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        carry(trip, build=False)
        assert trip.ferry("verify").returncode == 1
        assert trip.ferry("run").returncode == 1
        trip.xnat.build()

        assert trip.ferry("verify").returncode == 0

        result = trip.ferry("run")
        assert (result.returncode, "Everything is stored." in result.stdout) == (0, True)


def test_what_the_last_verify_found_is_the_owners_alone(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        carry(trip)
        trip.verify()

        (found,) = tmp_path.rglob("verify.json")
        assert found.stat().st_mode & 0o077 == 0


def _change_what_is_held(trip: Journey) -> None:
    """Let XNAT hold three instances with another last pixel."""
    for path in sorted(trip.xnat.site.storage.rglob("*.dcm"))[:3]:
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

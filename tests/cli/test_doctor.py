"""`doctor` asks the servers whether they are as the recipe says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dicomferry.xnat.naming.options import Identification, RoutingRules, SiteRules
from dicomferry.xnat.reading.generation import Generation
from dicomferry_plugins._stand_in.site.filters import SeriesFilter
from support.fake_xnat_rest import Says, fake_xnat, shaped, table
from support.journey import Journey, journey
from support.scripted_pacs import Script, scripted

RULE = "(0010,0020):(.*)"
LIVE = Identification(
    projects=["P"],
    site=SiteRules(subject=[RULE]),
    receiver=RoutingRules(project=["(0008,1030):(.*)"]),
)


def doctor(trip: Journey, *options: object) -> tuple[int, dict[str, dict[str, Any]]]:
    result = trip.ferry("doctor", "--format", "json", *options)
    assert result.stdout, result.stderr
    return result.returncode, {c["what"]: c for c in json.loads(result.stdout)["checks"]}


def test_a_server_that_is_as_declared_is_well(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        code, checks = doctor(trip)

    assert code == 0, checks
    assert {"C-ECHO", "REST", "project P", "receiver", "rules", "clock", "disk"} <= checks.keys()
    assert checks["release"]["state"] == "note"  # the recipe names none
    assert {check["state"] for check in checks.values()} <= {"ok", "note", "warning"}


def test_rules_that_differ_are_placed_and_can_be_mended(tmp_path: Path) -> None:
    with journey(tmp_path, declared=LIVE) as trip:
        result = trip.ferry("doctor")

        assert result.returncode == 2
        assert f"site.subject is '{RULE}', the recipe says empty" in result.stdout
        lines = trip.recipe.read_text().splitlines()
        (line,) = [n for n, text in enumerate(lines, 1) if "identification:" in text]
        assert f"{trip.recipe}:{line}:" in result.stdout


def test_write_puts_the_servers_rules_into_the_recipe(tmp_path: Path) -> None:
    with journey(tmp_path, declared=LIVE) as trip:
        assert doctor(trip, "--write")[0] == 0

        code, checks = doctor(trip)

    assert (code, checks["rules"]["state"]) == (0, "ok")


def test_write_changes_no_other_character(tmp_path: Path) -> None:
    with journey(tmp_path, declared=LIVE) as trip:
        address = f"host: {trip.xnat.host},   port: {trip.xnat.port}"
        block = f"""servers:
    xnat:
        xnat:
            dicom: {{ {address} }}  # behind the wall
            rest: {{url: "{trip.xnat.url}", login: "${{env:XNAT_LOGIN}}"}}
            identification:
                # all we have
                projects: [P]
                site:
                    session: []   # none yet
"""
        rest = trip.recipe.read_text().split("servers:")[0]
        source = "sources:\n- folder: {path: data}\nsinks:\n- xnat-cstore: {server: 'xnat'}\n"
        trip.recipe.write_text(before := rest.split("sinks:")[0] + block + source)

        result = trip.ferry("doctor", "--write")

        assert result.returncode == 0, result.stdout + result.stderr
        added = set(trip.recipe.read_text().splitlines()) - set(before.splitlines())
        keys = {line.strip().split(":")[0] for line in added}
        assert keys == {"receiver", "subject", "xnat", "scripts", "site"}
        assert set(before.splitlines()) <= set(trip.recipe.read_text().splitlines())


def test_without_a_difference_write_leaves_the_file_alone(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        trip.write(identification={"xnat": "1.10"}, server={"scripts": {"site": ""}})
        before = trip.recipe.read_bytes()

        trip.ferry("doctor", "--write")

        assert trip.recipe.read_bytes() == before


@pytest.mark.parametrize("release", Generation)
def test_the_generation_of_the_server_is_found_and_written(
    tmp_path: Path, release: Generation
) -> None:
    with journey(tmp_path, declared=Identification(projects=["P"], xnat=release)) as trip:
        code, checks = doctor(trip)
        assert code == 0
        assert checks["release"]["state"] == "note"
        assert f"XNAT {release}," in checks["release"]["message"]

        trip.ferry("doctor", "--write")

        text = trip.recipe.read_text()
        assert f"xnat: '{release}'" in text or f'xnat: "{release}"' in text
        _, checks = doctor(trip)
        assert checks["release"]["state"] == "ok"
        assert checks["release"]["message"].startswith(f"XNAT {release}.")


def test_another_generation_than_declared_is_a_difference(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        trip.write(identification={"xnat": "1.9"})

        code, checks = doctor(trip)

    assert code == 2
    assert checks["release"]["message"].startswith("xnat is 1.10, the recipe says 1.9")


def test_a_project_the_login_cannot_see_is_a_failure(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        trip.write(identification={"projects": ["P", "SECRET"]})

        code, checks = doctor(trip)

    assert code == 1
    assert checks["project SECRET"]["state"] == "failed"
    assert checks["project P"]["state"] == "ok"


def test_an_import_filter_is_told(tmp_path: Path) -> None:
    with journey(tmp_path, series_filter=SeriesFilter("blacklist", (".*localizer.*",))) as trip:
        _, checks = doctor(trip)

    assert checks["import filter"]["state"] == "warning"
    assert ".*localizer.*" in checks["import filter"]["message"]


def test_anonymization_is_told(tmp_path: Path) -> None:
    with journey(tmp_path, anonymize=True) as trip:
        remarks = anonymization(trip)

    assert remarks == [
        ("note", "the site's script is on and changes StudyDescription, PatientName, PatientID"),
        ("note", "the recipe holds none of the server's scripts"),
    ]


def anonymization(trip: Journey) -> list[tuple[str, str]]:
    checks = json.loads(trip.ferry("doctor", "--format", "json").stdout)["checks"]
    return [(c["state"], c["message"]) for c in checks if c["what"] == "anonymization"]


SHIFTED = '(0008,0020) := shiftDateByIncrement[(0008,0020), "-1"]'
SITE = f'version "6.1"\n// why\n(0010,0010) := subject\n\n{SHIFTED}\n'
OF_PROJECT = 'version "6.3"\r\n-(0010,0030)\r\nremoveAllPrivateTags'


def test_what_is_not_understood_of_a_script_is_named_with_its_line(tmp_path: Path) -> None:
    scripts = {"site_script": SITE, "project_scripts": {"P": OF_PROJECT}}
    with journey(tmp_path, anonymize=True, **scripts) as trip:
        remarks = anonymization(trip)

    unclear = [message for state, message in remarks if state == "warning"]
    assert unclear == [
        f"the site's script is not understood, line 5: {SHIFTED}",
        "the script of project P is not understood, line 3: removeAllPrivateTags",
    ]


@pytest.mark.parametrize("flow", [False, True])
def test_write_keeps_the_scripts_with_the_server(tmp_path: Path, *, flow: bool) -> None:
    scripts = {"site_script": SITE, "project_scripts": {"P": OF_PROJECT}}
    with journey(tmp_path, anonymize=True, **scripts) as trip:
        if flow:
            recipe = YAML(typ="safe").load(trip.recipe)
            trip.recipe.write_text(json.dumps(recipe))
        assert doctor(trip, "--write")[0] == 0

        held = YAML(typ="safe").load(trip.recipe)["servers"]["xnat"]["xnat"]["scripts"]
        assert held["site"].splitlines() == SITE.splitlines()
        assert held["projects"]["P"].splitlines() == OF_PROJECT.splitlines()
        assert ("    site: |" in trip.recipe.read_text()) is not flow
        before = trip.recipe.read_bytes()
        assert not [state for state, _ in anonymization(trip) if state == "differs"]
        trip.ferry("doctor", "--write")
        assert trip.recipe.read_bytes() == before
        assert trip.ferry("validate").returncode == 0


def test_a_script_that_has_changed_differs_and_is_replaced(tmp_path: Path) -> None:
    with journey(tmp_path, anonymize=True, site_script=SITE) as trip:
        trip.write(server={"scripts": {"site": OF_PROJECT, "projects": {"P": SITE}}})
        assert ("differs", "the recipe holds other scripts") in anonymization(trip)

        trip.ferry("doctor", "--write")

        held = YAML(typ="safe").load(trip.recipe)["servers"]["xnat"]["xnat"]["scripts"]
        assert held == {"site": SITE}


def test_scripts_that_the_login_may_not_see_are_unknown(tmp_path: Path) -> None:
    with journey(tmp_path) as trip, fake_xnat() as fake:
        fake.routes["/data/projects"] = table([{"ID": "P"}])
        fake.routes["GET /data/JSESSION"] = Says()
        for route in ("/xapi/dicomscp", "/xapi/anonymize/site/enabled"):
            fake.routes[route] = Says(403)
        trip.write(rest={"url": fake.url})

        remarks = anonymization(trip)

    assert ("unknown", "this login may not see the site's script") in remarks


def test_a_receiver_of_another_name_is_a_failure(tmp_path: Path) -> None:
    with journey(tmp_path) as trip:
        dicom = {"host": trip.xnat.host, "port": trip.xnat.port, "ae_title": "ELSEWHERE"}
        trip.write(server={"dicom": dicom})

        code, checks = doctor(trip)

    assert code == 1
    assert checks["C-ECHO"]["state"] == checks["receiver"]["state"] == "failed"
    assert f"XNAT:{trip.xnat.port}" in checks["receiver"]["hint"]


def test_what_only_administrators_see_is_unknown_and_no_success(tmp_path: Path) -> None:
    with journey(tmp_path) as trip, fake_xnat() as fake:
        fake.routes["/data/projects"] = table([{"ID": "P"}])
        fake.routes["GET /data/JSESSION"] = Says()
        for route in ("/xapi/dicomscp", "/xapi/siteConfig"):
            fake.routes[route] = Says(403)
        trip.write(rest={"url": fake.url})

        code, checks = doctor(trip)

    assert code == 1
    assert checks["receiver"]["state"] == checks["site"]["state"] == "unknown"
    assert checks["project P"]["state"] == "ok"


def test_a_server_that_breaks_down_is_unknown_and_no_traceback(tmp_path: Path) -> None:
    with journey(tmp_path) as trip, fake_xnat() as fake:
        fake.routes["/data/projects"] = Says(500)
        fake.routes["/xapi/dicomscp"] = shaped({"not": "a list"})
        fake.routes["/xapi/siteConfig"] = Says(200, b"<html>")
        fake.routes["GET /data/JSESSION"] = Says(500)
        trip.write(rest={"url": fake.url})

        code, checks = doctor(trip)

    assert code == 1
    assert {checks[what]["state"] for what in ("projects", "receiver", "site", "clock")} == {
        "unknown"
    }


@pytest.mark.parametrize("rest", [True, False])
def test_a_server_that_is_away_is_a_failure_and_no_traceback(tmp_path: Path, rest: bool) -> None:
    with journey(tmp_path) as trip:
        if not rest:
            trip.write(server={"rest": None})

    code, checks = doctor(trip)

    assert code == 1
    assert checks["C-ECHO"]["state"] == "failed"
    assert checks["REST"]["state"] == ("failed" if rest else "unknown")


def test_a_pacs_is_asked_too(tmp_path: Path) -> None:
    with journey(tmp_path) as trip, scripted([], Script()) as server:
        pacs = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        text = trip.recipe.read_text()
        block = f"servers:\n  old-pacs: {{pacs: {json.dumps(pacs)}}}\n"
        trip.recipe.write_text(text.replace("servers:\n", block))

        result = trip.ferry("doctor")

    assert "old-pacs" in result.stdout
    assert result.returncode == 0, result.stdout


def test_settings_that_are_dangerous_in_bulk_are_named(tmp_path: Path) -> None:
    with journey(tmp_path) as trip, fake_xnat() as fake:
        mine = {"aeTitle": "XNAT", "port": trip.xnat.port, "directArchive": True}
        fake.routes["/data/projects"] = table([{"ID": "P"}])
        fake.routes["GET /data/JSESSION"] = Says()
        fake.routes["/xapi/dicomscp"] = shaped([mine])
        fake.routes["/xapi/siteConfig"] = shaped({"sessionXmlRebuilderInterval": 1})
        fake.routes["/xapi/plugins"] = shaped({"ohifViewerPlugin": {}, "dicomQueryRetrieve": {}})
        trip.write(rest={"url": fake.url})

        result = trip.ferry("doctor", "--format", "json")

    bulk = [one for one in json.loads(result.stdout)["checks"] if one["what"] == "bulk"]
    told = " ".join(one["message"] for one in bulk if one["state"] == "warning")
    assert [one["state"] for one in bulk] == ["warning"] * 3 + ["note"]
    for word in ("archives directly", "ohifViewerPlugin", "after 1 quiet minutes"):
        assert word in told
    assert "no pace" in bulk[-1]["message"]
    assert "dicomQueryRetrieve" not in told

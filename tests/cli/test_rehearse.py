"""`rehearse`: forecast, send, build, verify; and what is said when it is not as forecast."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from support.cli import ferry
from support.instances import image, make_instances, part10, uid

Recipe = Path
WriteRecipe = Any
SUBJECT = "{{ PatientID }}"
NAMED = ({"identify": {"project": "P", "subject": SUBJECT, "session": "{{ PatientID }}_MR"}},)
SPLIT = ({"identify": {"project": "P", "subject": "MC", "session": "MC_MR"}},)
"""Every study into one session, which XNAT does not put up with."""


def rehearse(recipe: Path, *options: object) -> tuple[int, dict[str, Any]]:
    result = ferry("rehearse", recipe, "--format", "json", *options)
    assert result.stdout, result.stderr
    return result.returncode, json.loads(result.stdout)


@pytest.fixture
def recipe(write_recipe: WriteRecipe, tmp_path: Path) -> Path:
    make_instances(tmp_path / "data", 12, sessions=2)
    path: Path = write_recipe(transforms=NAMED)
    return path


def split(write_recipe: WriteRecipe, tmp_path: Path) -> Path:
    make_instances(tmp_path / "data", 4, sessions=2, series=1, patients=1)
    path: Path = write_recipe(transforms=SPLIT)
    return path


def test_what_is_as_forecast_is_counted_from_what_xnat_answers(recipe: Path) -> None:
    code, report = rehearse(recipe)
    assert (code, report["landed_as_forecast"], report["forecast"]) == (0, 2, 2)
    assert [verdict["verdict"] for verdict in report["verdicts"]] == ["landed", "landed"]


def test_without_a_stand_in_a_rehearsal_says_so(recipe: Path) -> None:
    result = ferry("rehearse", recipe, env={"DICOMFERRY_BLOCK_PLUGINS": "stand-in"})
    assert result.returncode == 2
    assert "no plug-in offers a stand-in for a server of the kind 'xnat'" in result.stderr
    assert "hint: `dicomferry plugins` lists the plug-ins" in result.stderr


def test_instances_that_vanish_are_told_by_session(recipe: Path) -> None:
    code, report = rehearse(recipe, "--fault", "lose-every=12")
    assert code == 1
    assert sorted(verdict["verdict"] for verdict in report["verdicts"]) == ["landed", "short"]
    (short,) = [one for one in report["verdicts"] if not one["as_forecast"]]
    assert any("import filter" in line for line in short["explanation"])


def test_a_conflict_is_explained_by_its_rule_and_by_the_plan(
    write_recipe: WriteRecipe, tmp_path: Path
) -> None:
    code, report = rehearse(split(write_recipe, tmp_path))
    assert code == 1
    (verdict,) = report["verdicts"]
    explained = "\n".join(verdict["explanation"])
    assert verdict["message"] == "Invalid modification of session UID via archive process."
    assert "rule: a session label keeps its StudyInstanceUID" in explained
    assert "the plan said so: session-of-several-studies" in explained


def test_the_last_line_counts_what_landed(write_recipe: WriteRecipe, tmp_path: Path) -> None:
    result = ferry("rehearse", split(write_recipe, tmp_path))
    assert result.stdout.splitlines()[-1] == "0 of 1 session landed as forecast."


def test_a_mismatch_becomes_a_vector_without_the_patients_names(
    write_recipe: WriteRecipe, tmp_path: Path
) -> None:
    saved = tmp_path / "vectors.json"
    rehearse(split(write_recipe, tmp_path), "--save-vector", saved)
    (vector,) = json.loads(saved.read_text())
    assert vector["expect"]["conflict"].startswith("Invalid modification of session UID")
    assert {item["label"] for item in vector["situation"]} == {"E1"}
    assert len({item["study_instance_uid"] for item in vector["situation"]}) == 2
    assert {session["status"] for session in vector["expect"]["sessions"]} == {
        "ARCHIVED",
        "CONFLICT",
    }
    assert "MC" not in saved.read_text()
    assert "2.25" not in saved.read_text()


def test_a_saved_vector_holds_against_the_emulation(
    write_recipe: WriteRecipe, tmp_path: Path
) -> None:
    from dicomferry.model import AutoArchive, Destination, InstanceRef
    from dicomferry_plugins._stand_in.site.holdings import Holdings
    from dicomferry_plugins._stand_in.site.sessions import Received

    saved = tmp_path / "vectors.json"
    rehearse(split(write_recipe, tmp_path), "--save-vector", saved)
    (vector,) = json.loads(saved.read_text())
    holdings = Holdings(vector["context"]["project_prearchive_code"])
    for item in vector["situation"]:
        ref = InstanceRef(
            item["study_instance_uid"], item["series_instance_uid"], item["sop_instance_uid"], "1"
        )
        place = Destination(item["project"], item["subject"], item["label"])
        auto = AutoArchive(item["auto_archive"])
        name = f"{ref.sop_instance_uid}.dcm"
        holdings.receive(
            Received(
                ref,
                place,
                auto,
                item["series_number"],
                item["modality"],
                item["series_number"],
                name,
                1,
                name,
            )
        )
    holdings.build()
    statuses = sorted(str(session.status) for session in holdings.sessions())
    assert statuses == sorted(one["status"] for one in vector["expect"]["sessions"])


def test_nothing_that_lands_makes_a_vector(recipe: Path, tmp_path: Path) -> None:
    saved = tmp_path / "vectors.json"
    rehearse(recipe, "--save-vector", saved)
    assert json.loads(saved.read_text()) == []


def test_unassigned_is_as_forecast_when_it_waits_there(
    write_recipe: WriteRecipe, tmp_path: Path
) -> None:
    make_instances(tmp_path / "data", 4, sessions=1)
    labels = {"subject": SUBJECT, "session": "{{ PatientID }}_MR"}
    code, report = rehearse(write_recipe(transforms=({"identify": labels},)))
    assert (code, report["landed_as_forecast"]) == (0, 1)
    assert report["verdicts"][0]["destination"].startswith("Unassigned")


@pytest.mark.parametrize("fault", ["lose-every", "nonsense=1", "lose-every=x", "lose-every=-1"])
def test_a_fault_that_is_none_is_a_clear_error(recipe: Path, fault: str) -> None:
    result = ferry("rehearse", recipe, "--fault", fault)
    assert result.returncode == 2
    assert "Invalid value for '--fault'" in result.stderr


def instances(folder: Path, *series: dict[str, object]) -> None:
    folder.mkdir(parents=True)
    for number, elements in enumerate(series):
        plain: dict[str, object] = {
            "SOPInstanceUID": uid("instance", number),
            "StudyInstanceUID": uid("study"),
            "SeriesInstanceUID": uid("series", number),
            "PatientID": "MC1",
            "PatientName": "MC1",
            "StudyDescription": "P",
            "SeriesNumber": number,
        }
        (folder / f"I{number}").write_bytes(part10(image(plain | elements)))


def problems(recipe: Path, *options: object) -> dict[str, dict[str, Any]]:
    result = ferry("plan", recipe, "--format", "json", *options)
    assert result.stdout, result.stderr
    return {problem["code"]: problem for problem in json.loads(result.stdout)["problems"]}


def plain(write_recipe: WriteRecipe, transforms: Sequence[Any] = (), **more: Any) -> Path:
    path: Path = write_recipe(transforms=transforms, **more)
    return path


def test_the_plan_reads_what_will_be_sent_not_what_was_found(
    write_recipe: WriteRecipe, tmp_path: Path
) -> None:
    instances(tmp_path / "data", {"SeriesNumber": 1}, {"SeriesNumber": 2})
    same = ({"remap": {"set": {"SeriesNumber": "7"}}},)
    assert "series-number-shared" not in problems(plain(write_recipe))
    assert "series-number-shared" in problems(plain(write_recipe, same))


def test_the_plan_finds_comments_that_xnat_reads_by_half(
    write_recipe: WriteRecipe, tmp_path: Path
) -> None:
    instances(tmp_path / "data", {"PatientComments": "Project:P\nSubject:S\nSession:E"})
    found = problems(plain(write_recipe))["comment-of-several-lines"]
    assert found["severity"] == "warning"
    assert "end of a line" in found["why"]


def test_a_waived_problem_stays_in_sight(write_recipe: WriteRecipe, tmp_path: Path) -> None:
    instances(tmp_path / "data", {"SeriesNumber": 1}, {"SeriesNumber": 1})
    code = "series-number-shared"
    found = problems(plain(write_recipe, allow=[code]))[code]
    assert (found["severity"], found["message"][-9:]) == ("note", "[allowed]")


def test_the_plan_says_why_and_what_to_do(write_recipe: WriteRecipe, tmp_path: Path) -> None:
    instances(tmp_path / "data", {"SeriesNumber": 1}, {"SeriesNumber": 1})
    lines = [line.strip() for line in ferry("plan", plain(write_recipe)).stdout.splitlines()]
    assert any(line.startswith("warning [series-number-shared]") for line in lines)
    assert any(line.startswith("why: XNAT's scan ID") for line in lines)
    assert any(line.startswith("do:  give each series") for line in lines)


def test_an_odd_uid_makes_no_noise(write_recipe: WriteRecipe, tmp_path: Path) -> None:
    instances(tmp_path / "data", {"SOPInstanceUID": "2.25.7777777"})
    (path,) = (tmp_path / "data").iterdir()
    path.write_bytes(path.read_bytes().replace(b"2.25.7777777", b"2.25.0777777"))
    result = ferry("rehearse", plain(write_recipe))
    assert "1 of 1 session landed as forecast." in result.stdout
    assert "Warning:" not in result.stderr


def test_what_a_rehearsal_holds_back_is_not_looked_for_in_the_recipes_ledger(
    write_recipe: WriteRecipe, tmp_path: Path
) -> None:
    instances(tmp_path / "data", {}, {})
    (tmp_path / "data" / "I1").write_bytes((tmp_path / "data" / "I1").read_bytes()[:-7])
    result = ferry("rehearse", plain(write_recipe))
    assert "  rejected: 1 file (damaged)" in result.stdout
    assert "dicomferry status" not in result.stdout


def test_the_plan_finds_patients_who_are_one_once_cleaned(
    write_recipe: WriteRecipe, tmp_path: Path
) -> None:
    names = ({"PatientName": "DOE^JOHN"}, {"PatientName": "DOE JOHN"})
    instances(tmp_path / "data", *names)
    found = problems(plain(write_recipe))["label-collision"]
    assert found["severity"] == "error"
    assert "2 different subjects fall together on the label 'DOE_JOHN'" in found["message"]


def test_verify_explains_and_saves_what_a_real_receiver_made_of_it(tmp_path: Path) -> None:
    from support.journey import journey

    with journey(tmp_path) as trip:
        make_instances(tmp_path / "data", 4, sessions=2, series=1, patients=1)
        trip.write(session="MC_MR")
        text = trip.recipe.read_text().replace("'{{ PatientID }}'", "MC")
        trip.recipe.write_text(text)
        assert trip.ferry("run").returncode == 0
        trip.xnat.build()
        result = trip.ferry("verify", "--save-vector", tmp_path / "vectors.json")
    assert result.returncode == 1
    assert "rule: a session label keeps its StudyInstanceUID" in result.stdout
    assert "the plan said so: session-of-several-studies" in result.stdout
    assert len(json.loads((tmp_path / "vectors.json").read_text())) == 1


def test_run_verify_explains_as_verify_does(tmp_path: Path) -> None:
    from support.journey import journey

    with journey(tmp_path, builds_at=4) as trip:
        make_instances(tmp_path / "data", 4, sessions=2, series=1, patients=1)
        trip.write(session="MC_MR")
        text = trip.recipe.read_text().replace("'{{ PatientID }}'", "MC")
        trip.recipe.write_text(text)
        run = trip.ferry("run", "--verify", "--wait", "60s")
        verified = trip.verify()
    assert run.returncode == 1
    assert "rule: a session label keeps its StudyInstanceUID" in run.stdout
    (session,) = verified["sessions"]
    told = [line for line in session["explanation"] if line.startswith("rule: ")]
    assert told == ["rule: a session label keeps its StudyInstanceUID: another one is not merged"]


SHARED = Path(__file__).parents[3] / "shared" / "data" / "dicom"
LABELS = {
    "subject": "{{ PatientID | default('NONE') }}",
    "session": "{{ PatientID | default('NONE') }}_{{ Modality }}_{{ StudyInstanceUID }}",
}


def unforetold(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is not as forecast, and no code of the plan announced it."""
    return [
        verdict
        for verdict in report["verdicts"]
        if not verdict["as_forecast"]
        and not any(line.startswith("the plan said so: ") for line in verdict["explanation"])
    ]


MIXED = [
    "session-of-several-patients",
    "patients-merged",
    "patient-over-several-subjects",
    "study-of-several-patients",
    "label-part-empty",
    "patients-not-told-apart",
]
"""What files of many archives in one folder are told of."""

if SHARED.exists():

    def test_all_shared_files_land_as_forecast_or_the_plan_said_why(
        write_recipe: WriteRecipe,
    ) -> None:
        transforms = ({"identify": {"project": "P"} | LABELS},)
        source = {"path": str(SHARED), "archives": True}
        _, report = rehearse(write_recipe(transforms=transforms, source=source, allow=MIXED))
        assert report["forecast"] > 40
        assert unforetold(report) == []

    def test_all_shared_files_end_as_foretold_under_their_own_labels(
        write_recipe: WriteRecipe,
    ) -> None:
        allow = ["label-collision", "session-of-several-subjects", "studies-joined-apart", *MIXED]
        recipe = plain(write_recipe, source={"path": str(SHARED)}, allow=allow)
        _, report = rehearse(recipe)
        codes = {problem["code"] for problem in report["plan"]["problems"]}
        assert "unassigned" in codes
        assert report["forecast"] > 20
        assert unforetold(report) == []

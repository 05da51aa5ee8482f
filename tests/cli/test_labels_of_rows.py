"""The Subject and Session of a list's row are what XNAT files under, or the row goes nowhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from ruamel.yaml import YAML

from support import pacs, servers
from support.cli import ferry
from support.pacs_recipes import csv_source, pacs_recipe
from support.scripted_pacs import Script, scripted

CLASSIC: dict[str, Any] = {"projects": ["HEAD"]}
"""XNAT's default: the project is StudyDescription, the session is PatientID."""

OF_ROW = {"project": "HEAD", "subject": "{{ row.Subject }}", "session": "{{ row.Session }}"}

Told = tuple[int, dict[str, Any]]
Ask = Callable[..., Told]


@pytest.fixture
def listed(tmp_path: Path) -> Iterator[Ask]:
    """Carry out a verb for a list against a PACS with three studies; return exit code and JSON."""
    folder = tmp_path / "in"
    paths = pacs.study(folder, 1, instances=1)
    paths += pacs.study(folder, 2, instances=1, AccessionNumber="25175352", StudyID="77")
    paths += pacs.study(
        folder, 3, instances=1, Modality="PT", StudyDate="20110331", PatientID="P0002",
        PatientName="DOE^NR2",
    )  # fmt: skip
    held = [dcmread(path) for path in paths]
    for instance in held:
        instance.ModalitiesInStudy = instance.Modality
    with scripted(held, Script()) as asked, servers.storescp(tmp_path / "xnat") as xnat:

        def ask(
            text: str, identification: dict[str, Any] = CLASSIC, transforms: Any = (),
            verb: tuple[Any, ...] = ("plan",), edited: Callable[[Any], None] | None = None,
        ) -> Told:  # fmt: skip
            source = csv_source(tmp_path, text)
            path = pacs_recipe(tmp_path, asked, xnat, source, retrieve="c-get")
            yaml = YAML(typ="safe")
            recipe = yaml.load(path)
            recipe["servers"]["xnat"]["xnat"]["identification"] = identification
            if transforms:
                recipe["transforms"] = list(transforms)
            if edited:
                edited(recipe)
            yaml.dump(recipe, path)
            result = ferry(verb[0], path, *verb[1:], "--format", "json")
            assert "Traceback" not in result.stderr
            return result.returncode, json.loads(result.stdout)

        yield ask


def places(plan: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["project"], one["subject"], one["session"]) for one in plan["sessions"]]


def problems(plan: dict[str, Any]) -> dict[str, str]:
    return {one["code"]: one["message"] for one in plan["problems"]}


@pytest.mark.parametrize(
    ("row", "identification", "asked"),
    [
        ("A0001,S001,S001_V1", CLASSIC, "session 'S001_V1', but XNAT will take 'S001'"),
        ("A0001,,V1", CLASSIC, "session 'V1', but XNAT will take 'P0001'"),
        ("25175352,S2,S2_A", CLASSIC, "session 'S2_A', but XNAT will take 'S2'"),
    ],
)
def test_a_session_that_the_receiver_does_not_take_from_the_row_is_a_mismatch(
    listed: Ask, row: str, identification: dict[str, Any], asked: str
) -> None:
    code, plan = listed(f"Accession Number,Subject,Session\n{row}\n", identification)

    assert code == 2
    assert asked in problems(plan)["forecast-mismatch"]
    assert places(plan) == []


@pytest.mark.parametrize("level", ["subject", "session"])
def test_an_identify_that_says_otherwise_than_the_row_is_a_mismatch(
    listed: Ask, level: str
) -> None:
    labels = OF_ROW | {level: "{{ PatientID }}_{{ StudyDate }}"}
    code, plan = listed(
        "Accession Number,Subject,Session\nA0001,S001,S001_V1\n", transforms=[{"identify": labels}]
    )

    assert code == 2
    assert f"its table row asks for {level}" in problems(plan)["forecast-mismatch"]


def test_a_row_whose_labels_hold_is_beside_one_whose_labels_do_not(listed: Ask) -> None:
    code, plan = listed("Accession Number,Subject,Session\nA0001,S001,S001\n25175352,S2,S2_A\n")

    assert code == 2
    assert places(plan) == [("HEAD", "S001", "S001")]


def test_a_row_that_asks_for_no_label_is_filed_by_the_receivers_rules(listed: Ask) -> None:
    code, plan = listed("Accession Number,Subject,Session\nA0001,,\n25175352,,\n")

    assert code == 0
    assert places(plan) == [("HEAD", "DOE_NR1", "P0001"), ("HEAD", "DOE_NR2", "P0002")]


def test_a_label_chosen_in_a_table_goes_before_the_rows(listed: Ask, tmp_path: Path) -> None:
    text = "Accession Number,Subject,Session\nA0001,S001,S001_V1\n"
    steps = [{"identify": OF_ROW}]
    table = tmp_path / "plan.csv"
    listed(text, transforms=steps, verb=("plan", "-o", table))
    table.write_text(table.read_text().replace("S001_V1", "S001_V2"))

    code, plan = listed(text, transforms=steps, verb=("run", "--dry-run", "--plan", table))

    assert code == 0
    assert places(plan) == [("HEAD", "S001", "S001_V2")]


def test_a_list_without_an_xnat_behind_it_asks_for_nothing_of_one(
    listed: Ask, tmp_path: Path
) -> None:
    def exported(recipe: Any) -> None:
        del recipe["servers"]["xnat"]
        layout = "{{ PatientID }}/{{ SOPInstanceUID }}.dcm"
        recipe["sinks"] = [{"export": {"path": str(tmp_path / "out"), "layout": layout}}]

    text = "Accession Number,Subject,Session\nA0001,S001,S001_V1\n"
    code, plan = listed(text, edited=exported)

    assert code == 0
    assert "forecast-mismatch" not in problems(plan)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Accession Number,Subject,Session\n25175352,Subj001,Subj001_MR1\n",
         ("HEAD", "Subj001", "Subj001_MR1")),
        ("Accession Number,Subject\n25175352,Subj001\n", ("HEAD", "Subj001", "77")),
        ("Modality,Study Date,Subject,Session\nPT,20110331,Subj002,Subj002_PT\n",
         ("HEAD", "Subj002", "Subj002_PT")),
    ],
)  # fmt: skip
def test_the_examples_of_the_wiki_are_filed_as_it_says(
    listed: Ask, text: str, found: tuple[str, str, str]
) -> None:
    """XNAT wiki, Using DQR: Bulk Querying and Importing via CSV File."""
    studies = {pacs.study_uid(number): "HEAD" for number in (2, 3)}
    dqr = {"identifier": "dqr", "projects": ["HEAD"], "routing": studies}

    code, plan = listed(text, dqr)

    assert code == 0
    assert places(plan) == [found]


def test_the_wikis_row_for_every_study_of_a_modality_is_held_back(listed: Ask) -> None:
    text = "Modality,Subject,Session\nMR,Subj002,Subj002_MR\n"
    code, plan = listed(text)

    assert code == 1
    assert places(plan) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Accession Number,Subject,Session\n25175352,Subj001,Subj001_MR1\n",
         ("Subj001", "Subj001_MR1")),
        ("Accession Number,Subject\n25175352,Subj001\n", ("Subj001", "Subj001_MR_20210303")),
        ("Accession Number,Subject,Session\n25175352,Subj001,\n",
         ("Subj001", "Subj001_MR_20210303")),
        ("Accession Number,Session\n25175352,ONE\n", ("P0002", "ONE")),
        ("Modality,Study Date,Subject,Session\nPT,20110331,Subj002,Subj002_PT\n",
         ("Subj002", "Subj002_PT")),
    ],
)  # fmt: skip
def test_in_the_recipe_that_init_writes_the_labels_of_the_row_hold(
    listed: Ask, tmp_path: Path, text: str, found: tuple[str, str]
) -> None:
    path = tmp_path / "started.yaml"
    assert ferry("init", path, "--source", "csv-dqr", "--project", "HEAD").returncode == 0
    written = YAML(typ="safe").load(path)

    def started(recipe: Any) -> None:
        recipe["params"] = written["params"]
        recipe["transforms"] = written["transforms"]

    code, plan = listed(text, edited=started)

    assert code == 0
    assert places(plan) == [("HEAD", *found)]


FIRST = "Accession Number,Subject,Session\nA0001,S001,V1\n"


@pytest.mark.parametrize(
    ("then", "labels", "now"),
    [
        (FIRST.replace("S001", "S009"), OF_ROW, "HEAD / S009 / V1"),
        (FIRST.replace("V1", "V2"), OF_ROW, "HEAD / S001 / V2"),
        (FIRST, OF_ROW | {"project": "OTHER"}, "OTHER / S001 / V1"),
    ],
    ids=["the row's subject", "the row's session", "identify"],
)
def test_what_is_stored_under_other_labels_is_not_filed_a_second_time(
    listed: Ask, then: str, labels: dict[str, str], now: str
) -> None:
    both = {"projects": ["HEAD", "OTHER"]}
    assert listed(FIRST, both, [{"identify": OF_ROW}], verb=("run",))[0] == 0

    code, plan = listed(then, both, [{"identify": labels}])

    assert code == 2
    told = problems(plan)["stored-under-other-labels"]
    assert told == f"1 instance has been stored as HEAD / S001 / V1, and would go to {now} as well"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Accession Number,Subject,Session\nA0001,S1,S1_A\n25175352,S1,S1_B\n", "patients-merged"),
        ("Study Date,Modality,Subject,Session\n20110331,PT,S1,S1_A\n20210303,MR,S2,S2_A\n",
         "patient-over-several-subjects"),
    ],
)  # fmt: skip
def test_rows_that_merge_patients_or_split_one_are_found(listed: Ask, text: str, code: str) -> None:
    _, plan = listed(text, transforms=[{"identify": OF_ROW}])

    assert code in problems(plan)
